// expect: [F0204] op::mbconv<_, Expansion>: the expansion must be at least 1
#include <fitnas/op/mbconv.hpp>

using wrong = fitnas::op::mbconv<3, 0>;
static_assert(wrong::name.size() > 0);
