/// @file
/// @brief A recipe's execution plan: passes over memory, with batch norm and activations folded into them.

#ifndef FITNAS_NN_PLAN_HPP
#define FITNAS_NN_PLAN_HPP

#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/nn/recipe.hpp>

namespace fitnas::detail {

/// A tensor with what is pending on it: buffer 0 is the recipe's input.
struct plan_value {
    int buffer = 0;
    int norm = -1;
    activation act = activation::none;

    bool plain() const { return norm < 0 && act == activation::none; }
};

/// One pass: reads `in` (and buffer 0 for a shortcut), writes buffer `out`.
struct plan_step {
    /// Kind `activate` stands for "write the value out", with the shortcut added where `shortcut`.
    primitive what{};
    bool shortcut = false;
    long long offset = 0; ///< of its parameters in the block's
    plan_value in{};
    int out = 0;
    shape in_shape{};
    shape out_shape{};
    int norm = -1; ///< the batch norm whose sums this pass gathers
};

/// A batch norm: of which buffer, and where gamma and beta stand.
struct plan_norm {
    int buffer = 0;
    int channels = 0;
    long long pixels = 0;
    long long offset = 0;
};

/// The passes of a recipe on an input shape. No passes: the input is the output.
struct block_plan {
    std::vector<shape> buffers;
    std::vector<plan_step> steps;
    std::vector<plan_norm> norms;

    block_plan() = default;
    FITNAS_COLD block_plan(const recipe& r, shape input) : buffers{input} {
        plan_value value;
        long long offset = 0;
        for (const primitive& p : r) {
            const shape now = buffers[static_cast<std::size_t>(value.buffer)];
            switch (p.kind) {
            case primitive_kind::batch_norm:
                // It joins the pass that wrote the buffer; a shortcut's gradient must stay plain, so not
                // there.
                if (!value.plain() || steps.empty() || steps.back().shortcut) {
                    value = add({.what = activate(activation::none)}, value, now);
                }
                value.norm = static_cast<int>(norms.size());
                steps.back().norm = value.norm;
                norms.push_back({value.buffer, now.channels, now.pixels(), offset});
                break;
            case primitive_kind::activate:
                if (value.act != activation::none) {
                    value = add({.what = activate(activation::none)}, value, now);
                }
                value.act = p.act;
                break;
            case primitive_kind::residual:
            case primitive_kind::residual_if_same_shape:
                if (now == input) {
                    value = add({.what = activate(activation::none), .shortcut = true}, value, now);
                }
                break;
            case primitive_kind::custom:
                if (!value.plain()) {
                    value = add({.what = activate(activation::none)}, value, now);
                }
                value = add({.what = p, .offset = offset}, value, p.output(now));
                break;
            default:
                value = add({.what = p, .offset = offset}, value, p.output(now));
            }
            offset += p.parameters(now);
        }
        if (!value.plain()) {
            add({.what = activate(activation::none)}, value, buffers[static_cast<std::size_t>(value.buffer)]);
        }
    }

    bool empty() const { return steps.empty(); }
    shape output() const { return buffers.back(); }

private:
    plan_value add(plan_step step, plan_value in, shape out) {
        step.in = in;
        step.in_shape = buffers[static_cast<std::size_t>(in.buffer)];
        step.out_shape = out;
        step.out = static_cast<int>(buffers.size());
        buffers.push_back(out);
        steps.push_back(step);
        return {.buffer = step.out};
    }
};

} // namespace fitnas::detail

#endif
