/// @file
/// @brief The passes that a folded network is for one image, and where in memory activations lie.

#ifndef FITNAS_CPU_IMAGE_PLAN_HPP
#define FITNAS_CPU_IMAGE_PLAN_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/cpu/image_planes.hpp>
#include <fitnas/nn/folded.hpp>

namespace fitnas::detail {

/// What a pass over one image computes.
enum class image_pass : std::uint8_t {
    product, ///< pointwise, convolution, linear
    depthwise,
    expanded, ///< a 1x1 convolution and the depthwise one that reads it, a panel of channels at a time
    pool,
    means,
    squeeze_excite,
    affine, ///< batch norm, activation, shortcut: what no other pass takes with it
    custom,
    concatenate, ///< channels of `shortcut`, then those of what comes in
    zeros
};

/// Activations, from the pass that writes them to the last that reads them.
struct image_tensor {
    shape of{};
    int margin = 0;
    int together = lanes;
    int born = 0;
    int dies = 0;
    std::size_t floats = 0; ///< of scratch
    image_planes planes{};
    std::size_t offset = 0; ///< in the memory of activations
};

/// One pass: numbers are those of tensors, -1: none.
struct image_step {
    image_pass pass = image_pass::affine;
    const folded_step* what = nullptr;   ///< null: an affine pass without weights
    const folded_step* expand = nullptr; ///< where it is expanded
    activation expand_act = activation::none;
    int in = -1;
    int out = -1;
    int scratch = -1;
    int shortcut = -1;
    activation act = activation::none;
    activation behind = activation::none; ///< behind the shortcut
};

/// The passes in their order. Tensor 0 is the image.
struct image_plan {
    std::vector<image_tensor> tensors;
    std::vector<image_step> steps;
    std::size_t floats = 0; ///< of all activations: where one is no longer read, another lies

    /// @param blocks not empty; steps point to them
    FITNAS_LAZY FITNAS_COLD explicit image_plan(std::span<const folded_block> blocks);

private:
    int add_tensor(shape s) {
        image_tensor t{.of = s};
        t.born = t.dies = static_cast<int>(steps.size());
        tensors.push_back(t);
        return static_cast<int>(tensors.size()) - 1;
    }
    image_tensor& tensor(int i) { return tensors[static_cast<std::size_t>(i)]; }
    FITNAS_LAZY int add_block(const folded_block& b, int input);
    FITNAS_LAZY int join(const folded_block& b, int before, int x);
    FITNAS_LAZY int add_pass(image_step step, shape out);
    FITNAS_LAZY void take_finish(const folded_block& b, std::size_t& next, image_step& step, int input) const;
    FITNAS_LAZY void place();
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>

#include <fitnas/cpu/image_stencil.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN image_plan::image_plan(std::span<const folded_block> blocks) {
    std::vector<int> values{add_tensor(blocks.front().input)}; // -1: nothing
    for (const folded_block& b : blocks) {
        int x = b.gives_zeros ? -1 : values[b.link.reads];
        x = x < 0 ? -1 : add_block(b, x);
        values.push_back(join(b, values.back(), x));
    }
    tensor(values.back()).dies = static_cast<int>(steps.size());
    image_tensor& image = tensors.front();
    const bool direct = std::all_of(steps.begin(), steps.end(), [](const image_step& s) {
        return s.shortcut != 0 && (s.in != 0 || s.pass == image_pass::product);
    });
    image.together = direct ? (std::min)(lanes, image.of.channels) : lanes;
    place();
}

/// An activation, a shortcut and an activation behind it go with the pass before.
FITNAS_LAZY_AGAIN void image_plan::take_finish(const folded_block& b, std::size_t& next, image_step& step,
                                               int input) const {
    const auto is = [&](primitive_kind kind) {
        return next < b.steps.size() && b.steps[next].what.kind == kind;
    };
    if (is(primitive_kind::activate)) {
        step.act = b.steps[next++].what.act;
    }
    if (is(primitive_kind::residual)) {
        step.shortcut = input;
        ++next;
        if (is(primitive_kind::activate)) {
            step.behind = b.steps[next++].what.act;
        }
    }
}

/// A pass without weights. @return the number of what it writes
FITNAS_LAZY_AGAIN int image_plan::add_pass(image_step step, shape out) {
    for (const int read : {step.in, step.shortcut}) {
        if (read >= 0) {
            tensor(read).dies = static_cast<int>(steps.size());
        }
    }
    step.out = add_tensor(out);
    step.scratch = add_tensor({});
    steps.push_back(step);
    return step.out;
}

/// What the layers before it to the same node gave is added, or stands before.
/// @return the number of what the node has come to; -1: nothing
FITNAS_LAZY_AGAIN int image_plan::join(const folded_block& b, int before, int x) {
    if (b.link.joins && !b.link.appends && before >= 0) {
        x = x < 0 ? before : add_pass({.in = x, .shortcut = before}, b.output);
    }
    if (x < 0 && b.link.needs_value()) {
        x = add_pass({.pass = image_pass::zeros, .in = 0}, b.output);
    }
    if (b.link.joins && b.link.appends) {
        x = add_pass({.pass = image_pass::concatenate, .in = x, .shortcut = before}, b.link.value);
    }
    return x;
}

FITNAS_LAZY_AGAIN int image_plan::add_block(const folded_block& b, int input) {
    int now = input;
    for (std::size_t i = 0; i < b.steps.size();) {
        const folded_step* what = &b.steps[i];
        image_step step{.in = now};
        shape out = what->output;
        const auto takes = [&](image_pass pass) {
            step.pass = pass;
            step.what = what;
            ++i;
            take_finish(b, i, step, input);
        };
        switch (what->what.kind) {
        case primitive_kind::pointwise:
            takes(image_pass::product);
            if (what->what.stride == 1 && step.shortcut < 0 && i < b.steps.size() &&
                b.steps[i].what.kind == primitive_kind::depthwise) {
                step.expand = what;
                step.expand_act = step.act;
                step.act = activation::none;
                what = &b.steps[i];
                out = what->output;
                takes(image_pass::expanded);
            }
            break;
        case primitive_kind::convolution:
        case primitive_kind::linear:
            takes(image_pass::product);
            tensor(now).margin = (std::max)(tensor(now).margin, what->what.kernel / 2);
            break;
        case primitive_kind::depthwise:
            takes(image_pass::depthwise);
            tensor(now).margin = (std::max)(tensor(now).margin, what->what.kernel / 2);
            break;
        case primitive_kind::batch_norm:
            takes(image_pass::affine);
            break;
        case primitive_kind::activate:
        case primitive_kind::residual:
        case primitive_kind::residual_if_same_shape:
            take_finish(b, i, step, input);
            break;
        case primitive_kind::zero: // never a step
            ++i;
            continue;
        case primitive_kind::max_pool:
        case primitive_kind::average_pool:
        case primitive_kind::global_pool:
        case primitive_kind::squeeze_excite:
        case primitive_kind::custom:
            step.what = what;
            step.pass = what->what.kind == primitive_kind::global_pool      ? image_pass::means
                        : what->what.kind == primitive_kind::squeeze_excite ? image_pass::squeeze_excite
                        : what->what.kind == primitive_kind::custom         ? image_pass::custom
                                                                            : image_pass::pool;
            ++i;
            break;
        }
        const int number = static_cast<int>(steps.size());
        tensor(now).dies = number;
        if (step.shortcut >= 0) {
            tensor(step.shortcut).dies = number;
        }
        step.out = add_tensor(out);
        step.scratch = add_tensor(step.expand != nullptr ? step.expand->output : shape{});
        if (step.expand != nullptr) { // a panel's planes
            tensor(step.scratch).margin = what->what.kernel / 2;
        } else if (step.pass == image_pass::squeeze_excite) {
            tensor(step.scratch).floats = static_cast<std::size_t>(
                2 * simd::padded(what->input.channels) + simd::padded(what->what.hidden(what->input)));
        } else if (step.pass == image_pass::custom) {
            tensor(step.scratch).floats = static_cast<std::size_t>(what->input.size() + what->output.size());
        }
        now = step.out;
        steps.push_back(step);
    }
    return now;
}

/// Each tensor as low as those allow that are read after it is written.
FITNAS_LAZY_AGAIN void image_plan::place() {
    std::ptrdiff_t excess = 0;
    for (image_tensor& t : tensors) {
        t.planes = image_planes(t.of, t.margin, t.together);
    }
    for (const image_step& s : steps) {
        image_tensor& scratch = tensor(s.scratch);
        if (s.expand != nullptr) {
            scratch.floats = 2 * static_cast<std::size_t>(scratch.planes.step);
        }
        if (s.pass == image_pass::depthwise || s.pass == image_pass::expanded) {
            const image_planes& in = s.expand != nullptr ? scratch.planes : tensor(s.in).planes;
            excess = (std::max)(excess, image_stencil::excess(in, s.what->what.kernel, s.what->what.stride));
        }
    }
    std::vector<const image_tensor*> placed;
    for (image_tensor& t : tensors) {
        const std::size_t size = ((t.floats > 0 ? t.floats : t.planes.size()) + 15) / 16 * 16;
        std::sort(placed.begin(), placed.end(),
                  [](const image_tensor* a, const image_tensor* b) { return a->offset < b->offset; });
        t.floats = size;
        for (const image_tensor* other : placed) {
            const bool together = other->born <= t.dies && t.born <= other->dies;
            if (together && other->offset < t.offset + size && t.offset < other->offset + other->floats) {
                t.offset = other->offset + other->floats;
            }
        }
        placed.push_back(&t);
        floats = (std::max)(floats, t.offset + size);
    }
    floats += static_cast<std::size_t>(excess);
}

} // namespace fitnas::detail

#endif

#endif
