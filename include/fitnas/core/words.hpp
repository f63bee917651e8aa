/// @file
/// @brief What the operands of a matrix product are made of: words of 4 bytes, each a float or two bfloat16.

#ifndef FITNAS_CORE_WORDS_HPP
#define FITNAS_CORE_WORDS_HPP

#include <fitnas/core/simd.hpp>

namespace fitnas::detail {

/// A float to a word.
struct float_words {
    static constexpr int each = 1; ///< numbers in a word
    static constexpr int count(int numbers) { return numbers; }
    /// sum + factor y, word by word
    static FITNAS_INLINE simd::vec<> multiply_add(simd::vec<> factor, simd::vec<> y, simd::vec<> sum) {
        return simd::fma(factor, y, sum);
    }
};

#if FITNAS_BFLOAT16
/// Two bfloat16 to a word, neighbours along the sum of the product, which is in floats: half the
/// instructions.
struct bfloat16_words {
    static constexpr int each = 2;
    static constexpr int count(int numbers) { return (numbers + 1) / 2; }
    static FITNAS_INLINE simd::vec<> multiply_add(simd::vec<> factor, simd::vec<> y, simd::vec<> sum) {
        return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(factor), reinterpret_cast<__m512bh>(y));
    }
    /// The 32 floats of `low` and `high` in turn, rounded to the nearest, ties to even.
    static FITNAS_INLINE simd::vec<> join(simd::vec<> low, simd::vec<> high) {
        return reinterpret_cast<simd::vec<>>(_mm512_cvtne2ps_pbh(high, low));
    }
    /// Word i: element i of `first` and of `second`.
    static FITNAS_INLINE simd::vec<> pair(simd::vec<> first, simd::vec<> second) {
        const __m512i halves = reinterpret_cast<__m512i>(join(first, second));
        const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,
                                               23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
        return reinterpret_cast<simd::vec<>>(_mm512_permutexvar_epi16(order, halves));
    }
};

/// The words of 1x1 convolutions.
using convolution_words = bfloat16_words;
#else
using convolution_words = float_words;
#endif

} // namespace fitnas::detail

#endif
