/// @file
/// @brief The door to the engine: plans are run forward and backward on batches of images.

#ifndef FITNAS_CPU_ENGINE_HPP
#define FITNAS_CPU_ENGINE_HPP

#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/cpu/block_run.hpp>
#include <fitnas/cpu/plan.hpp>
#include <fitnas/cpu/workspace.hpp>

namespace fitnas::detail {

/// Runs a plan forward.
///
/// @param input images x input shape
/// @param output images x output shape; for an empty plan nothing is written and the input is the output;
/// nullptr: not needed, and so a last pass that leaves nothing else for backward is left out
/// @param given batch norm statistics of another run of this plan; nullptr: those of this batch
/// @param memory where what lies between goes
/// @param backward_follows whether to keep what backward would rather read than compute again
/// @param onto what is added to the output, where the plan `adds_to_output`, and may be in its place;
/// nullptr: nothing
FITNAS_LAZY block_run forward(const block_plan& plan, const float* parameters, const float* input, int images,
                              float* output, const block_run* given, arena& memory, workspace& ws,
                              bool backward_follows = false, const float* onto = nullptr);

/// Runs a plan backward after `forward`, with the batch's own statistics and what backward reads kept.
///
/// @param dparameters added into
/// @param dy gradient at the output, images x output shape
/// @param dx overwritten with the gradient at the input; nullptr where nobody needs it
/// @param addend what is added to dx, not in the same place; nullptr: nothing
FITNAS_LAZY void backward(const block_plan& plan, const float* parameters, float* dparameters, block_run& run,
                          float* dy, float* dx, const float* addend, arena& memory, workspace& ws);

/// y = a + b; y may be one of them.
/// @param s of a, b and y for one image
FITNAS_LAZY void add_values(const float* a, const float* b, shape s, int images, float* y);

/// The channels of a, and those of b behind them, pixel by pixel.
FITNAS_LAZY void concatenate(const float* a, int channels_a, const float* b, int channels_b,
                             std::ptrdiff_t pixels, float* y);
/// The same back: y's channels into a and b.
FITNAS_LAZY void split_channels(const float* y, int channels_a, float* a, int channels_b, float* b,
                                std::ptrdiff_t pixels);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <array>
#include <vector>

#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/backward_step.hpp>
#include <fitnas/cpu/forward_step.hpp>
#include <fitnas/cpu/plan_memory.hpp>
#include <fitnas/cpu/write_out.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN block_run forward(const block_plan& plan, const float* parameters, const float* input,
                                    int images, float* output, const block_run* given, arena& memory,
                                    workspace& ws, bool backward_follows, const float* onto) {
    FITNAS_ASSERT(images > 0 && (onto == nullptr || plan.adds_to_output()));
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
        const bool last = step.out == plan.last();
        if (last && output == nullptr && !plan.needs_last_pass()) {
            run.buffers[static_cast<std::size_t>(step.out)] = run.buffers[0]; // which nobody reads
            break;
        }
        const step_memory takes = memory_of(plan, step, memory_size::of(images));
        const int channels = step.out_shape.channels;
        const std::ptrdiff_t rows = step.out_shape.pixels() * images;
        float*& kept = run.kept[static_cast<std::size_t>(step.out)];
        float* z = !last               ? take(takes.output)
                   : output != nullptr ? output
                                       : memory.take(static_cast<std::size_t>(rows * channels));
        if (step.kind == step_kind::squeeze_excite) {
            kept = take(takes.state);
        }
        if (step.expands()) {
            norm_state& norm = take_norm(step.in.norm, takes.expanded_norm);
            if (given == nullptr) {
                kept = take(takes.moments);
                expansion_norm(expansion_of(run, step, parameters),
                               expansion_moments::at(kept, step.narrow.in_shape.channels), norm,
                               gamma(step.in.norm), ws);
            }
        }
        const bool gathers = step.norm >= 0 && given == nullptr;
        if (gathers) {
            ws.sums.start(channels);
        }
        forward_step(step, parameters, run, z, kept, gathers ? &ws.sums : nullptr, last ? onto : nullptr, ws);
        run.buffers[static_cast<std::size_t>(step.out)] = z;
        if (step.norm >= 0) {
            norm_state& norm = take_norm(step.norm, takes.norm);
            if (gathers && !step.sums_at_store()) {
                gather_sums(z, rows, channels, ws.sums);
            }
            if (gathers) {
                norm_forward(norm, channels, ws.sums, static_cast<double>(rows) * ws.sums.processes(),
                             gamma(step.norm));
            }
        }
    }
    return run;
}

/// sum = a + b
FITNAS_LAZY inline const float* added(const float* a, const float* b, std::ptrdiff_t n, float* sum) {
    for (std::ptrdiff_t i = 0; i < n; ++i) {
        sum[i] = a[i] + b[i];
    }
    return sum;
}

FITNAS_LAZY_AGAIN void add_values(const float* a, const float* b, shape s, int images, float* y) {
    write_out({.z = a}, b, nullptr, s.pixels() * images, s.channels, y);
}

FITNAS_LAZY_AGAIN void concatenate(const float* a, int channels_a, const float* b, int channels_b,
                                   std::ptrdiff_t pixels, float* y) {
    parallel_groups(pixels, [=](int, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t i = first; i < last; ++i) {
            float* to = std::copy_n(a + i * channels_a, channels_a, y + i * (channels_a + channels_b));
            std::copy_n(b + i * channels_b, channels_b, to);
        }
    });
}

FITNAS_LAZY_AGAIN void split_channels(const float* y, int channels_a, float* a, int channels_b, float* b,
                                      std::ptrdiff_t pixels) {
    parallel_groups(pixels, [=](int, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t i = first; i < last; ++i) {
            const float* from = y + i * (channels_a + channels_b);
            std::copy_n(from, channels_a, a + i * channels_a);
            std::copy_n(from + channels_a, channels_b, b + i * channels_b);
        }
    });
}

FITNAS_LAZY_AGAIN void backward(const block_plan& plan, const float* parameters, float* dparameters,
                                block_run& run, float* dy, float* dx, const float* addend, arena& memory,
                                workspace& ws) {
    FITNAS_ASSERT(run.images > 0);
    std::array<float*, block_run::most> du{};
    du[0] = dx;
    du[plan.buffers.size() - 1] = dy;
    const float* shortcut_gradient = nullptr;
    const auto take = [&](memory_size floats) { return floats == 0 ? nullptr : memory.take(floats.value()); };
    const std::vector<plan_step>& steps = plan.steps(true);
    for (auto at = steps.rbegin(); at != steps.rend(); ++at) {
        const plan_step& step = *at;
        const step_memory takes = memory_of(plan, step, memory_size::of(run.images));
        float* dz = du[static_cast<std::size_t>(step.out)];
        if (step.shortcut) {
            shortcut_gradient =
                step.more_shortcuts
                    ? added(shortcut_gradient, dz, step.in_shape.size() * run.images, take(takes.shortcut))
                    : dz;
        }
        float*& to = du[static_cast<std::size_t>(step.source())];
        if (step.source() != 0) {
            to = step.passes_gradient() ? dz : take(takes.gradient);
        }
        const float* added_here = step.source() != 0             ? nullptr
                                  : shortcut_gradient != nullptr ? shortcut_gradient
                                                                 : addend;
        backward_step(plan, step, {parameters, dparameters}, gradient_of(run, step, dz), run,
                      {to, added_here}, take(takes.scratch), ws);
    }
    if (dx != nullptr && addend != nullptr && shortcut_gradient != nullptr) {
        add_values(dx, addend, plan.buffers.front(), run.images, dx);
    }
}

} // namespace fitnas::detail

#endif

#endif
