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
        padded.clear(image);
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

/// The weights of a convolution that leads back: input channels x kernel x kernel x output channels, taps
/// backwards; packed.
FITNAS_LAZY inline const float* pack_turned(const geometry& g, const float* weights, workspace& ws) {
    const int k = g.taps() * g.out.channels;
    const int in = g.in.channels;
    float* turned =
        ws.packed.reserve(packed_size(k, in) + static_cast<std::size_t>(k) * static_cast<std::size_t>(in)) +
        packed_size(k, in);
    float* to = turned;
    for (int tap = g.taps(); tap-- > 0;) {
        for (int n = 0; n < g.out.channels; ++n, to += in) {
            std::copy_n(weights + (static_cast<std::ptrdiff_t>(n) * g.taps() + tap) * in, in, to);
        }
    }
    return ws.pack(turned, in, 1, k, in);
}

/// The backward pass without a stride: the gradient of the input is a convolution of the output's gradient,
/// which lies with zeros around it, too.
FITNAS_LAZY inline void convolution_backward_by_windows(const geometry& g, const gradient_input& gradient,
                                                        const affine_input& x, const float* weights,
                                                        const gradient_output& out, group_sums& sums,
                                                        workspace& ws, const weight_gradient& dw) {
    const padded_image padded(g);
    const padded_image back({g.out, g.in, g.kernel, 1, g.images});
    const float* packed = out.du != nullptr ? pack_turned(g, weights, ws) : nullptr;
    parallel_groups(g.images, dw.groups, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        dw.clear(group);
        const std::size_t size = (padded.size() + 15) / 16 * 16;
        float* image = thread_scratch(size + back.size() + panel);
        float* dimage = image + size;
        padded.clear(image);
        back.clear(dimage);
        for (std::ptrdiff_t n = first; n < last; ++n) {
            padded.read_image(x, n, image);
            back.read_image(gradient, n, dimage);
            for (int y = 0; y < g.out.height; y += padded.cached_height()) {
                const int height = (std::min)(padded.cached_height(), g.out.height - y);
                add_window_gradients(padded, image, y, height,
                                     {dimage + back.row(y), lanes, g.out.channels, back.run_step()},
                                     {dw.part(group), dw.ld(), true});
            }
            if (out.du != nullptr) {
                with_product_activation(x.act, [&](auto act) {
                    multiply_windows(back, dimage, packed,
                                     backward_rows<act()>{x, out, n * g.in.size(), g.in.channels,
                                                          sums.first(group), sums.second(group),
                                                          streams(out.du, g.rows_in(), g.in.channels)});
                });
            }
        }
    });
}

/// The backward pass of a strided convolution: gradients at the windows' values, added up where windows
/// overlap.
FITNAS_LAZY inline void convolution_backward_by_columns(const geometry& g, const gradient_input& gradient,
                                                        const affine_input& x, const float* weights,
                                                        const gradient_output& out, group_sums& sums,
                                                        workspace& ws, const weight_gradient& dw) {
    const padded_image padded(g);
    const int k = padded.columns();
    const int channels = g.out.channels;
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
        padded.clear(image);
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
                add_window_gradients(padded, image, y, height,
                                     {gs.left, static_cast<std::ptrdiff_t>(gs.stride), lanes,
                                      static_cast<std::ptrdiff_t>(g.out.width) * lanes},
                                     {dw.part(group), dw.ld(), true});
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
}

/// Adds into the weights' gradient, overwrites `out.du` with the gradient of the input.
FITNAS_LAZY inline void convolution_backward(const geometry& g, const gradient_input& gradient,
                                             const affine_input& x, const float* weights, float* dweights,
                                             const gradient_output& out, group_sums& sums, workspace& ws) {
    // Transposed: windows are broadcast, gradients are vectors.
    const weight_gradient dw(g.taps() * g.in.channels, g.out.channels, ws, window_rows);
    if (g.stride == 1) {
        convolution_backward_by_windows(g, gradient, x, weights, out, sums, ws, dw);
    } else {
        convolution_backward_by_columns(g, gradient, x, weights, out, sums, ws, dw);
    }
    dw.add_up_transposed(dweights);
}

} // namespace fitnas::detail

#endif
