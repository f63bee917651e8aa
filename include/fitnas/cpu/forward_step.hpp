/// @file
/// @brief One pass of a plan, forward.

#ifndef FITNAS_CPU_FORWARD_STEP_HPP
#define FITNAS_CPU_FORWARD_STEP_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/cpu/convolution.hpp>
#include <fitnas/cpu/custom.hpp>
#include <fitnas/cpu/depthwise.hpp>
#include <fitnas/cpu/expanded_planes.hpp>
#include <fitnas/cpu/expansion.hpp>
#include <fitnas/cpu/linear.hpp>
#include <fitnas/cpu/plan.hpp>
#include <fitnas/cpu/pointwise.hpp>
#include <fitnas/cpu/pool.hpp>
#include <fitnas/cpu/squeeze_excite.hpp>
#include <fitnas/cpu/step_operands.hpp>
#include <fitnas/cpu/write_out.hpp>

namespace fitnas::detail {

/// One pass, from the run's buffers to z.
/// @param state of a squeeze-excite
/// @param sums of z and z^2, which passes that gather them at the store do; nullptr: not needed
/// @param onto what a pass that writes out or pools adds to z; nullptr: nothing
FITNAS_LAZY inline void forward_step(const plan_step& step, const float* parameters, const block_run& run,
                                     float* z, float* state, group_sums* sums, const float* onto,
                                     workspace& ws) {
    const affine_input x = input_of(run, step.in);
    const geometry g = step.sizes(run.images);
    const float* w = parameters + step.offset;
    switch (step.kind) {
    case step_kind::pointwise:
        return pointwise_forward(g, x, w, z, sums, ws);
    case step_kind::depthwise:
        return depthwise_forward(g, x, w, z, sums, ws);
    case step_kind::expanded_depthwise:
        return depthwise_forward(g, expanded_planes(expansion_of(run, step, parameters), x, ws), w, z, sums,
                                 ws);
    case step_kind::convolution:
        return convolution_forward(g, x, w, z, sums, ws);
    case step_kind::linear:
        return linear_forward(g, x, w, z, ws);
    case step_kind::max_pool:
    case step_kind::average_pool:
        return pool_forward(step.kind == step_kind::max_pool, g, x, onto, z);
    case step_kind::global_pool:
        return global_pool_forward(g.in, g.images, x, z);
    case step_kind::squeeze_excite:
        return squeeze_excite_forward({g.in, step.what.hidden(g.in), g.images}, x, w, state, z);
    case step_kind::zero:
        std::fill_n(z, g.out.size() * g.images, 0.0F);
        return;
    case step_kind::custom:
        return custom_forward(step, x.z, w, g.images, z);
    case step_kind::write_out:
        return write_out(x, step.shortcut ? run.buffers[0] : nullptr, onto, g.rows(), g.in.channels, z);
    }
}

} // namespace fitnas::detail

#endif
