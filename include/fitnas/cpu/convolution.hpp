/// @file
/// @brief Convolution of any odd kernel, forward and backward: matrix products whose left
/// operand, the windows, is read where it lies in a padded image.

#ifndef FITNAS_CPU_CONVOLUTION_HPP
#define FITNAS_CPU_CONVOLUTION_HPP

#include <fitnas/cpu/pointwise.hpp>

namespace fitnas::detail {

/// The geometry of a convolution and its tiles: some rows of output pixels of one image.
struct convolution_geometry {
    shape in;
    shape out;
    int kernel;
    int stride;

    int padding() const { return kernel / 2; }
    int plane_width() const { return in.width + 2 * padding(); }
    int columns() const { return kernel * kernel * in.channels; }
    std::size_t plane_size() const {
        return static_cast<std::size_t>(in.height + 2 * padding()) * static_cast<std::size_t>(plane_width()) *
               static_cast<std::size_t>(in.channels);
    }
    /// Output rows of a tile.
    int tile_height() const {
        return (std::max)(1, (std::min)(out.height, tile_rows(columns(), out.channels) / out.width));
    }
    int tile_pixels() const { return tile_height() * out.width; }
    /// Where the window of an output pixel starts in the padded plane.
    std::ptrdiff_t window(int y, int x) const {
        return (static_cast<std::ptrdiff_t>(y) * stride * plane_width() +
                static_cast<std::ptrdiff_t>(x) * stride) *
               in.channels;
    }

    /// One image with batch norm and activation applied, zeros around it.
    void read_plane(const affine_input& x, int image, float* plane) const {
        std::memset(plane, 0, plane_size() * sizeof(float));
        const float* z = x.z + image * in.size();
        const auto row = [&](int y) {
            return plane +
                   (static_cast<std::ptrdiff_t>(y + padding()) * plane_width() + padding()) * in.channels;
        };
        if (x.plain()) { // images, most of all
            const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(in.width) * in.channels;
            for (int y = 0; y < in.height; ++y) {
                std::copy_n(z + y * size, size, row(y));
            }
            return;
        }
        for (int y = 0; y < in.height; ++y) {
            float* to = row(y);
            for (int i = 0; i < in.width; ++i, z += in.channels, to += in.channels) {
                for (int c = 0; c < in.channels; c += lanes) {
                    simd::store(to + c, read(x, z + c, c, in.channels - c), in.channels - c);
                }
            }
        }
    }

    /// Values of a window that lie side by side, and how many values further the next such run begins.
    int run() const { return kernel * in.channels; }
    std::ptrdiff_t run_step() const { return static_cast<std::ptrdiff_t>(plane_width()) * in.channels; }
    /// From one output pixel's window to the next.
    std::ptrdiff_t pixel_step() const { return static_cast<std::ptrdiff_t>(stride) * in.channels; }
    /// Where a tap lies in its window.
    std::ptrdiff_t tap(int t) const { return t / run() * run_step() + t % run(); }

    /// Adds a tile's gradients at the windows' values, [pixel][columns], to those of the plane.
    void add_columns(const float* columns_, int y0, int height, float* plane) const {
        for (int y = y0; y < y0 + height; ++y) {
            for (int x = 0; x < out.width; ++x) {
                float* to = plane + window(y, x);
                for (int ky = 0; ky < kernel; ++ky, to += run_step(), columns_ += run()) {
                    for (int i = 0; i < run(); ++i) {
                        to[i] += columns_[i];
                    }
                }
            }
        }
    }
};

/// `Pixels` neighbouring pixels of one output row: their windows times a panel of packed weights. The windows
/// are read where they lie.
template <int Pixels, int Vectors, class Store>
FITNAS_INLINE void window_tile(const convolution_geometry& g, const float* window, const float* b, int row,
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
template <int Vectors, class Epilogue>
void multiply_windows(const convolution_geometry& g, const float* plane, const float* b, int column,
                      const Epilogue& epilogue) {
    auto store = epilogue.template panel<Vectors>(column);
    for (int y = 0; y < g.out.height; ++y) {
        const int row = y * g.out.width;
        int x = 0;
        for (; x + gemm_rows <= g.out.width; x += gemm_rows) {
            window_tile<gemm_rows, Vectors>(g, plane + g.window(y, x), b, row + x, store);
        }
        for (; x < g.out.width; ++x) {
            window_tile<1, Vectors>(g, plane + g.window(y, x), b, row + x, store);
        }
    }
    store.finish();
}

/// part[tap][n] += sum over a tile's pixels of window[tap] * gradient[n], for gemm_rows taps and a panel of
/// n.
template <int Vectors>
void add_window_gradients(const convolution_geometry& g, const float* plane, int y0, int height,
                          int first_tap, const float* gradient, std::size_t gradient_stride, float* part,
                          int ld) {
    simd::tile<gemm_rows, Vectors> acc;
    const float* at[gemm_rows];
    for (int i = 0; i < gemm_rows; ++i) {
        at[i] = plane +
                g.tap((std::min)(first_tap + i, g.columns() - 1)); // what is behind the last means nothing
        for (int v = 0; v < Vectors; ++v) {
            acc[i][v] = simd::load(part + static_cast<std::ptrdiff_t>(i) * ld + v * lanes);
        }
    }
    for (int y = y0; y < y0 + height; ++y) {
        std::ptrdiff_t offset = g.window(y, 0);
        for (int x = 0; x < g.out.width; ++x, offset += g.pixel_step(), gradient += lanes) {
            simd::vecs<Vectors> d;
            for (int v = 0; v < Vectors; ++v) {
                d[v] = simd::load(gradient + static_cast<std::size_t>(v) * gradient_stride);
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
            simd::store(part + static_cast<std::ptrdiff_t>(i) * ld + v * lanes, acc[i][v]);
        }
    }
}

/// z (images x output shape); weights: width x kernel x kernel x input channels.
inline void convolution_forward(const affine_input& x, shape in, int kernel, int stride, int images,
                                const float* weights, int width, float* z, group_sums* sums, workspace& ws) {
    const convolution_geometry geometry{in, cell{in, width, stride}.output(), kernel, stride};
    const int k = geometry.columns();
    const float* packed = ws.pack(weights, 1, k, k, width);
    const std::size_t one = static_cast<std::size_t>(panel) * static_cast<std::size_t>(simd::padded(k));
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* plane = thread_scratch(geometry.plane_size());
        for (std::ptrdiff_t n = first; n < last; ++n) {
            geometry.read_plane(x, static_cast<int>(n), plane);
            forward_rows to{z + n * geometry.out.size(), width};
            if (sums != nullptr) {
                to.first = sums->first(group);
                to.second = sums->second(group);
            }
            const float* b = packed;
            for (int column = 0; column < width; column += panel, b += one) {
                if (width - column > lanes) {
                    multiply_windows<2>(geometry, plane, b, column, to);
                } else {
                    multiply_windows<1>(geometry, plane, b, column, to);
                }
            }
        }
    });
}

/// Adds into the weights' gradient, overwrites `out.du` with the gradient of the input.
inline void convolution_backward(const gradient_input& g, const affine_input& x, shape in, int kernel,
                                 int stride, int images, const float* weights, int width, float* dweights,
                                 const gradient_output& out, group_sums& sums, workspace& ws) {
    const convolution_geometry geometry{in, cell{in, width, stride}.output(), kernel, stride};
    const int k = geometry.columns();
    weight_gradient dw(k, width, ws); // transposed: windows are broadcast, gradients are vectors
    const float* packed = ws.pack(weights, k, 1, width, k);
    parallel_groups(images, dw.groups, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        dw.clear(group);
        const int tile = geometry.tile_pixels();
        const std::size_t plane_size = (geometry.plane_size() + 15) / 16 * 16;
        float* plane = thread_scratch(2 * plane_size + blocked_size(tile, width) +
                                      static_cast<std::size_t>(tile) * static_cast<std::size_t>(k));
        float* dplane = plane + plane_size;
        float* gs = dplane + plane_size;
        float* dcolumns = gs + blocked_size(tile, width);
        for (std::ptrdiff_t n = first; n < last; ++n) {
            geometry.read_plane(x, static_cast<int>(n), plane);
            if (out.du != nullptr) {
                std::fill_n(dplane, plane_size, 0.0F);
            }
            for (int y = 0; y < geometry.out.height; y += geometry.tile_height()) {
                const int height = (std::min)(geometry.tile_height(), geometry.out.height - y);
                const int pixels = height * geometry.out.width;
                read_blocked(g,
                             n * geometry.out.pixels() + static_cast<std::ptrdiff_t>(y) * geometry.out.width,
                             pixels, width, {gs}, block_stride(tile));
                for (int column = 0; column < width; column += panel) {
                    const float* d = gs + static_cast<std::size_t>(column / lanes) * block_stride(tile);
                    for (int t = 0; t < k; t += gemm_rows) {
                        float* part = dw.part(group) + static_cast<std::ptrdiff_t>(t) * dw.ld() + column;
                        if (width - column > lanes) {
                            add_window_gradients<2>(geometry, plane, y, height, t, d, block_stride(tile),
                                                    part, dw.ld());
                        } else {
                            add_window_gradients<1>(geometry, plane, y, height, t, d, block_stride(tile),
                                                    part, dw.ld());
                        }
                    }
                }
                if (out.du != nullptr) {
                    multiply(pixels, k, width, gs, block_stride(tile), packed, forward_rows{dcolumns, k});
                    geometry.add_columns(dcolumns, y, height, dplane);
                }
            }
            if (out.du == nullptr) {
                continue;
            }
            float* du = out.du + n * in.size();
            const int p = geometry.padding();
            for (int y = 0; y < in.height; ++y) {
                std::copy_n(dplane + (static_cast<std::ptrdiff_t>(y + p) * geometry.plane_width() + p) *
                                         in.channels,
                            static_cast<std::ptrdiff_t>(in.width) * in.channels,
                            du + static_cast<std::ptrdiff_t>(y) * in.width * in.channels);
            }
            finish_gradient(x, out, static_cast<int>(in.pixels()), in.channels, {in}, n * in.pixels(),
                            sums.first(group), sums.second(group));
        }
    });
    dw.add_up_transposed(dweights);
}

} // namespace fitnas::detail

#endif
