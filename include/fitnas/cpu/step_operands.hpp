/// @file
/// @brief What a step reads, as kernels take it.

#ifndef FITNAS_CPU_STEP_OPERANDS_HPP
#define FITNAS_CPU_STEP_OPERANDS_HPP

#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/cpu/block_run.hpp>
#include <fitnas/cpu/expansion.hpp>
#include <fitnas/cpu/operand.hpp>

namespace fitnas::detail {

/// A value with what is pending on it.
FITNAS_LAZY inline affine_input input_of(const block_run& run, const plan_value& v) {
    affine_input x{.z = run.buffers[static_cast<std::size_t>(v.buffer)], .act = v.act};
    if (v.norm >= 0) {
        const norm_state& n = run.norms[static_cast<std::size_t>(v.norm)];
        x.scale = n.scale;
        x.shift = n.shift;
        x.mean = n.mean;
    }
    return x;
}

/// The gradient at what a step wrote.
FITNAS_LAZY inline gradient_input gradient_of(const block_run& run, const plan_step& step, const float* du) {
    gradient_input g{.du = du, .z = run.buffers[static_cast<std::size_t>(step.out)]};
    if (step.norm >= 0) {
        const norm_state& n = run.norms[static_cast<std::size_t>(step.norm)];
        g.a = n.a;
        g.b = n.b;
        g.c = n.c;
    }
    return g;
}

/// The 1x1 convolution of an expanded depthwise one.
FITNAS_LAZY inline expansion expansion_of(const block_run& run, const plan_step& step,
                                          const float* parameters) {
    return {run.buffers[static_cast<std::size_t>(step.narrow.buffer)], step.narrow.in_shape, run.images,
            step.in_shape.channels, parameters + step.narrow.offset};
}

} // namespace fitnas::detail

#endif
