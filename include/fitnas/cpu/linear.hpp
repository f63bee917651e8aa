/// @file
/// @brief Linear layers over the channels: a 1x1 convolution in floats, and biases.

#ifndef FITNAS_CPU_LINEAR_HPP
#define FITNAS_CPU_LINEAR_HPP

#include <cstddef>

#include <fitnas/cpu/pointwise.hpp>

namespace fitnas::detail {

/// z (images x pixels x width) = x weights^T + bias.
/// @param weights width x input channels, then biases
inline void linear_forward(const affine_input& x, shape in, int images, const float* weights, int width,
                           float* z, workspace& ws) {
    pointwise_forward<float_words>(x, in, 1, images, weights, width, z, nullptr, ws);
    const float* bias = weights + static_cast<std::ptrdiff_t>(in.channels) * width;
    for (std::ptrdiff_t r = 0; r < in.pixels() * images; ++r) {
        for (int c = 0; c < width; ++c) {
            z[r * width + c] += bias[c];
        }
    }
}

/// Adds into the weights' and biases' gradient, overwrites `out.du` with the gradient of the input.
inline void linear_backward(const gradient_input& g, const affine_input& x, shape in, int images,
                            const float* weights, int width, float* dweights, const gradient_output& out,
                            group_sums& sums, workspace& ws) {
    pointwise_backward<float_words>(g, x, in, 1, images, weights, width, dweights, out, sums, ws);
    float* bias = dweights + static_cast<std::ptrdiff_t>(in.channels) * width;
    for (std::ptrdiff_t r = 0; r < in.pixels() * images; ++r) {
        for (int c = 0; c < width; ++c) {
            const std::ptrdiff_t at = r * width + c;
            bias[c] += g.a == nullptr ? g.du[at] : g.a[c] * g.du[at] + g.b[c] * g.z[at] + g.c[c];
        }
    }
}

} // namespace fitnas::detail

#endif
