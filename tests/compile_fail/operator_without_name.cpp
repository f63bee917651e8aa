// expect: [F0318] operator_set<...>: every operator needs `static constexpr std::string_view name`
#include <fitnas/space/search_space.hpp>

struct nameless {
    static constexpr fitnas::recipe build(fitnas::cell c) { return {fitnas::pointwise(c.width, c.stride)}; }
};
static_assert(fitnas::operator_set<nameless>::size == 1);
