// expect: [F0333] search_space<image, ...>: after the image come a stem, at least one stage or fixed layer,
#include <fitnas/op/conv.hpp>
#include <fitnas/space/search_space.hpp>

using space =
    fitnas::search_space<fitnas::image<8, 8, 1>,
                         fitnas::stage<fitnas::operator_set<fitnas::op::conv<3>>, 2, 8>, fitnas::head<8, 10>>;
static_assert(space::cells > 0);
