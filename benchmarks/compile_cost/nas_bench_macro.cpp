// A program that uses every room: train, evaluate, fit, search.
#include <fitnas/fitnas.hpp>

using namespace fitnas;

using space = spaces::nas_bench_macro;
using graph = encoding::chain<space, feature::cell_operator>;
using net =
    gcn::model<graph, gcn::conv<64>, gcn::relu, gcn::conv<64>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;

int main() {
    const dataset data = datasets::synthetic({.image = space::input});
    supernet<space> super(seed{7});
    train(super, data.train, {.epochs = 1, .batch = 50, .sampling = sampling::strict_fair});
    const auto scores = evaluate<space>(super, sample<space>(50, seed{1}), data);
    const auto model = fit<net>(scores);
    const auto best = search::exhaustive(model, {.top = 10, .limit = cost::macs_at_most(60'000'000)});
    return best.empty() ? 1 : 0;
}
