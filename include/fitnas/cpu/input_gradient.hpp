/// @file
/// @brief The gradient at a depthwise convolution's input: stencils over the output's gradient, phase by
/// phase.

#ifndef FITNAS_CPU_INPUT_GRADIENT_HPP
#define FITNAS_CPU_INPUT_GRADIENT_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/cpu/plane_source.hpp>
#include <fitnas/cpu/planes.hpp>
#include <fitnas/cpu/tile_output.hpp>
#include <fitnas/cpu/workspace.hpp>

namespace fitnas::detail {

/// The input pixels of one phase: those at (y0 + stride i, x0 + stride j). Their gradient is a stencil of
/// stride 1 over the output's gradient, with the taps that reach them.
struct input_phase {
    int tap = 0;    ///< the first tap that reaches them, in one direction; then every stride-th
    int first = 0;  ///< the first such pixel
    int taps = 0;   ///< how many taps there are
    int window = 0; ///< where the first pixel's window begins in the output
    int count = 0;  ///< pixels

    input_phase(int tap_, const depthwise_planes& g, int size) : tap(tap_) {
        // Pixel y is reached from output (y + padding - k) / stride by tap k.
        const int s = g.stride;
        first = ((tap - g.padding()) % s + s) % s;
        taps = (g.kernel - tap + s - 1) / s;
        window = (first + g.padding() - tap) / s - (taps - 1);
        count = first < size ? (size - first + s - 1) / s : 0;
    }
};

/// Calls `use(down, across)` for each phase that taps reach.
template <class Use>
FITNAS_INLINE void for_phases(const depthwise_planes& g, Use&& use) {
    const int phases = (std::min)(g.stride, g.kernel);
    for (int py = 0; py < phases; ++py) {
        for (int px = 0; px < phases; ++px) {
            use(input_phase(py, g, g.in.height), input_phase(px, g, g.in.width));
        }
    }
}

/// Weights of [taps][channels] as [phase][plane][taps that reach it, backwards][lanes].
FITNAS_LAZY inline const float* arrange_phase_taps(const float* weights, const depthwise_planes& g,
                                                   workspace& ws) {
    const int channels = g.in.channels;
    float* taps = ws.taps.reserve(g.all_taps_size());
    float* to = taps;
    for_phases(g, [&](const input_phase& down, const input_phase& across) {
        for (int c = 0; c < channels; c += lanes) {
            for (int ky = down.taps - 1; ky >= 0; --ky) {
                for (int kx = across.taps - 1; kx >= 0; --kx, to += lanes) {
                    const int k = (down.tap + g.stride * ky) * g.kernel + across.tap + g.stride * kx;
                    simd::store(to, simd::load(weights + static_cast<std::ptrdiff_t>(k) * channels + c,
                                               channels - c));
                }
            }
        }
    });
    return taps;
}

/// What becomes of a phase's tiles: through the activation, with the shortcut's gradient added, summed up.
template <activation A>
struct gradient_tiles {
    const affine_input& x;
    const input_place& in;
    const tile_output& to;
    int channel; ///< the first plane's
    partial_sums* sums;
    int tile_columns;

    FITNAS_INLINE void operator()(int i, const output_tile& tile, float* values) const {
        to.put_plane(i, [&](auto put) FITNAS_INLINE_LAMBDA {
            const int left = to.channels - i * lanes;
            if (lanes >= 8 && left >= lanes) {
                finish(i, tile, values, lanes, put);
            } else { // narrow vectors always: it is compiled once then
                finish(i, tile, values, left, put);
            }
        });
    }

private:
    template <class Put>
    FITNAS_INLINE void finish(int i, const output_tile& tile, float* values, int count, Put put) const {
        const int c = channel + i * lanes;
        partial_sums sum = sums[i]; // in registers
        const affine u(x, c);
        const vec<> mean = x.mean != nullptr ? simd::load(x.mean + c) : vec<>{};
        const bool shortcut = in.addend != nullptr; // it reads the raw input of a recipe
        const std::ptrdiff_t step = to.pixel_step;
        for (int r = 0; r < tile.rows; ++r, values += tile_columns * lanes) {
            const std::ptrdiff_t offset = to.at(tile.y + r, tile.x) - in.du + i * in.plane_step;
            const float* z_at = in.z + offset;
            float* du_at = in.du + offset;
            const float* addend_at = shortcut ? in.addend + offset : nullptr;
            for_columns(tile.columns, [&](int j, auto part) FITNAS_INLINE_LAMBDA {
                const vec<> z = simd::load(z_at, count);
                vec<> d = derive_product<A>(x.act, simd::load(values + j * lanes), u(z));
                if (shortcut) {
                    d += simd::load(addend_at, count);
                    addend_at += step;
                }
                if constexpr (tile_output::by_vector) {
                    put(du_at, d);
                } else {
                    simd::store(values + j * lanes, d);
                }
                sum.template add<part()>(d, z - mean);
                z_at += step;
                du_at += step;
            });
        }
        sums[i] = sum;
    }
};

/// The gradient at some channels of one image's input.
/// @param gradient planes of the output's gradient
/// @param taps as `arrange_phase_taps` leaves them
FITNAS_LAZY inline void depthwise_input_gradient(const depthwise_planes& g, const plane_range& range,
                                                 const float* gradient, const float* taps,
                                                 const affine_input& x, const input_place& in,
                                                 partial_sums* sums) {
    const int s = g.stride;
    for_phases(g, [&](const input_phase& down, const input_phase& across) {
        const stencil_kernel kernel(across.taps, 1, across.count);
        const tile_output to{in.du + down.first * in.row_step + across.first * in.pixel_step,
                             s * in.row_step,
                             s * in.pixel_step,
                             in.plane_step,
                             g.in.channels - range.channel,
                             in.streams};
        const int reach = down.taps * across.taps;
        const stencil_input from{gradient + g.gradient.at(down.window, across.window),
                                 g.gradient.size,
                                 g.gradient.width,
                                 taps + static_cast<std::ptrdiff_t>(range.channel) * reach,
                                 static_cast<std::size_t>(reach * lanes),
                                 down.taps,
                                 range.count,
                                 -down.window,
                                 -across.window,
                                 g.out.height,
                                 g.out.width};
        taps += static_cast<std::ptrdiff_t>(simd::padded(g.in.channels)) * reach;
        with_product_activation(x.act, [&](auto act) {
            kernel.for_tiles(from, down.count, across.count,
                             gradient_tiles<act()>{x, in, to, range.channel, sums, kernel.columns},
                             [&](const output_tile& tile, const float* values) FITNAS_INLINE_LAMBDA {
                                 to.write(range.count, tile, values, kernel.columns);
                             });
        });
    });
}

} // namespace fitnas::detail

#endif
