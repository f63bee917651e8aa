/// @file
/// @brief Ready-made search spaces.

#ifndef FITNAS_SPACE_SPACES_HPP
#define FITNAS_SPACE_SPACES_HPP

#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/op/mbconv.hpp>
#include <fitnas/op/none.hpp>
#include <fitnas/op/pool.hpp>
#include <fitnas/op/resnet.hpp>
#include <fitnas/space/search_space.hpp>

/// @brief Each is a struct of its own, so that errors print its short name; do the same for yours.
namespace fitnas::spaces {

/// @brief The candidates of `nas_bench_macro`.
using nas_bench_macro_operators = operator_set<op::identity, op::mbconv<3, 3>, op::mbconv<5, 6>>;
/// @brief NAS-Bench-Macro (Su et al., arXiv 2103.11922): 8 cells of identity, MBConv 3 x 3 of expansion 3,
/// MBConv 5 x 5 of expansion 6, on CIFAR-10; 6,561 codes, 3,969 different networks. Costs equal the published
/// columns.
struct nas_bench_macro : search_space<image<32, 32, 3>, stem<32>, stage<nas_bench_macro_operators, 2, 64, 2>,
                                      stage<nas_bench_macro_operators, 3, 128, 2>,
                                      stage<nas_bench_macro_operators, 3, 256, 2>, head<1280, 10>> {};

/// @brief The candidates of `nas_bench_201`.
using nas_bench_201_operators =
    operator_set<op::none, op::identity, op::relu_conv<1>, op::relu_conv<3>, op::avg_pool<3>>;
/// @brief The cell of NAS-Bench-201: four nodes, an edge between any two.
using nas_bench_201_cell = cell_graph<nas_bench_201_operators, 4>;
/// @brief NAS-Bench-201 (Dong and Yang, arXiv 2001.00326): cells of 4 nodes, whose 6 edges have one of none,
/// identity, 1x1 and 3x3 convolution and 3x3 average pool; all cells have one choice. N cells at C, 2 C and 4
/// C channels, residual reductions between them; 15,625 codes, 5,260 different networks. With N = 5 and C =
/// 16, as published, costs equal the published columns.
template <int N = 5, int C = 16>
struct nas_bench_201
    : search_space<image<32, 32, 3>, stem_of<op::conv_bn<3>, C>,
                   shared<0, graph_stage<nas_bench_201_cell, N, C>>, fixed<op::resnet_reduce, 2 * C, 2>,
                   shared<0, graph_stage<nas_bench_201_cell, N, 2 * C>>, fixed<op::resnet_reduce, 4 * C, 2>,
                   shared<0, graph_stage<nas_bench_201_cell, N, 4 * C>>,
                   head_of<op::bn_relu_pool_linear, 10>> {};

/// @brief The candidates of `mobile_19x6`.
using mobile_operators = operator_set<op::mbconv<3, 3>, op::mbconv<5, 3>, op::mbconv<7, 3>, op::mbconv<3, 6>,
                                      op::mbconv<5, 6>, op::mbconv<7, 6>>;
/// @brief `mobile_19x6` for images of another size and another number of classes: the same cells.
template <int Side, int Classes>
struct mobile_19x6_of : search_space<image<Side, Side, 3>, stem<32, 2>, fixed<op::separable<3>, 16>,
                                     stage<mobile_operators, 2, 32, 2>, stage<mobile_operators, 4, 40, 2>,
                                     stage<mobile_operators, 4, 80, 2>, stage<mobile_operators, 4, 96, 1>,
                                     stage<mobile_operators, 4, 192, 2>, stage<mobile_operators, 1, 320, 1>,
                                     head<1280, Classes>> {};
/// @brief The paper's scale (arXiv 2004.08423): 19 cells of MBConv with kernel {3, 5, 7} and expansion {3,
/// 6}, 6^19 architectures. That this is the space of FairNAS (arXiv 1907.01845) is a deduction from "19
/// cells, 6 operators"; widths and strides are taken from there.
struct mobile_19x6 : mobile_19x6_of<224, 1000> {};

/// @brief The candidates of `fashion_mini`.
using fashion_mini_operators =
    operator_set<op::identity, op::mbconv<3, 3>, op::mbconv<5, 3>, op::mbconv<3, 6>>;
/// @brief A small space on 28 x 28 grey images whose supernet trains in a minute on two cores: 6 cells, 4,096
/// codes.
struct fashion_mini : search_space<image<28, 28, 1>, stem<16, 2>, stage<fashion_mini_operators, 2, 16>,
                                   stage<fashion_mini_operators, 2, 32, 2>,
                                   stage<fashion_mini_operators, 2, 64, 2>, head<128, 10>> {};

/// @brief The candidates of `fashion_tiny`.
using fashion_tiny_operators =
    operator_set<op::identity, op::mbconv<3, 1>, op::mbconv<5, 2>, op::mbconv<3, 4>>;
/// @brief So small that each of its 256 networks, all different, can be trained by itself: 4 cells on 28 x 28
/// grey images, 62 to 507 thousand multiply-accumulates.
struct fashion_tiny : search_space<image<28, 28, 1>, stem<8, 2>, stage<fashion_tiny_operators, 2, 16, 2>,
                                   stage<fashion_tiny_operators, 2, 32, 2>, head<64, 10>> {};

} // namespace fitnas::spaces

#endif
