/// @file
/// @brief Stencils over padded planes of one vector's channels: what depthwise convolutions are made of.

#ifndef FITNAS_CPU_STENCIL_HPP
#define FITNAS_CPU_STENCIL_HPP

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include <fitnas/cpu/activation.hpp>

namespace fitnas::detail {

/// The largest tile of output pixels that a stencil computes at once: two register files' halves.
inline constexpr int stencil_tile = lanes == 16 ? 16 : 8;

/// Planes that are read together: neighbouring channels lie in neighbouring cache lines.
inline constexpr int planes_at_once = 4;

/// Some pixels of an output, from (y, x) on.
struct output_tile {
    int y;
    int x;
    int rows;
    int columns;
};

/// The planes that a stencil goes over, and the taps of each.
struct stencil_input {
    const float* plane; ///< where the first plane's window of output pixel (0, 0) begins
    std::size_t plane_size;
    int plane_width;
    const float* taps; ///< the first plane's, [tap rows][taps in a row][lanes]
    std::size_t taps_size;
    int tap_rows;
    int planes;
};

/// Rows x Columns pixels of out(y, x) = sum of taps * plane(y Stride + ky, x Stride + kx), lanes channels
/// each, with Kernel taps in a row. `out` gets them one after the other.
template <int Kernel, int Stride, int Rows, int Columns>
void stencil(const float* plane, int plane_width, const float* taps, int tap_rows, float* out) {
    simd::tile<Rows, Columns> acc = {};
    for (int ky = 0; ky < tap_rows; ++ky, taps += Kernel * lanes) {
        simd::vecs<Kernel> tap;
        for (int kx = 0; kx < Kernel; ++kx) {
            tap[kx] = simd::load(taps + kx * lanes);
        }
        // Every value is read once and goes to all pixels whose window it lies in.
        FITNAS_UNROLL(24)
        for (int i = 0; i < (Columns - 1) * Stride + Kernel; ++i) {
            FITNAS_UNROLL(4)
            for (int r = 0; r < Rows; ++r) {
                const vec<> v = simd::load(
                    plane + (static_cast<std::ptrdiff_t>(r * Stride + ky) * plane_width + i) * lanes);
                FITNAS_UNROLL(7)
                for (int kx = 0; kx < Kernel; ++kx) {
                    if (i >= kx && (i - kx) % Stride == 0 && (i - kx) / Stride < Columns) {
                        acc[r][(i - kx) / Stride] = simd::fma(tap[kx], v, acc[r][(i - kx) / Stride]);
                    }
                }
            }
        }
    }
    for (int r = 0; r < Rows; ++r) {
        for (int i = 0; i < Columns; ++i) {
            simd::store(out + (r * Columns + i) * lanes, acc[r][i]);
        }
    }
}

/// A stencil for one geometry, and the tile that it computes.
struct stencil_kernel {
    void (*run)(const float* plane, int plane_width, const float* taps, int tap_rows, float* out) = nullptr;
    int rows = 1;
    int columns = 1;
    int kernel = 1; ///< taps in a row
    int stride = 1;

    /// Room that the last tiles of a height x width output need behind its last window, in columns and rows.
    int excess_columns(int width) const { return (columns - 1 - (width - 1) % columns) * stride; }
    int excess_rows(int height) const { return (rows - 1 - (height - 1) % rows) * stride; }

    /// The pixel of any kernel and stride.
    void pixel(const float* plane, int plane_width, const float* taps, int tap_rows, float* out) const {
        vec<> sum{};
        for (int ky = 0; ky < tap_rows; ++ky) {
            for (int kx = 0; kx < kernel; ++kx, taps += lanes) {
                sum = simd::fma(
                    simd::load(taps),
                    simd::load(plane + (static_cast<std::ptrdiff_t>(ky) * plane_width + kx) * lanes), sum);
            }
        }
        simd::store(out, sum);
    }

    /// @param taps in a row
    /// @param width of the output
    stencil_kernel(int taps, int stride_, int width) : kernel(taps), stride(stride_) {
        constexpr int wide = stencil_tile / 2;
        constexpr int narrow = stencil_tile / 4;
        const auto use = [&](auto k, auto s) {
            run = stencil<k(), s(), 2, wide>;
            rows = 2;
            columns = wide;
            if constexpr (narrow >= 4) {
                if (width < wide) {
                    run = stencil<k(), s(), 4, narrow>;
                    rows = 4;
                    columns = narrow;
                }
            }
        };
        const auto with = [&](auto k) {
            if (stride == 1) {
                use(k, std::integral_constant<int, 1>());
            } else if constexpr (k() % 2 == 1 && k() > 1) {
                use(k, std::integral_constant<int, 2>());
            }
        };
        const auto choose = [&](auto... k) { (void)((k() == taps ? (with(k), true) : false) || ...); };
        if (stride <= 2) {
            choose(std::integral_constant<int, 1>(), std::integral_constant<int, 2>(),
                   std::integral_constant<int, 3>(), std::integral_constant<int, 4>(),
                   std::integral_constant<int, 5>(), std::integral_constant<int, 7>());
        }
    }

    /// Calls `use(plane, tile, values)` for each tile of a height x width output, for all planes before the
    /// next tile, so that neighbouring channels are written together, then `written(tile, values)`. Pixel (i,
    /// j) of the tile is at values[(i * columns + j) * lanes] of each plane's `stencil_tile * lanes` values.
    template <class Use, class Written>
    FITNAS_INLINE void for_tiles(const stencil_input& in, int height, int width, Use&& use,
                                 Written&& written) const {
        alignas(64) float all_values[planes_at_once * stencil_tile * lanes];
        for (int y = 0; y < height; y += rows) {
            for (int x = 0; x < width; x += columns) {
                const float* from =
                    in.plane + (static_cast<std::ptrdiff_t>(y) * in.plane_width + x) * stride * lanes;
                const float* tap = in.taps;
                const output_tile tile{y, x, (std::min)(rows, height - y), (std::min)(columns, width - x)};
                for (int i = 0; i < in.planes; ++i, from += in.plane_size, tap += in.taps_size) {
                    float* values = all_values + i * stencil_tile * lanes;
                    if (run != nullptr) {
                        run(from, in.plane_width, tap, in.tap_rows, values);
                    } else {
                        pixel(from, in.plane_width, tap, in.tap_rows, values);
                    }
                    use(i, tile, values);
                }
                written(tile, all_values);
            }
        }
    }
};

} // namespace fitnas::detail

#endif
