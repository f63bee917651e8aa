// expect: [F0316] operator_set<...> needs at least one operator
#include <fitnas/space/search_space.hpp>

static_assert(fitnas::operator_set<>::size == 0);
