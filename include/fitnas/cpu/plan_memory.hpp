/// @file
/// @brief How much memory a plan takes when it runs, found without running it.

#ifndef FITNAS_CPU_PLAN_MEMORY_HPP
#define FITNAS_CPU_PLAN_MEMORY_HPP

#include <fitnas/core/memory_limit.hpp>
#include <fitnas/cpu/execute.hpp>

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

/// Floats that `forward` takes beside its output.
/// @param given whether it gets statistics
FITNAS_COLD inline memory_size forward_floats(const block_plan& plan, memory_size images, bool given,
                                              bool backward_follows) {
    memory_size sum;
    for (std::size_t s = 0; s < plan.steps.size(); ++s) {
        const plan_step& step = plan.steps[s];
        if (expands(plan, s, backward_follows)) {
            if (!given) {
                sum += arena_floats(expansion_moments::size(step.in_shape.channels, step.what.width));
                sum += arena_floats(norm_state::size(step.what.width));
            }
            continue;
        }
        if (step.out + 1 != static_cast<int>(plan.buffers.size())) {
            sum += image_floats(images, step.out_shape);
        }
        if (step.what.kind == primitive_kind::squeeze_excite) {
            const int hidden = step.what.hidden(step.in_shape);
            sum +=
                image_floats(images, {1, 2, step.in_shape.channels}) + image_floats(images, {1, 1, hidden});
        }
        if (step.norm >= 0 && !given) {
            sum += arena_floats(norm_state::size(step.out_shape.channels));
        }
    }
    return sum;
}

/// Floats that `backward` takes beside what `forward` left.
FITNAS_COLD inline memory_size backward_floats(const block_plan& plan, memory_size images) {
    memory_size sum;
    bool shortcut = false;
    for (std::size_t s = plan.steps.size(); s-- > 0;) {
        const plan_step& step = plan.steps[s];
        const primitive& p = step.what;
        if (step.shortcut) {
            sum += shortcut ? image_floats(images, step.in_shape) : memory_size();
            shortcut = true;
        }
        if (s > 0 && step.in.buffer == plan.steps[s - 1].out && expands(plan, s - 1, true)) {
            const plan_step& wide = plan.steps[--s];
            const int k = wide.in_shape.channels;
            const int width = wide.what.width;
            sum += wide.in.buffer != 0 ? image_floats(images, wide.in_shape) : memory_size();
            sum += arena_floats(memory_size::of(simd::padded(width)) *
                                memory_size::of(transposed_columns(k)) * memory_size::of(sum_groups));
            // Packed weights, the same scaled twice, and what is as wide as the narrow tensor alone.
            sum += memory_size(packed_size(width, k)) * 2;
            sum += memory_size::of(width) * memory_size::of(k) * 2;
            sum += memory_size(packed_size(k, k)) * 2;
            continue;
        }
        if (step.in.buffer != 0) {
            sum += image_floats(images, step.in_shape);
        }
        if (p.kind == primitive_kind::squeeze_excite) {
            sum += image_floats(images, {1, 2, step.in_shape.channels}) +
                   image_floats(images, {1, 1, p.hidden(step.in_shape)});
        }
        if (p.kind == primitive_kind::custom) {
            sum +=
                image_floats(images, step.out_shape) + image_floats(images, step.in_shape) +
                arena_floats(memory_size::of(p.parameters(step.in_shape)) * memory_size::of(sum_groups) + 1);
        }
    }
    return sum;
}

/// Floats outside an arena: packed weights and weight gradients of the largest step, and the padded planes of
/// each thread.
FITNAS_COLD inline memory_size workspace_floats(const block_plan& plan, bool backward_follows) {
    memory_size weights;
    memory_size planes;
    for (const plan_step& step : plan.steps) {
        const primitive& p = step.what;
        const memory_size both = backward_follows ? 2 : 1; // activations and gradients
        weights = (std::max)(weights, memory_size::of(p.parameters(step.in_shape)) *
                                          memory_size::of(backward_follows ? sum_groups + 2 : 2));
        const shape padded{step.in_shape.height + p.kernel, step.in_shape.width + p.kernel,
                           simd::padded(step.in_shape.channels)};
        if (p.kind == primitive_kind::depthwise) {
            const int count = depthwise_geometry(step.in_shape, p.kernel, p.stride).planes();
            planes = (std::max)(planes, both * image_floats(1, {padded.height, padded.width, count * W}));
        } else if (p.kind == primitive_kind::convolution) {
            planes = (std::max)(planes, both * image_floats(1, padded));
        }
    }
    return weights + planes * memory_size::of(thread_count());
}

} // namespace fitnas::detail

#endif
