// The paper's scale: 19 cells, 6 operators each, images of 224 x 224 - 6 to the power of 19 architectures in
// one supernet.
//
// Prints:
//   19 cells, 609359740010496 architectures, 15992600 parameters in the supernet
//   lightest: ... multiply-accumulates, ... parameters; heaviest: ...
//   one step on a batch of 8: loss about 7

#include <cstdio>

#include <fitnas/fitnas.hpp>

using namespace fitnas;

using space = spaces::mobile_19x6;

int main() {
    std::printf("%d cells, %llu architectures, %lld parameters in the supernet\n", space::cells,
                static_cast<unsigned long long>(space::size), space::supernet_parameters);
    architecture<space> light{};
    architecture<space> heavy{};
    heavy.fill(5);
    std::printf("lightest: %lld multiply-accumulates, %lld parameters; heaviest: %lld, %lld\n",
                cost::macs<space>(light), cost::parameters<space>(light), cost::macs<space>(heavy),
                cost::parameters<space>(heavy));

    // Eight images of random blobs, in the place of real ones.
    image_dataset images(
        datasets::synthetic({.image = space::input, .classes = 8, .train = 8, .validation = 0, .test = 0})
            .train);
    images.classes = space::classes;
    supernet<space> super(seed{1});
    const train_report report = train(super, images, {.epochs = 1, .batch = 8});
    std::printf("one step on a batch of 8: loss %.2f\n", report.epochs[0].loss);
}
