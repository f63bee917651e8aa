// The winner in use: its checkpoint is loaded, batch norm is folded into its weights, and one image is
// classified at a time.
//
//   example_090_deploy [winner.safetensors [image]]   the image: 28 x 28 bytes, as they lie in an IDX file
//
// Without a checkpoint a small network is trained first and saved. Prints:
//   an image of class 3: class 3 "trousers", 100 %

#include <cstdio>
#include <fstream>
#include <iterator>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/classifier.hpp>

using namespace fitnas;
using space = spaces::fashion_tiny;

int main(int argc, char** argv) try {
    const char* path = argc > 1 ? argv[1] : "winner.safetensors";
    const dataset data = datasets::synthetic({.image = space::input, .classes = space::classes});
    if (argc < 2) {
        image_dataset images(data.train);
        images.names = {"shirts", "coats", "shoes", "trousers", "bags",
                        "boots",  "hats",  "socks", "gloves",   "belts"};
        network<space> net(parse<space>("1213"), seed{1});
        train(net, images, {.epochs = 8, .batch = 32});
        save_weights(path, net);
    }

    // From here on nothing is needed but the file.
    classifier<space> classify(load_network<space>(path));
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(space::input.size()));
    if (argc > 2) {
        std::ifstream file(argv[2], std::ios::binary);
        pixels.assign(std::istreambuf_iterator<char>(file), {});
    } else {
        const std::uint8_t* from = data.test.read(3, pixels.data());
        pixels.assign(from, from + pixels.size());
        std::printf("an image of class %d: ", data.test.label(3));
    }
    const prediction p = classify.predict(pixels);
    std::printf("class %d \"%.*s\", %.0f %%\n", p.label, static_cast<int>(p.name.size()), p.name.data(),
                100 * p.probability);
} catch (const error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
