// What a plan decides: which passes, what is pending on their inputs, which are one, and what memory they
// take.

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/line_queue.hpp>
#include <fitnas/cpu/engine.hpp>
#include <fitnas/cpu/plan.hpp>
#include <fitnas/cpu/plan_memory.hpp>
#include <fitnas/op/mbconv.hpp>

using namespace fitnas;
using detail::block_plan;
using detail::plan_step;
using detail::step_kind;

namespace {

// y = x w, one w a channel
struct scaled {
    static constexpr std::string_view name = "scaled";
    static constexpr shape output(shape in) { return in; }
    static constexpr long long parameters(shape in) { return in.channels; }
    static constexpr long long macs(shape in) { return in.size(); }
    static void initialise(shape, std::span<float> w, random_stream&) { std::fill(w.begin(), w.end(), 1.0F); }
    static void forward(shape, std::span<const float> x, std::span<const float> w, std::span<float> y) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            y[i] = x[i] * w[i % w.size()];
        }
    }
    static void backward(shape, std::span<const float> x, std::span<const float> w, std::span<const float> dy,
                         std::span<float> dx, std::span<float> dw) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            dx[i] = dy[i] * w[i % w.size()];
            dw[i % w.size()] += dy[i] * x[i];
        }
    }
};

constexpr shape in{6, 6, 16};

// The passes in the order they run: p d e c l m a g s z u for the primitives, w writes out, + with a
// shortcut, in brackets what is pending on the input: n a norm, r an activation.
std::string passes(const recipe& r, bool backward_follows = true, shape input = in) {
    std::string text;
    const block_plan plan(r, input);
    for (const plan_step& s : plan.steps(backward_follows)) {
        constexpr std::string_view names = "pdeclmagszuw";
        text += names[static_cast<std::size_t>(s.kind)];
        text += s.shortcut ? "+" : "";
        text += s.in.plain() ? "" : "(";
        text += s.in.norm >= 0 ? "n" : "";
        text += s.in.act != activation::none ? "r" : "";
        text += s.in.plain() ? "" : ")";
    }
    return text;
}

std::vector<recipe> many_recipes() {
    return {
        op::mbconv<3, 3>::build({in, 16, 1}),
        op::mbconv<5, 6, 4>::build({in, 24, 2}),
        {pointwise(16), pointwise(40), batch_norm(), relu(), depthwise(3), batch_norm(), residual()},
        {convolution(3, 16), batch_norm(), relu(), max_pool(3), batch_norm(), global_pool(), linear(10)},
        {pointwise(16), batch_norm(), residual(), relu(), depthwise(3), batch_norm(), residual(), residual()},
        {custom<scaled>(), pointwise(16), batch_norm(), custom<scaled>(), squeeze_excite(2)},
        {batch_norm(), batch_norm(), relu(), relu6(), average_pool(3, 2)},
        {relu()},
        {}};
}

} // namespace

TEST_CASE("batch norm and activations stay pending until a pass reads them") {
    CHECK(passes({}) == "");
    CHECK(passes({pointwise(8)}) == "p");
    CHECK(passes({convolution(3, 8), batch_norm(), relu(), pointwise(4)}) == "cp(nr)");
    CHECK(passes({max_pool(3), relu(), average_pool(3), global_pool(), linear(3)}) == "ma(r)gl");
    CHECK(passes({depthwise(3), batch_norm(), relu(), squeeze_excite()}) == "ds(nr)");
    // What leaves a block is plain, and so is what a custom primitive sees.
    CHECK(passes({relu()}) == "w(r)");
    CHECK(passes({pointwise(8), batch_norm()}) == "pw(n)");
    CHECK(passes({pointwise(8), batch_norm(), custom<scaled>()}) == "pw(n)u");
    // Second activations, and batch norms that no pass gathered sums for.
    CHECK(passes({relu(), relu6()}) == "w(r)w(r)");
    CHECK(passes({batch_norm(), pointwise(8)}) == "wp(n)");
    CHECK(passes({pointwise(8), relu(), batch_norm(), pointwise(8)}) == "pw(r)p(n)");
}

TEST_CASE("a shortcut is a pass, where the shapes are the same") {
    CHECK(passes({pointwise(16), batch_norm(), residual()}) == "pw+(n)");
    CHECK(passes({pointwise(8), residual_if_same_shape()}) == "p");
    CHECK(passes({residual(), batch_norm(), relu()}) == "w+ww(nr)"); // its gradient must stay plain
    const block_plan plan({residual(), pointwise(16), residual(), relu(), residual()}, in);
    std::vector<bool> more;
    for (const plan_step& s : plan.steps(true)) {
        more.push_back(s.more_shortcuts);
    }
    CHECK(more == std::vector<bool>{true, false, true, false});
}

TEST_CASE("a 1x1 convolution and the depthwise one behind it are one pass where that pays") {
    const auto both = [](int channels, int kernel = 3, int stride = 1) {
        return recipe{pointwise(2 * channels), batch_norm(), relu(), depthwise(kernel, stride), batch_norm()};
    };
    CHECK(passes(both(16)) == "e(nr)w(n)");
    CHECK(passes(both(16), false) == "e(nr)w(n)");
    const shape wide{6, 6, 33};
    CHECK(passes(both(33), true, wide) == "pd(nr)w(n)");
    CHECK(passes(both(33), false, wide) == (detail::prefetches_in_products ? "pd(nr)w(n)" : "e(nr)w(n)"));
    CHECK(passes(both(16, 1, 2)) == "pd(nr)w(n)");                           // pixels between the windows
    CHECK(passes(both(16), true, {100, 100, 16}) == "pd(nr)w(n)");           // no room in cache
    CHECK(passes({pointwise(8, 2), batch_norm(), depthwise(3)}) == "pd(n)"); // other pixels
    CHECK(passes({pointwise(8), relu(), depthwise(3)}) == "pd(r)");          // no norm to know beforehand
    CHECK(passes({relu(), pointwise(8), batch_norm(), depthwise(3)}) == "p(r)d(n)");

    const block_plan plan({linear(16), pointwise(40), batch_norm(), relu(), depthwise(5, 2)}, in);
    REQUIRE(plan.steps(true).size() == 2);
    const plan_step& step = plan.steps(true)[1];
    CHECK(step.what == depthwise(5, 2));
    CHECK(step.in == detail::plan_value{.buffer = 2, .norm = 0, .act = activation::relu});
    CHECK(step.narrow.buffer == 1);
    CHECK(step.source() == 1);
    CHECK(step.narrow.in_shape == shape{6, 6, 16});
    CHECK(step.in_shape == shape{6, 6, 40});
    CHECK(step.out_shape == shape{3, 3, 40});
    CHECK(step.out == plan.last());
    CHECK(step.narrow.offset == 17 * 16);
    CHECK(step.offset == 17 * 16 + 16 * 40 + 80);
}

TEST_CASE("each parameter belongs to one pass or norm, in the order of the recipe") {
    for (const recipe& r : many_recipes()) {
        const block_plan plan(r, in);
        for (const bool backward_follows : {false, true}) {
            std::vector<std::pair<long long, long long>> parts; // where they begin, how many
            for (const plan_step& s : plan.steps(backward_follows)) {
                parts.emplace_back(s.offset,
                                   s.kind == step_kind::write_out ? 0 : s.what.parameters(s.in_shape));
                parts.emplace_back(s.narrow.offset,
                                   s.expands() ? s.narrow.in_shape.channels * s.in_shape.channels : 0);
            }
            for (const detail::plan_norm& n : plan.norms) {
                parts.emplace_back(n.offset, 2 * n.channels);
                CHECK(n.channels == plan.buffers[static_cast<std::size_t>(n.buffer)].channels);
                CHECK(n.pixels == plan.buffers[static_cast<std::size_t>(n.buffer)].pixels());
            }
            std::sort(parts.begin(), parts.end());
            long long at = 0;
            for (const auto& part : parts) {
                CHECK((part.second == 0 || part.first == at));
                at += part.second;
            }
            CHECK(at == summarise(r, in).parameters);
        }
        CHECK(plan.buffers.back() == summarise(r, in).output);
    }
}

TEST_CASE("what a plan is said to take is what it takes") {
    constexpr int images = 3;
    for (const recipe& r : many_recipes()) {
        const block_plan plan(r, in);
        if (plan.empty()) {
            continue;
        }
        CAPTURE(passes(r));
        const auto floats = [](long long n) { return std::vector<float>(static_cast<std::size_t>(n), 0.5F); };
        const recipe_summary sum = summarise(r, in);
        std::vector<float> parameters = floats(sum.parameters);
        std::vector<float> gradient = floats(sum.parameters);
        std::vector<float> x = floats(images * in.size());
        std::vector<float> dx = x;
        std::vector<float> y = floats(images * sum.output.size());
        for (const bool backward_follows : {false, true}) {
            arena memory;
            detail::workspace shared;
            std::uint64_t before = memory.position().used;
            const auto taken = [&] {
                REQUIRE(memory.position().chunk == 0);
                const std::uint64_t now = memory.position().used;
                return now - std::exchange(before, now);
            };
            detail::block_run run = detail::forward(plan, parameters.data(), x.data(), images, y.data(),
                                                    nullptr, memory, shared, backward_follows);
            CHECK(taken() == detail::forward_floats(plan, images, false, backward_follows));
            detail::forward(plan, parameters.data(), x.data(), images, y.data(), &run, memory, shared,
                            backward_follows);
            CHECK(taken() == detail::forward_floats(plan, images, true, backward_follows));
            if (backward_follows) {
                detail::forward(plan, parameters.data(), x.data(), images, nullptr, nullptr, memory, shared,
                                true);
                CHECK(taken() == detail::forward_again_floats(plan, images));
                detail::backward(plan, parameters.data(), gradient.data(), run, y.data(), dx.data(), nullptr,
                                 memory, shared);
                CHECK(taken() == detail::backward_floats(plan, images));
            }
        }
    }
}
