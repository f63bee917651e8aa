// An operator of your own is a recipe. It joins an operator_set like any other; its costs, its gradients and
// its place in the supernet follow from the recipe.
//
// Prints, with other figures where vectors have another width:
//   gradients of dw5: right
//   0010: predicted loss 1.613, 247168 multiply-accumulates, first operator dw5
//   ... two more ...
//   the first, trained by itself: 94.0 % of the test images

#include <cstdio>

#include <fitnas/fitnas.hpp>

using namespace fitnas;

struct dw5 {
    static constexpr std::string_view name = "dw5";
    static constexpr recipe build(cell c) { // c.input: shape, c.width, c.stride
        return {depthwise(5, c.stride), batch_norm(), relu(),
                pointwise(c.width),     batch_norm(), residual_if_same_shape()};
    }
};

// Another, with squeeze-and-excitation.
struct dw3_gated {
    static constexpr std::string_view name = "dw3_gated";
    static constexpr recipe build(cell c) {
        return {depthwise(3, c.stride), batch_norm(),       hard_swish(),
                squeeze_excite(4),      pointwise(c.width), batch_norm()};
    }
};

using ops = operator_set<dw5, dw3_gated, op::mbconv<3, 3>>;
struct space
    : search_space<image<16, 16, 3>, stem<16>, stage<ops, 2, 16, 2>, stage<ops, 2, 24, 2>, head<64, 10>> {};

using graph = encoding::chain<space, feature::cell_operator>;
using net = gcn::model<graph, gcn::conv<32>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;

int main() {
    // Every operator passes through the library's own gradient checker.
    std::printf("gradients of dw5: %s\n", check_operator<dw5>({{8, 8, 16}, 24, 2}) ? "right" : "wrong");

    const dataset data = datasets::synthetic({.image = space::input, .noise = 60});
    supernet<space> super(seed{1});
    train(super, data.train, {.epochs = 4, .batch = 50, .sampling = sampling::strict_fair});
    const auto scores = evaluate_both<space>(super, sample<space>(30, seed{2}), data);
    const auto model = fit<net>(scores.by_loss()); // less noisy than accuracies
    const auto best = search::exhaustive(model, {.top = 3, .limit = cost::macs_at_most(400'000)});
    for (const auto& c : best) {
        std::printf("%s: predicted loss %.3f, %lld multiply-accumulates, first operator %s\n",
                    to_string<space>(c.architecture).c_str(), -c.predicted, c.macs,
                    std::string(space::block_of(0, c.architecture[0]).name).c_str());
    }
    const auto winner = retrain<space>(best.front().architecture, data, {.epochs = 4, .batch = 50});
    std::printf("the first, trained by itself: %.1f %% of the test images\n", 100 * winner.test_accuracy);
}
