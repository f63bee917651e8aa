/// @file
/// @brief How much memory each step of a plan takes: `forward` and `backward` take what is said here, and who
/// wants to know before sums it up.

#ifndef FITNAS_CPU_PLAN_MEMORY_HPP
#define FITNAS_CPU_PLAN_MEMORY_HPP

#include <algorithm>
#include <cstdint>
#include <limits>

#include <fitnas/config.hpp>
#include <fitnas/core/memory_limit.hpp>
#include <fitnas/cpu/plan.hpp>

namespace fitnas::detail {

/// Floats that an arena gives for n.
constexpr memory_size arena_floats(memory_size n) {
    return n.value() > (std::numeric_limits<std::uint64_t>::max)() - 15
               ? n
               : memory_size((n.value() + 15) / 16 * 16);
}
/// Floats of so many images' activations.
constexpr memory_size image_floats(memory_size images, shape s) {
    return arena_floats(images * memory_size::of(s.height) * memory_size::of(s.width) *
                        memory_size::of(s.channels));
}

/// Floats that a step takes from an arena, each a piece by itself.
struct step_memory {
    // forward
    memory_size output; ///< what it writes, but for the block's output, which is the caller's
    memory_size state;  ///< of a squeeze-excite
    // forward, where statistics are not given
    memory_size norm;          ///< of the batch norm that it gathers sums for
    memory_size expanded_norm; ///< of the batch norm in cache
    memory_size moments;       ///< of an expansion's input
    // backward
    memory_size gradient; ///< at its input, but for the block's, which is the caller's
    memory_size shortcut; ///< two shortcuts' gradients, added
    memory_size scratch;

    memory_size forward(bool given) const {
        return arena_floats(output) + arena_floats(state) +
               (given ? 0 : arena_floats(norm) + arena_floats(expanded_norm) + arena_floats(moments));
    }
    memory_size backward() const {
        return arena_floats(gradient) + arena_floats(shortcut) + arena_floats(scratch);
    }
};

FITNAS_LAZY step_memory memory_of(const block_plan& plan, const plan_step& step, memory_size images);

/// Floats that `forward` takes beside its output.
/// @param given whether it gets statistics
FITNAS_LAZY FITNAS_COLD memory_size forward_floats(const block_plan& plan, memory_size images, bool given,
                                                   bool backward_follows);

/// Floats that `forward` takes where backward follows and no output is needed.
FITNAS_LAZY FITNAS_COLD memory_size forward_again_floats(const block_plan& plan, memory_size images);

/// Floats that `backward` takes beside what `forward` left.
FITNAS_LAZY FITNAS_COLD memory_size backward_floats(const block_plan& plan, memory_size images);

/// Floats outside an arena, about: packed weights and weight gradients of the largest step, and the padded
/// planes of each thread.
FITNAS_LAZY FITNAS_COLD memory_size workspace_floats(const block_plan& plan, bool backward_follows,
                                                     int threads);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <fitnas/cpu/batch_norm.hpp>
#include <fitnas/cpu/custom.hpp>
#include <fitnas/cpu/expanded_gradient.hpp>
#include <fitnas/cpu/expansion.hpp>
#include <fitnas/cpu/norm_state.hpp>
#include <fitnas/cpu/planes.hpp>
#include <fitnas/cpu/squeeze_excite.hpp>
#include <fitnas/cpu/winograd_gradient.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN step_memory memory_of(const block_plan& plan, const plan_step& step, memory_size images) {
    const auto activations = [&](shape s) {
        return images * memory_size::of(s.height) * memory_size::of(s.width) * memory_size::of(s.channels);
    };
    const auto norm_of = [&](int norm) -> memory_size {
        return norm < 0 ? 0 : norm_state::size(plan.norms[static_cast<std::size_t>(norm)].channels);
    };
    step_memory takes;
    takes.output = step.out == plan.last() ? 0 : activations(step.out_shape);
    takes.norm = norm_of(step.norm);
    takes.gradient = step.source() == 0 || step.passes_gradient() ? 0 : activations(step.source_shape());
    takes.shortcut = step.more_shortcuts ? activations(step.in_shape) : 0;
    const int k = step.source_shape().channels;
    switch (step.kind) {
    case step_kind::squeeze_excite:
        takes.state = images * squeeze_state::size(k, step.what.hidden(step.in_shape));
        takes.scratch = takes.state;
        break;
    case step_kind::custom:
        takes.scratch = custom_scratch(step, images);
        break;
    case step_kind::expanded_depthwise:
        takes.expanded_norm = norm_of(step.in.norm);
        takes.moments = expansion_moments::size(k, step.in_shape.channels);
        takes.scratch = expansion_scratch::size(k, step.in_shape.channels);
        break;
    case step_kind::pointwise:
    case step_kind::depthwise:
    case step_kind::convolution:
    case step_kind::linear:
    case step_kind::max_pool:
    case step_kind::average_pool:
    case step_kind::global_pool:
    case step_kind::zero:
    case step_kind::write_out:
        break; // nothing beside
    }
    return takes;
}

FITNAS_LAZY_AGAIN memory_size forward_floats(const block_plan& plan, memory_size images, bool given,
                                             bool backward_follows) {
    memory_size sum;
    for (const plan_step& step : plan.steps(backward_follows)) {
        sum += memory_of(plan, step, images).forward(given);
    }
    return sum;
}

FITNAS_LAZY_AGAIN memory_size forward_again_floats(const block_plan& plan, memory_size images) {
    return forward_floats(plan, images, false, true) +
           (plan.needs_last_pass() ? image_floats(images, plan.output()) : memory_size());
}

FITNAS_LAZY_AGAIN memory_size backward_floats(const block_plan& plan, memory_size images) {
    memory_size sum;
    for (const plan_step& step : plan.steps(true)) {
        sum += memory_of(plan, step, images).backward();
    }
    return sum;
}

FITNAS_LAZY_AGAIN memory_size workspace_floats(const block_plan& plan, bool backward_follows, int threads) {
    memory_size weights;
    memory_size planes;
    for (const plan_step& step : plan.steps(backward_follows)) {
        const primitive& p = step.what;
        const memory_size both = backward_follows ? 2 : 1; // activations and gradients
        const shape in = step.in_shape;
        memory_size parameters = memory_size::of(p.parameters(in));
        if (step.expands()) {
            parameters = (std::max)(parameters, memory_size::of(in.channels) *
                                                    memory_size::of(step.narrow.in_shape.channels));
        }
        if (step.kind == step_kind::convolution && winograd::fits(step.sizes(1))) {
            parameters = parameters * memory_size::of(2); // 16 values for 9
        }
        weights = (std::max)(weights, parameters * memory_size::of(backward_follows ? sum_groups + 2 : 2));
        const shape padded{in.height + p.kernel, in.width + p.kernel, simd::padded(in.channels)};
        if (step.kind == step_kind::depthwise || step.expands()) {
            const int count = depthwise_planes(step.sizes(1)).at_once;
            planes = (std::max)(planes, both * image_floats(1, {padded.height, padded.width, count * lanes}));
        } else if (step.kind == step_kind::convolution) {
            const shape wider{padded.height, padded.width, simd::padded((std::max)(in.channels, p.width))};
            memory_size tiles;
            if (winograd::fits(step.sizes(1))) {
                tiles = memory_size::of(
                    static_cast<long long>(winograd::gradient_scratch_size(wider.channels, wider.channels)));
            }
            planes = (std::max)(planes, both * image_floats(1, wider) + tiles);
        }
    }
    return weights + planes * memory_size::of(threads);
}

} // namespace fitnas::detail

#endif

#endif
