/// @file
/// @brief Vectors of floats: the few operations that the kernels need, for 16, 8 or 4 floats at a time.

#ifndef FITNAS_CORE_SIMD_HPP
#define FITNAS_CORE_SIMD_HPP

#include <cstddef>
#include <utility>

#include <fitnas/config.hpp>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#define FITNAS_INLINE inline __attribute__((always_inline))
/// The same behind a lambda's parameters.
#define FITNAS_INLINE_LAMBDA __attribute__((always_inline))
#define FITNAS_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define FITNAS_UNROLL(n) FITNAS_PRAGMA(clang loop unroll_count(n))
#else
#define FITNAS_UNROLL(n) FITNAS_PRAGMA(GCC unroll n)
#endif

namespace fitnas::simd {

/// Floats in the target's widest vector.
inline constexpr int lanes = FITNAS_SIMD_WIDTH;

namespace detail {
template <int Lanes>
struct vector_of {
    typedef float type __attribute__((vector_size(Lanes * 4)));
};
#if defined(__AVX2__)
/// A mask of the first `count` elements.
FITNAS_INLINE __m256i first_of_8(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif
#if defined(__AVX512F__)
/// A mask of the first `count` elements, below 16; none where it is not positive.
FITNAS_INLINE __mmask16 first_of_16(int count) {
    return static_cast<__mmask16>(count > 0 ? (1U << static_cast<unsigned>(count)) - 1U : 0U);
}
#endif
/// For parts of vectors where the target has no masks; rare, and so not compiled into each place.
FITNAS_NOINLINE inline void copy_first(const float* from, int count, float* to) {
    for (int i = 0; i < count; ++i) {
        to[i] = from[i];
    }
}
} // namespace detail

/// @brief A vector of floats. Elementwise `+ - * /` and comparisons are the compiler's.
template <int Lanes = lanes>
using vec = typename detail::vector_of<Lanes>::type;

/// @brief Vectors that a kernel keeps in registers, counted by an int as its loops do.
template <int Count>
using vecs = vec<>[static_cast<std::size_t>(Count)];
/// @brief Rows of them.
template <int Rows, int Columns>
using tile = vec<>[static_cast<std::size_t>(Rows)][static_cast<std::size_t>(Columns)];

/// @brief Reads one vector; p needs no alignment.
template <int Lanes = lanes>
FITNAS_INLINE vec<Lanes> load(const float* p) {
    vec<Lanes> v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}

/// @brief Keeps a vector in its register: g++ would rather load it again for each product that it is in, and
/// a tile of products then waits for its loads. Measured with AVX2, a tile of 4 rows: 48 GFLOP/s without, 97
/// with it.
template <class Vector>
FITNAS_INLINE void hold([[maybe_unused]] Vector& v) {
#if defined(__AVX512F__)
    asm("" : "+v"(v));
#elif defined(__SSE2__)
    asm("" : "+x"(v));
#endif
}

/// @brief Writes one vector; p needs no alignment.
template <int Lanes = lanes>
FITNAS_INLINE void store(float* p, vec<Lanes> v) {
    __builtin_memcpy(p, &v, sizeof v);
}

/// @brief Stores past the caches, where the target can and p is aligned to the vector: for what is not read
/// again soon.
template <int Lanes = lanes>
FITNAS_INLINE void stream(float* p, vec<Lanes> v) {
#if defined(__AVX512F__)
    if constexpr (Lanes == 16) {
        _mm512_stream_ps(p, v);
    } else
#endif
#if defined(__AVX__)
        if constexpr (Lanes == 8) {
        _mm256_stream_ps(p, v);
    } else
#endif
    {
        store<Lanes>(p, v);
    }
}

/// @brief Loads the first `count` floats, zeros behind them.
/// @brief Reads one vector; p needs no alignment.
template <int Lanes = lanes>
FITNAS_INLINE vec<Lanes> load(const float* p, int count) {
    if (count >= Lanes) {
        return load<Lanes>(p);
    }
#if defined(__AVX512F__)
    if constexpr (Lanes == 16) {
        return _mm512_maskz_loadu_ps(detail::first_of_16(count), p);
    }
#endif
#if defined(__AVX2__)
    if constexpr (Lanes == 8) {
        return _mm256_maskload_ps(p, detail::first_of_8(count));
    }
#endif
    float part[static_cast<std::size_t>(Lanes)] = {};
    detail::copy_first(p, count, part);
    return load<Lanes>(part);
}

/// @brief Stores the first `count` floats.
template <int Lanes = lanes>
FITNAS_INLINE void store(float* p, vec<Lanes> v, int count) {
    if (count >= Lanes) {
        store<Lanes>(p, v);
        return;
    }
#if defined(__AVX512F__)
    if constexpr (Lanes == 16) {
        _mm512_mask_storeu_ps(p, detail::first_of_16(count), v);
        return;
    }
#endif
#if defined(__AVX2__)
    if constexpr (Lanes == 8) {
        _mm256_maskstore_ps(p, detail::first_of_8(count), v);
        return;
    }
#endif
    float part[static_cast<std::size_t>(Lanes)];
    store<Lanes>(part, v);
    detail::copy_first(part, count, p);
}

/// @brief All elements x.
template <int Lanes = lanes>
FITNAS_INLINE vec<Lanes> broadcast(float x) {
    return [x]<std::size_t... At>(std::index_sequence<At...>) { return vec<Lanes>{((void)At, x)...}; }
    (std::make_index_sequence<static_cast<std::size_t>(Lanes)>());
}

/// @brief a * b + c, rounded once where the target can.
template <int Lanes = lanes>
FITNAS_INLINE vec<Lanes> fma(vec<Lanes> a, vec<Lanes> b, vec<Lanes> c) {
#if defined(__AVX512F__)
    if constexpr (Lanes == 16) {
        return _mm512_fmadd_ps(a, b, c);
    } else
#endif
#if defined(__FMA__)
        if constexpr (Lanes == 8) {
        return _mm256_fmadd_ps(a, b, c);
    } else if constexpr (Lanes == 4) {
        return _mm_fmadd_ps(a, b, c);
    } else
#endif
    {
        return a * b + c;
    }
}

/// @brief The larger elements; b where either is not a number.
template <int Lanes = lanes>
FITNAS_INLINE vec<Lanes>(max)(vec<Lanes> a, vec<Lanes> b) {
#if defined(__AVX512F__)
    if constexpr (Lanes ==
                  16) { // with a mask of all: g++ 12 warns of an uninitialised value in the plain one
        return _mm512_maskz_max_ps(__mmask16{0xFFFF}, a, b);
    } else
#endif
#if defined(__AVX__)
        if constexpr (Lanes == 8) {
        return _mm256_max_ps(a, b);
    } else
#endif
    {
        return a > b ? a : b;
    }
}

/// @brief The smaller elements; b where either is not a number.
template <int Lanes = lanes>
FITNAS_INLINE vec<Lanes>(min)(vec<Lanes> a, vec<Lanes> b) {
#if defined(__AVX512F__)
    if constexpr (Lanes == 16) {
        return _mm512_maskz_min_ps(__mmask16{0xFFFF}, a, b);
    } else
#endif
#if defined(__AVX__)
        if constexpr (Lanes == 8) {
        return _mm256_min_ps(a, b);
    } else
#endif
    {
        return a < b ? a : b;
    }
}

/// @return n rounded up to a multiple of the width
constexpr int padded(int n) { return (n + lanes - 1) / lanes * lanes; }

} // namespace fitnas::simd

#endif
