#include <algorithm>

#include <doctest/doctest.h>

#include <fitnas/op/mbconv.hpp>
#include <fitnas/space/cost.hpp>

using namespace fitnas;

namespace {

struct dw5 {
    static constexpr std::string_view name = "dw5";
    static constexpr recipe build(cell c) {
        return {depthwise(5, c.stride), batch_norm(), relu(),
                pointwise(c.width),     batch_norm(), residual_if_same_shape()};
    }
};

struct without_name {
    static constexpr recipe build(cell) { return {}; }
};
struct without_build {
    static constexpr std::string_view name = "without_build";
};
struct builds_something_else {
    static constexpr std::string_view name = "builds_something_else";
    static constexpr int build(cell) { return 0; }
};

/// y = x * w, one w a channel: a primitive of a user's own.
struct channel_scale {
    static constexpr std::string_view name = "channel_scale";
    static constexpr shape output(shape in) { return in; }
    static constexpr long long parameters(shape in) { return in.channels; }
    static constexpr long long macs(shape in) { return in.size(); }
    static void initialise(shape, std::span<float> w, random_stream&) { std::fill(w.begin(), w.end(), 1.0F); }
    static void forward(shape in, std::span<const float> x, std::span<const float> w, std::span<float> y) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            y[i] = x[i] * w[i % static_cast<std::size_t>(in.channels)];
        }
    }
    static void backward(shape in, std::span<const float> x, std::span<const float> w,
                         std::span<const float> dy, std::span<float> dx, std::span<float> dw) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            const std::size_t c = i % static_cast<std::size_t>(in.channels);
            dx[i] = dy[i] * w[c];
            dw[c] += dy[i] * x[i];
        }
    }
};

struct scaled {
    static constexpr std::string_view name = "scaled";
    static constexpr recipe build(cell c) { return {pointwise(c.width, c.stride), custom<channel_scale>()}; }
};

using ops = operator_set<op::mbconv<3, 3>, dw5, scaled>;
using space = search_space<image<8, 8, 1>, stem<4, 1>, stage<ops, 2, 6, 2>, head<16, 3>>;

} // namespace

TEST_CASE("an operator is a name and a recipe") {
    static_assert(candidate_operator<dw5>);
    static_assert(candidate_operator<scaled>);
    static_assert(!candidate_operator<without_name>);
    static_assert(!candidate_operator<without_build>);
    static_assert(!candidate_operator<builds_something_else>);
    static_assert(custom_primitive_type<channel_scale>);
    static_assert(!custom_primitive_type<dw5>);
}

TEST_CASE("a user's own operators join a space and cost what they are made of") {
    static_assert(space::size == 9);
    static_assert(space::block_of(1, 1).name == "dw5");
    static_assert(space::block_of(1, 2).name == "scaled");
    // Stem 3x3x1x4 and batch norm; head 1x1 from 6 to 16, batch norm, linear with bias.
    constexpr long long rest = 36 + 8 + 6 * 16 + 32 + 17 * 3;
    constexpr long long rest_macs = 64 * 36 + 16 * 6 * 16 + 16 * 3;
    constexpr long long first = 4 * 25 + 8 + 4 * 6 + 12;   // dw5 from 4 to 6 channels
    constexpr long long second = 6 * 25 + 12 + 6 * 6 + 12; // dw5 from 6 to 6 channels
    CHECK(cost::parameters<space>({1, 1}) == rest + first + second);
    CHECK(cost::macs<space>({1, 1}) == rest_macs + 16 * (100 + 24) + 16 * (150 + 36));
    CHECK(cost::parameters<space>({2, 2}) == rest + (24 + 6) + (36 + 6));
    CHECK(cost::macs<space>({2, 2}) == rest_macs + 16 * 24 + 96 + 16 * 36 + 96);
}

TEST_CASE("recipes say whether they are valid") {
    constexpr shape in{8, 8, 4};
    CHECK(summarise({}, in).valid);
    CHECK_FALSE(summarise({depthwise(4)}, in).valid);
    CHECK_FALSE(summarise({pointwise(0)}, in).valid);
    CHECK_FALSE(summarise({pointwise(4, 0)}, in).valid);
    CHECK_FALSE(summarise({pointwise(8), residual()}, in).valid);
    CHECK(summarise({pointwise(8), residual_if_same_shape()}, in).valid);
    CHECK(summarise({pointwise(4), residual()}, in).valid);
    recipe full;
    for (int i = 0; i < recipe::capacity; ++i) {
        full.push_back(relu());
    }
    CHECK_THROWS_WITH_AS(full.push_back(relu()), "[F0110] a recipe has at most 16 primitives", shape_error);
}
