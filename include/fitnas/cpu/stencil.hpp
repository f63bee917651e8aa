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
    /// The image in its zeros: how many lie above it and left of it, from the plane's beginning on, and its
    /// pixels. None: nothing is known of zeros.
    int above = 0;
    int left = 0;
    int height = 0;
    int width = 0;
};

/// Rows x Columns pixels of out(y, x) = sum of taps * plane(y Stride + ky, x Stride + kx), lanes channels
/// each, with Kernel taps in a row. `out` gets them one after the other.
/// @tparam Whole whether an image as wide as the tile has zeros on both sides, which are left out
template <int Kernel, int Stride, int Rows, int Columns, bool Whole = false>
void stencil(const float* plane, int plane_width, const float* taps, int tap_rows, float* out) {
    constexpr int first = Whole ? (Kernel - 1) / 2 : 0;
    constexpr int last = Whole ? first + Columns : (Columns - 1) * Stride + Kernel;
    simd::tile<Rows, Columns> acc = {};
    for (int ky = 0; ky < tap_rows; ++ky, taps += Kernel * lanes) {
        simd::vecs<Kernel> tap;
        for (int kx = 0; kx < Kernel; ++kx) {
            tap[kx] = simd::load(taps + kx * lanes);
        }
        // Every value is read once and goes to all pixels whose window it lies in.
        FITNAS_UNROLL(24)
        for (int i = first; i < last; ++i) {
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

/// The same where the image is one tile of Size x Size pixels, with zeros around it, and there are as many
/// rows of taps as taps in a row: no product with a zero is left.
template <int Kernel, int Size>
void stencil_of_image(const float* plane, int plane_width, const float* taps, int /*tap_rows*/, float* out) {
    constexpr int margin = (Kernel - 1) / 2;
    simd::tile<Size, Size> acc = {};
    FITNAS_UNROLL(7)
    for (int ky = 0; ky < Kernel; ++ky, taps += Kernel * lanes) {
        simd::vecs<Kernel> tap;
        for (int kx = 0; kx < Kernel; ++kx) {
            tap[kx] = simd::load(taps + kx * lanes);
        }
        FITNAS_UNROLL(4)
        for (int i = 0; i < Size; ++i) {
            FITNAS_UNROLL(4)
            for (int r = 0; r < Size; ++r) {
                if (r + ky < margin || r + ky >= margin + Size) {
                    continue;
                }
                const vec<> v = simd::load(
                    plane + (static_cast<std::ptrdiff_t>(r + ky) * plane_width + margin + i) * lanes);
                FITNAS_UNROLL(7)
                for (int kx = 0; kx < Kernel; ++kx) {
                    const int x = margin + i - kx;
                    if (x >= 0 && x < Size) {
                        acc[r][x] = simd::fma(tap[kx], v, acc[r][x]);
                    }
                }
            }
        }
    }
    for (int r = 0; r < Size; ++r) {
        for (int i = 0; i < Size; ++i) {
            simd::store(out + (r * Size + i) * lanes, acc[r][i]);
        }
    }
}

/// A stencil for one geometry, and the tile that it computes.
struct stencil_kernel {
    using function = void (*)(const float* plane, int plane_width, const float* taps, int tap_rows,
                              float* out);
    function run = nullptr;
    function whole_row = nullptr;   ///< for images as wide as a tile
    function whole_image = nullptr; ///< for images as large as a tile
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
            if constexpr (s() == 1 && (k() == 3 || k() == 5)) {
                if (columns == wide) {
                    whole_row = stencil<k(), 1, 2, wide, true>;
                } else if constexpr (narrow >= 4) {
                    whole_image = stencil_of_image<k(), narrow>;
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
        const int margin = (kernel - 1) / 2;
        const bool one_column = in.width == columns && width == columns && in.left == margin;
        const bool one_tile =
            one_column && in.height == rows && height == rows && in.above == margin && in.tap_rows == kernel;
        const function sums = one_tile && whole_image != nullptr   ? whole_image
                              : one_column && whole_row != nullptr ? whole_row
                                                                   : run;
        for (int y = 0; y < height; y += rows) {
            // Rows of taps that reach the image, from one of the tile's pixels at least.
            const int first =
                sums == whole_image || in.height == 0 ? 0 : (std::max)(0, in.above - (y + rows - 1) * stride);
            const int last = sums == whole_image || in.height == 0
                                 ? in.tap_rows
                                 : (std::min)(in.tap_rows, in.above + in.height - y * stride);
            for (int x = 0; x < width; x += columns) {
                const float* from =
                    in.plane +
                    ((static_cast<std::ptrdiff_t>(y) * stride + first) * in.plane_width + x * stride) * lanes;
                const float* tap = in.taps + static_cast<std::ptrdiff_t>(first) * kernel * lanes;
                const output_tile tile{y, x, (std::min)(rows, height - y), (std::min)(columns, width - x)};
                for (int i = 0; i < in.planes; ++i, from += in.plane_size, tap += in.taps_size) {
                    float* values = all_values + i * stencil_tile * lanes;
                    if (sums != nullptr) {
                        sums(from, in.plane_width, tap, last - first, values);
                    } else {
                        pixel(from, in.plane_width, tap, last - first, values);
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
