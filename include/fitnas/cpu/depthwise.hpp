/// @file
/// @brief Depthwise convolution, forward and backward: stencils over planes in cache.

#ifndef FITNAS_CPU_DEPTHWISE_HPP
#define FITNAS_CPU_DEPTHWISE_HPP

#include <fitnas/cpu/planes.hpp>

namespace fitnas::detail {

/// Channels from c on of the weights, [taps][channels], as [plane][taps][lanes].
inline void read_taps(const float* weights, int taps, int channels, int c, int planes, float* out) {
    for (int i = 0; i < planes; ++i, c += lanes) {
        for (int k = 0; k < taps; ++k, out += lanes) {
            simd::store(out,
                        simd::load(weights + static_cast<std::ptrdiff_t>(k) * channels + c, channels - c));
        }
    }
}

/// Sums of v and of v * factor, in two parts that take turns: one alone would make every addition wait for
/// the one before.
struct partial_sums {
    vec<> plain[2] = {};
    vec<> products[2] = {};

    template <int Part>
    FITNAS_INLINE void add(vec<> v, vec<> factor) {
        plain[Part] += v;
        products[Part] = simd::fma(v, factor, products[Part]);
    }
    void add_to_group(group_sums& sums, int group, int c, int count) const {
        add_to(sums.first(group) + c, plain[0] + plain[1], count);
        add_to(sums.second(group) + c, products[0] + products[1], count);
    }
};

/// Calls `each(j, part)` for all j in [0, n), the parts 0 and 1 by turns.
template <class Each>
FITNAS_INLINE void for_columns(int n, Each&& each) {
    int j = 0;
    for (; j + 2 <= n; j += 2) {
        each(j, std::integral_constant<int, 0>());
        each(j + 1, std::integral_constant<int, 1>());
    }
    if (j < n) {
        each(j, std::integral_constant<int, 0>());
    }
}

/// Asks for `count` pixels from p on, and returns where the next ones lie.
FITNAS_INLINE const float* ask_for(const float* p, std::ptrdiff_t step, int count) {
    if (p == nullptr) {
        return p;
    }
    for (int i = 0; i < count; ++i, p += step) {
        __builtin_prefetch(p, 0, 2);
    }
    return p;
}

/// Where the tiles of some planes go. Vectors that fill a cache line are stored one by one; shorter ones
/// first back into the tile, so that the neighbouring channels of a pixel are written together.
struct tile_output {
    float* first; ///< the first plane's channels of pixel (0, 0)
    std::ptrdiff_t row_step;
    std::ptrdiff_t pixel_step;
    std::ptrdiff_t plane_step;
    int channels; ///< from the first plane's on
    bool streams;

    static constexpr bool by_vector = lanes * sizeof(float) >= 64;

    /// Calls `f` with what stores a vector of plane i; nothing where `write` does.
    template <class F>
    FITNAS_INLINE void put_plane(int i, F&& f) const {
        if constexpr (!by_vector) {
            f([](float*, vec<>) FITNAS_INLINE_LAMBDA {});
        } else if (streams) {
            f([](float* p, vec<> v) FITNAS_INLINE_LAMBDA { simd::stream(p, v); });
        } else if (const int count = channels - i * lanes; count >= lanes) {
            f([](float* p, vec<> v) FITNAS_INLINE_LAMBDA { simd::store(p, v); });
        } else {
            f([count](float* p, vec<> v) FITNAS_INLINE_LAMBDA { simd::store(p, v, count); });
        }
    }
    FITNAS_INLINE float* at(int y, int x) const { return first + y * row_step + x * pixel_step; }
    /// The tile with its corner at (y, x), `tile_columns` pixels from row to row.
    FITNAS_INLINE void write(int planes, int y, int x, const float* values, int rows, int columns,
                             int tile_columns) const {
        if constexpr (!by_vector) {
            const bool all = planes == planes_at_once && channels >= planes * lanes;
            for (int r = 0; r < rows; ++r, values += tile_columns * lanes) {
                float* to = at(y + r, x);
                for (int j = 0; j < columns; ++j, to += pixel_step) {
                    const float* from = values + j * lanes;
                    if (all && streams) {
                        FITNAS_UNROLL(4)
                        for (int i = 0; i < planes_at_once; ++i) {
                            simd::stream(to + i * plane_step, simd::load(from + i * stencil_tile * lanes));
                        }
                    } else if (all) {
                        FITNAS_UNROLL(4)
                        for (int i = 0; i < planes_at_once; ++i) {
                            simd::store(to + i * plane_step, simd::load(from + i * stencil_tile * lanes));
                        }
                    } else {
                        for (int i = 0; i < planes; ++i) {
                            simd::store(to + i * plane_step, simd::load(from + i * stencil_tile * lanes),
                                        channels - i * lanes);
                        }
                    }
                }
            }
        }
    }
};

/// z (images x output shape); weights: kernel x kernel x channels.
inline void depthwise_forward(const plane_source& source, shape in, int kernel, int stride, int images,
                              const float* weights, float* z, group_sums* sums) {
    const depthwise_geometry g(in, kernel, stride);
    const int channels = in.channels;
    const int planes = g.planes();
    const auto taps_size = static_cast<std::size_t>(g.taps() * lanes);
    const bool streaming = streams(z, g.out.pixels() * images, channels);
    const int tile_columns = g.forward.columns;
    const int asks = stride * stride;
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        const std::size_t size = g.plane_size() * static_cast<std::size_t>(planes);
        float* plane = thread_scratch(size + taps_size * planes_at_once + source.scratch());
        float* taps = plane + size;
        float* scratch = taps + taps_size * planes_at_once;
        std::fill_n(plane, size, 0.0F);
        for (std::ptrdiff_t n = first; n < last; ++n) {
            source.begin_image(n, scratch);
            for (int c = 0; c < channels; c += planes * lanes) {
                const int here = (std::min)(planes, (channels - c + lanes - 1) / lanes);
                read_taps(weights, g.taps(), channels, c, here, taps);
                partial_sums s[planes_at_once];
                source.read(g, n, c, here, plane, scratch);
                next_pixels next = source.next(n, c, here);
                const tile_output out{z + n * g.out.size() + c,
                                      static_cast<std::ptrdiff_t>(g.out.width) * channels,
                                      channels,
                                      lanes,
                                      channels - c,
                                      streaming};
                g.forward.for_tiles(
                    here, plane, g.plane_size(), g.plane_width(), taps, taps_size, kernel, g.out.height,
                    g.out.width,
                    [&](int i, int y, int x0, const float* values, int rows, int columns)
                        FITNAS_INLINE_LAMBDA {
                            partial_sums sum = s[i]; // in registers
                            const float* ahead = next.at[i];
                            out.put_plane(i, [&](auto put) FITNAS_INLINE_LAMBDA {
                                const std::ptrdiff_t step = out.pixel_step;
                                for (int r = 0; r < rows; ++r, values += tile_columns * lanes) {
                                    float* to = out.at(y + r, x0) + i * lanes;
                                    for_columns(columns, [&](int j, auto part) FITNAS_INLINE_LAMBDA {
                                        const vec<> v = simd::load(values + j * lanes);
                                        put(to, v);
                                        sum.template add<part()>(v, v);
                                        to += step;
                                        ahead = ask_for(ahead, next.step, asks);
                                    });
                                }
                            });
                            next.at[i] = ahead;
                            s[i] = sum;
                        },
                    [&](int y, int x0, const float* values, int rows, int columns) FITNAS_INLINE_LAMBDA {
                        out.write(here, y, x0, values, rows, columns, tile_columns);
                    });
                if (sums != nullptr) {
                    for (int i = 0; i < here; ++i) {
                        s[i].add_to_group(*sums, group, c + i * lanes, channels - c - i * lanes);
                    }
                }
            }
        }
    });
}

inline void depthwise_forward(const affine_input& x, shape in, int kernel, int stride, int images,
                              const float* weights, float* z, group_sums* sums) {
    depthwise_forward(stored_planes(x, in, images), in, kernel, stride, images, weights, z, sums);
}

/// Where one plane's channels lie that are read next: of the input, and the two tensors that its output's
/// gradient is made of. nullptr: nothing to ask for.
struct next_plane {
    const float* x;
    const float* du;
    const float* z;
};

/// One plane's gradient at the taps, all of them in registers: dtaps[k] += sum over pixels of gradient *
/// plane.
template <int Kernel, int TapRows>
void add_tap_gradients(const depthwise_geometry& g, const float* plane, const float* gradient, float* dtaps,
                       next_plane next) {
    const int asks = g.stride * g.stride;
    const std::ptrdiff_t channels = g.in.channels;
    for (int k0 = 0; k0 < Kernel; k0 += TapRows) {
        simd::tile<TapRows, Kernel> acc;
        for (int ky = 0; ky < TapRows; ++ky) {
            for (int kx = 0; kx < Kernel; ++kx) {
                acc[ky][kx] = simd::load(dtaps + ((k0 + ky) * Kernel + kx) * lanes);
            }
        }
        for (int y = 0; y < g.out.height; ++y) {
            const float* from =
                plane + static_cast<std::ptrdiff_t>(y * g.stride + k0) * g.plane_width() * lanes;
            const float* d =
                gradient +
                (static_cast<std::ptrdiff_t>(y + g.margin()) * g.gradient_width() + g.margin()) * lanes;
            for (int x = 0; x < g.out.width; ++x, from += g.stride * lanes, d += lanes) {
                const vec<> v = simd::load(d);
                if (TapRows == Kernel || k0 == 0) {
                    next.x = ask_for(next.x, channels, asks);
                    next.du = ask_for(next.du, channels, 1);
                    next.z = ask_for(next.z, channels, 1);
                }
                FITNAS_UNROLL(7)
                for (int ky = 0; ky < TapRows; ++ky) {
                    FITNAS_UNROLL(7)
                    for (int kx = 0; kx < Kernel; ++kx) {
                        acc[ky][kx] = simd::fma(
                            v,
                            simd::load(from +
                                       (static_cast<std::ptrdiff_t>(ky) * g.plane_width() + kx) * lanes),
                            acc[ky][kx]);
                    }
                }
            }
        }
        for (int ky = 0; ky < TapRows; ++ky) {
            for (int kx = 0; kx < Kernel; ++kx) {
                simd::store(dtaps + ((k0 + ky) * Kernel + kx) * lanes, acc[ky][kx]);
            }
        }
    }
}

/// The same for any kernel.
inline void add_tap_gradients(const depthwise_geometry& g, const float* plane, const float* gradient,
                              float* dtaps, const next_plane& next) {
    constexpr bool many_registers = lanes == 16;
    switch (g.kernel) {
    case 3:
        return add_tap_gradients<3, 3>(g, plane, gradient, dtaps, next);
    case 5:
        return add_tap_gradients < 5, many_registers ? 5 : 1 > (g, plane, gradient, dtaps, next);
    case 7:
        return add_tap_gradients<7, 1>(g, plane, gradient, dtaps, next);
    default:
        break;
    }
    for (int k = 0; k < g.taps(); ++k) {
        vec<> acc = simd::load(dtaps + k * lanes);
        for (int y = 0; y < g.out.height; ++y) {
            const float* from =
                plane +
                (static_cast<std::ptrdiff_t>(y * g.stride + k / g.kernel) * g.plane_width() + k % g.kernel) *
                    lanes;
            const float* d =
                gradient +
                (static_cast<std::ptrdiff_t>(y + g.margin()) * g.gradient_width() + g.margin()) * lanes;
            for (int x = 0; x < g.out.width; ++x, from += g.stride * lanes, d += lanes) {
                acc = simd::fma(simd::load(d), simd::load(from), acc);
            }
        }
        simd::store(dtaps + k * lanes, acc);
    }
}

/// The input pixels of one phase: those at (y0 + stride i, x0 + stride j). Their gradient is a stencil of
/// stride 1 over the output's gradient, with the taps that reach them.
struct input_phase {
    int tap = 0;    ///< the first tap that reaches them, in one direction; then every stride-th
    int first = 0;  ///< the first such pixel
    int taps = 0;   ///< how many taps there are
    int window = 0; ///< where the first pixel's window begins in the output
    int count = 0;  ///< pixels

    input_phase(int tap_, const depthwise_geometry& g, int size) : tap(tap_) {
        // Pixel y is reached from output (y + padding - k) / stride by tap k.
        const int s = g.stride;
        first = ((tap - g.padding()) % s + s) % s;
        taps = (g.kernel - tap + s - 1) / s;
        window = (first + g.padding() - tap) / s - (taps - 1);
        count = first < size ? (size - first + s - 1) / s : 0;
    }
};

/// The gradient at some channels of one image's input, c the first: through the activation, with the
/// shortcut's gradient added, summed up.
inline void depthwise_input_gradient(const depthwise_geometry& g, int planes, const float* gradient,
                                     const float* taps, float* phase_taps, const affine_input& x,
                                     const input_place& in, int c, partial_sums* sums) {
    const int s = g.stride;
    const int channels = g.in.channels;
    for (int py = 0; py < (std::min)(s, g.kernel); ++py) {
        for (int px = 0; px < (std::min)(s, g.kernel); ++px) {
            const input_phase down(py, g, g.in.height);
            const input_phase across(px, g, g.in.width);
            float* to = phase_taps;
            for (int i = 0; i < planes; ++i) {
                for (int ky = down.taps - 1; ky >= 0; --ky) { // backwards
                    for (int kx = across.taps - 1; kx >= 0; --kx, to += lanes) {
                        const int k = (py + s * ky) * g.kernel + px + s * kx;
                        simd::store(to, simd::load(taps + (i * g.taps() + k) * lanes));
                    }
                }
            }
            const stencil_kernel kernel(across.taps, 1, across.count);
            const int tile_columns = kernel.columns;
            const tile_output to_input{in.du + down.first * in.row_step + across.first * in.pixel_step,
                                       s * in.row_step,
                                       s * in.pixel_step,
                                       in.plane_step,
                                       channels - c,
                                       in.streams};
            const float* from =
                gradient + (static_cast<std::ptrdiff_t>(down.window + g.margin()) * g.gradient_width() +
                            across.window + g.margin()) *
                               lanes;
            with_product_activation(x.act, [&](auto act) {
                kernel.for_tiles(
                    planes, from, g.gradient_size(), g.gradient_width(), phase_taps,
                    static_cast<std::size_t>(down.taps * across.taps * lanes), down.taps, down.count,
                    across.count,
                    [&](int i, int y, int x0, float* values, int rows, int columns) FITNAS_INLINE_LAMBDA {
                        const int at = c + i * lanes;
                        partial_sums sum = sums[i]; // in registers
                        const affine u(x, at);
                        const vec<> mean = x.mean != nullptr ? simd::load(x.mean + at) : vec<>{};
                        const bool shortcut = in.addend != nullptr; // it reads the raw input of a recipe
                        const auto finish = [&](int count, auto put) FITNAS_INLINE_LAMBDA {
                            const std::ptrdiff_t step = to_input.pixel_step;
                            for (int r = 0; r < rows; ++r, values += tile_columns * lanes) {
                                std::ptrdiff_t offset = to_input.at(y + r, x0) - in.du + i * in.plane_step;
                                const float* z_at = in.z + offset;
                                float* du_at = in.du + offset;
                                const float* addend_at = shortcut ? in.addend + offset : nullptr;
                                for_columns(columns, [&](int j, auto part) FITNAS_INLINE_LAMBDA {
                                    const vec<> z = simd::load(z_at, count);
                                    vec<> d =
                                        derive_product<act()>(x.act, simd::load(values + j * lanes), u(z));
                                    if (shortcut) {
                                        d += simd::load(addend_at, count);
                                        addend_at += step;
                                    }
                                    if constexpr (tile_output::by_vector) {
                                        put(du_at, d);
                                    } else {
                                        simd::store(values + j * lanes, d);
                                    }
                                    sum.template add<part()>(d, z - mean);
                                    z_at += step;
                                    du_at += step;
                                });
                            }
                        };
                        to_input.put_plane(i, [&](auto put) FITNAS_INLINE_LAMBDA {
                            if (lanes >= 8 && channels - at >= lanes) {
                                finish(lanes, put);
                            } else { // narrow vectors always: it is compiled once then
                                finish(channels - at, put);
                            }
                        });
                        sums[i] = sum;
                    },
                    [&](int y, int x0, const float* values, int rows, int columns) FITNAS_INLINE_LAMBDA {
                        to_input.write(planes, y, x0, values, rows, columns, kernel.columns);
                    });
            });
        }
    }
}

/// Adds into the weights' gradient, and gives the source the gradient of the input.
inline void depthwise_backward(const gradient_input& gradient, const plane_source& source, shape in,
                               int kernel, int stride, int images, const float* weights, float* dweights,
                               group_sums& sums, workspace& ws) {
    const depthwise_geometry g(in, kernel, stride);
    const int channels = in.channels;
    const int planes = g.planes();
    const auto taps_size = static_cast<std::size_t>(g.taps() * lanes);
    const std::size_t weight_size =
        static_cast<std::size_t>(g.taps()) * static_cast<std::size_t>(simd::padded(channels));
    float* dw = ws.weights.reserve(weight_size * sum_groups);
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* mine = dw + static_cast<std::size_t>(group) * weight_size;
        std::fill_n(mine, weight_size, 0.0F);
        const std::size_t size = g.plane_size() * static_cast<std::size_t>(planes);
        const std::size_t gradient_size = g.gradient_size() * static_cast<std::size_t>(planes);
        float* plane =
            thread_scratch(size + gradient_size + 2 * taps_size * planes_at_once + source.scratch());
        float* dz = plane + size;
        float* taps = dz + gradient_size;
        float* phase_taps = taps + taps_size * planes_at_once;
        float* scratch = phase_taps + taps_size * planes_at_once;
        std::fill_n(plane, size + gradient_size, 0.0F);
        source.begin(group);
        for (std::ptrdiff_t n = first; n < last; ++n) {
            source.begin_image(n, scratch);
            for (int c = 0; c < channels; c += planes * lanes) {
                const int here = (std::min)(planes, (channels - c + lanes - 1) / lanes);
                source.read(g, n, c, here, plane, scratch);
                read_planes(gradient, g, n, c, here, dz);
                const next_pixels next = source.next(n, c, here);
                const next_pixels next_du(gradient.du, g.out, n, images, c, here);
                const next_pixels next_z(gradient.z, g.out, n, images, c, here);
                for (int i = 0; i < here; ++i) {
                    add_tap_gradients(
                        g, plane + static_cast<std::size_t>(i) * g.plane_size(),
                        dz + static_cast<std::size_t>(i) * g.gradient_size(),
                        mine + static_cast<std::ptrdiff_t>(c + i * lanes) * g.taps(),
                        {next.at[i], next_du.at[i], gradient.a != nullptr ? next_z.at[i] : nullptr});
                }
                const input_place place = source.place(n, c, scratch);
                if (place.du == nullptr) {
                    continue;
                }
                read_taps(weights, g.taps(), channels, c, here, taps);
                partial_sums s[planes_at_once];
                depthwise_input_gradient(g, here, dz, taps, phase_taps, source.x, place, c, s);
                for (int i = 0; source.x.mean != nullptr && i < here; ++i) {
                    s[i].add_to_group(sums, group, c + i * lanes, channels - c - i * lanes);
                }
                source.finish(group, n, c, here, scratch);
            }
        }
    });
    // [group][channel block][tap][lanes] into [tap][channels], groups in order.
    parallel_for((channels + lanes - 1) / lanes, [&](std::ptrdiff_t block) {
        const int c = static_cast<int>(block) * lanes;
        for (int k = 0; k < g.taps(); ++k) {
            vec<> sum{};
            for (int group = 0; group < sum_groups; ++group) {
                sum += simd::load(dw + static_cast<std::size_t>(group) * weight_size +
                                  static_cast<std::size_t>(c * g.taps() + k * lanes));
            }
            float* to = dweights + static_cast<std::ptrdiff_t>(k) * channels + c;
            simd::store(to, simd::load(to, channels - c) + sum, channels - c);
        }
    });
}

/// Overwrites `out.du` with the gradient of the input.
inline void depthwise_backward(const gradient_input& gradient, const affine_input& x, shape in, int kernel,
                               int stride, int images, const float* weights, float* dweights,
                               const gradient_output& out, group_sums& sums, workspace& ws) {
    if (out.du != nullptr && stride > kernel) { // pixels between the windows
        std::fill_n(out.du, static_cast<std::ptrdiff_t>(in.size()) * images, 0.0F);
    }
    depthwise_backward(gradient, stored_planes(x, in, images, out), in, kernel, stride, images, weights,
                       dweights, sums, ws);
}

} // namespace fitnas::detail

#endif
