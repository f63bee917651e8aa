// expect: [F0347] graph_stage<Graph, ...>: the first argument must be a cell_graph<...>
#include <fitnas/op/conv.hpp>
#include <fitnas/space/search_space.hpp>

using ops = fitnas::operator_set<fitnas::op::conv<3>>;
using graph = ops;
using space = fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>, fitnas::graph_stage<graph, 2, 8>,
                                   fitnas::head<8, 10>>;
static_assert(space::cells > 0 && space::tables.parameters > 0);
