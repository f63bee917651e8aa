#include <doctest/doctest.h>

#include <fitnas/op/mbconv.hpp>

using namespace fitnas;

TEST_CASE("mbconv has a name for each of its arguments") {
    static_assert(op::mbconv<3, 3>::name == "mb3_k3");
    static_assert(op::mbconv<5, 6>::name == "mb6_k5");
    static_assert(op::mbconv<7, 12>::name == "mb12_k7");
    static_assert(op::mbconv<5, 6, 4>::name == "mb6_k5_se4");
}

TEST_CASE("mbconv widens, filters, narrows") {
    constexpr cell c{{14, 14, 16}, 24, 2};
    static_assert(op::mbconv<5, 3>::build(c) == recipe{pointwise(48), batch_norm(), relu(), depthwise(5, 2),
                                                       batch_norm(), relu(), pointwise(24), batch_norm(),
                                                       residual_if_same_shape()});
    constexpr recipe_summary sum = summarise(op::mbconv<5, 3>::build(c), c.input);
    CHECK(sum.valid);
    CHECK(sum.output == shape{7, 7, 24});
    CHECK(sum.parameters == 16 * 48 + 2 * 48 + 48 * 25 + 2 * 48 + 48 * 24 + 2 * 24);
    CHECK(sum.macs == 196 * 16 * 48 + 49 * 48 * 25 + 49 * 48 * 24);
}

TEST_CASE("mbconv of expansion 1 has no first convolution") {
    constexpr cell c{{14, 14, 16}, 16, 1};
    constexpr recipe_summary sum = summarise(op::mbconv<3, 1>::build(c), c.input);
    static_assert(op::mbconv<3, 1>::build(c).begin()->kind == primitive_kind::depthwise);
    CHECK(sum.parameters == 16 * 9 + 2 * 16 + 16 * 16 + 2 * 16);
}

TEST_CASE("mbconv with squeeze-excite and another activation") {
    constexpr cell c{{14, 14, 16}, 24, 1};
    using plain = op::mbconv<3, 3, 0, activation::hard_swish>;
    using excited = op::mbconv<3, 3, 4, activation::hard_swish>;
    static_assert(plain::build(c) == recipe{pointwise(48), batch_norm(), hard_swish(), depthwise(3),
                                            batch_norm(), hard_swish(), pointwise(24), batch_norm(),
                                            residual_if_same_shape()});
    constexpr recipe_summary without = summarise(plain::build(c), c.input);
    constexpr recipe_summary with = summarise(excited::build(c), c.input);
    // 48 channels, 12 hidden: two matrices with their biases.
    CHECK(with.parameters - without.parameters == 2 * 48 * 12 + 48 + 12);
    CHECK(with.macs - without.macs == 2 * 48 * 12);
    // A reduction above the channels leaves one hidden unit.
    constexpr recipe_summary narrow =
        summarise(op::mbconv<3, 3, 100, activation::hard_swish>::build(c), c.input);
    CHECK(narrow.parameters - without.parameters == 2 * 48 + 48 + 1);
}
