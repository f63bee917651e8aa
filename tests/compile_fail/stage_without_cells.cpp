// expect: [F0326] a stage needs at least one cell
#include <fitnas/op/conv.hpp>
#include <fitnas/space/search_space.hpp>

using space =
    fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>,
                         fitnas::stage<fitnas::operator_set<fitnas::op::conv<3>>, 0, 8>, fitnas::head<8, 10>>;
static_assert(space::cells > 0);
