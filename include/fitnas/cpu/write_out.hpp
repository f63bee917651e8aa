/// @file
/// @brief What is pending on a tensor written out, forward and backward, and batch norm's sums of a tensor
/// that was written without them.

#ifndef FITNAS_CPU_WRITE_OUT_HPP
#define FITNAS_CPU_WRITE_OUT_HPP

#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/finish_gradient.hpp>
#include <fitnas/cpu/geometry.hpp>
#include <fitnas/cpu/group_sums.hpp>
#include <fitnas/cpu/operand.hpp>

namespace fitnas::detail {

/// The sums of z and z^2, where the pass that wrote z did not gather them.
FITNAS_LAZY inline void gather_sums(const float* z, std::ptrdiff_t rows, int channels, group_sums& sums) {
    const row_tiles tiles(rows, channels, channels);
    parallel_groups(tiles.count(), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const row_tile tile = tiles[t];
            for (int c = 0; c < channels; c += lanes) {
                vec<> s{};
                vec<> q{};
                for (int r = 0; r < tile.count; ++r) {
                    const vec<> v = simd::load(z + (tile.first + r) * channels + c, channels - c);
                    s += v;
                    q = simd::fma(v, v, q);
                }
                add_to(sums.first(group) + c, s, channels - c);
                add_to(sums.second(group) + c, q, channels - c);
            }
        }
    });
}

/// y = onto + (act(u) + shortcut), without what is null; y may be the place of either.
FITNAS_LAZY inline void write_out(const affine_input& x, const float* shortcut, const float* onto,
                                  std::ptrdiff_t rows, int channels, float* y) {
    const row_tiles tiles(rows, channels, channels);
    const bool past_caches = streams(y, rows, channels);
    parallel_for(tiles.count(), [&](std::ptrdiff_t t) {
        const row_tile tile = tiles[t];
        with_activation(x.act, [&](auto act) {
            for (std::ptrdiff_t r = tile.first; r < tile.first + tile.count; ++r) {
                for (int c = 0; c < channels; c += lanes) {
                    const std::ptrdiff_t at = r * channels + c;
                    vec<> v = apply<act()>(affine(x, c)(simd::load(x.z + at, channels - c)));
                    if (shortcut != nullptr) {
                        v += simd::load(shortcut + at, channels - c);
                    }
                    if (onto != nullptr) {
                        v += simd::load(onto + at, channels - c);
                    }
                    if (past_caches) {
                        simd::stream(y + at, v);
                    } else {
                        simd::store(y + at, v, channels - c);
                    }
                }
            }
        });
    });
}

/// du = gradient at z, through the activation; sums on the way.
FITNAS_LAZY inline void write_out_backward(const gradient_input& g, const affine_input& x,
                                           std::ptrdiff_t rows, int channels, const gradient_output& out,
                                           group_sums& sums) {
    const row_tiles tiles(rows, channels, channels);
    parallel_groups(tiles.count(), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const row_tile tile = tiles[t];
            if (g.du != out.du) {
                for (std::ptrdiff_t r = tile.first; r < tile.first + tile.count; ++r) {
                    for (int c = 0; c < channels; c += lanes) {
                        const std::ptrdiff_t at = r * channels + c;
                        simd::store(out.du + at, read(g, g.du + at, g.z + at, c, channels - c), channels - c);
                    }
                }
            }
            finish_gradient(x, out, tile, channels, {{1, 1, channels}}, sums, group);
        }
    });
}

} // namespace fitnas::detail

#endif
