/// @file
/// @brief Linear layers over the channels: a 1x1 convolution in floats, and biases.

#ifndef FITNAS_CPU_LINEAR_HPP
#define FITNAS_CPU_LINEAR_HPP

#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/cpu/pointwise.hpp>

namespace fitnas::detail {

/// z = x weights^T + bias, pixel by pixel.
/// @param weights output x input channels, then biases
FITNAS_LAZY inline void linear_forward(const geometry& g, const affine_input& x, const float* weights,
                                       float* z, workspace& ws) {
    const int n = g.out.channels;
    pointwise_forward<float_words>(g, x, weights, z, nullptr, ws);
    const float* bias = weights + static_cast<std::ptrdiff_t>(g.in.channels) * n;
    for (std::ptrdiff_t r = 0; r < g.rows(); ++r) {
        for (int c = 0; c < n; ++c) {
            z[r * n + c] += bias[c];
        }
    }
}

/// Adds into the weights' and biases' gradient, overwrites `out.du` with the gradient of the input.
FITNAS_LAZY inline void linear_backward(const geometry& g, const gradient_input& gradient,
                                        const affine_input& x, const float* weights, float* dweights,
                                        const gradient_output& out, group_sums& sums, workspace& ws) {
    const int n = g.out.channels;
    pointwise_backward<float_words>(g, gradient, x, weights, dweights, out, sums, ws);
    add_whole(dweights + static_cast<std::ptrdiff_t>(g.in.channels) * n, n, [&](float* bias) {
        for (std::ptrdiff_t r = 0; r < g.rows(); ++r) {
            for (int c = 0; c < n; ++c) {
                const std::ptrdiff_t at = r * n + c;
                bias[c] += gradient.a == nullptr ? gradient.du[at]
                                                 : gradient.a[c] * gradient.du[at] +
                                                       gradient.b[c] * gradient.z[at] + gradient.c[c];
            }
        }
    });
}

} // namespace fitnas::detail

#endif
