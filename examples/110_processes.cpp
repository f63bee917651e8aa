// Several processes, on one machine or many: they train a supernet together, share out its scores and the
// fits of the predictor, and all come to the same ranking.
//
//   mpirun -n 4 example_110_processes                 docs/at-scale.md says more

#include <cstdio>

#include <fitnas/fitnas.hpp>
#include <fitnas/mpi/session.hpp>

using namespace fitnas;
using space = spaces::fashion_mini;

int main(int argc, char** argv) {
    mpi::session all(argc, argv);
    const dataset data =
        datasets::synthetic({.image = space::input, .train = 1200, .validation = 300, .test = 100});

    supernet<space> super(seed{1});
    train(super, data.train, {.epochs = 2, .batch = 48, .peers = &all});

    const auto some = sample<space>(40, seed{1});
    const auto scores = evaluate_both<space>(super, some, data, {.peers = &all}).by_loss();
    const auto model = fit_default(scores, {.peers = &all});

    if (all.rank() == 0) { // what all know the first says
        const auto best = search::exact(model, {.top = 3, .limit = cost::macs_at_most(2'000'000)});
        for (const auto& one : best) {
            std::printf("%s %.4f\n", to_string<space>(one.architecture).c_str(), one.predicted);
        }
    }
}
