/// @file
/// @brief 1x1 convolution, forward and backward: one fused pass over tiles of rows.

#ifndef FITNAS_CPU_POINTWISE_HPP
#define FITNAS_CPU_POINTWISE_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/line_queue.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/words.hpp>
#include <fitnas/cpu/blocked.hpp>
#include <fitnas/cpu/finish_gradient.hpp>
#include <fitnas/cpu/geometry.hpp>
#include <fitnas/cpu/row_epilogues.hpp>
#include <fitnas/cpu/weight_gradient.hpp>
#include <fitnas/cpu/workspace.hpp>

namespace fitnas::detail {

/// z (images x output shape) = x weights^T.
/// @tparam Words what x and the weights are rounded to
/// @param weights output x input channels
/// @param sums of z and z^2 are gathered there, where it is not null
template <class Words = convolution_words>
void pointwise_forward(const geometry& g, const affine_input& x, const float* weights, float* z,
                       group_sums* sums, workspace& ws) {
    const int k = g.in.channels;
    const int n = g.out.channels;
    const int words = Words::count(k);
    const row_tiles tiles(g.rows(), k, n);
    const float* packed = ws.pack<Words>(weights, 1, k, k, n);
    const strided_rows source{g.in, g.stride};
    parallel_groups(tiles.count(), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* left = thread_scratch(blocked_size(tiles.most, words));
        const blocked_rows xs{left, nullptr, blocked_stride(tiles.most)};
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const row_tile tile = tiles[t];
            read_blocked<Words>(x, tile, k, source, xs, tiles.most * k);
            line_queue next;
            if (prefetches_in_products && g.stride == 1 && t + 1 < tiles.count()) {
                const row_tile behind = tiles[t + 1];
                next.add(x.z + behind.first * k, std::ptrdiff_t{behind.count} * k);
                next.spread(tiles_of_product(tile.count, n));
            }
            forward_rows to{z + tile.first * n, n};
            to.streams = streams(z, g.rows(), n);
            if (sums != nullptr) {
                to.first = sums->first(group);
                to.second = sums->second(group);
            }
            multiply<Words>({tile.count, n, words}, xs.as_left(), packed, to, next);
        }
    });
}

/// Asks for the next tile of rows while the products of this one are computed.
/// @param gradient at the output
FITNAS_LAZY inline line_queue next_rows(const geometry& g, const gradient_input& gradient,
                                        const affine_input& x, const gradient_output& out, int count,
                                        const row_tile& behind) {
    const int k = g.in.channels;
    const int n = g.out.channels;
    line_queue next;
    next.add(gradient.du + behind.first * n, std::ptrdiff_t{behind.count} * n);
    if (gradient.a != nullptr) {
        next.add(gradient.z + behind.first * n, std::ptrdiff_t{behind.count} * n);
    }
    if (g.stride == 1) {
        next.add(x.z + behind.first * k, std::ptrdiff_t{behind.count} * k);
    }
    next.spread(tiles_of_product(n, k) + (out.du != nullptr ? tiles_of_product(count, k) : 0));
    return next;
}

/// Adds into the weights' gradient, overwrites `out.du` with the gradient of the input.
template <class Words = convolution_words>
void pointwise_backward(const geometry& g, const gradient_input& gradient, const affine_input& x,
                        const float* weights, float* dweights, const gradient_output& out, group_sums& sums,
                        workspace& ws) {
    const int k = g.in.channels;
    const int n = g.out.channels;
    const row_tiles tiles(g.rows(), k, n);
    weight_gradient dw(n, k, ws);
    const float* packed = ws.pack<Words>(weights, k, 1, n, k);
    const strided_rows source{g.in, g.stride};
    if (out.du != nullptr && g.stride > 1) { // pixels between the strides
        unreached_gradient(out, static_cast<std::ptrdiff_t>(g.in.size()) * g.images);
    }
    const auto pass = [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        if (first == last) {
            dw.clear(group);
        }
        constexpr bool floats = Words::each == 1;
        const std::size_t stride = blocked_stride(tiles.most);
        const std::size_t xs_size = blocked_size(tiles.most, k);
        const std::size_t gs_size = blocked_size(tiles.most, n);
        float* x_rows = thread_scratch(xs_size + (floats ? 1 : 2) * gs_size +
                                       static_cast<std::size_t>(tiles.most) * static_cast<std::size_t>(k));
        float* g_rows = x_rows + xs_size;
        float* dx = g_rows + (floats ? 1 : 2) * gs_size;
        const blocked_rows xs{floats ? x_rows : nullptr, x_rows, stride};
        const blocked_rows gs{g_rows, floats ? g_rows : g_rows + gs_size, stride};
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const row_tile tile = tiles[t];
            read_blocked<Words>(x, tile, k, source, xs, tiles.most * k);
            read_blocked<Words>(gradient, tile, n, gs, tiles.most * n);
            line_queue next;
            if (prefetches_in_products && t + 1 < tiles.count()) {
                next = next_rows(g, gradient, x, out, tile.count, tiles[t + 1]);
            }
            dw.add<Words>(group, Words::count(tile.count), gs.as_transposed(), xs.as_transposed(), t == first,
                          next);
            if (out.du == nullptr) {
                continue;
            }
            const product_size back{tile.count, k, Words::count(n)};
            if (g.stride == 1) {
                with_product_activation(x.act, [&](auto act) {
                    multiply<Words>(back, gs.as_left(), packed,
                                    backward_rows<act()>{x, out, tile.first * k, k, sums.first(group),
                                                         sums.second(group), streams(out.du, g.rows(), k)},
                                    next);
                });
                continue;
            }
            multiply<Words>(back, gs.as_left(), packed, forward_rows{dx, k}, next);
            for (int r = 0; r < tile.count; ++r) {
                std::copy_n(dx + static_cast<std::ptrdiff_t>(r) * k, k, out.du + source(tile.first + r));
            }
            finish_gradient(x, out, tile, k, source, sums, group);
        }
    };
    parallel_groups(tiles.count(), dw.groups, pass);
    dw.add_up(dweights);
}

} // namespace fitnas::detail

#endif
