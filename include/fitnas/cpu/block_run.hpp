/// @file
/// @brief The memory of one run of a plan: what backward needs from forward.

#ifndef FITNAS_CPU_BLOCK_RUN_HPP
#define FITNAS_CPU_BLOCK_RUN_HPP

#include <array>
#include <cstddef>

#include <fitnas/cpu/batch_norm.hpp>
#include <fitnas/cpu/expansion.hpp>
#include <fitnas/cpu/operand.hpp>
#include <fitnas/cpu/plan.hpp>

namespace fitnas::detail {

/// One run of a plan on some images.
struct block_run {
    static constexpr std::size_t most = 2 * recipe::capacity + 2;
    std::array<float*, most> buffers{}; ///< nullptr: it was in cache only
    std::array<float*, most>
        kept{}; ///< a squeeze-excite's state or an expansion's moments, by the buffer written
    std::array<norm_state, recipe::capacity> norms{};
    int images = 0;

    /// A value with what is pending on it.
    affine_input input(const plan_value& v) const {
        affine_input x{.z = buffers[static_cast<std::size_t>(v.buffer)], .act = v.act};
        if (v.norm >= 0) {
            const norm_state& n = norms[static_cast<std::size_t>(v.norm)];
            x.scale = n.scale;
            x.shift = n.shift;
            x.mean = n.mean;
        }
        return x;
    }
    /// The gradient at what a step wrote.
    gradient_input gradient(const plan_step& step, const float* du) const {
        gradient_input g{.du = du, .z = buffers[static_cast<std::size_t>(step.out)]};
        if (step.norm >= 0) {
            const norm_state& n = norms[static_cast<std::size_t>(step.norm)];
            g.a = n.a;
            g.b = n.b;
            g.c = n.c;
        }
        return g;
    }
    /// The 1x1 convolution of an expanded depthwise one.
    expansion expanded(const plan_step& step, const float* parameters) const {
        return {buffers[static_cast<std::size_t>(step.narrow.buffer)], step.narrow.in_shape, images,
                step.in_shape.channels, parameters + step.narrow.offset};
    }
};

} // namespace fitnas::detail

#endif
