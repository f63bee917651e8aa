/// @file
/// @brief One pass of a plan, backward.

#ifndef FITNAS_CPU_BACKWARD_STEP_HPP
#define FITNAS_CPU_BACKWARD_STEP_HPP

#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/cpu/convolution.hpp>
#include <fitnas/cpu/custom.hpp>
#include <fitnas/cpu/depthwise.hpp>
#include <fitnas/cpu/expanded_gradient.hpp>
#include <fitnas/cpu/expansion.hpp>
#include <fitnas/cpu/linear.hpp>
#include <fitnas/cpu/plan.hpp>
#include <fitnas/cpu/pointwise.hpp>
#include <fitnas/cpu/pool.hpp>
#include <fitnas/cpu/squeeze_excite.hpp>
#include <fitnas/cpu/step_operands.hpp>
#include <fitnas/cpu/write_out.hpp>

namespace fitnas::detail {

/// A block's weights, and their gradient, which is added into.
struct block_weights {
    const float* values;
    float* gradient;
};

/// The gradient of the batch norm that is pending on a step's input, whose sums have been gathered.
FITNAS_LAZY inline void finish_norm(const block_plan& plan, const plan_step& step,
                                    const block_weights& weights, block_run& run, workspace& ws) {
    if (step.in.norm < 0) {
        return;
    }
    const plan_norm& norm = plan.norms[static_cast<std::size_t>(step.in.norm)];
    norm_backward(run.norms[static_cast<std::size_t>(step.in.norm)], norm.channels, ws.sums,
                  static_cast<double>(norm.pixels) * run.images * ws.sums.processes(),
                  weights.values + norm.offset, weights.gradient + norm.offset);
}

/// A depthwise convolution whose input was made in cache, and is made again.
FITNAS_LAZY inline void expanded_depthwise_backward(const block_plan& plan, const plan_step& step,
                                                    const block_weights& weights, const gradient_input& g,
                                                    block_run& run, const gradient_output& out,
                                                    float* scratch, workspace& ws) {
    const expanded_gradient source(expansion_of(run, step, weights.values), input_of(run, step.in), out.du,
                                   scratch, ws);
    depthwise_backward(step.sizes(run.images), g, source, weights.values + step.offset,
                       weights.gradient + step.offset, ws.sums, ws);
    finish_norm(plan, step, weights, run, ws);
    float* moments = run.kept[static_cast<std::size_t>(step.out)];
    source.complete(expansion_moments::at(moments, step.narrow.in_shape.channels),
                    run.norms[static_cast<std::size_t>(step.in.norm)], ws.sums, out.addend,
                    weights.gradient + step.narrow.offset, ws);
}

/// One pass: from the gradient at what it wrote to that at what it read.
/// @param scratch as `step_memory` says
FITNAS_LAZY inline void backward_step(const block_plan& plan, const plan_step& step,
                                      const block_weights& weights, const gradient_input& g, block_run& run,
                                      const gradient_output& out, float* scratch, workspace& ws) {
    const affine_input x = input_of(run, step.in);
    const geometry sizes = step.sizes(run.images);
    const shape in = step.in_shape;
    const float* w = weights.values + step.offset;
    float* dw = weights.gradient + step.offset;
    ws.sums.start(in.channels);
    switch (step.kind) {
    case step_kind::pointwise:
        pointwise_backward(sizes, g, x, w, dw, out, ws.sums, ws);
        break;
    case step_kind::depthwise:
        depthwise_backward(sizes, g, x, w, dw, out, ws.sums, ws);
        break;
    case step_kind::expanded_depthwise:
        return expanded_depthwise_backward(plan, step, weights, g, run, out, scratch, ws);
    case step_kind::convolution:
        convolution_backward(sizes, g, x, w, dw, out, ws.sums, ws);
        break;
    case step_kind::linear:
        linear_backward(sizes, g, x, w, dw, out, ws.sums, ws);
        break;
    case step_kind::max_pool:
    case step_kind::average_pool:
        if (out.du != nullptr) {
            pool_backward(step.kind == step_kind::max_pool, sizes, g, x, out, ws.sums);
        }
        break;
    case step_kind::global_pool:
        if (out.du != nullptr) {
            global_pool_backward(in, run.images, g, x, out, ws.sums);
        }
        break;
    case step_kind::squeeze_excite:
        squeeze_excite_backward({in, step.what.hidden(in), run.images}, g, x, w, dw,
                                run.kept[static_cast<std::size_t>(step.out)], scratch, out, ws.sums);
        break;
    case step_kind::zero:
        if (out.du != nullptr) {
            unreached_gradient(out, in.size() * run.images);
        }
        break;
    case step_kind::custom:
        custom_backward(step, g, x, w, run.images, dw, out, ws.sums, scratch);
        break;
    case step_kind::write_out:
        if (out.du != nullptr) {
            write_out_backward(g, x, sizes.rows(), in.channels, out, ws.sums);
        }
        break;
    }
    finish_norm(plan, step, weights, run, ws);
}

} // namespace fitnas::detail

#endif
