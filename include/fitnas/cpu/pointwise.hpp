/// @file
/// @brief 1x1 convolution, forward and backward: one fused pass over tiles of rows.

#ifndef FITNAS_CPU_POINTWISE_HPP
#define FITNAS_CPU_POINTWISE_HPP

#include <fitnas/cpu/blocked.hpp>

namespace fitnas::detail {

/// Epilogue of a product forward: stores z row-major and gathers the sums of z and z^2.
struct forward_rows {
    float* z;
    int channels;
    double* first = nullptr; ///< nullptr: no sums
    double* second = nullptr;
    bool streams = false;

    template <int Vectors>
    struct panel_store {
        const forward_rows& to;
        int column;
        simd::vecs<Vectors> sum = {};
        simd::vecs<Vectors> squares = {};

        template <std::size_t Count>
        FITNAS_INLINE void operator()(int row, simd::vecs<Vectors> (&acc)[Count]) {
            constexpr auto Rows = static_cast<int>(Count);
            for (int v = 0; v < Vectors; ++v) {
                float* at = to.z + static_cast<std::ptrdiff_t>(row) * to.channels + column + v * lanes;
                const int left = to.channels - column - v * lanes;
                if (left <= 0) {
                    break;
                }
                for (int r = 0; r < Rows; ++r) {
                    sum[v] += acc[r][v];
                    squares[v] = simd::fma(acc[r][v], acc[r][v], squares[v]);
                }
                if constexpr (can_stream) {
                    if (to.streams) {
                        for (int r = 0; r < Rows; ++r, at += to.channels) {
                            simd::stream(at, acc[r][v]);
                        }
                        continue;
                    }
                }
                if (left >= lanes) {
                    for (int r = 0; r < Rows; ++r, at += to.channels) {
                        simd::store(at, acc[r][v]);
                    }
                } else {
                    for (int r = 0; r < Rows; ++r, at += to.channels) {
                        simd::store(at, acc[r][v], left);
                    }
                }
            }
        }
        void finish() const {
            for (int v = 0; to.first != nullptr && v < Vectors; ++v) {
                const int c = column + v * lanes;
                add_to(to.first + c, sum[v], to.channels - c);
                add_to(to.second + c, squares[v], to.channels - c);
            }
        }
    };
    template <int Vectors>
    panel_store<Vectors> panel(int column) const {
        return {*this, column};
    }
};

/// Epilogue of a product backward: what `finish_gradient` does, on the tile in registers.
template <activation A>
struct backward_rows {
    const affine_input& x;
    gradient_output out;
    std::ptrdiff_t at; ///< of the first row in all tensors
    int channels;
    double* first;
    double* second;
    bool streams;

    template <int Vectors>
    struct panel_store {
        const backward_rows& to;
        int column;
        simd::vecs<Vectors> sum = {};
        simd::vecs<Vectors> products = {};

        template <std::size_t Count>
        FITNAS_INLINE void operator()(int row, simd::vecs<Vectors> (&acc)[Count]) {
            constexpr auto Rows = static_cast<int>(Count);
            for (int v = 0; v < Vectors; ++v) {
                const int left = to.channels - column - v * lanes;
                if (left <= 0) {
                    break;
                }
                if constexpr (can_stream) {
                    if (to.streams) {
                        finish_tile<Rows>(row, v, acc, lanes,
                                          [](float* p, vec<> d, int) { simd::stream(p, d); });
                        continue;
                    }
                }
                if (left >= lanes) {
                    finish_tile<Rows>(row, v, acc, lanes, [](float* p, vec<> d, int) { simd::store(p, d); });
                } else {
                    finish_tile<Rows>(row, v, acc, left,
                                      [](float* p, vec<> d, int n) { simd::store(p, d, n); });
                }
            }
        }
        template <int Rows, class Put>
        FITNAS_INLINE void finish_tile(int row, int v, simd::tile<Rows, Vectors>& acc, int left, Put put) {
            const int c = column + v * lanes;
            std::ptrdiff_t i = to.at + static_cast<std::ptrdiff_t>(row) * to.channels + c;
            if constexpr (A == activation::none) {
                if (to.x.plain()) {
                    for (int r = 0; r < Rows; ++r, i += to.channels) {
                        put(to.out.du + i,
                            to.out.addend != nullptr ? acc[r][v] + simd::load(to.out.addend + i, left)
                                                     : acc[r][v],
                            left);
                    }
                    return;
                }
            }
            const affine u(to.x, c);
            const vec<> mean = to.x.mean != nullptr ? simd::load(to.x.mean + c) : vec<>{};
            for (int r = 0; r < Rows; ++r, i += to.channels) {
                const vec<> z = simd::load(to.x.z + i, left);
                vec<> d = derive_product<A>(to.x.act, acc[r][v], u(z));
                if (to.out.addend != nullptr) { // a shortcut reads the raw input of a recipe
                    d += simd::load(to.out.addend + i, left);
                }
                put(to.out.du + i, d, left);
                sum[v] += d;
                products[v] = simd::fma(d, z - mean, products[v]);
            }
        }
        void finish() const {
            for (int v = 0; to.x.mean != nullptr && v < Vectors; ++v) {
                const int c = column + v * lanes;
                add_to(to.first + c, sum[v], to.channels - c);
                add_to(to.second + c, products[v], to.channels - c);
            }
        }
    };
    template <int Vectors>
    panel_store<Vectors> panel(int column) const {
        return {*this, column};
    }
};

/// z (images x output shape) = x weights^T.
/// @tparam Words what x and the weights are rounded to
/// @param weights width x input channels
/// @param sums of z and z^2 are gathered there, where it is not null
template <class Words = convolution_words>
void pointwise_forward(const affine_input& x, shape in, int stride, int images, const float* weights,
                       int width, float* z, group_sums* sums, workspace& ws) {
    const int k = in.channels;
    const int words = Words::count(k);
    const std::ptrdiff_t rows = cell{in, k, stride}.output().pixels() * images;
    const int tile = tile_rows(k, width);
    const float* packed = ws.pack<Words>(weights, 1, k, k, width);
    const strided_rows source{in, stride};
    parallel_groups(tile_count(rows, tile), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* block = thread_scratch(blocked_size(tile, words));
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const std::ptrdiff_t r0 = t * tile;
            const int count = static_cast<int>((std::min)(std::ptrdiff_t{tile}, rows - r0));
            read_blocked<Words>(x, count, k, source, r0, {block}, block_stride(tile), tile * k);
            line_queue next;
            if (asks_while_computing && stride == 1 && r0 + tile < rows) {
                next.add(x.z + (r0 + tile) * k, (std::min)(std::ptrdiff_t{tile}, rows - r0 - tile) * k);
                next.spread(tiles_of_product(count, width));
            }
            forward_rows to{z + r0 * width, width};
            to.streams = streams(z, rows, width);
            if (sums != nullptr) {
                to.first = sums->first(group);
                to.second = sums->second(group);
            }
            multiply<Words>(count, width, words, block, block_stride(tile), packed, to, next);
        }
    });
}

/// Adds into the weights' gradient, overwrites `out.du` with the gradient of the input.
template <class Words = convolution_words>
void pointwise_backward(const gradient_input& g, const affine_input& x, shape in, int stride, int images,
                        const float* weights, int width, float* dweights, const gradient_output& out,
                        group_sums& sums, workspace& ws) {
    const int k = in.channels;
    const std::ptrdiff_t rows = cell{in, k, stride}.output().pixels() * images;
    const int tile = tile_rows(k, width);
    weight_gradient dw(width, k, ws);
    const float* packed = ws.pack<Words>(weights, k, 1, width, k);
    const strided_rows source{in, stride};
    if (out.du != nullptr && stride > 1) { // pixels between the strides
        std::fill_n(out.du, static_cast<std::ptrdiff_t>(in.size()) * images, 0.0F);
    }
    parallel_groups(
        tile_count(rows, tile), dw.groups, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
            if (first == last) {
                dw.clear(group);
            }
            constexpr bool floats = Words::each == 1;
            const std::size_t xs_size = blocked_size(tile, k);
            const std::size_t gs_size = blocked_size(tile, width);
            float* xs = thread_scratch(xs_size + (floats ? 1 : 2) * gs_size +
                                       static_cast<std::size_t>(tile) * static_cast<std::size_t>(k));
            float* gs = xs + xs_size;
            float* dx = gs + (floats ? 1 : 2) * gs_size;
            const blocked_rows to_x = floats ? blocked_rows{xs} : blocked_rows{nullptr, xs};
            const blocked_rows to_g = floats ? blocked_rows{gs, gs} : blocked_rows{gs, gs + gs_size};
            for (std::ptrdiff_t t = first; t < last; ++t) {
                const std::ptrdiff_t r0 = t * tile;
                const int count = static_cast<int>((std::min)(std::ptrdiff_t{tile}, rows - r0));
                read_blocked<Words>(x, count, k, source, r0, to_x, block_stride(tile), tile * k);
                read_blocked<Words>(g, r0, count, width, to_g, block_stride(tile), tile * width);
                line_queue next;
                if (asks_while_computing && r0 + tile < rows) {
                    const std::ptrdiff_t left = (std::min)(std::ptrdiff_t{tile}, rows - r0 - tile);
                    next.add(g.du + (r0 + tile) * width, left * width);
                    if (g.a != nullptr) {
                        next.add(g.z + (r0 + tile) * width, left * width);
                    }
                    if (stride == 1) {
                        next.add(x.z + (r0 + tile) * k, left * k);
                    }
                    next.spread(tiles_of_product(width, k) +
                                (out.du != nullptr ? tiles_of_product(count, k) : 0));
                }
                dw.add<Words>(group, Words::count(count), to_g.transposed, xs, block_stride(tile), t == first,
                              next);
                if (out.du == nullptr) {
                    continue;
                }
                if (stride == 1) {
                    with_product_activation(x.act, [&](auto act) {
                        multiply<Words>(count, k, Words::count(width), gs, block_stride(tile), packed,
                                        backward_rows<act()>{x, out, r0 * k, k, sums.first(group),
                                                             sums.second(group), streams(out.du, rows, k)},
                                        next);
                    });
                    continue;
                }
                multiply<Words>(count, k, Words::count(width), gs, block_stride(tile), packed,
                                forward_rows{dx, k}, next);
                for (int r = 0; r < count; ++r) {
                    std::copy_n(dx + static_cast<std::ptrdiff_t>(r) * k, k, out.du + source(r0 + r));
                }
                finish_gradient(x, out, count, k, source, r0, sums.first(group), sums.second(group));
            }
        });
    dw.add_up(dweights);
}

} // namespace fitnas::detail

#endif
