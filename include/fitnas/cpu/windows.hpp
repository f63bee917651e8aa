/// @file
/// @brief The windows of a convolution, read where they lie in a padded image: register tiles of their
/// products.

#ifndef FITNAS_CPU_WINDOWS_HPP
#define FITNAS_CPU_WINDOWS_HPP

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <fitnas/config.hpp>
#include <fitnas/core/epilogue.hpp>
#include <fitnas/core/gemm.hpp>
#include <fitnas/cpu/geometry.hpp>
#include <fitnas/cpu/operand.hpp>

namespace fitnas::detail {

/// One image of a convolution's input, zeros around it, and its tiles: some rows of output pixels.
struct padded_image : geometry {
    explicit padded_image(const geometry& g) : geometry(g) {}

    int padded_width() const { return in.width + 2 * padding(); }
    std::size_t size() const {
        return static_cast<std::size_t>(in.height + 2 * padding()) *
               static_cast<std::size_t>(padded_width()) * static_cast<std::size_t>(in.channels);
    }
    /// Values of a window.
    int columns() const { return taps() * in.channels; }
    /// Values of a window that lie side by side, and how many values further the next such run begins.
    int run() const { return kernel * in.channels; }
    std::ptrdiff_t run_step() const { return static_cast<std::ptrdiff_t>(padded_width()) * in.channels; }
    /// From one output pixel's window to the next.
    std::ptrdiff_t pixel_step() const { return static_cast<std::ptrdiff_t>(stride) * in.channels; }
    /// Where a value lies in its window.
    std::ptrdiff_t column(int t) const { return t / run() * run_step() + t % run(); }
    /// Where the window of an output pixel starts.
    std::ptrdiff_t window(int y, int x) const { return y * stride * run_step() + x * pixel_step(); }
    /// Where a row of the image itself starts.
    std::ptrdiff_t row(int y) const {
        return (y + padding()) * run_step() + static_cast<std::ptrdiff_t>(padding()) * in.channels;
    }

    /// Output rows of a tile.
    int tile_height() const {
        return (std::max)(1, (std::min)(out.height, tile_rows(columns(), out.channels) / out.width));
    }
    int tile_pixels() const { return tile_height() * out.width; }

    /// One image with batch norm and activation applied, zeros around it.
    void read_image(const affine_input& x, std::ptrdiff_t image, float* to) const {
        std::memset(to, 0, size() * sizeof(float));
        const float* z = x.z + image * in.size();
        const std::ptrdiff_t length = static_cast<std::ptrdiff_t>(in.width) * in.channels;
        if (x.plain()) { // images, most of all
            for (int y = 0; y < in.height; ++y) {
                std::copy_n(z + y * length, length, to + row(y));
            }
            return;
        }
        for (int y = 0; y < in.height; ++y) {
            for (std::ptrdiff_t i = 0; i < length; i += in.channels, z += in.channels) {
                for (int c = 0; c < in.channels; c += lanes) {
                    simd::store(to + row(y) + i + c, read(x, z + c, c, in.channels - c), in.channels - c);
                }
            }
        }
    }
    /// Adds a tile's gradients at the windows' values, [pixel][columns], to those of the padded image.
    void add_columns(const float* gradients, int y0, int height, float* image) const {
        for (int y = y0; y < y0 + height; ++y) {
            for (int x = 0; x < out.width; ++x) {
                float* to = image + window(y, x);
                for (int ky = 0; ky < kernel; ++ky, to += run_step(), gradients += run()) {
                    for (int i = 0; i < run(); ++i) {
                        to[i] += gradients[i];
                    }
                }
            }
        }
    }
    /// The inside of a padded image, in rows without gaps.
    void copy_inside(const float* image, float* to) const {
        const std::ptrdiff_t length = static_cast<std::ptrdiff_t>(in.width) * in.channels;
        for (int y = 0; y < in.height; ++y) {
            std::copy_n(image + row(y), length, to + y * length);
        }
    }
};

/// `Pixels` neighbouring pixels of one output row: their windows times a panel of packed weights.
template <int Pixels, int Vectors, class Store>
FITNAS_INLINE void window_tile(const padded_image& g, const float* window, const float* b, int row,
                               Store& store) {
    simd::tile<Pixels, Vectors> acc = {};
    const std::ptrdiff_t step = g.pixel_step();
    const int run = g.run();
    for (int ky = 0; ky < g.kernel; ++ky, window += g.run_step()) {
        for (int i = 0; i < run; ++i, b += panel) {
            simd::vecs<Vectors> y;
            for (int v = 0; v < Vectors; ++v) {
                y[v] = simd::load(b + v * lanes);
            }
            FITNAS_UNROLL(8)
            for (int r = 0; r < Pixels; ++r) {
                const vec<> factor = simd::broadcast(window[r * step + i]);
                for (int v = 0; v < Vectors; ++v) {
                    acc[r][v] = simd::fma(factor, y[v], acc[r][v]);
                }
            }
        }
    }
    store(row, acc);
}

/// All windows of one image times one panel.
template <int Vectors, epilogue Epilogue>
void multiply_windows(const padded_image& g, const float* image, const float* b, int column,
                      const Epilogue& to) {
    auto store = to.template panel<Vectors>(column);
    for (int y = 0; y < g.out.height; ++y) {
        const int row = y * g.out.width;
        int x = 0;
        for (; x + gemm_rows <= g.out.width; x += gemm_rows) {
            window_tile<gemm_rows, Vectors>(g, image + g.window(y, x), b, row + x, store);
        }
        for (; x < g.out.width; ++x) {
            window_tile<1, Vectors>(g, image + g.window(y, x), b, row + x, store);
        }
    }
    store.finish();
}
template <epilogue Epilogue>
void multiply_windows(const padded_image& g, const float* image, const float* b, const Epilogue& to) {
    const int n = g.out.channels;
    const std::ptrdiff_t one = std::ptrdiff_t{panel} * simd::padded(g.columns());
    for (int column = 0; column < n; column += panel, b += one) {
        if (n - column > lanes) {
            multiply_windows<2>(g, image, b, column, to);
        } else {
            multiply_windows<1>(g, image, b, column, to);
        }
    }
}

/// to[t][n] += sum over a tile's pixels of window[t] * gradient[n], for gemm_rows values of a window from
/// `first` on and a panel of n.
template <int Vectors>
void add_window_gradients(const padded_image& g, const float* image, int y0, int height, int first,
                          const blocked& gradient, const transposed_result& to) {
    simd::tile<gemm_rows, Vectors> acc;
    const float* at[gemm_rows];
    for (int i = 0; i < gemm_rows; ++i) {
        // What is behind the last means nothing.
        at[i] = image + g.column((std::min)(first + i, g.columns() - 1));
        for (int v = 0; v < Vectors; ++v) {
            acc[i][v] = simd::load(to.data + static_cast<std::ptrdiff_t>(i) * to.ld + v * lanes);
        }
    }
    const float* from = gradient.data;
    for (int y = y0; y < y0 + height; ++y) {
        std::ptrdiff_t offset = g.window(y, 0);
        for (int x = 0; x < g.out.width; ++x, offset += g.pixel_step(), from += lanes) {
            simd::vecs<Vectors> d;
            for (int v = 0; v < Vectors; ++v) {
                d[v] = simd::load(from + static_cast<std::size_t>(v) * gradient.stride);
            }
            FITNAS_UNROLL(8)
            for (int i = 0; i < gemm_rows; ++i) {
                const vec<> factor = simd::broadcast(at[i][offset]);
                for (int v = 0; v < Vectors; ++v) {
                    acc[i][v] = simd::fma(factor, d[v], acc[i][v]);
                }
            }
        }
    }
    for (int i = 0; i < gemm_rows; ++i) {
        for (int v = 0; v < Vectors; ++v) {
            simd::store(to.data + static_cast<std::ptrdiff_t>(i) * to.ld + v * lanes, acc[i][v]);
        }
    }
}
FITNAS_LAZY inline void add_window_gradients(const padded_image& g, const float* image, int y0, int height,
                                             const blocked& gradient, const transposed_result& to) {
    for (int column = 0; column < g.out.channels; column += panel) {
        for (int t = 0; t < g.columns(); t += gemm_rows) {
            const transposed_result part{to.data + static_cast<std::ptrdiff_t>(t) * to.ld + column, to.ld,
                                         true};
            if (g.out.channels - column > lanes) {
                add_window_gradients<2>(g, image, y0, height, t, gradient.from_column(column), part);
            } else {
                add_window_gradients<1>(g, image, y0, height, t, gradient.from_column(column), part);
            }
        }
    }
}

} // namespace fitnas::detail

#endif
