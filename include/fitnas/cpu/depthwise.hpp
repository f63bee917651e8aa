/// @file
/// @brief Depthwise convolution, forward and backward: stencils over planes in cache.

#ifndef FITNAS_CPU_DEPTHWISE_HPP
#define FITNAS_CPU_DEPTHWISE_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/input_gradient.hpp>
#include <fitnas/cpu/plane_source.hpp>
#include <fitnas/cpu/planes.hpp>
#include <fitnas/cpu/tap_gradient.hpp>
#include <fitnas/cpu/tile_output.hpp>
#include <fitnas/cpu/workspace.hpp>

namespace fitnas::detail {

/// Weights of [taps][channels] as [plane][taps][lanes].
FITNAS_LAZY inline const float* arrange_taps(const float* weights, const depthwise_planes& g, workspace& ws) {
    const int channels = g.in.channels;
    float* taps = ws.taps.reserve(g.all_taps_size());
    float* to = taps;
    for (int c = 0; c < channels; c += lanes) {
        for (int k = 0; k < g.taps(); ++k, to += lanes) {
            simd::store(to,
                        simd::load(weights + static_cast<std::ptrdiff_t>(k) * channels + c, channels - c));
        }
    }
    return taps;
}

/// What becomes of a tile forward: it is stored and summed up, while the next planes' pixels are asked for.
struct forward_tiles {
    const tile_output& out;
    partial_sums* sums;
    next_pixels& next;
    int asks; ///< pixels of the input for one of the output
    int tile_columns;

    FITNAS_INLINE void operator()(int i, const output_tile& tile, const float* values) const {
        partial_sums sum = sums[i]; // in registers
        const float* ahead = next.at[i];
        out.put_plane(i, [&](auto put) FITNAS_INLINE_LAMBDA {
            const std::ptrdiff_t step = out.pixel_step;
            for (int r = 0; r < tile.rows; ++r, values += tile_columns * lanes) {
                float* to = out.at(tile.y + r, tile.x) + i * lanes;
                for_columns(tile.columns, [&](int j, auto part) FITNAS_INLINE_LAMBDA {
                    const vec<> v = simd::load(values + j * lanes);
                    put(to, v);
                    sum.template add<part()>(v, v);
                    to += step;
                    ahead = ask_for(ahead, next.step, asks);
                });
            }
        });
        next.at[i] = ahead;
        sums[i] = sum;
    }
};

/// z (images x output shape); weights: kernel x kernel x channels.
FITNAS_LAZY inline void depthwise_forward(const geometry& sizes, const plane_source& source,
                                          const float* weights, float* z, group_sums* sums, workspace& ws) {
    const depthwise_planes g(sizes);
    const float* taps = arrange_taps(weights, g, ws);
    const int channels = g.in.channels;
    const bool streaming = streams(z, g.rows(), channels);
    const int columns = g.forward.columns;
    parallel_groups(g.images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        const std::size_t size = g.input.size * static_cast<std::size_t>(g.at_once);
        float* plane = thread_scratch(size + source.scratch());
        float* scratch = plane + size;
        std::fill_n(plane, size, 0.0F);
        const auto pass = [&](std::ptrdiff_t n, const plane_range& range) {
            partial_sums s[planes_at_once];
            source.read(g, n, range, plane, scratch);
            next_pixels next = source.next(n, range);
            const tile_output out{z + n * g.out.size() + range.channel,
                                  static_cast<std::ptrdiff_t>(g.out.width) * channels,
                                  channels,
                                  lanes,
                                  channels - range.channel,
                                  streaming};
            g.forward.for_tiles({plane, g.input.size, g.input.width,
                                 taps + static_cast<std::ptrdiff_t>(range.channel) * g.taps(), g.taps_size(),
                                 g.kernel, range.count, g.padding(), g.padding(), g.in.height, g.in.width},
                                g.out.height, g.out.width,
                                forward_tiles{out, s, next, g.stride * g.stride, columns},
                                [&](const output_tile& tile, const float* values)
                                    FITNAS_INLINE_LAMBDA { out.write(range.count, tile, values, columns); });
            for (int i = 0; sums != nullptr && i < range.count; ++i) {
                const int c = range.channel + i * lanes;
                s[i].add_to_group(*sums, group, c, channels - c);
            }
        };
        for (std::ptrdiff_t n = first; n < last; ++n) {
            source.begin_image(n, scratch);
            for (int c = 0; c < channels; c += g.at_once * lanes) {
                pass(n, g.from(c));
            }
        }
    });
}

FITNAS_LAZY inline void depthwise_forward(const geometry& g, const affine_input& x, const float* weights,
                                          float* z, group_sums* sums, workspace& ws) {
    depthwise_forward(g, stored_planes(x, g.in, g.images), weights, z, sums, ws);
}

/// Adds the groups' gradients at the taps, [group][channels / lanes][tap][lanes], to [tap][channels], in
/// order.
FITNAS_LAZY inline void add_up_taps(const depthwise_planes& g, const float* groups, std::size_t group_size,
                                    float* to) {
    const int channels = g.in.channels;
    parallel_for((channels + lanes - 1) / lanes, [&](std::ptrdiff_t run) {
        const int c = static_cast<int>(run) * lanes;
        for (int k = 0; k < g.taps(); ++k) {
            vec<> sum{};
            for (int group = 0; group < sum_groups; ++group) {
                sum += simd::load(groups + static_cast<std::size_t>(group) * group_size +
                                  static_cast<std::size_t>(c * g.taps() + k * lanes));
            }
            float* at = to + static_cast<std::ptrdiff_t>(k) * channels + c;
            simd::store(at, simd::load(at, channels - c) + sum, channels - c);
        }
    });
}

/// Adds into the weights' gradient, and gives the source the gradient of the input.
FITNAS_LAZY inline void depthwise_backward(const geometry& sizes, const gradient_input& gradient,
                                           const plane_source& source, const float* weights, float* dweights,
                                           group_sums& sums, workspace& ws) {
    const depthwise_planes g(sizes);
    const int channels = g.in.channels;
    const std::size_t group_size =
        static_cast<std::size_t>(g.taps()) * static_cast<std::size_t>(simd::padded(channels));
    float* groups = ws.weights.reserve(group_size * sum_groups);
    const float* taps = arrange_phase_taps(weights, g, ws);
    parallel_groups(g.images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* dtaps = groups + static_cast<std::size_t>(group) * group_size;
        std::fill_n(dtaps, group_size, 0.0F);
        const std::size_t size = g.input.size * static_cast<std::size_t>(g.at_once);
        const std::size_t gradient_size = g.gradient.size * static_cast<std::size_t>(g.at_once);
        float* plane = thread_scratch(size + gradient_size + source.scratch());
        float* dz = plane + size;
        float* scratch = dz + gradient_size;
        std::fill_n(plane, size + gradient_size, 0.0F);
        source.begin(group);
        const auto pass = [&](std::ptrdiff_t n, const plane_range& range) {
            source.read(g, n, range, plane, scratch);
            read_planes(gradient, g, n, range, dz);
            const next_pixels next = source.next(n, range);
            const next_pixels next_du(gradient.du, g.out, n, g.images, range);
            const next_pixels next_z(gradient.z, g.out, n, g.images, range);
            for (int i = 0; i < range.count; ++i) {
                add_tap_gradients(
                    g, plane + static_cast<std::size_t>(i) * g.input.size,
                    dz + static_cast<std::size_t>(i) * g.gradient.size,
                    dtaps + static_cast<std::ptrdiff_t>(range.channel + i * lanes) * g.taps(),
                    {next.at[i], next_du.at[i], gradient.a != nullptr ? next_z.at[i] : nullptr});
            }
            const input_place place = source.place(n, range, scratch);
            if (place.du == nullptr) {
                return;
            }
            partial_sums s[planes_at_once];
            depthwise_input_gradient(g, range, dz, taps, source.x, place, s);
            for (int i = 0; source.x.mean != nullptr && i < range.count; ++i) {
                const int c = range.channel + i * lanes;
                s[i].add_to_group(sums, group, c, channels - c);
            }
            source.finish(group, n, range, scratch);
        };
        for (std::ptrdiff_t n = first; n < last; ++n) {
            source.begin_image(n, scratch);
            for (int c = 0; c < channels; c += g.at_once * lanes) {
                pass(n, g.from(c));
            }
        }
    });
    add_up_taps(g, groups, group_size, dweights);
}

/// Overwrites `out.du` with the gradient of the input.
FITNAS_LAZY inline void depthwise_backward(const geometry& g, const gradient_input& gradient,
                                           const affine_input& x, const float* weights, float* dweights,
                                           const gradient_output& out, group_sums& sums, workspace& ws) {
    if (out.du != nullptr && g.stride > g.kernel) { // pixels between the windows
        unreached_gradient(out, static_cast<std::ptrdiff_t>(g.in.size()) * g.images);
    }
    depthwise_backward(g, gradient, stored_planes(x, g.in, g.images, out), weights, dweights, sums, ws);
}

} // namespace fitnas::detail

#endif
