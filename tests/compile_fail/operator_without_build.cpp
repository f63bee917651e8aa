// expect: [F0319] operator_set<...>: every operator needs `static constexpr recipe build(cell)`
#include <fitnas/space/search_space.hpp>

struct recipeless {
    static constexpr std::string_view name = "recipeless";
};
static_assert(fitnas::operator_set<recipeless>::size == 1);
