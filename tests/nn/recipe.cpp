// What a list of primitives comes to as a whole, and which lists are none.
#include <doctest/doctest.h>

#include <fitnas/nn/recipe.hpp>

using namespace fitnas;

TEST_CASE("a recipe's summary adds up its primitives, each on what comes out of the one before") {
    constexpr recipe r = {pointwise(12, 2), batch_norm(), relu(), depthwise(3), linear(5)};
    constexpr recipe_summary sum = summarise(r, {5, 5, 4});
    static_assert(sum.valid);
    CHECK(sum.output == shape{3, 3, 5});
    CHECK(sum.parameters == 4 * 12 + 2 * 12 + 12 * 9 + 13 * 5);
    CHECK(sum.macs == 9 * (4 * 12 + 12 * 9 + 12 * 5));
    constexpr recipe_summary nothing = summarise({}, {5, 5, 4});
    CHECK(nothing.valid);
    CHECK(nothing.output == shape{5, 5, 4});
    CHECK(nothing.parameters + nothing.macs == 0);
}

TEST_CASE("recipes that make no sense are not valid") {
    const shape in{6, 6, 4};
    CHECK_FALSE(summarise({convolution(2, 4)}, in).valid); // only pools have even windows
    CHECK(summarise({average_pool(2, 2)}, in).valid);
    CHECK_FALSE(summarise({depthwise(3, 0)}, in).valid);
    CHECK_FALSE(summarise({pointwise(0)}, in).valid);
    CHECK_FALSE(summarise({pointwise(5), residual()}, in).valid); // another shape than its input
    CHECK(summarise({pointwise(5), residual_if_same_shape()}, in).valid);
    CHECK(summarise({pointwise(5), pointwise(4), residual()}, in).valid);
    CHECK(summarise({zero(4)}, in).valid);
    CHECK_FALSE(summarise({zero(4), relu()}, in).valid); // zeros stand alone
}

TEST_CASE("a recipe has at most 16 primitives") {
    recipe r;
    for (int i = 0; i < recipe::capacity; ++i) {
        r.push_back(relu());
    }
    CHECK(r.size() == 16);
    CHECK_THROWS_AS(r.push_back(relu()), shape_error);
    CHECK(r.size() == 16);
}
