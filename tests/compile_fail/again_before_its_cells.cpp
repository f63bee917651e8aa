// expect: [F0398] again<Operators, Layers, Width, First>: expected cells of stages before it, with as many
// operators
#include <fitnas/op/conv.hpp>
#include <fitnas/space/search_space.hpp>

using ops = fitnas::operator_set<fitnas::op::conv<3>>;
using space = fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>, fitnas::stage<ops, 2, 8>,
                                   fitnas::again<ops, 2, 8, 1>, fitnas::head<8, 10>>; // cells 1 and 2
static_assert(space::layout().cells > 0);
