/// @file
/// @brief What becomes of a stencil's tiles: they are stored and summed up.

#ifndef FITNAS_CPU_TILE_OUTPUT_HPP
#define FITNAS_CPU_TILE_OUTPUT_HPP

#include <cstddef>
#include <type_traits>

#include <fitnas/cpu/group_sums.hpp>
#include <fitnas/cpu/operand.hpp>
#include <fitnas/cpu/stencil.hpp>

namespace fitnas::detail {

/// Sums of v and of v * factor, in two parts that take turns: one alone would make every addition wait for
/// the one before.
struct partial_sums {
    vec<> plain[2] = {};
    vec<> products[2] = {};

    template <int Part>
    FITNAS_INLINE void add(vec<> v, vec<> factor) {
        plain[Part] += v;
        products[Part] = simd::fma(v, factor, products[Part]);
    }
    void add_to_group(group_sums& sums, int group, int c, int count) const {
        add_to(sums.first(group) + c, plain[0] + plain[1], count);
        add_to(sums.second(group) + c, products[0] + products[1], count);
    }
};

/// Calls `each(j, part)` for all j in [0, n), the parts 0 and 1 by turns.
template <class Each>
FITNAS_INLINE void for_columns(int n, Each&& each) {
    int j = 0;
    for (; j + 2 <= n; j += 2) {
        each(j, std::integral_constant<int, 0>());
        each(j + 1, std::integral_constant<int, 1>());
    }
    if (j < n) {
        each(j, std::integral_constant<int, 0>());
    }
}

/// Asks for `count` pixels from p on, and returns where the next ones lie.
FITNAS_INLINE const float* ask_for(const float* p, std::ptrdiff_t step, int count) {
    if (p == nullptr) {
        return p;
    }
    for (int i = 0; i < count; ++i, p += step) {
        __builtin_prefetch(p, 0, 2);
    }
    return p;
}

/// Where the tiles of some planes go. Vectors that fill a cache line are stored one by one; shorter ones
/// first back into the tile, so that the neighbouring channels of a pixel are written together.
struct tile_output {
    float* first; ///< the first plane's channels of pixel (0, 0)
    std::ptrdiff_t row_step;
    std::ptrdiff_t pixel_step;
    std::ptrdiff_t plane_step;
    int channels; ///< from the first plane's on
    bool streams;

    static constexpr bool by_vector = lanes * sizeof(float) >= 64;

    /// Calls `f` with what stores a vector of plane i; nothing where `write` does.
    template <class F>
    FITNAS_INLINE void put_plane(int i, F&& f) const {
        if constexpr (!by_vector) {
            f([](float*, vec<>) FITNAS_INLINE_LAMBDA {});
        } else if (streams) {
            f([](float* p, vec<> v) FITNAS_INLINE_LAMBDA { simd::stream(p, v); });
        } else if (const int count = channels - i * lanes; count >= lanes) {
            f([](float* p, vec<> v) FITNAS_INLINE_LAMBDA { simd::store(p, v); });
        } else {
            f([count](float* p, vec<> v) FITNAS_INLINE_LAMBDA { simd::store(p, v, count); });
        }
    }
    FITNAS_INLINE float* at(int y, int x) const { return first + y * row_step + x * pixel_step; }
    /// A tile of all planes, `tile_columns` pixels from row to row.
    FITNAS_INLINE void write(int planes, const output_tile& tile, const float* values,
                             int tile_columns) const {
        if constexpr (!by_vector) {
            const bool all = planes == planes_at_once && channels >= planes * lanes;
            for (int r = 0; r < tile.rows; ++r, values += tile_columns * lanes) {
                float* to = at(tile.y + r, tile.x);
                for (int j = 0; j < tile.columns; ++j, to += pixel_step) {
                    const float* from = values + j * lanes;
                    if (all && streams) {
                        FITNAS_UNROLL(4)
                        for (int i = 0; i < planes_at_once; ++i) {
                            simd::stream(to + i * plane_step, simd::load(from + i * stencil_tile * lanes));
                        }
                    } else if (all) {
                        FITNAS_UNROLL(4)
                        for (int i = 0; i < planes_at_once; ++i) {
                            simd::store(to + i * plane_step, simd::load(from + i * stencil_tile * lanes));
                        }
                    } else {
                        for (int i = 0; i < planes; ++i) {
                            simd::store(to + i * plane_step, simd::load(from + i * stencil_tile * lanes),
                                        channels - i * lanes);
                        }
                    }
                }
            }
        }
    }
};

} // namespace fitnas::detail

#endif
