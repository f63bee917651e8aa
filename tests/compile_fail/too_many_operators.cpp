// expect: [F0306] codes<Counts...>: a cell has 1 to 36 operators
#include <fitnas/space/codes.hpp>

using namespace fitnas;
using space = codes<3, 37>;
static_assert(space::cells == 2);
