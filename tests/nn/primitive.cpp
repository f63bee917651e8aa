// Shapes and costs of each primitive, by hand.
#include <doctest/doctest.h>

#include <fitnas/nn/primitive.hpp>

using namespace fitnas;

namespace {

struct expected_costs {
    primitive what;
    shape output;
    long long parameters;
    long long macs;
};

} // namespace

TEST_CASE("shapes and costs of primitives by hand") {
    const shape in{5, 7, 6}; // at stride 2: 3 x 4
    const expected_costs all[] = {
        {pointwise(10), {5, 7, 10}, 60, 35 * 60},
        {pointwise(10, 2), {3, 4, 10}, 60, 12 * 60},
        {depthwise(3), in, 54, 35 * 54},
        {depthwise(5, 2), {3, 4, 6}, 150, 12 * 150},
        {convolution(3, 4, 2), {3, 4, 4}, 216, 12 * 216},
        {batch_norm(), in, 12, 0},
        {relu(), in, 0, 0},
        {max_pool(3, 2), {3, 4, 6}, 0, 0},
        {average_pool(2, 2), {3, 4, 6}, 0, 0},
        {global_pool(), {1, 1, 6}, 0, 0},
        {linear(4), {5, 7, 4}, 24 + 4, 35 * 24},
        {squeeze_excite(2), in, 18 + 3 + 18 + 6, 36},
        {squeeze_excite(9), in, 6 + 1 + 6 + 6, 12}, // at least one hidden unit
        {residual(), in, 0, 0},
        {residual_if_same_shape(), in, 0, 0},
        {zero(9, 2), {3, 4, 9}, 0, 0},
    };
    for (const expected_costs& one : all) {
        CAPTURE(static_cast<int>(one.what.kind));
        CHECK(one.what.output(in) == one.output);
        CHECK(one.what.parameters(in) == one.parameters);
        CHECK(one.what.macs(in) == one.macs);
    }
}
