// expect: [F0331] search_space<...>: an operator's recipe does not give the cell's output shape
#include <fitnas/op/conv.hpp>
#include <fitnas/space/search_space.hpp>

struct keeps { // whatever the stride
    static constexpr std::string_view name = "keeps";
    static constexpr fitnas::recipe build(fitnas::cell c) { return {fitnas::pointwise(c.width)}; }
};
using ops = fitnas::operator_set<fitnas::op::conv<3>, keeps>;
using space =
    fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>,
                         fitnas::graph_stage<fitnas::cell_graph<ops, 3>, 2, 8, 2>, fitnas::head<8, 10>>;
static_assert(space::tables.parameters > 0);
