/// @file
/// @brief Runs a plan forward on a batch of images.

#ifndef FITNAS_CPU_FORWARD_HPP
#define FITNAS_CPU_FORWARD_HPP

#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/cpu/block_run.hpp>
#include <fitnas/cpu/convolution.hpp>
#include <fitnas/cpu/custom.hpp>
#include <fitnas/cpu/depthwise.hpp>
#include <fitnas/cpu/expanded_planes.hpp>
#include <fitnas/cpu/expansion.hpp>
#include <fitnas/cpu/linear.hpp>
#include <fitnas/cpu/plan.hpp>
#include <fitnas/cpu/plan_memory.hpp>
#include <fitnas/cpu/pointwise.hpp>
#include <fitnas/cpu/pool.hpp>
#include <fitnas/cpu/squeeze_excite.hpp>
#include <fitnas/cpu/write_out.hpp>

namespace fitnas::detail {

/// One pass, from the run's buffers to z.
/// @param state of a squeeze-excite
/// @param sums of z and z^2, which passes that gather them at the store do; nullptr: not needed
inline void forward_step(const plan_step& step, const float* parameters, const block_run& run, float* z,
                         float* state, group_sums* sums, workspace& ws) {
    const affine_input x = run.input(step.in);
    const geometry g = step.sizes(run.images);
    const float* w = parameters + step.offset;
    switch (step.kind) {
    case step_kind::pointwise:
        return pointwise_forward(g, x, w, z, sums, ws);
    case step_kind::depthwise:
        return depthwise_forward(g, x, w, z, sums);
    case step_kind::expanded_depthwise:
        return depthwise_forward(g, expanded_planes(run.expanded(step, parameters), x, ws), w, z, sums);
    case step_kind::convolution:
        return convolution_forward(g, x, w, z, sums, ws);
    case step_kind::linear:
        return linear_forward(g, x, w, z, ws);
    case step_kind::max_pool:
    case step_kind::average_pool:
        return pool_forward(step.kind == step_kind::max_pool, g, x, z);
    case step_kind::global_pool:
        return global_pool_forward(g.in, g.images, x, z);
    case step_kind::squeeze_excite:
        return squeeze_excite_forward({g.in, step.what.hidden(g.in), g.images}, x, w, state, z);
    case step_kind::custom:
        return custom_forward(step, x.z, w, g.images, z);
    case step_kind::write_out:
        return write_out(x, step.shortcut ? run.buffers[0] : nullptr, g.rows(), g.in.channels, z);
    }
}

/// Runs a plan forward.
///
/// @param input images x input shape
/// @param output images x output shape; for an empty plan nothing is written and the input is the output
/// @param given batch norm statistics of another run of this plan; nullptr: those of this batch
/// @param memory where what lies between goes
/// @param backward_follows whether to keep what backward would rather read than compute again
inline block_run forward(const block_plan& plan, const float* parameters, const float* input, int images,
                         float* output, const block_run* given, arena& memory, workspace& ws,
                         bool backward_follows = false) {
    FITNAS_ASSERT(images > 0);
    block_run run;
    run.images = images;
    // The run only ever reads its input, but buffers hold what it writes too.
    run.buffers[0] = const_cast<float*>(input);
    const auto take = [&](memory_size floats) { return memory.take(floats.value()); };
    const auto take_norm = [&](int norm, memory_size floats) -> norm_state& {
        const auto n = static_cast<std::size_t>(norm);
        return run.norms[n] =
                   given != nullptr ? given->norms[n] : norm_state::at(take(floats), plan.norms[n].channels);
    };
    const auto gamma = [&](int norm) {
        return parameters + plan.norms[static_cast<std::size_t>(norm)].offset;
    };
    for (const plan_step& step : plan.steps(backward_follows)) {
        const step_memory takes = memory_of(plan, step, memory_size::of(images));
        const int channels = step.out_shape.channels;
        const std::ptrdiff_t rows = step.out_shape.pixels() * images;
        float*& kept = run.kept[static_cast<std::size_t>(step.out)];
        float* z = step.out == plan.last() ? output : take(takes.output);
        if (step.kind == step_kind::squeeze_excite) {
            kept = take(takes.state);
        }
        if (step.expands()) {
            norm_state& norm = take_norm(step.in.norm, takes.expanded_norm);
            if (given == nullptr) {
                kept = take(takes.moments);
                expansion_norm(run.expanded(step, parameters),
                               expansion_moments::at(kept, step.narrow.in_shape.channels), norm,
                               gamma(step.in.norm), ws);
            }
        }
        const bool gathers = step.norm >= 0 && given == nullptr;
        if (gathers) {
            ws.sums.start(channels);
        }
        forward_step(step, parameters, run, z, kept, gathers ? &ws.sums : nullptr, ws);
        run.buffers[static_cast<std::size_t>(step.out)] = z;
        if (step.norm >= 0) {
            norm_state& norm = take_norm(step.norm, takes.norm);
            if (gathers && !step.sums_at_store()) {
                gather_sums(z, rows, channels, ws.sums);
            }
            if (gathers) {
                norm_forward(norm, channels, ws.sums, static_cast<double>(rows), gamma(step.norm));
            }
        }
    }
    return run;
}

} // namespace fitnas::detail

#endif
