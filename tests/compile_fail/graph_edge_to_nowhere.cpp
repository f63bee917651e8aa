// expect: [F0343] cell_graph<Operators, Nodes, Edges...>: an edge leads to a node that is not there
#include <fitnas/op/conv.hpp>
#include <fitnas/space/search_space.hpp>

using ops = fitnas::operator_set<fitnas::op::conv<3>>;
using graph = fitnas::cell_graph<ops, 3, fitnas::edge<0, 1>, fitnas::edge<1, 2>, fitnas::edge<1, 3>>;
using space = fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>, fitnas::graph_stage<graph, 2, 8>,
                                   fitnas::head<8, 10>>;
static_assert(space::cells > 0 && space::tables.parameters > 0);
