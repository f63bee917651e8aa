// expect: [F0201] op::conv<Kernel>: the kernel must be odd and positive
#include <fitnas/op/conv.hpp>
#include <fitnas/space/search_space.hpp>

static_assert(fitnas::op::conv<4>::name == "conv_k4");
