#include <doctest/doctest.h>

#include <fitnas/op/conv.hpp>

using namespace fitnas;

TEST_CASE("conv is one convolution with batch norm and ReLU") {
    static_assert(op::conv<3>::name == "conv_k3");
    static_assert(op::conv<11>::name == "conv_k11");
    constexpr cell c{{9, 8, 4}, 6, 2};
    static_assert(op::conv<3>::build(c) == recipe{convolution(3, 6, 2), batch_norm(), relu()});

    constexpr recipe_summary sum = summarise(op::conv<3>::build(c), c.input);
    CHECK(sum.valid);
    CHECK(sum.output == shape{5, 4, 6});
    CHECK(sum.parameters == 4 * 6 * 9 + 2 * 6);
    CHECK(sum.macs == 5 * 4 * (4 * 6 * 9));
}

TEST_CASE("separable is a depthwise and a pointwise convolution without shortcut") {
    static_assert(op::separable<5>::name == "sep_k5");
    constexpr cell c{{8, 8, 4}, 6, 2};
    constexpr recipe_summary sum = summarise(op::separable<5>::build(c), c.input);
    CHECK(sum.valid);
    CHECK(sum.output == shape{4, 4, 6});
    CHECK(sum.parameters == 4 * 25 + 2 * 4 + 4 * 6 + 2 * 6);
    CHECK(sum.macs == 16 * (4 * 25 + 4 * 6));

    constexpr recipe same = op::separable<3>::build({{8, 8, 4}, 4, 1});
    for (const primitive& step : same) {
        CHECK(step.kind != primitive_kind::residual);
        CHECK(step.kind != primitive_kind::residual_if_same_shape);
    }
}
