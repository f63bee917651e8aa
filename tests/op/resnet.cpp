// What stands around the cells of NAS-Bench-201, and the operator that leaves an edge out.
#include <doctest/doctest.h>

#include <fitnas/cpu/recipe_check.hpp>
#include <fitnas/op/none.hpp>
#include <fitnas/op/resnet.hpp>

using namespace fitnas;

TEST_CASE("a residual reduction: two convolutions, and a shortcut of the same shape") {
    constexpr cell c{{8, 6, 4}, 10, 2};
    constexpr recipe_summary way = summarise(op::resnet_reduce::build(c), c.input);
    CHECK(way.valid);
    CHECK(way.output == shape{4, 3, 10});
    CHECK(way.parameters == 9 * 4 * 10 + 9 * 10 * 10 + 2 * 2 * 10);
    CHECK(way.macs == 12 * (9 * 4 * 10 + 9 * 10 * 10));
    constexpr recipe_summary beside = summarise(op::resnet_reduce::shortcut(c), c.input);
    CHECK(beside.valid);
    CHECK(beside.output == way.output);
    CHECK(beside.parameters == 4 * 10);
    CHECK(beside.macs == 12 * 4 * 10);
    CHECK(check_operator<op::resnet_reduce>(c));
    CHECK(check_recipe(op::resnet_reduce::shortcut(c), c.input));
}

TEST_CASE("the head of batch norm, ReLU, mean and linear layer") {
    constexpr cell c{{4, 4, 6}, 3, 1};
    constexpr recipe_summary sum = summarise(op::bn_relu_pool_linear::build(c), c.input);
    CHECK(sum.valid);
    CHECK(sum.output == shape{1, 1, 3});
    CHECK(sum.parameters == 2 * 6 + 6 * 3 + 3);
    CHECK(sum.macs == 6 * 3);
    CHECK(check_recipe(op::bn_relu_pool_linear::build(c), c.input));
}

TEST_CASE("none is zeros of the shape that goes out, and costs nothing") {
    constexpr cell c{{5, 7, 4}, 6, 2};
    static_assert(op::none::build(c).gives_zeros());
    constexpr recipe_summary sum = summarise(op::none::build(c), c.input);
    CHECK(sum.valid);
    CHECK(sum.output == c.output());
    CHECK(sum.parameters == 0);
    CHECK(sum.macs == 0);
}
