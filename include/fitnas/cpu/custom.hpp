/// @file
/// @brief Primitives of a user's own, forward and backward: image by image, on plain values.

#ifndef FITNAS_CPU_CUSTOM_HPP
#define FITNAS_CPU_CUSTOM_HPP

#include <algorithm>
#include <cstddef>
#include <span>

#include <fitnas/config.hpp>
#include <fitnas/core/memory_limit.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/plan.hpp>
#include <fitnas/cpu/write_out.hpp>

namespace fitnas::detail {

FITNAS_LAZY inline std::span<const float> image_of(const float* p, shape s, std::ptrdiff_t n) {
    return {p + n * s.size(), static_cast<std::size_t>(s.size())};
}
FITNAS_LAZY inline std::span<float> image_of(float* p, shape s, std::ptrdiff_t n) {
    return {p + n * s.size(), static_cast<std::size_t>(s.size())};
}

/// y (images x output shape)
FITNAS_LAZY inline void custom_forward(const plan_step& step, const float* x, const float* w, int images,
                                       float* y) {
    const auto size = static_cast<std::size_t>(step.what.parameters(step.in_shape));
    parallel_for(images, [&](std::ptrdiff_t n) {
        step.what.user->forward(step.in_shape, image_of(x, step.in_shape, n), {w, size},
                                image_of(y, step.out_shape, n));
    });
}

/// Floats of `custom_backward`'s scratch: the plain gradient at the output, parameter gradients of each
/// group, and where nobody else needs it the gradient at the input.
FITNAS_LAZY inline memory_size custom_scratch(const plan_step& step, memory_size images) {
    return images * memory_size::of(step.out_shape.size()) +
           memory_size::of(step.what.parameters(step.in_shape)) * sum_groups +
           (step.source() == 0 ? images * memory_size::of(step.in_shape.size()) : 0);
}

/// Adds into the parameters' gradient, group by group in order, overwrites `out.du`.
FITNAS_LAZY inline void custom_backward(const plan_step& step, const gradient_input& g, const affine_input& x,
                                        const float* w, int images, float* dw, const gradient_output& out,
                                        group_sums& sums, float* scratch) {
    const shape in = step.in_shape;
    const auto size = static_cast<std::size_t>(step.what.parameters(in));
    float* dy = scratch;
    float* groups = dy + step.out_shape.size() * images;
    // A user's backward sees plain gradients and always writes the input's.
    float* dx = out.du != nullptr ? out.du : groups + size * sum_groups;
    write_out_backward(g, {}, step.out_shape.pixels() * images, step.out_shape.channels, {dy}, sums);
    std::fill_n(groups, size * sum_groups, 0.0F);
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t n = first; n < last; ++n) {
            step.what.user->backward(in, image_of(x.z, in, n), {w, size}, image_of(dy, step.out_shape, n),
                                     image_of(dx, in, n),
                                     {groups + static_cast<std::size_t>(group) * size, size});
        }
    });
    for (std::size_t i = size; i < size * sum_groups; ++i) {
        groups[i % size] += groups[i];
    }
    for (std::size_t i = 0; i < size; ++i) {
        dw[i] += groups[i];
    }
    write_out_backward({.du = dx}, x, in.pixels() * images, in.channels, {dx, out.addend}, sums);
}

} // namespace fitnas::detail

#endif
