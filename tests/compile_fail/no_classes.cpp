// expect: [F0329] head<Width, Classes>: there must be at least one class
#include <fitnas/space/search_space.hpp>

using namespace fitnas;
static_assert(head<64, 0>::classes == 0);
