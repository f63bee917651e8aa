/// @file
/// @brief Depthwise convolution, forward and backward: planes of one vector's width of channels, in cache.

#ifndef FITNAS_NN_DEPTHWISE_HPP
#define FITNAS_NN_DEPTHWISE_HPP

#include <fitnas/nn/channels.hpp>

namespace fitnas::detail {

/// Pixels that one step of the stencil computes.
inline constexpr int stencil_pixels = simd::native_width == 16 ? 8 : 4;

/// The geometry of one plane: `W` channels of one image, zeros around them, [y][x][W].
struct depthwise_geometry {
    shape in;
    shape out;
    int kernel;
    int stride;

    int padding() const { return kernel / 2; }
    /// The stencil computes whole groups of pixels, so it may read behind the last window of a row.
    int plane_width() const { return in.width + 2 * padding() + stride * stencil_pixels; }
    std::size_t plane_size() const {
        return static_cast<std::size_t>(in.height + 2 * padding() + 1) *
               static_cast<std::size_t>(plane_width()) * static_cast<std::size_t>(W);
    }
    /// The plane of the output's gradient, padded for the flipped kernel.
    int gradient_width() const { return out.width + 2 * padding() + stencil_pixels; }
    std::size_t gradient_size() const {
        return static_cast<std::size_t>(out.height + 2 * padding() + 1) *
               static_cast<std::size_t>(gradient_width()) * static_cast<std::size_t>(W);
    }
};

/// out(y, x) = sum of taps * plane(y * Stride + ky, x * Stride + kx). Kernel and Stride 0: known at run time
/// only. `store(y, x, value)` is called for each output pixel.
template <int Kernel, int Stride, class Store>
void stencil(const float* plane, int plane_width, const float* taps, int kernel_, int stride_, int height,
             int width, Store&& store) {
    const int kernel = Kernel > 0 ? Kernel : kernel_;
    const int stride = Kernel > 0 ? Stride : stride_;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; x += stencil_pixels) {
            vec<> acc[stencil_pixels] = {};
            for (int ky = 0; ky < kernel; ++ky) {
                const float* row = plane + (static_cast<std::ptrdiff_t>(y * stride + ky) * plane_width +
                                            static_cast<std::ptrdiff_t>(x) * stride) *
                                               W;
                const float* tap = taps + static_cast<std::ptrdiff_t>(ky) * kernel * W;
                FITNAS_UNROLL(7)
                for (int kx = 0; kx < kernel; ++kx) {
                    const vec<> t = simd::load(tap + kx * W);
                    FITNAS_UNROLL(8)
                    for (int i = 0; i < stencil_pixels; ++i) {
                        acc[i] = simd::fma(t, simd::load(row + (i * stride + kx) * W), acc[i]);
                    }
                }
            }
            for (int i = 0; i < stencil_pixels && x + i < width; ++i) {
                store(y, x + i, acc[i]);
            }
        }
    }
}

/// Calls the stencil of the right kernel; the common ones are compiled for their size.
template <class Store>
void any_stencil(const float* plane, int plane_width, const float* taps, int kernel, int stride, int height,
                 int width, Store&& store) {
    const auto run = [&](auto k, auto s) {
        stencil<k(), s()>(plane, plane_width, taps, kernel, stride, height, width, store);
    };
    const auto of = [&](auto k) {
        if (stride == 1) {
            run(k, std::integral_constant<int, 1>());
        } else {
            run(k, std::integral_constant<int, 2>());
        }
    };
    if (stride > 2 || (kernel != 3 && kernel != 5 && kernel != 7)) {
        run(std::integral_constant<int, 0>(), std::integral_constant<int, 0>());
    } else if (kernel == 3) {
        of(std::integral_constant<int, 3>());
    } else if (kernel == 5) {
        of(std::integral_constant<int, 5>());
    } else {
        of(std::integral_constant<int, 7>());
    }
}

/// Channels [c, c + W) of one image, batch norm and activation applied, into the inside of a plane of zeros.
inline void read_plane(const affine_input& x, const depthwise_geometry& g, std::ptrdiff_t image, int c,
                       float* plane) {
    with_activation(x.act, [&](auto act) {
        const float* z = x.z + image * g.in.size() + c;
        for (int y = 0; y < g.in.height; ++y) {
            float* to =
                plane + (static_cast<std::ptrdiff_t>(y + g.padding()) * g.plane_width() + g.padding()) * W;
            for (int i = 0; i < g.in.width; ++i, z += g.in.channels, to += W) {
                simd::store(to, read<act()>(x, z, c, g.in.channels - c));
            }
        }
    });
}

/// Channels [c, c + W) of the weights, [kernel * kernel][channels], as [kernel * kernel][W].
inline void read_taps(const float* weights, int taps, int channels, int c, float* out) {
    for (int k = 0; k < taps; ++k) {
        simd::store(out + k * W,
                    simd::load(weights + static_cast<std::ptrdiff_t>(k) * channels + c, channels - c));
    }
}

/// z (images x output shape); weights: kernel x kernel x channels.
inline void depthwise_forward(const affine_input& x, shape in, int kernel, int stride, int images,
                              const float* weights, float* z, group_sums* sums) {
    const depthwise_geometry g{in, cell{in, in.channels, stride}.output(), kernel, stride};
    const int channels = in.channels;
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* plane = thread_scratch(g.plane_size() + static_cast<std::size_t>(kernel * kernel * W));
        float* taps = plane + g.plane_size();
        std::memset(plane, 0, g.plane_size() * sizeof(float));
        for (std::ptrdiff_t n = first; n < last; ++n) {
            for (int c = 0; c < channels; c += W) {
                const int count = channels - c;
                read_taps(weights, kernel * kernel, channels, c, taps);
                read_plane(x, g, n, c, plane);
                float* out = z + n * g.out.size() + c;
                vec<> s{};
                vec<> q{};
                any_stencil(plane, g.plane_width(), taps, kernel, stride, g.out.height, g.out.width,
                            [&](int y, int i, vec<> v) {
                                simd::store(out +
                                                (static_cast<std::ptrdiff_t>(y) * g.out.width + i) * channels,
                                            v, count);
                                s += v;
                                q = simd::fma(v, v, q);
                            });
                if (sums != nullptr) {
                    for (int i = 0; i < (std::min)(count, W); ++i) {
                        sums->first(group)[c + i] += static_cast<double>(s[i]);
                        sums->second(group)[c + i] += static_cast<double>(q[i]);
                    }
                }
            }
        }
    });
}

/// One image's gradient at the taps: dtaps[k] += sum over pixels of gradient * plane.
inline void add_tap_gradients(const depthwise_geometry& g, const float* plane, const float* gradient,
                              float* dtaps) {
    const int p = g.padding();
    for (int ky = 0; ky < g.kernel; ++ky) {
        for (int kx = 0; kx < g.kernel; kx += 4) {
            vec<> acc[4] = {};
            for (int y = 0; y < g.out.height; ++y) {
                const float* row =
                    plane + (static_cast<std::ptrdiff_t>(y * g.stride + ky) * g.plane_width() + kx) * W;
                const float* d = gradient + (static_cast<std::ptrdiff_t>(y + p) * g.gradient_width() + p) * W;
                for (int x = 0; x < g.out.width; ++x, row += g.stride * W, d += W) {
                    const vec<> v = simd::load(d);
                    FITNAS_UNROLL(4)
                    for (int i = 0; i < 4; ++i) {
                        acc[i] = simd::fma(v, simd::load(row + i * W), acc[i]);
                    }
                }
            }
            for (int i = 0; i < 4 && kx + i < g.kernel; ++i) {
                float* to = dtaps + (ky * g.kernel + kx + i) * W;
                simd::store(to, simd::load(to) + acc[i]);
            }
        }
    }
}

/// Adds into the weights' gradient, overwrites `out.du` with the gradient of the input.
inline void depthwise_backward(const gradient_input& gradient, const affine_input& x, shape in, int kernel,
                               int stride, int images, const float* weights, float* dweights,
                               const gradient_output& out, group_sums& sums, workspace& ws) {
    const depthwise_geometry g{in, cell{in, in.channels, stride}.output(), kernel, stride};
    const int channels = in.channels;
    const int taps_count = kernel * kernel;
    const std::size_t weight_size =
        static_cast<std::size_t>(taps_count) * static_cast<std::size_t>(simd::padded(channels));
    float* dw = ws.weights.reserve(weight_size * sum_groups);
    const int p = g.padding();
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* mine = dw + static_cast<std::size_t>(group) * weight_size;
        std::memset(mine, 0, weight_size * sizeof(float));
        float* plane = thread_scratch(2 * g.plane_size() + g.gradient_size() +
                                      static_cast<std::size_t>(2 * taps_count * W));
        float* dplane = plane + g.plane_size();
        float* dz = dplane + g.plane_size();
        float* taps = dz + g.gradient_size();
        float* flipped = taps + taps_count * W;
        std::memset(plane, 0, g.plane_size() * sizeof(float));
        std::memset(dz, 0, g.gradient_size() * sizeof(float));
        for (std::ptrdiff_t n = first; n < last; ++n) {
            for (int c = 0; c < channels; c += W) {
                const int count = channels - c;
                read_taps(weights, taps_count, channels, c, taps);
                for (int k = 0; k < taps_count; ++k) {
                    simd::store(flipped + k * W, simd::load(taps + (taps_count - 1 - k) * W));
                }
                read_plane(x, g, n, c, plane);
                for (int y = 0; y < g.out.height; ++y) {
                    float* to = dz + (static_cast<std::ptrdiff_t>(y + p) * g.gradient_width() + p) * W;
                    std::ptrdiff_t at =
                        n * g.out.size() + static_cast<std::ptrdiff_t>(y) * g.out.width * channels + c;
                    for (int i = 0; i < g.out.width; ++i, to += W, at += channels) {
                        simd::store(to, read(gradient, gradient.du + at, gradient.z + at, c, count));
                    }
                }
                add_tap_gradients(g, plane, dz, mine + static_cast<std::ptrdiff_t>(c) * taps_count);
                if (out.du == nullptr) {
                    continue;
                }
                float* du = out.du + n * in.size() + c;
                if (stride == 1) {
                    any_stencil(dz, g.gradient_width(), flipped, kernel, 1, in.height, in.width,
                                [&](int y, int i, vec<> v) {
                                    simd::store(du + (static_cast<std::ptrdiff_t>(y) * in.width + i) *
                                                         channels,
                                                v, count);
                                });
                    continue;
                }
                // Strided: every output pixel gives to the window that it came from.
                std::memset(dplane, 0, g.plane_size() * sizeof(float));
                for (int y = 0; y < g.out.height; ++y) {
                    for (int i = 0; i < g.out.width; ++i) {
                        const vec<> d = simd::load(
                            dz + (static_cast<std::ptrdiff_t>(y + p) * g.gradient_width() + p + i) * W);
                        for (int ky = 0; ky < kernel; ++ky) {
                            float* to =
                                dplane + (static_cast<std::ptrdiff_t>(y * stride + ky) * g.plane_width() +
                                          static_cast<std::ptrdiff_t>(i) * stride) *
                                             W;
                            for (int kx = 0; kx < kernel; ++kx, to += W) {
                                simd::store(to, simd::fma(d, simd::load(taps + (ky * kernel + kx) * W),
                                                          simd::load(to)));
                            }
                        }
                    }
                }
                for (int y = 0; y < in.height; ++y) {
                    const float* from =
                        dplane + (static_cast<std::ptrdiff_t>(y + p) * g.plane_width() + p) * W;
                    for (int i = 0; i < in.width; ++i, from += W) {
                        simd::store(du + (static_cast<std::ptrdiff_t>(y) * in.width + i) * channels,
                                    simd::load(from), count);
                    }
                }
            }
            if (out.du != nullptr) {
                finish_gradient(
                    x, out, static_cast<int>(in.pixels()), channels,
                    [&](int r) { return n * in.size() + static_cast<std::ptrdiff_t>(r) * channels; },
                    sums.first(group), sums.second(group));
            }
        }
    });
    // [group][channel block][tap][W] into [tap][channels], groups in order.
    parallel_for((channels + W - 1) / W, [&](std::ptrdiff_t block) {
        const int c = static_cast<int>(block) * W;
        for (int k = 0; k < taps_count; ++k) {
            vec<> sum{};
            for (int group = 0; group < sum_groups; ++group) {
                sum += simd::load(dw + static_cast<std::size_t>(group) * weight_size +
                                  static_cast<std::size_t>(c * taps_count + k * W));
            }
            float* to = dweights + static_cast<std::ptrdiff_t>(k) * channels + c;
            simd::store(to, simd::load(to, channels - c) + sum, channels - c);
        }
    });
}

} // namespace fitnas::detail

#endif
