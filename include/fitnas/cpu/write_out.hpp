/// @file
/// @brief What is pending on a tensor written out, forward and backward, and batch norm's sums of a tensor
/// that was written without them.

#ifndef FITNAS_CPU_WRITE_OUT_HPP
#define FITNAS_CPU_WRITE_OUT_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/channels.hpp>

namespace fitnas::detail {

/// The sums of z and z^2, where the pass that wrote z did not gather them.
inline void gather_sums(const float* z, std::ptrdiff_t rows, int channels, group_sums& sums) {
    const int tile = tile_rows(channels, channels);
    parallel_groups(tile_count(rows, tile), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const std::ptrdiff_t r0 = t * tile;
            add_sums(z + r0 * channels, static_cast<int>((std::min)(std::ptrdiff_t{tile}, rows - r0)),
                     channels, sums.first(group), sums.second(group));
        }
    });
}

/// y = act(u) + shortcut
inline void write_out(const affine_input& x, const float* shortcut, std::ptrdiff_t rows, int channels,
                      float* y) {
    const int tile = tile_rows(channels, channels);
    parallel_for(tile_count(rows, tile), [&](std::ptrdiff_t t) {
        const std::ptrdiff_t end = (std::min)(rows, (t + 1) * tile);
        with_activation(x.act, [&](auto act) {
            for (std::ptrdiff_t r = t * tile; r < end; ++r) {
                for (int c = 0; c < channels; c += lanes) {
                    const std::ptrdiff_t at = r * channels + c;
                    vec<> v = apply<act()>(affine(x, c)(simd::load(x.z + at, channels - c)));
                    if (shortcut != nullptr) {
                        v += simd::load(shortcut + at, channels - c);
                    }
                    simd::store(y + at, v, channels - c);
                }
            }
        });
    });
}

/// du = gradient at z, through the activation; sums on the way.
inline void write_out_backward(const gradient_input& g, const affine_input& x, std::ptrdiff_t rows,
                               int channels, const gradient_output& out, group_sums& sums) {
    const int tile = tile_rows(channels, channels);
    parallel_groups(tile_count(rows, tile), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const std::ptrdiff_t r0 = t * tile;
            const int count = static_cast<int>((std::min)(std::ptrdiff_t{tile}, rows - r0));
            if (g.du != out.du) {
                for (std::ptrdiff_t r = r0; r < r0 + count; ++r) {
                    for (int c = 0; c < channels; c += lanes) {
                        const std::ptrdiff_t at = r * channels + c;
                        simd::store(out.du + at, read(g, g.du + at, g.z + at, c, channels - c), channels - c);
                    }
                }
            }
            finish_gradient(x, out, count, channels, {{1, 1, channels}}, r0, sums.first(group),
                            sums.second(group));
        }
    });
}

} // namespace fitnas::detail

#endif
