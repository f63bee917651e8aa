/// @file
/// @brief Convolution of any odd kernel, forward and backward: matrix products whose left
/// operand, the windows, is read where it lies in a padded image.

#ifndef FITNAS_CPU_CONVOLUTION_HPP
#define FITNAS_CPU_CONVOLUTION_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/gemm.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/blocked.hpp>
#include <fitnas/cpu/finish_gradient.hpp>
#include <fitnas/cpu/row_epilogues.hpp>
#include <fitnas/cpu/weight_gradient.hpp>
#include <fitnas/cpu/windows.hpp>
#include <fitnas/cpu/workspace.hpp>

namespace fitnas::detail {

/// z (images x output shape); weights: output channels x kernel x kernel x input channels.
FITNAS_LAZY inline void convolution_forward(const geometry& g, const affine_input& x, const float* weights,
                                            float* z, group_sums* sums, workspace& ws) {
    const padded_image padded(g);
    const int k = padded.columns();
    const float* packed = ws.pack(weights, 1, k, k, g.out.channels);
    parallel_groups(g.images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* image = thread_scratch(padded.size());
        for (std::ptrdiff_t n = first; n < last; ++n) {
            padded.read_image(x, n, image);
            forward_rows to{z + n * g.out.size(), g.out.channels};
            if (sums != nullptr) {
                to.first = sums->first(group);
                to.second = sums->second(group);
            }
            multiply_windows(padded, image, packed, to);
        }
    });
}

/// Adds into the weights' gradient, overwrites `out.du` with the gradient of the input.
FITNAS_LAZY inline void convolution_backward(const geometry& g, const gradient_input& gradient,
                                             const affine_input& x, const float* weights, float* dweights,
                                             const gradient_output& out, group_sums& sums, workspace& ws) {
    const padded_image padded(g);
    const int k = padded.columns();
    const int channels = g.out.channels;
    weight_gradient dw(k, channels, ws); // transposed: windows are broadcast, gradients are vectors
    const float* packed = ws.pack(weights, k, 1, channels, k);
    parallel_groups(g.images, dw.groups, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        dw.clear(group);
        const int most = padded.tile_pixels();
        const std::size_t size = (padded.size() + 15) / 16 * 16;
        float* image = thread_scratch(2 * size + blocked_size(most, channels) +
                                      static_cast<std::size_t>(most) * static_cast<std::size_t>(k));
        float* dimage = image + size;
        const blocked_rows gs{dimage + size, nullptr, blocked_stride(most)};
        float* dcolumns = gs.left + blocked_size(most, channels);
        for (std::ptrdiff_t n = first; n < last; ++n) {
            padded.read_image(x, n, image);
            if (out.du != nullptr) {
                std::fill_n(dimage, size, 0.0F);
            }
            for (int y = 0; y < g.out.height; y += padded.tile_height()) {
                const int height = (std::min)(padded.tile_height(), g.out.height - y);
                const row_tile pixels{n * g.out.pixels() + static_cast<std::ptrdiff_t>(y) * g.out.width,
                                      height * g.out.width};
                read_blocked(gradient, pixels, channels, gs);
                add_window_gradients(padded, image, y, height, gs.as_left(), {dw.part(group), dw.ld(), true});
                if (out.du != nullptr) {
                    multiply({pixels.count, k, channels}, gs.as_left(), packed, forward_rows{dcolumns, k});
                    padded.add_columns(dcolumns, y, height, dimage);
                }
            }
            if (out.du != nullptr) {
                padded.copy_inside(dimage, out.du + n * g.in.size());
                finish_gradient(x, out, {n * g.in.pixels(), static_cast<int>(g.in.pixels())}, g.in.channels,
                                {g.in}, sums, group);
            }
        }
    });
    dw.add_up_transposed(dweights);
}

} // namespace fitnas::detail

#endif
