// What is compiled again when a literal of this file changes: it trains, scores, fits and searches.
#include <fitnas/fitnas.hpp>

using namespace fitnas;

using space = spaces::nas_bench_macro;

int main() {
    const dataset data = datasets::synthetic({.image = space::input});
    supernet<space> super(seed{7});
    train(super, data.train, {.epochs = 1, .batch = 50});
    const auto scores = evaluate<space>(super, sample<space>(50, seed{1}), data);
    const auto model = fit_default(scores);
    const auto best = search::exact(model, {.top = 10, .limit = cost::macs_at_most(60'000'000)});
    return best.empty() ? 1 : 0;
}
