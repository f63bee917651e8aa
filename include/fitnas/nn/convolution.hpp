/// @file
/// @brief Convolution of any odd kernel, forward and backward: rows of pixels are laid out as columns, then
/// multiplied.

#ifndef FITNAS_NN_CONVOLUTION_HPP
#define FITNAS_NN_CONVOLUTION_HPP

#include <fitnas/nn/pointwise.hpp>

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
        with_activation(x.act, [&](auto act) {
            for (int y = 0; y < in.height; ++y) {
                float* to = row(y);
                for (int i = 0; i < in.width; ++i, z += in.channels, to += in.channels) {
                    for (int c = 0; c < in.channels; c += W) {
                        simd::store(to + c, read<act()>(x, z + c, c, in.channels - c), in.channels - c);
                    }
                }
            }
        });
    }

    /// Calls `visit(row of the tile, column, offset in the plane, run)`: runs of kernel * channels
    /// neighbouring values.
    template <class Visit>
    void for_each_run(int y0, int height, Visit&& visit) const {
        for (int r = 0, y = y0; y < y0 + height; ++y) {
            for (int x = 0; x < out.width; ++x, ++r) {
                for (int ky = 0; ky < kernel; ++ky) {
                    visit(r, ky * kernel * in.channels,
                          window(y, x) + static_cast<std::ptrdiff_t>(ky) * plane_width() * in.channels);
                }
            }
        }
    }

    /// The tile's windows as rows of a blocked operand.
    void read_columns(const float* plane, int y0, int height, float* block, std::size_t stride_) const {
        const int run = kernel * in.channels;
        for (int c = columns(); c < simd::padded(columns()); ++c) {
            for (int r = 0; r < height * out.width; ++r) {
                block[static_cast<std::size_t>(c / W) * stride_ + static_cast<std::size_t>(r * W + c % W)] =
                    0;
            }
        }
        for_each_run(y0, height, [&](int r, int column, std::ptrdiff_t offset) {
            for (int i = 0; i < run; ++i) {
                const int c = column + i;
                block[static_cast<std::size_t>(c / W) * stride_ + static_cast<std::size_t>(r * W + c % W)] =
                    plane[offset + i];
            }
        });
    }
};

/// z (images x output shape); weights: width x kernel x kernel x input channels.
inline void convolution_forward(const affine_input& x, shape in, int kernel, int stride, int images,
                                const float* weights, int width, float* z, group_sums* sums, workspace& ws) {
    const convolution_geometry geometry{in, cell{in, width, stride}.output(), kernel, stride};
    const int k = geometry.columns();
    float* packed = ws.packed.reserve(packed_size(k, width));
    pack_panels(weights, 1, k, k, width, packed);
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        const int tile = geometry.tile_pixels();
        float* plane = thread_scratch(geometry.plane_size() + 16 + blocked_size(tile, k));
        float* block = plane + (geometry.plane_size() + 15) / 16 * 16;
        for (std::ptrdiff_t n = first; n < last; ++n) {
            geometry.read_plane(x, static_cast<int>(n), plane);
            for (int y = 0; y < geometry.out.height; y += geometry.tile_height()) {
                const int height = (std::min)(geometry.tile_height(), geometry.out.height - y);
                geometry.read_columns(plane, y, height, block, block_stride(tile));
                float* out =
                    z + n * geometry.out.size() + static_cast<std::ptrdiff_t>(y) * geometry.out.width * width;
                multiply(height * geometry.out.width, width, k, block, block_stride(tile), packed,
                         tile_store{out, width});
                if (sums != nullptr) {
                    add_sums(out, height * geometry.out.width, width, sums->first(group),
                             sums->second(group));
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
    const int ld = transposed_columns(k);
    const std::size_t weight_size =
        static_cast<std::size_t>(transposed_rows(width)) * static_cast<std::size_t>(ld);
    float* dw = ws.weights.reserve(weight_size * sum_groups);
    float* packed = ws.packed.reserve(packed_size(width, k));
    pack_panels(weights, k, 1, width, k, packed);
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* mine = dw + static_cast<std::size_t>(group) * weight_size;
        std::memset(mine, 0, weight_size * sizeof(float));
        const int tile = geometry.tile_pixels();
        const std::size_t plane_size = (geometry.plane_size() + 15) / 16 * 16;
        float* plane = thread_scratch(2 * plane_size + blocked_size(tile, k) + blocked_size(tile, width) +
                                      static_cast<std::size_t>(tile) * static_cast<std::size_t>(k));
        float* dplane = plane + plane_size;
        float* block = dplane + plane_size;
        float* gs = block + blocked_size(tile, k);
        float* dcolumns = gs + blocked_size(tile, width);
        for (std::ptrdiff_t n = first; n < last; ++n) {
            geometry.read_plane(x, static_cast<int>(n), plane);
            std::memset(dplane, 0, plane_size * sizeof(float));
            for (int y = 0; y < geometry.out.height; y += geometry.tile_height()) {
                const int height = (std::min)(geometry.tile_height(), geometry.out.height - y);
                const int pixels = height * geometry.out.width;
                geometry.read_columns(plane, y, height, block, block_stride(tile));
                read_blocked(g,
                             n * geometry.out.pixels() + static_cast<std::ptrdiff_t>(y) * geometry.out.width,
                             pixels, width, gs, block_stride(tile));
                multiply_transposed(pixels, width, k, gs, block_stride(tile), block, block_stride(tile), mine,
                                    ld);
                if (out.du == nullptr) {
                    continue;
                }
                multiply(pixels, k, width, gs, block_stride(tile), packed, tile_store{dcolumns, k});
                geometry.for_each_run(y, height, [&](int r, int column, std::ptrdiff_t offset) {
                    const float* from = dcolumns + static_cast<std::ptrdiff_t>(r) * k + column;
                    for (int i = 0; i < kernel * in.channels; ++i) {
                        dplane[offset + i] += from[i];
                    }
                });
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
            finish_gradient(
                x, out, static_cast<int>(in.pixels()), in.channels,
                [&](int r) { return n * in.size() + static_cast<std::ptrdiff_t>(r) * in.channels; },
                sums.first(group), sums.second(group));
        }
    });
    add_groups(dw, width, k, dweights);
}

} // namespace fitnas::detail

#endif
