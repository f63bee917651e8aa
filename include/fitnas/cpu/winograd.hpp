/// @file
/// @brief Convolutions of 3 x 3 with fewer multiplications: 16 for 2 x 2 pixels of a channel instead of 36.

#ifndef FITNAS_CPU_WINOGRAD_HPP
#define FITNAS_CPU_WINOGRAD_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/epilogue.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/window_product.hpp>
#include <fitnas/cpu/workspace.hpp>

namespace fitnas::detail {

/// F(2 x 2, 3 x 3) of Winograd's minimal filtering (Lavin and Gray, arXiv 1509.09308, section 4.1): a tile of
/// 2 x 2 output pixels is A^T (U * V) A, where U = G w G^T is of the weights, V = B^T d B of the 4 x 4 input
/// pixels around the tile, and * multiplies element by element. Over all tiles and channels each of the 16
/// elements is a product of matrices.
namespace winograd {

inline constexpr int elements = 16;
/// Tiles that are transformed before they are multiplied: V and the products stay in a first-level cache.
inline constexpr int block = lanes == 16 ? 32 : 16;

/// Whether a convolution takes it. The sums around the products cost more than they save for fewer channels.
inline bool fits(const geometry& g) {
    constexpr int least_channels = 16;
    return g.kernel == 3 && g.stride == 1 && (std::min)(g.in.channels, g.out.channels) >= least_channels;
}

/// The tiles of an image, row by row; the last ones may reach over its right and lower edge.
struct tile_grid {
    int across;
    int count;

    explicit tile_grid(shape out) : across((out.width + 1) / 2), count(across * ((out.height + 1) / 2)) {}
    int y(int tile) const { return tile / across * 2; } ///< the row of a tile's first output pixel
    int x(int tile) const { return tile % across * 2; } ///< its column
};

/// Floats from one element of a block to the next, for rows of so many floats. It is no power of two:
/// elements would then share the same sets of a cache.
constexpr std::ptrdiff_t element_step(int row) { return static_cast<std::ptrdiff_t>(block) * row + lanes; }

/// @return floats of scratch that `multiply` takes
inline std::size_t scratch_size(int in_channels) {
    return static_cast<std::size_t>(elements *
                                    (element_step(simd::padded(in_channels)) + element_step(panel)));
}

/// @return floats of the packed weights: [panel of output channels][element][input channel][panel]
inline std::size_t weights_size(int in_channels, int out_channels) {
    return static_cast<std::size_t>(elements) * static_cast<std::size_t>(in_channels) *
           static_cast<std::size_t>((out_channels + panel - 1) / panel * panel);
}

/// U, from weights that `workspace::pack` packed: 9 taps x input channels by output channels.
FITNAS_LAZY inline const float* pack(const float* packed, int in_channels, int out_channels, workspace& ws) {
    float* out = ws.transformed.reserve(weights_size(in_channels, out_channels));
    const std::ptrdiff_t channel = panel;
    const std::ptrdiff_t tap = in_channels * channel;
    parallel_for((out_channels + panel - 1) / panel * in_channels, [=](std::ptrdiff_t job) {
        const std::ptrdiff_t of_panel = job / in_channels;
        const std::ptrdiff_t in = job % in_channels;
        const float* w = packed + of_panel * panel * simd::padded(9 * in_channels) + in * channel;
        float* u = out + of_panel * elements * tap + in * channel;
        const vec<> half = simd::broadcast(0.5F);
        for (int n = 0; n < panel; n += lanes) {
            vec<> rows[4][3]; // G w
            for (int x = 0; x < 3; ++x) {
                const vec<> a = simd::load(w + x * tap + n);
                const vec<> b = simd::load(w + (3 + x) * tap + n);
                const vec<> c = simd::load(w + (6 + x) * tap + n);
                rows[0][x] = a;
                rows[1][x] = half * (a + b + c);
                rows[2][x] = half * (a - b + c);
                rows[3][x] = c;
            }
            for (int y = 0; y < 4; ++y) {
                const auto& [a, b, c] = rows[y];
                float* to = u + 4 * y * tap + n;
                simd::store(to, a);
                simd::store(to + tap, half * (a + b + c));
                simd::store(to + 2 * tap, half * (a - b + c));
                simd::store(to + 3 * tap, c);
            }
        }
    });
    return out;
}

/// V of one tile.
/// @param pixels its 4 x 4 input pixels
/// @param v its row in the first element
FITNAS_INLINE void transform_input(const padded_image& g, const float* pixels, std::ptrdiff_t step,
                                   float* v) {
    const int channels = g.in.channels;
    for (int c = 0; c < channels; c += lanes) {
        const int count = channels - c;
        vec<> rows[4][4]; // B^T d
        for (int x = 0; x < 4; ++x) {
            const float* from = pixels + static_cast<std::ptrdiff_t>(x) * channels + c;
            vec<> d[4];
            for (int y = 0; y < 4; ++y, from += g.run_step()) {
                d[y] = simd::load(from, count);
            }
            rows[0][x] = d[0] - d[2];
            rows[1][x] = d[1] + d[2];
            rows[2][x] = d[2] - d[1];
            rows[3][x] = d[1] - d[3];
        }
        for (int y = 0; y < 4; ++y) {
            float* to = v + 4 * y * step + c;
            simd::store(to, rows[y][0] - rows[y][2]);
            simd::store(to + step, rows[y][1] + rows[y][2]);
            simd::store(to + 2 * step, rows[y][2] - rows[y][1]);
            simd::store(to + 3 * step, rows[y][1] - rows[y][3]);
        }
    }
}

/// A^T m A of one tile, the output pixel in row y and column x as result[y][x].
template <int Vectors>
FITNAS_INLINE void transform_output(const float* products, simd::vecs<Vectors> (&result)[2][2]) {
    constexpr std::ptrdiff_t step = element_step(panel);
    for (int v = 0; v < Vectors; ++v, products += lanes) {
        vec<> rows[2][4]; // A^T m
        for (int x = 0; x < 4; ++x) {
            const vec<> b = simd::load(products + (4 + x) * step);
            const vec<> c = simd::load(products + (8 + x) * step);
            rows[0][x] = simd::load(products + x * step) + (b + c);
            rows[1][x] = (b - c) - simd::load(products + (12 + x) * step);
        }
        for (int y = 0; y < 2; ++y) {
            result[y][0][v] = rows[y][0] + (rows[y][1] + rows[y][2]);
            result[y][1][v] = (rows[y][1] - rows[y][2]) - rows[y][3];
        }
    }
}

/// Some tiles' V of one element, row by row, times the weights of a panel.
template <int Rows, int Vectors>
FITNAS_INLINE void multiply_rows(const float* v, int row_step, int channels, const float* u, float* to) {
    simd::tile<Rows, Vectors> acc = {};
    FITNAS_UNROLL(4)
    for (int c = 0; c < channels; ++c, u += panel) {
        simd::vecs<Vectors> y;
        for (int i = 0; i < Vectors; ++i) {
            y[i] = simd::load(u + i * lanes);
            simd::hold(y[i]);
        }
        FITNAS_UNROLL(8)
        for (int r = 0; r < Rows; ++r) {
            const vec<> factor = simd::broadcast(v[r * row_step + c]);
            for (int i = 0; i < Vectors; ++i) {
                acc[r][i] = simd::fma(factor, y[i], acc[r][i]);
            }
        }
    }
    for (int r = 0; r < Rows; ++r, to += panel) {
        for (int i = 0; i < Vectors; ++i) {
            simd::store(to + i * lanes, acc[r][i]);
        }
    }
}

/// The tiles [first, first + count) of one image, whose V is there, times one panel of weights.
template <int Vectors, epilogue Epilogue>
void multiply_block(const padded_image& g, int first, int count, const float* v, const float* u,
                    float* products, int column, const Epilogue& to) {
    const int row = simd::padded(g.in.channels);
    const std::ptrdiff_t of_element = std::ptrdiff_t{panel} * g.in.channels;
    for (int e = 0; e < elements; ++e, u += of_element) {
        const float* x = v + e * element_step(row);
        float* out = products + e * element_step(panel);
        int t = 0;
        for (; t + gemm_rows <= count; t += gemm_rows) {
            multiply_rows<gemm_rows, Vectors>(x + t * row, row, g.in.channels, u, out + t * panel);
        }
        for (; t < count; t += gemm_rows / 2) { // what is behind the last is multiplied, too
            multiply_rows<gemm_rows / 2, Vectors>(x + t * row, row, g.in.channels, u, out + t * panel);
        }
    }
    auto store = to.template panel<Vectors>(column);
    const tile_grid tiles(g.out);
    for (int t = 0; t < count; ++t) {
        simd::vecs<Vectors> pixels[2][2];
        transform_output<Vectors>(products + t * panel, pixels);
        const int y = tiles.y(first + t);
        const int x = tiles.x(first + t);
        for (int i = 0; i < (std::min)(2, g.out.height - y); ++i) {
            const int pixel = (y + i) * g.out.width + x;
            if (x + 1 < g.out.width) {
                store(pixel, pixels[i]);
            } else {
                simd::tile<1, Vectors> last;
                std::copy_n(pixels[i][0], Vectors, last[0]);
                store(pixel, last);
            }
        }
    }
    store.finish();
}

/// A convolution of one image.
/// @param u what `pack` made
/// @param scratch `scratch_size` floats
/// @param to takes one or two neighbouring pixels, in an order of tiles
template <epilogue Epilogue>
void multiply(const padded_image& g, const float* image, const float* u, float* scratch, const Epilogue& to) {
    const int row = simd::padded(g.in.channels);
    float* products = scratch + elements * element_step(row);
    const tile_grid tiles(g.out);
    const std::ptrdiff_t of_panel = std::ptrdiff_t{elements} * panel * g.in.channels;
    for (int first = 0; first < tiles.count; first += block) {
        const int count = (std::min)(block, tiles.count - first);
        for (int t = 0; t < count; ++t) {
            transform_input(g, image + g.window(tiles.y(first + t), tiles.x(first + t)), element_step(row),
                            scratch + t * row);
        }
        for (int column = 0; column < g.out.channels; column += panel) {
            const float* weights = u + column / panel * of_panel;
            if (g.out.channels - column > lanes) {
                multiply_block<2>(g, first, count, scratch, weights, products, column, to);
            } else {
                multiply_block<1>(g, first, count, scratch, weights, products, column, to);
            }
        }
    }
}

} // namespace winograd

} // namespace fitnas::detail

#endif
