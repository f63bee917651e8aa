// A search space of your own whose cells are graphs: nodes, and edges that carry operators. Two kinds of
// cell, each repeated with one choice; one adds what comes to a node, the other puts its nodes one behind the
// other.
//
//   example_100_graph_cell [FOLDER of Fashion-MNIST]
//
// Prints, with other figures where vectors have another width:
//   7 cells, 78125 codes, 37500 different networks
//   CODE: predicted loss ..., ... multiply-accumulates
//   ... two more ...
//   the first, trained by itself: ... % of the test images

#include <cstdio>

#include <fitnas/fitnas.hpp>

using namespace fitnas;

// An operator of your own is a recipe, as for any cell; in a graph it must do with a stride and a new width
// too.
struct gated_dw {
    static constexpr std::string_view name = "gated_dw";
    static constexpr recipe build(cell c) {
        return {relu(), depthwise(3, c.stride), pointwise(c.width), batch_norm(), squeeze_excite(4)};
    }
};
using ops = operator_set<op::none, op::identity, op::relu_conv<1>, gated_dw, op::max_pool<3>>;

// Nodes 0, 1 and 2; an operator on each of 0 > 1, 0 > 2 and 1 > 2: three digits of a code.
using normal = cell_graph<ops, 3>;
// The same nodes and one edge more than a chain has; what comes out are nodes 1 and 2, 12 channels each.
using wide = concat_graph<ops, 3, edge<0, 1>, edge<0, 2>>;

struct space : search_space<image<28, 28, 1>, stem_of<op::conv_bn<3>, 16, 2>,
                            shared<0, graph_stage<normal, 2, 16>>,  // digits 0 to 2, twice
                            graph_stage<wide, 1, 24, 2>,            // digits 3 and 4
                            fixed<op::resnet_reduce, 32, 2>,        // two paths, added
                            shared<0, graph_stage<normal, 1, 32>>,  // digits 0 to 2 again, weights of its own
                            graph_stage<cell_graph<ops, 2>, 2, 32>, // digits 5 and 6: a graph of one edge
                            head_of<op::bn_relu_pool_linear, 10>> {};

int main(int argc, char** argv) {
    std::printf("%d cells, %llu codes, %zu different networks\n", space::cells,
                static_cast<unsigned long long>(space::size), different_networks<space>().size());
    const dataset data =
        argc > 1
            ? datasets::fashion_mnist(argv[1], {.train_limit = 10000})
            : datasets::synthetic({.image = space::input, .train = 1000, .validation = 300, .noise = 60});
    supernet<space> super(seed{1});
    train(super, data.train, {.epochs = 6, .batch = 50, .sampling = sampling::strict_fair});
    const auto scores = evaluate_both<space>(super, sample<space>(60, seed{2}), data, {.images = 300});
    const auto model =
        fit_default(scores.by_loss()); // nodes are the edges of the graphs: encoding::line_graph
    const auto best = search::exhaustive(model, {.top = 3, .limit = cost::macs_at_most(900'000)});
    for (const auto& c : best) {
        std::printf("%s: predicted loss %.3f, %lld multiply-accumulates\n",
                    to_string<space>(c.architecture).c_str(), -c.predicted, c.macs);
    }
    const auto winner = retrain<space>(best.front().architecture, data, {.epochs = 6, .batch = 50});
    std::printf("the first, trained by itself: %.1f %% of the test images\n", 100 * winner.test_accuracy);
}
