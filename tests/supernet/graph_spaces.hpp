// Spaces whose cells are graphs, that train in a moment.

#ifndef FITNAS_TESTS_SUPERNET_GRAPH_SPACES_HPP
#define FITNAS_TESTS_SUPERNET_GRAPH_SPACES_HPP

#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/op/none.hpp>
#include <fitnas/op/pool.hpp>
#include <fitnas/op/resnet.hpp>
#include <fitnas/space/search_space.hpp>

namespace small {

using namespace fitnas;

using edge_ops = operator_set<op::none, op::identity, op::relu_conv<1>, op::relu_conv<3>, op::max_pool<3>>;
using dense = cell_graph<edge_ops, 4>;

/// The form of NAS-Bench-201 with one or two cells a stage: 15,625 codes.
struct graph_space : search_space<image<8, 8, 1>, stem_of<op::conv_bn<3>, 6>,
                                  shared<0, graph_stage<dense, 1, 6>>, fixed<op::resnet_reduce, 10, 2>,
                                  shared<0, graph_stage<dense, 2, 10>>, head_of<op::bn_relu_pool_linear, 4>> {
};

using other_ops = operator_set<op::identity, op::conv<3>, op::none>;
using sparse = cell_graph<other_ops, 3, edge<1, 2>, edge<0, 1>, edge<0, 2>>;

/// Two kinds of cell, a stage of a chain between them, a stride and another width inside a graph; the last
/// two graphs choose for themselves.
struct two_graphs : search_space<image<8, 8, 1>, stem<4>, graph_stage<cell_graph<other_ops, 2>, 1, 6, 2>,
                                 stage<other_ops, 1, 6>, graph_stage<sparse, 2, 8>, head<8, 4>> {};

/// Without kinks but those of the maximum, for central differences.
struct smooth_head {
    static constexpr std::string_view name = "head";
    static constexpr recipe build(cell c) { return {batch_norm(), global_pool(), linear(c.width)}; }
};
struct smooth_reduce {
    static constexpr std::string_view name = "reduce";
    static constexpr recipe build(cell c) { return {convolution(3, c.width, c.stride), batch_norm()}; }
    static constexpr recipe shortcut(cell c) { return {average_pool(2, c.stride), pointwise(c.width)}; }
};
struct residual_conv {
    static constexpr std::string_view name = "residual_conv";
    static constexpr recipe build(cell c) {
        return {convolution(3, c.width, c.stride), batch_norm(), residual_if_same_shape()};
    }
};
using smooth_ops =
    operator_set<op::none, op::identity, op::conv_bn<1>, residual_conv, op::avg_pool<3>, op::max_pool<3>>;
struct smooth_graph
    : search_space<image<6, 6, 1>, stem_of<op::conv_bn<3>, 4>,
                   shared<0, graph_stage<cell_graph<smooth_ops, 4>, 2, 4>>, fixed<smooth_reduce, 6, 2>,
                   shared<0, graph_stage<cell_graph<smooth_ops, 4>, 1, 6>>, head_of<smooth_head, 4>> {};

/// What comes out are the nodes one behind the other; two kinds of cell, one of which chooses once.
using normal_cell = concat_graph<smooth_ops, 4, edge<0, 1>, edge<0, 2>, edge<1, 2>, edge<0, 3>>;
using reduce_cell = concat_graph<smooth_ops, 3>;
struct concat_space
    : search_space<image<6, 6, 1>, stem_of<op::conv_bn<3>, 4>, shared<0, graph_stage<normal_cell, 2, 6>>,
                   graph_stage<reduce_cell, 1, 8, 2>, shared<0, graph_stage<normal_cell, 1, 9>>,
                   head_of<smooth_head, 4>> {};

/// 9,765,625 codes.
using many_ops = operator_set<op::conv_bn<1>, op::identity, op::none, op::avg_pool<3>, op::conv<3>>;
struct large_graph
    : search_space<image<8, 8, 1>, stem<4>, graph_stage<cell_graph<many_ops, 5>, 1, 4>, head<8, 4>> {};

} // namespace small

#endif
