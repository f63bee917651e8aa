/// @file
/// @brief A recipe's execution plan: passes over memory, with batch norm and activations folded into them.

#ifndef FITNAS_CPU_PLAN_HPP
#define FITNAS_CPU_PLAN_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/cpu/geometry.hpp>
#include <fitnas/nn/recipe.hpp>

namespace fitnas::detail {

/// What a pass computes.
enum class step_kind : std::uint8_t {
    pointwise,
    depthwise,
    expanded_depthwise, ///< a 1x1 convolution and the depthwise one that reads it; between them all is in
                        ///< cache
    convolution,
    linear,
    max_pool,
    average_pool,
    global_pool,
    squeeze_excite,
    zero,
    custom,
    write_out ///< what is pending, with the recipe's input added where `plan_step::shortcut`
};

/// The pass of a primitive; of one that stays pending, the pass that ends it.
constexpr step_kind kind_of_step(primitive_kind kind) {
    switch (kind) {
    case primitive_kind::pointwise:
        return step_kind::pointwise;
    case primitive_kind::depthwise:
        return step_kind::depthwise;
    case primitive_kind::convolution:
        return step_kind::convolution;
    case primitive_kind::linear:
        return step_kind::linear;
    case primitive_kind::max_pool:
        return step_kind::max_pool;
    case primitive_kind::average_pool:
        return step_kind::average_pool;
    case primitive_kind::global_pool:
        return step_kind::global_pool;
    case primitive_kind::squeeze_excite:
        return step_kind::squeeze_excite;
    case primitive_kind::zero:
        return step_kind::zero;
    case primitive_kind::custom:
        return step_kind::custom;
    case primitive_kind::batch_norm:
    case primitive_kind::activate:
    case primitive_kind::residual:
    case primitive_kind::residual_if_same_shape:
        break;
    }
    return step_kind::write_out;
}

/// A tensor with what is pending on it: buffer 0 is the recipe's input.
struct plan_value {
    int buffer = 0;
    int norm = -1;
    activation act = activation::none;

    bool plain() const { return norm < 0 && act == activation::none; }
    friend bool operator==(const plan_value&, const plan_value&) = default;
};

/// The 1x1 convolution of an expanded depthwise one: what it reads, plain, and where its weights stand.
struct plan_expansion {
    int buffer = 0;
    shape in_shape{};
    long long offset = 0;
};

/// One pass: reads `in` (and buffer 0 for a shortcut), writes buffer `out`.
struct plan_step {
    step_kind kind = step_kind::write_out;
    primitive what{}; ///< of an expanded depthwise convolution that one
    bool shortcut = false;
    bool more_shortcuts = false; ///< a shortcut, and not the last: backward, their gradients are added
    long long offset = 0;        ///< of its parameters in the block's
    plan_value in{};             ///< of an expanded depthwise convolution the tensor in cache
    int out = 0;
    shape in_shape{};
    shape out_shape{};
    int norm = -1;           ///< the batch norm whose sums this pass gathers
    plan_expansion narrow{}; ///< where it is expanded

    geometry sizes(int images) const { return {in_shape, out_shape, what.kernel, what.stride, images}; }
    bool expands() const { return kind == step_kind::expanded_depthwise; }
    /// The buffer that it reads from memory, and its shape.
    int source() const { return expands() ? narrow.buffer : in.buffer; }
    shape source_shape() const { return expands() ? narrow.in_shape : in_shape; }
    /// Whether, backward, its output's gradient is its input's as it is.
    bool passes_gradient() const {
        return kind == step_kind::write_out && norm < 0 && in.act == activation::none;
    }
    /// Whether batch norm's sums are gathered as the output is stored, and not behind that.
    bool sums_at_store() const {
        return kind == step_kind::pointwise || kind == step_kind::depthwise || expands() ||
               kind == step_kind::convolution;
    }
};

/// A batch norm: of which buffer, and where gamma and beta stand.
struct plan_norm {
    int buffer = 0;
    int channels = 0;
    long long pixels = 0;
    long long offset = 0;
};

/// Whether the output of a 1x1 convolution is made in cache, by the depthwise one behind it. That costs a
/// second product or more, and pays where they take less time than the passes over memory that they save:
/// measured, where the input has few channels, and on processors with AVX2 in scoring always. An image of the
/// input has to stay in cache beside planes.
FITNAS_LAZY bool pays_in_cache(const plan_step& wide, const plan_step& next, bool backward_follows);

/// The passes of a recipe on an input shape. No passes: the input is the output.
class block_plan {
public:
    std::vector<shape> buffers;
    std::vector<plan_norm> norms;

    block_plan() = default;
    FITNAS_LAZY FITNAS_COLD block_plan(const recipe& r, shape input);

    /// @param backward_follows whether they are those of training, not of scoring
    const std::vector<plan_step>& steps(bool backward_follows) const {
        return backward_follows ? m_training : m_scoring;
    }
    bool empty() const { return m_training.empty(); }
    shape output() const { return buffers.back(); }
    /// Whether backward reads what came out: a maximum is found again by it.
    bool reads_output() const { return !empty() && m_training.back().kind == step_kind::max_pool; }
    /// Whether it reads that or what else the last pass of training has left.
    bool needs_last_pass() const {
        return reads_output() || (!empty() && (m_training.back().expands() ||
                                               m_training.back().kind == step_kind::squeeze_excite));
    }
    /// Whether its last pass can add what comes from elsewhere to the output: backward reads neither.
    bool adds_to_output() const {
        return !empty() && (m_training.back().kind == step_kind::write_out ||
                            m_training.back().kind == step_kind::average_pool);
    }
    /// The buffer of the output.
    int last() const { return static_cast<int>(buffers.size()) - 1; }

private:
    FITNAS_LAZY static std::vector<plan_step> fused(const std::vector<plan_step>& all, bool backward_follows);

    std::vector<plan_step> m_training;
    std::vector<plan_step> m_scoring;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <fitnas/core/line_queue.hpp>
#include <fitnas/cpu/planes.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN bool pays_in_cache(const plan_step& wide, const plan_step& next, bool backward_follows) {
    constexpr int few = 32;
    const shape in = wide.in_shape;
    if (wide.kind != step_kind::pointwise || wide.what.stride != 1 || !wide.in.plain() || wide.norm < 0 ||
        next.kind != step_kind::depthwise || next.what.stride > next.what.kernel ||
        (in.channels > few && (backward_follows || prefetches_in_products))) {
        return false;
    }
    return in.size() <= std::int64_t{1} << 16U && depthwise_planes(next.sizes(1)).at_once > 1;
}

FITNAS_LAZY_AGAIN block_plan::block_plan(const recipe& r, shape input) : buffers{input} {
    std::vector<plan_step>& all = m_scoring; // each by itself, for now
    plan_value value;
    long long offset = 0;
    const auto add = [&](plan_step step, shape out) {
        step.in = value;
        step.in_shape = buffers[static_cast<std::size_t>(value.buffer)];
        step.out_shape = out;
        step.out = static_cast<int>(buffers.size());
        value = {.buffer = step.out};
        buffers.push_back(out);
        all.push_back(step);
    };
    for (const primitive& p : r) {
        const shape now = buffers[static_cast<std::size_t>(value.buffer)];
        switch (p.kind) {
        case primitive_kind::batch_norm:
            // It joins the pass that wrote the buffer; a shortcut's gradient must stay plain, so not
            // there.
            if (!value.plain() || all.empty() || all.back().shortcut) {
                add({}, now);
            }
            value.norm = static_cast<int>(norms.size());
            all.back().norm = value.norm;
            norms.push_back({value.buffer, now.channels, now.pixels(), offset});
            break;
        case primitive_kind::activate:
            if (value.act != activation::none) {
                add({}, now);
            }
            value.act = p.act;
            break;
        case primitive_kind::residual:
        case primitive_kind::residual_if_same_shape:
            if (now == input) {
                for (plan_step& before : all) {
                    before.more_shortcuts = before.shortcut;
                }
                add({.shortcut = true}, now);
            }
            break;
        case primitive_kind::custom:
            if (!value.plain()) {
                add({}, now);
            }
            [[fallthrough]];
        case primitive_kind::pointwise:
        case primitive_kind::depthwise:
        case primitive_kind::convolution:
        case primitive_kind::linear:
        case primitive_kind::max_pool:
        case primitive_kind::average_pool:
        case primitive_kind::global_pool:
        case primitive_kind::squeeze_excite:
        case primitive_kind::zero:
            add({.kind = kind_of_step(p.kind), .what = p, .offset = offset}, p.output(now));
            break;
        }
        offset += p.parameters(now);
    }
    if (!value.plain()) {
        add({}, buffers[static_cast<std::size_t>(value.buffer)]);
    }
    m_training = fused(all, true);
    m_scoring = fused(all, false);
}

FITNAS_LAZY_AGAIN std::vector<plan_step> block_plan::fused(const std::vector<plan_step>& all,
                                                           bool backward_follows) {
    std::vector<plan_step> result;
    for (const plan_step& step : all) {
        if (!result.empty() && pays_in_cache(result.back(), step, backward_follows)) {
            const plan_step& wide = result.back();
            const plan_expansion narrow{wide.in.buffer, wide.in_shape, wide.offset};
            result.back() = step;
            result.back().kind = step_kind::expanded_depthwise;
            result.back().narrow = narrow;
        } else {
            result.push_back(step);
        }
    }
    return result;
}

} // namespace fitnas::detail

#endif

#endif
