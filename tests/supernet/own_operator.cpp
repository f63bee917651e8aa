// Operators and primitives that are not the library's own.

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include <fitnas/cpu/recipe_check.hpp>
#include <fitnas/space/cost.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/train.hpp>

#include "small_spaces.hpp"

using namespace fitnas;

namespace {

// y = x * tanh(w), one w a channel.
struct soft_gate {
    static constexpr std::string_view name = "soft_gate";
    static constexpr shape output(shape in) { return in; }
    static constexpr long long parameters(shape in) { return in.channels; }
    static constexpr long long macs(shape in) { return in.size(); }
    static void initialise(shape, std::span<float> w, random_stream& random) {
        for (float& v : w) {
            v = 1.0F + 0.1F * static_cast<float>(random.normal());
        }
    }
    static void forward(shape, std::span<const float> x, std::span<const float> w, std::span<float> y) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            y[i] = x[i] * std::tanh(w[i % w.size()]);
        }
    }
    static void backward(shape, std::span<const float> x, std::span<const float> w, std::span<const float> dy,
                         std::span<float> dx, std::span<float> dw) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float gate = std::tanh(w[i % w.size()]);
            dx[i] = dy[i] * gate;
            dw[i % w.size()] += dy[i] * x[i] * (1 - gate * gate);
        }
    }
};

struct dw5 {
    static constexpr std::string_view name = "dw5";
    static constexpr recipe build(cell c) {
        return {depthwise(5, c.stride), batch_norm(), relu(),
                pointwise(c.width),     batch_norm(), residual_if_same_shape()};
    }
};

struct gated {
    static constexpr std::string_view name = "gated";
    static constexpr recipe build(cell c) {
        return {convolution(3, c.width, c.stride), batch_norm(), relu(), custom<soft_gate>()};
    }
};

struct own : search_space<image<8, 8, 1>, stem<8>, stage<operator_set<dw5, gated>, 2, 8, 2>, head<16, 4>> {};

} // namespace

TEST_CASE("a user's operator and a user's primitive train like the library's") {
    CHECK(check_operator<dw5>({{6, 6, 8}, 8, 1}));
    CHECK(check_operator<gated>({{6, 6, 8}, 12, 2}));
    // 3 x 3 convolution 8 to 8 on 4 x 4 pixels, batch norm, a gate of 8; depthwise 5 x 5 and 8 x 8 likewise.
    CHECK(cost::parameters<own>({1, 1}) - cost::parameters<own>({0, 0}) ==
          2 * ((9 * 64 + 16 + 8) - (25 * 8 + 16 + 64 + 16)));
    CHECK(cost::macs<own>({1, 1}) - cost::macs<own>({0, 0}) ==
          2 * (16 * 9 * 64 + 16 * 8 - 16 * (25 * 8 + 64)));
    const dataset data = small::images();
    supernet<own> net(seed{4});
    const train_report report =
        train(net, data.train, {.epochs = 6, .batch = 32, .sampling = sampling::strict_fair});
    CHECK(report.epochs.back().accuracy > 0.8);
    const score_table<own> table = evaluate<own>(net, different_networks<own>(), data);
    REQUIRE(table.size() == 4);
    for (const double s : table.scores) {
        CHECK(s > 0.5);
    }
}
