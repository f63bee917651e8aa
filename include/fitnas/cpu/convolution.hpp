/// @file
/// @brief Convolution of any odd kernel, forward and backward: matrix products whose left
/// operand, the windows, is read where it lies in a padded image, or sums of its values (`winograd`).

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
#include <fitnas/cpu/window_product.hpp>
#include <fitnas/cpu/winograd.hpp>
#include <fitnas/cpu/winograd_gradient.hpp>
#include <fitnas/cpu/workspace.hpp>

namespace fitnas::detail {

/// The weights of a convolution as its products take them.
class packed_convolution {
public:
    /// @param packed by `workspace::pack`; null: it is not multiplied by them
    packed_convolution(const geometry& g, const float* packed, workspace& ws)
        : m_by_winograd(winograd::fits(g)),
          m_weights(packed != nullptr && m_by_winograd
                        ? winograd::pack(packed, g.in.channels, g.out.channels, ws)
                        : packed),
          m_scratch(m_by_winograd ? winograd::scratch_size(g.in.channels) : 0) {}

    /// Floats that `multiply` takes.
    std::size_t scratch_size() const { return m_scratch; }
    template <epilogue Epilogue>
    void multiply(const padded_image& g, const float* image, float* scratch, const Epilogue& to) const {
        if (m_by_winograd) {
            winograd::multiply(g, image, m_weights, scratch, to);
        } else {
            multiply_windows(g, image, m_weights, to);
        }
    }

private:
    bool m_by_winograd;
    const float* m_weights;
    std::size_t m_scratch;
};

/// z (images x output shape); weights: output channels x kernel x kernel x input channels.
FITNAS_LAZY inline void convolution_forward(const geometry& g, const affine_input& x, const float* weights,
                                            float* z, group_sums* sums, workspace& ws) {
    const padded_image padded(g);
    const int k = padded.columns();
    const packed_convolution by(g, ws.pack(weights, 1, k, k, g.out.channels), ws);
    parallel_groups(g.images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* scratch = thread_scratch(by.scratch_size() + padded.size());
        float* image = scratch + by.scratch_size();
        padded.clear(image);
        for (std::ptrdiff_t n = first; n < last; ++n) {
            padded.read_image(x, n, image);
            forward_rows to{z + n * g.out.size(), g.out.channels};
            to.streams = streams(z, g.rows(), g.out.channels);
            if (sums != nullptr) {
                to.first = sums->first(group);
                to.second = sums->second(group);
            }
            by.multiply(padded, image, scratch, to);
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

/// The gradient of a convolution's weights, without a stride.
class convolution_gradient {
public:
    convolution_gradient(const geometry& g, workspace& ws)
        : m_size(g),
          m_by_winograd(winograd::fits(g)),
          // Transposed: windows are broadcast, gradients are vectors.
          m_parts(m_by_winograd ? winograd::elements * winograd::gradient_rows(g.in.channels)
                                : g.taps() * g.in.channels,
                  g.out.channels, ws, window_rows) {}

    int groups() const { return m_parts.groups; }
    void clear(int group) const { m_parts.clear(group); }
    /// Floats that `add` takes.
    std::size_t scratch_size() const {
        return m_by_winograd ? winograd::gradient_scratch_size(m_size.in.channels, m_size.out.channels) : 0;
    }
    /// Adds what one image gives.
    /// @param image,dimage the input and the gradient of the output, padded
    void add(int group, const padded_image& g, const float* image, const padded_image& back,
             const float* dimage, float* scratch) const {
        float* part = m_parts.part(group);
        if (m_by_winograd) {
            winograd::add_gradient(g, image, back, dimage, scratch, part, m_parts.ld());
            return;
        }
        for (int y = 0; y < g.out.height; y += g.cached_height()) {
            const int height = (std::min)(g.cached_height(), g.out.height - y);
            add_window_gradients(g, image, y, height,
                                 {dimage + back.row(y), lanes, g.out.channels, back.run_step()},
                                 {part, m_parts.ld(), true});
        }
    }
    /// Adds the groups' parts, in order, into the gradient.
    void add_up(float* gradient) const {
        if (m_by_winograd) {
            winograd::add_up_gradient(m_parts, m_size, gradient);
        } else {
            m_parts.add_up_transposed(gradient);
        }
    }

private:
    geometry m_size;
    bool m_by_winograd;
    weight_gradient m_parts;
};

/// The backward pass without a stride: the gradient of the input is a convolution of the output's gradient,
/// which lies with zeros around it, too.
FITNAS_LAZY inline void convolution_backward_by_windows(const geometry& g, const gradient_input& gradient,
                                                        const affine_input& x, const float* weights,
                                                        float* dweights, const gradient_output& out,
                                                        group_sums& sums, workspace& ws) {
    const convolution_gradient dw(g, ws);
    const padded_image padded(g);
    const padded_image back({g.out, g.in, g.kernel, 1, g.images});
    const packed_convolution by(back, out.du != nullptr ? pack_turned(g, weights, ws) : nullptr, ws);
    const std::size_t size_of_scratch = ((std::max)(by.scratch_size(), dw.scratch_size()) + 15) / 16 * 16;
    parallel_groups(g.images, dw.groups(), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        dw.clear(group);
        const std::size_t size = (padded.size() + 15) / 16 * 16;
        float* scratch = thread_scratch(size_of_scratch + size + back.size() + panel);
        float* image = scratch + size_of_scratch;
        float* dimage = image + size;
        padded.clear(image);
        back.clear(dimage);
        for (std::ptrdiff_t n = first; n < last; ++n) {
            padded.read_image(x, n, image);
            back.read_image(gradient, n, dimage);
            dw.add(group, padded, image, back, dimage, scratch);
            if (out.du != nullptr) {
                with_product_activation(x.act, [&](auto act) {
                    by.multiply(back, dimage, scratch,
                                backward_rows<act()>{x, out, n * g.in.size(), g.in.channels,
                                                     sums.first(group), sums.second(group),
                                                     streams(out.du, g.rows_in(), g.in.channels)});
                });
            }
        }
    });
    dw.add_up(dweights);
}

/// The backward pass of a strided convolution: gradients at the windows' values, added up where windows
/// overlap.
FITNAS_LAZY inline void convolution_backward_by_columns(const geometry& g, const gradient_input& gradient,
                                                        const affine_input& x, const float* weights,
                                                        float* dweights, const gradient_output& out,
                                                        group_sums& sums, workspace& ws) {
    const weight_gradient dw(g.taps() * g.in.channels, g.out.channels, ws, window_rows);
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
    dw.add_up_transposed(dweights);
}

/// Adds into the weights' gradient, overwrites `out.du` with the gradient of the input.
FITNAS_LAZY inline void convolution_backward(const geometry& g, const gradient_input& gradient,
                                             const affine_input& x, const float* weights, float* dweights,
                                             const gradient_output& out, group_sums& sums, workspace& ws) {
    if (g.stride == 1) {
        convolution_backward_by_windows(g, gradient, x, weights, dweights, out, sums, ws);
    } else {
        convolution_backward_by_columns(g, gradient, x, weights, dweights, out, sums, ws);
    }
}

} // namespace fitnas::detail

#endif
