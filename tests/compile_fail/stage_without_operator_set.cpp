// expect: [F0334] stage<Operators, ...>: the first argument must be an operator_set<...>
#include <fitnas/op/conv.hpp>
#include <fitnas/space/search_space.hpp>

using space = fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>,
                                   fitnas::stage<fitnas::op::conv<3>, 2, 8>, fitnas::head<8, 10>>;
static_assert(space::cells > 0);
