/// @file
/// @brief 1x1 convolution, forward and backward: one fused pass over tiles of rows.

#ifndef FITNAS_NN_POINTWISE_HPP
#define FITNAS_NN_POINTWISE_HPP

#include <fitnas/nn/channels.hpp>

namespace fitnas::detail {

/// The row of the input that a strided 1x1 convolution reads for row r of its output, as an offset.
struct strided_rows {
    shape in;
    int stride;

    std::ptrdiff_t operator()(std::ptrdiff_t r) const {
        if (stride == 1) {
            return r * in.channels;
        }
        const shape out = cell{in, in.channels, stride}.output();
        const std::ptrdiff_t x = r % out.width;
        const std::ptrdiff_t y = r / out.width % out.height;
        const std::ptrdiff_t n = r / out.width / out.height;
        return (n * in.pixels() + y * stride * in.width + x * stride) * in.channels;
    }
};

/// Stores a register tile into a row-major matrix of n columns.
struct tile_store {
    float* out;
    int n;

    template <int Rows, int Vectors>
    FITNAS_INLINE void operator()(int row, int column, vec<> (&acc)[Rows][Vectors]) const {
        for (int r = 0; r < Rows; ++r) {
            float* to = out + static_cast<std::ptrdiff_t>(row + r) * n + column;
            for (int half = 0; half < Vectors; ++half) {
                const int left = n - column - half * W;
                if (left > 0) {
                    simd::store(to + half * W, acc[r][half], left);
                }
            }
        }
    }
};

/// z (images x output shape) = x weights^T.
/// @param weights width x input channels
/// @param sums of z and z^2 are gathered there, where it is not null
inline void pointwise_forward(const affine_input& x, shape in, int stride, int images, const float* weights,
                              int width, float* z, group_sums* sums, workspace& ws) {
    const int k = in.channels;
    const std::ptrdiff_t rows = cell{in, k, stride}.output().pixels() * images;
    const int tile = tile_rows(k, width);
    float* packed = ws.packed.reserve(packed_size(k, width));
    pack_panels(weights, 1, k, k, width, packed);
    const strided_rows source{in, stride};
    parallel_groups(tile_count(rows, tile), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* block = thread_scratch(blocked_size(tile, k));
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const std::ptrdiff_t r0 = t * tile;
            const int count = static_cast<int>((std::min)(std::ptrdiff_t{tile}, rows - r0));
            read_blocked(
                x, count, k, [&](int r) { return x.z + source(r0 + r); }, block, block_stride(tile));
            float* out = z + r0 * width;
            multiply(count, width, k, block, block_stride(tile), packed, tile_store{out, width});
            if (sums != nullptr) {
                add_sums(out, count, width, sums->first(group), sums->second(group));
            }
        }
    });
}

/// Adds into the weights' gradient, overwrites `out.du` with the gradient of the input.
inline void pointwise_backward(const gradient_input& g, const affine_input& x, shape in, int stride,
                               int images, const float* weights, int width, float* dweights,
                               const gradient_output& out, group_sums& sums, workspace& ws) {
    const int k = in.channels;
    const std::ptrdiff_t rows = cell{in, k, stride}.output().pixels() * images;
    const int tile = tile_rows(k, width);
    const int ld = transposed_columns(k);
    const std::size_t weight_size =
        static_cast<std::size_t>(transposed_rows(width)) * static_cast<std::size_t>(ld);
    float* dw = ws.weights.reserve(weight_size * sum_groups);
    float* packed = ws.packed.reserve(packed_size(width, k));
    pack_panels(weights, k, 1, width, k, packed);
    const strided_rows source{in, stride};
    const std::size_t input_values = static_cast<std::size_t>(in.size()) * static_cast<std::size_t>(images);
    if (out.du != nullptr && stride > 1) {
        std::memset(out.du, 0, input_values * sizeof(float)); // pixels between the strides
    }
    parallel_groups(tile_count(rows, tile), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* mine = dw + static_cast<std::size_t>(group) * weight_size;
        std::memset(mine, 0, weight_size * sizeof(float));
        const std::size_t size = blocked_size(tile, k);
        float* xs = thread_scratch(size + blocked_size(tile, width) +
                                   static_cast<std::size_t>(tile) * static_cast<std::size_t>(k));
        float* gs = xs + size;
        float* dx = gs + blocked_size(tile, width);
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const std::ptrdiff_t r0 = t * tile;
            const int count = static_cast<int>((std::min)(std::ptrdiff_t{tile}, rows - r0));
            read_blocked(
                x, count, k, [&](int r) { return x.z + source(r0 + r); }, xs, block_stride(tile));
            read_blocked(g, r0, count, width, gs, block_stride(tile));
            multiply_transposed(count, width, k, gs, block_stride(tile), xs, block_stride(tile), mine, ld);
            if (out.du == nullptr) {
                continue;
            }
            if (stride == 1) {
                multiply(count, k, width, gs, block_stride(tile), packed, tile_store{out.du + r0 * k, k});
            } else {
                multiply(count, k, width, gs, block_stride(tile), packed, tile_store{dx, k});
                for (int r = 0; r < count; ++r) {
                    std::copy_n(dx + static_cast<std::ptrdiff_t>(r) * k, k, out.du + source(r0 + r));
                }
            }
            finish_gradient(
                x, out, count, k, [&](int r) { return source(r0 + r); }, sums.first(group),
                sums.second(group));
        }
    });
    add_groups(dw, width, k, dweights);
}

} // namespace fitnas::detail

#endif
