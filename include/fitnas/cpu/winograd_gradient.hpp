/// @file
/// @brief The gradient of the weights of a convolution of 3 x 3, by Winograd's tiles.

#ifndef FITNAS_CPU_WINOGRAD_GRADIENT_HPP
#define FITNAS_CPU_WINOGRAD_GRADIENT_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/weight_gradient.hpp>
#include <fitnas/cpu/winograd.hpp>

namespace fitnas::detail::winograd {

/// Rows of one element of dU, the derivative by U.
constexpr int gradient_rows(int in_channels) { return (in_channels + gemm_rows - 1) / gemm_rows * gemm_rows; }

/// @return floats of scratch that `add_gradient` takes
inline std::size_t gradient_scratch_size(int in_channels, int out_channels) {
    return static_cast<std::size_t>(
        elements * (element_step(simd::padded(in_channels)) + element_step(simd::padded(out_channels))));
}

/// A dy A^T of one tile.
/// @param pixels its 2 x 2 output pixels
FITNAS_INLINE void transform_gradient(const padded_image& back, const float* pixels, std::ptrdiff_t step,
                                      float* to) {
    const int channels = back.in.channels;
    for (int n = 0; n < channels; n += lanes, pixels += lanes, to += lanes) {
        const int count = channels - n;
        vec<> rows[4][2]; // A dy
        for (int x = 0; x < 2; ++x) {
            const float* from = pixels + static_cast<std::ptrdiff_t>(x) * channels;
            const vec<> a = simd::load(from, count);
            const vec<> b = simd::load(from + back.run_step(), count);
            rows[0][x] = a;
            rows[1][x] = a + b;
            rows[2][x] = a - b;
            rows[3][x] = -b;
        }
        for (int y = 0; y < 4; ++y) {
            float* at = to + 4 * y * step;
            simd::store(at, rows[y][0]);
            simd::store(at + step, rows[y][0] + rows[y][1]);
            simd::store(at + 2 * step, rows[y][0] - rows[y][1]);
            simd::store(at + 3 * step, -rows[y][1]);
        }
    }
}

/// to += sum over tiles of v * d, gemm_rows values of v by a panel of d.
template <int Vectors>
void add_products(int tiles, const float* v, int v_step, const float* d, int d_step, float* to, int ld) {
    simd::tile<gemm_rows, Vectors> acc;
    for (int i = 0; i < gemm_rows; ++i) {
        for (int j = 0; j < Vectors; ++j) {
            acc[i][j] = simd::load(to + static_cast<std::ptrdiff_t>(i) * ld + j * lanes);
        }
    }
    for (int t = 0; t < tiles; ++t, v += v_step, d += d_step) {
        simd::vecs<Vectors> y;
        for (int j = 0; j < Vectors; ++j) {
            y[j] = simd::load(d + j * lanes);
            simd::hold(y[j]);
        }
        FITNAS_UNROLL(8)
        for (int i = 0; i < gemm_rows; ++i) {
            const vec<> factor = simd::broadcast(v[i]);
            for (int j = 0; j < Vectors; ++j) {
                acc[i][j] = simd::fma(factor, y[j], acc[i][j]);
            }
        }
    }
    for (int i = 0; i < gemm_rows; ++i) {
        for (int j = 0; j < Vectors; ++j) {
            simd::store(to + static_cast<std::ptrdiff_t>(i) * ld + j * lanes, acc[i][j]);
        }
    }
}

/// dU += A dy A^T * V over the tiles of one image: for each of 16 elements a product of matrices.
/// @param dU [element][gradient_rows][output channel], `ld` floats from row to row
/// @param image,dimage the input and the gradient of the output, padded
FITNAS_LAZY inline void add_gradient(const padded_image& g, const float* image, const padded_image& back,
                                     const float* dimage, float* scratch, float* dU, int ld) {
    const int in = simd::padded(g.in.channels);
    const int out = simd::padded(g.out.channels);
    const int rows = gradient_rows(g.in.channels);
    float* gradients = scratch + elements * element_step(in);
    const tile_grid tiles(g.out);
    for (int first = 0; first < tiles.count; first += block) {
        const int count = (std::min)(block, tiles.count - first);
        for (int t = 0; t < count; ++t) {
            const int y = tiles.y(first + t);
            const int x = tiles.x(first + t);
            transform_input(g, image + g.window(y, x), element_step(in), scratch + t * in);
            transform_gradient(back, dimage + back.row(y) + static_cast<std::ptrdiff_t>(x) * back.in.channels,
                               element_step(out), gradients + t * out);
        }
        for (int e = 0; e < elements; ++e) {
            const float* v = scratch + e * element_step(in);
            const float* d = gradients + e * element_step(out);
            for (int n = 0; n < g.out.channels; n += panel) {
                for (int c = 0; c < g.in.channels; c += gemm_rows) {
                    float* to = dU + static_cast<std::ptrdiff_t>(e * rows + c) * ld + n;
                    if (g.out.channels - n > lanes) {
                        add_products<2>(count, v + c, in, d + n, out, to, ld);
                    } else {
                        add_products<1>(count, v + c, in, d + n, out, to, ld);
                    }
                }
            }
        }
    }
}

/// Adds G^T dU G, dU the sum of the groups' parts in order, into the gradient of the weights: output channels
/// x 9 taps x input channels.
FITNAS_LAZY inline void add_up_gradient(const weight_gradient& parts, const geometry& g, float* gradient) {
    const int in = g.in.channels;
    const int out = g.out.channels;
    const int rows = gradient_rows(in);
    parallel_for(in, [=, &parts](std::ptrdiff_t c) {
        const vec<> half = simd::broadcast(0.5F);
        for (int n = 0; n < out; n += lanes) {
            vec<> u[4][4];
            for (int e = 0; e < elements; ++e) {
                vec<> sum{};
                for (int group = 0; group < parts.groups; ++group) {
                    sum += simd::load(parts.part(group) + (e * rows + c) * parts.ld() + n);
                }
                u[e / 4][e % 4] = sum;
            }
            vec<> left[3][4]; // G^T dU
            for (int x = 0; x < 4; ++x) {
                const vec<> sum = half * (u[1][x] + u[2][x]);
                left[0][x] = u[0][x] + sum;
                left[1][x] = half * (u[1][x] - u[2][x]);
                left[2][x] = sum + u[3][x];
            }
            for (int y = 0; y < 3; ++y) {
                const vec<> sum = half * (left[y][1] + left[y][2]);
                const vec<> taps[3] = {left[y][0] + sum, half * (left[y][1] - left[y][2]), sum + left[y][3]};
                for (int x = 0; x < 3; ++x) {
                    for (int v = 0; v < (std::min)(lanes, out - n); ++v) {
                        gradient[((n + v) * std::ptrdiff_t{9} + 3 * y + x) * in + c] += taps[x][v];
                    }
                }
            }
        }
    });
}

} // namespace fitnas::detail::winograd

#endif
