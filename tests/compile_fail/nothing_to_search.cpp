// expect: [F0335] search_space<...>: at least one stage must have cells to search
#include <fitnas/op/conv.hpp>
#include <fitnas/space/search_space.hpp>

using space = fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>,
                                   fitnas::fixed<fitnas::op::conv<3>, 8>, fitnas::head<8, 10>>;
static_assert(space::cells > 0);
