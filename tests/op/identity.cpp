#include <doctest/doctest.h>

#include <fitnas/op/identity.hpp>

using namespace fitnas;

TEST_CASE("identity is nothing where the shape is kept") {
    static_assert(op::identity::name == "identity");
    static_assert(op::identity::build({{8, 8, 16}, 16, 1}).empty());
    constexpr recipe_summary sum = summarise(op::identity::build({{8, 8, 16}, 16, 1}), {8, 8, 16});
    CHECK(sum.valid);
    CHECK(sum.output == shape{8, 8, 16});
    CHECK(sum.parameters == 0);
    CHECK(sum.macs == 0);
}

TEST_CASE("identity is a 1x1 convolution with batch norm and no activation where the shape changes") {
    static_assert(op::identity::build({{8, 8, 16}, 24, 1}) == recipe{pointwise(24, 1), batch_norm()});
    static_assert(op::identity::build({{8, 8, 16}, 16, 2}) == recipe{pointwise(16, 2), batch_norm()});
    constexpr recipe_summary sum = summarise(op::identity::build({{7, 7, 16}, 24, 2}), {7, 7, 16});
    CHECK(sum.output == shape{4, 4, 24});
    CHECK(sum.parameters == 16 * 24 + 2 * 24);
    CHECK(sum.macs == 4 * 4 * 16 * 24);
}

TEST_CASE("stride 2 keeps the shape of a single pixel") {
    static_assert(op::identity::build({{1, 1, 16}, 16, 2}).empty());
}
