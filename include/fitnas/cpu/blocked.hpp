/// @file
/// @brief Rows of activations and gradients as blocked operands of products: batch norm and activation are
/// applied as they are read.

#ifndef FITNAS_CPU_BLOCKED_HPP
#define FITNAS_CPU_BLOCKED_HPP

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include <fitnas/core/gemm.hpp>
#include <fitnas/core/words.hpp>
#include <fitnas/cpu/geometry.hpp>
#include <fitnas/cpu/operand.hpp>

namespace fitnas::detail {

/// Rows that are read together. Blocked operands have room for whole groups of them.
inline constexpr int rows_at_once = 4;

/// Where rows go, as blocked operands of products. Floats are the same for both, and go to the left one.
struct blocked_rows {
    float* left = nullptr;       ///< of `multiply`: a word is of one row
    float* transposed = nullptr; ///< of `multiply_transposed`: a word is of one column; nullptr: not needed
    std::size_t stride = 0;

    blocked as_left() const { return {left, stride}; }
    blocked as_transposed() const { return {transposed, stride}; }
};

/// Writes rows into a blocked operand: `group(r)` makes a reader of `rows_at_once` rows from r on, and after
/// `reader.channels(c)`, `reader(i, c, count)` is row r + i's vector of channels [c, c + lanes), `count` of
/// them there.
template <class Words, class Group>
requires(Words::each == 1) FITNAS_INLINE
    void write_blocked(int rows, int channels, const blocked_rows& out, Group&& group) {
    for (int r = 0; r < rows; r += rows_at_once) {
        auto reader = group(r);
        float* to = out.left + r * lanes;
        int c = 0;
        if constexpr (lanes >= 8) { // narrow vectors take one loop, which is half to compile
            for (; c + lanes <= channels; c += lanes, to += out.stride) {
                reader.channels(c);
                for (int i = 0; i < rows_at_once; ++i) {
                    simd::store(to + i * lanes, reader(i, c, lanes));
                }
            }
        }
        for (; c < channels; c += lanes, to += out.stride) {
            reader.channels(c);
            for (int i = 0; i < rows_at_once; ++i) {
                simd::store(to + i * lanes, reader(i, c, channels - c));
            }
        }
    }
}

#if FITNAS_BFLOAT16
/// The same in words of two channels and of two rows.
template <class Words, class Group>
requires(Words::each == 2) FITNAS_INLINE
    void write_blocked(int rows, int channels, const blocked_rows& out, Group&& group) {
    for (int r = 0; r < rows; r += rows_at_once) {
        auto reader = group(r);
        for (int c = 0; c < channels; c += 2 * lanes) {
            vec<> v[2][rows_at_once] = {};
            for (int h = 0; h < 2 && c + h * lanes < channels; ++h) {
                const int at = c + h * lanes;
                reader.channels(at);
                for (int i = 0; i < rows_at_once; ++i) {
                    v[h][i] = reader(i, at, channels - at);
                }
                if (out.transposed != nullptr) {
                    float* to =
                        out.transposed + static_cast<std::size_t>(at / lanes) * out.stride + r / 2 * lanes;
                    for (int i = 0; i < rows_at_once; i += 2, to += lanes) {
                        // Rows behind the last would be summed up.
                        simd::store(to, Words::pair(r + i < rows ? v[h][i] : vec<>{},
                                                    r + i + 1 < rows ? v[h][i + 1] : vec<>{}));
                    }
                }
            }
            if (out.left != nullptr) {
                float* to = out.left + static_cast<std::size_t>(c / (2 * lanes)) * out.stride + r * lanes;
                for (int i = 0; i < rows_at_once; ++i, to += lanes) {
                    simd::store(to, Words::join(v[0][i], v[1][i]));
                }
            }
        }
    }
}
#endif

/// Reads rows of an input, batch norm and activation A applied.
template <activation A, bool Plain>
struct input_reader {
    const affine_input& x;
    std::ptrdiff_t ahead;
    const float* z[rows_at_once];
    vec<> scale{};
    vec<> shift{};

    FITNAS_INLINE void channels(int c) {
        if constexpr (!Plain) {
            const affine u(x, c);
            scale = u.scale;
            shift = u.shift;
        }
    }
    FITNAS_INLINE vec<> operator()(int i, int c, int count) const {
        prefetch(z[i] + c + ahead, c);
        const vec<> v = simd::load(z[i] + c, count);
        return Plain ? v : apply<A>(simd::fma(v, scale, shift));
    }
};

/// Reads the rows `source(r)` of a tile of an input into a blocked operand. What it holds behind them means
/// nothing.
/// @param ahead how many values further the next tile begins, which is asked for
template <class Words = float_words>
void read_blocked(const affine_input& x, const row_tile& tile, int channels, const strided_rows& source,
                  const blocked_rows& out, int ahead = 0) {
    const auto read = [&](auto act, auto plain) FITNAS_INLINE_LAMBDA {
        write_blocked<Words>(tile.count, channels, out, [&](int r) FITNAS_INLINE_LAMBDA {
            input_reader<act(), plain()> reader{x, ahead, {}};
            for (int i = 0; i < rows_at_once; ++i) { // the last once more, where there are no more
                reader.z[i] = x.z + source(tile.first + (std::min)(r + i, tile.count - 1));
            }
            return reader;
        });
    };
    if (x.plain()) {
        read(std::integral_constant<activation, activation::none>(), std::true_type());
    } else {
        with_activation(x.act, [&](auto act) { read(act, std::false_type()); });
    }
}

/// Reads rows of a gradient.
template <bool Plain>
struct gradient_reader {
    const gradient_input& g;
    std::ptrdiff_t ahead;
    std::ptrdiff_t at[rows_at_once];
    vec<> a{};
    vec<> b{};
    vec<> c0{};

    FITNAS_INLINE void channels(int c) {
        if constexpr (!Plain) {
            a = simd::load(g.a + c);
            b = simd::load(g.b + c);
            c0 = simd::load(g.c + c);
        }
    }
    FITNAS_INLINE vec<> operator()(int i, int c, int count) const {
        const float* du = g.du + at[i] + c;
        prefetch(du + ahead, c);
        const vec<> d = simd::load(du, count);
        if constexpr (Plain) {
            return d;
        }
        const float* z = g.z + at[i] + c;
        prefetch(z + ahead, c);
        return simd::fma(a, d, simd::fma(b, simd::load(z, count), c0));
    }
};

/// Reads a tile of a gradient's rows into a blocked operand. What it holds behind them means nothing.
template <class Words = float_words>
void read_blocked(const gradient_input& g, const row_tile& tile, int channels, const blocked_rows& out,
                  int ahead = 0) {
    const auto read = [&](auto plain) FITNAS_INLINE_LAMBDA {
        write_blocked<Words>(tile.count, channels, out, [&](int r) FITNAS_INLINE_LAMBDA {
            gradient_reader<plain()> reader{g, ahead, {}};
            for (int i = 0; i < rows_at_once; ++i) {
                reader.at[i] = (tile.first + (std::min)(r + i, tile.count - 1)) * channels;
            }
            return reader;
        });
    };
    if (g.a == nullptr) {
        read(std::true_type());
    } else {
        read(std::false_type());
    }
}

} // namespace fitnas::detail

#endif
