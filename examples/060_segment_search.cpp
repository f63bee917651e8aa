// The paper's way through a space that is too large to enumerate: segment by segment, where the six best
// beginnings of one segment become a six-way super-cell of the next (arXiv 2004.08423, figure 2). A small
// space stands for a large one.
//
// Prints a line for each segment, then the winner of the whole.

#include <cstdio>

#include <fitnas/fitnas.hpp>

using namespace fitnas;

using ops = operator_set<op::identity, op::mbconv<3, 2>, op::mbconv<5, 2>, op::mbconv<3, 4>>;
struct space
    : search_space<image<16, 16, 3>, stem<8>, stage<ops, 3, 12, 2>, stage<ops, 3, 16, 2>, head<32, 10>> {};

int main() {
    const dataset data = datasets::synthetic({.image = space::input, .noise = 60});
    supernet<space> super(seed{1});
    train(super, data.train, {.epochs = 3, .batch = 50, .sampling = sampling::strict_fair});

    const auto result = search::segment<space, search::segments<2, 2, 2>>(
        scorer(super, data, {.calibration = 100}, score_measure::negative_loss), // less noisy than accuracies
        [](const auto& table) { return ridge(table); }, {.samples = 12, .rescored = 8, .completions = 2});
    for (const auto& s : result.segments) {
        std::printf("cells %d to %d: %zu candidates, %zu kept, best %s with loss %.3f\n", s.first, s.last - 1,
                    s.candidates, s.kept.size(), s.kept.front().code.c_str(), -s.kept.front().score);
    }
    const auto& winner = result.best.front();
    std::printf("winner %s: loss %.3f with shared weights, %lld multiply-accumulates\n",
                to_string<space>(winner.architecture).c_str(), -winner.score, winner.macs);
}
