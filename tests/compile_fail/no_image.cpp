// expect: [F0332] search_space<...>: the first argument must be image<height, width, channels>
#include <fitnas/op/conv.hpp>
#include <fitnas/space/search_space.hpp>

using space =
    fitnas::search_space<fitnas::stem<8>, fitnas::stage<fitnas::operator_set<fitnas::op::conv<3>>, 2, 8>,
                         fitnas::head<8, 10>>;
static_assert(space::cells > 0);
