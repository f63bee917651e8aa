#include <doctest/doctest.h>

#include <fitnas/space/canonical.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;

TEST_CASE("codes is a code space without networks") {
    using space = codes<6, 2, 3>;
    static_assert(code_space<space>);
    static_assert(!search_space_type<space>);
    static_assert(space::cells == 3);
    static_assert(space::size == 36);
    static_assert(space::operator_counts == std::array<int, 3>{6, 2, 3});
    CHECK(different_networks<space>().size() == 36);
    CHECK(canonical<space>({5, 0, 1}) == architecture<space>{5, 0, 1});
}

TEST_CASE("the size of codes saturates") {
    using just_below = codes<36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36>;
    static_assert(just_below::size == 4'738'381'338'321'616'896); // 36^12
    using above = codes<36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 4>;
    static_assert(above::size == UINT64_MAX);
}
