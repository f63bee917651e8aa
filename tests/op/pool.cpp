#include <doctest/doctest.h>

#include <fitnas/op/pool.hpp>

using namespace fitnas;

TEST_CASE("pools cost nothing where the channels stay") {
    static_assert(op::max_pool<3>::name == "max_k3");
    static_assert(op::avg_pool<5>::name == "avg_k5");
    static_assert(op::max_pool<3>::build({{9, 9, 16}, 16, 2}) == recipe{max_pool(3, 2)});
    static_assert(op::avg_pool<5>::build({{9, 9, 16}, 16, 1}) == recipe{average_pool(5, 1)});
    constexpr recipe_summary sum = summarise(op::max_pool<3>::build({{9, 9, 16}, 16, 2}), {9, 9, 16});
    CHECK(sum.valid);
    CHECK(sum.output == shape{5, 5, 16});
    CHECK(sum.parameters == 0);
    CHECK(sum.macs == 0);
}

TEST_CASE("a 1x1 convolution follows a pool where the channels change") {
    constexpr cell c{{8, 8, 16}, 24, 2};
    static_assert(op::max_pool<3>::build(c) == recipe{max_pool(3, 2), pointwise(24), batch_norm()});
    constexpr recipe_summary sum = summarise(op::avg_pool<3>::build(c), c.input);
    CHECK(sum.output == shape{4, 4, 24});
    CHECK(sum.parameters == 16 * 24 + 2 * 24);
    CHECK(sum.macs == 16 * 16 * 24);
}
