// expect: [F0203] op::mbconv<Kernel, ...>: the kernel must be odd and positive
#include <fitnas/op/mbconv.hpp>

using wrong = fitnas::op::mbconv<2, 3>;
static_assert(wrong::name.size() > 0);
