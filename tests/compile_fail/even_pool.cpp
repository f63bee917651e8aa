// expect: [F0206] op::max_pool<Kernel>: the kernel must be odd and positive
#include <fitnas/op/pool.hpp>

using namespace fitnas;
static_assert(op::max_pool<2>::name.size() > 0);
