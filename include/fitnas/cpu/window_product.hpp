/// @file
/// @brief The windows of a convolution, read where they lie in a padded image: register tiles of their
/// products.

#ifndef FITNAS_CPU_WINDOW_PRODUCT_HPP
#define FITNAS_CPU_WINDOW_PRODUCT_HPP

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

    /// Even, for tiles of 2 x 2 pixels (`winograd`).
    int padded_width() const { return in.width + in.width % 2 + 2 * padding(); }
    int padded_height() const { return in.height + in.height % 2 + 2 * padding(); }
    std::size_t size() const {
        return static_cast<std::size_t>(padded_height()) * static_cast<std::size_t>(padded_width()) *
               static_cast<std::size_t>(in.channels);
    }
    /// Values of a window.
    int columns() const { return taps() * in.channels; }
    /// Values of a window that lie side by side, and how many values further the next such run begins.
    int run() const { return kernel * in.channels; }
    std::ptrdiff_t run_step() const { return static_cast<std::ptrdiff_t>(padded_width()) * in.channels; }
    /// Values from one output pixel's window to the next.
    std::ptrdiff_t pixel_step() const { return static_cast<std::ptrdiff_t>(stride) * in.channels; }
    /// Where the window of an output pixel starts.
    std::ptrdiff_t window(int y, int x) const { return y * stride * run_step() + x * pixel_step(); }
    /// Where a row of the image itself starts.
    std::ptrdiff_t row(int y) const {
        return (y + padding()) * run_step() + static_cast<std::ptrdiff_t>(padding()) * in.channels;
    }

    /// Output rows of a tile whose columns are written out.
    int tile_height() const {
        return (std::max)(1, (std::min)(out.height, tile_rows(columns(), out.channels) / out.width));
    }
    int tile_pixels() const { return tile_height() * out.width; }
    /// Output rows of about 128 pixels: one vector of their windows' values and one panel of their gradients
    /// stay in a first-level cache.
    int cached_height() const { return (std::max)(1, (std::min)(out.height, 128 / out.width)); }

    /// Zeros, which stay around all images that are written to the same place.
    void clear(float* image) const { std::memset(image, 0, size() * sizeof(float)); }
    /// One image: `read(at, c, count)` gives the vector of channels [c, c + lanes), `count` of them there, of
    /// the pixel whose values begin at `at`.
    template <class Read>
    FITNAS_INLINE void write(float* to, Read&& read) const {
        std::ptrdiff_t at = 0;
        for (int y = 0; y < in.height; ++y) {
            float* pixel = to + row(y);
            for (int x = 0; x < in.width; ++x, pixel += in.channels, at += in.channels) {
                for (int c = 0; c < in.channels; c += lanes) {
                    simd::store(pixel + c, read(at, c, in.channels - c), in.channels - c);
                }
            }
        }
    }
    /// One image, batch norm and activation applied.
    void read_image(const affine_input& x, std::ptrdiff_t image, float* to) const {
        const float* z = x.z + image * in.size();
        if (x.plain()) { // images, most of all
            const std::ptrdiff_t length = static_cast<std::ptrdiff_t>(in.width) * in.channels;
            for (int y = 0; y < in.height; ++y) {
                std::copy_n(z + y * length, length, to + row(y));
            }
            return;
        }
        with_product_activation(x.act, [&](auto act) {
            write(to, [&](std::ptrdiff_t at, int c, int count) FITNAS_INLINE_LAMBDA {
                return apply_product<act()>(x.act, affine(x, c)(simd::load(z + at + c, count)));
            });
        });
    }
    /// The gradient of one image's convolution output.
    void read_image(const gradient_input& g, std::ptrdiff_t image, float* to) const {
        const float* du = g.du + image * in.size();
        const float* z = g.z != nullptr ? g.z + image * in.size() : du;
        write(to, [&](std::ptrdiff_t at, int c, int count)
                      FITNAS_INLINE_LAMBDA { return read(g, du + at + c, z + at + c, c, count); });
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
                simd::hold(y[v]);
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

/// Values of a window whose gradients are summed up together: with two vectors of channels they fill the
/// registers.
inline constexpr int window_rows = lanes == 8 ? 6 : gemm_rows;

/// Where the gradients of output pixels lie: vectors of channels, `vector` values from one to the next.
struct pixel_gradients {
    const float* first;
    std::ptrdiff_t vector;
    std::ptrdiff_t pixel;
    std::ptrdiff_t row;

    const float* at(int y, int column) const { return first + y * row + column / lanes * vector; }
};

/// to[t][n] += sum over some rows' pixels of window[t] * gradient[n], for window_rows values of a window,
/// which begin at `at` of image row 0, and a panel of n.
template <int Vectors>
void add_window_gradients(const padded_image& g, const float* const (&at)[window_rows], int y0, int height,
                          const pixel_gradients& gradient, int column, const transposed_result& to) {
    simd::tile<window_rows, Vectors> acc;
    for (int i = 0; i < window_rows; ++i) {
        for (int v = 0; v < Vectors; ++v) {
            acc[i][v] = simd::load(to.data + static_cast<std::ptrdiff_t>(i) * to.ld + v * lanes);
        }
    }
    for (int y = 0; y < height; ++y) {
        const float* from = gradient.at(y, column);
        std::ptrdiff_t offset = g.window(y0 + y, 0);
        for (int x = 0; x < g.out.width; ++x, offset += g.pixel_step(), from += gradient.pixel) {
            simd::vecs<Vectors> d;
            for (int v = 0; v < Vectors; ++v) {
                d[v] = simd::load(from + v * gradient.vector);
                simd::hold(d[v]);
            }
            FITNAS_UNROLL(8)
            for (int i = 0; i < window_rows; ++i) {
                const vec<> factor = simd::broadcast(at[i][offset]);
                for (int v = 0; v < Vectors; ++v) {
                    acc[i][v] = simd::fma(factor, d[v], acc[i][v]);
                }
            }
        }
    }
    for (int i = 0; i < window_rows; ++i) {
        for (int v = 0; v < Vectors; ++v) {
            simd::store(to.data + static_cast<std::ptrdiff_t>(i) * to.ld + v * lanes, acc[i][v]);
        }
    }
}
/// The same for all values of a window and all n.
/// @param gradient of output row y0 and those behind it
FITNAS_LAZY inline void add_window_gradients(const padded_image& g, const float* image, int y0, int height,
                                             const pixel_gradients& gradient, const transposed_result& to) {
    for (int column = 0; column < g.out.channels; column += panel) {
        const float* at[window_rows];
        const float* next = image;
        int left = g.run();
        for (int t = 0; t < g.columns(); t += window_rows) {
            for (int i = 0; i < window_rows; ++i) {
                at[i] = next; // what is behind the last means nothing
                if (t + i + 1 < g.columns()) {
                    ++next;
                    if (--left == 0) {
                        left = g.run();
                        next += g.run_step() - left;
                    }
                }
            }
            const transposed_result part{to.data + static_cast<std::ptrdiff_t>(t) * to.ld + column, to.ld,
                                         true};
            if (g.out.channels - column > lanes) {
                add_window_gradients<2>(g, at, y0, height, gradient, column, part);
            } else {
                add_window_gradients<1>(g, at, y0, height, gradient, column, part);
            }
        }
    }
}

} // namespace fitnas::detail

#endif
