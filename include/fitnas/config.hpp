/// @file
/// @brief What the library asks of the compiler, and the few macros that change what it does.
///
/// | macro | meaning |
/// | --- | --- |
/// | `FITNAS_NO_OPENMP` | 1 or empty: run on one thread even where OpenMP is switched on |
/// | `FITNAS_SIMD_WIDTH` | floats in one vector (16, 8 or 4); otherwise the widest the target has |
/// | `FITNAS_HAS_ZLIB` | 1: gzip files are read, by zlib; 0: they are refused |
/// | `FITNAS_HAS_JPEG` | 1: JPEG images are read, by libjpeg; 0: they are refused |
/// | `FITNAS_HAS_PNG` | 1: PNG images are read, by libpng; 0: they are refused |
/// | `FITNAS_BFLOAT16` | 1: 1x1 convolutions multiply numbers rounded to bfloat16, with AVX512_BF16 |
/// | `FITNAS_ASSERT(x)` | a broken invariant of the library; `assert` unless defined before |
/// | `FITNAS_SEPARATE_COMPILATION` | functions that are no templates are compiled once, in the file that |
/// |                               | includes `fitnas/src.hpp`, and not in every file of the program |

#ifndef FITNAS_CONFIG_HPP
#define FITNAS_CONFIG_HPP

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "[F0001] fitnas needs C++20: compile with -std=c++20 or newer"
#endif
#if !defined(__cpp_exceptions)
#error "[F0081] fitnas reports errors by exceptions: compile without -fno-exceptions"
#endif
// Compilers that take it that no value is NaN drop the checks for it; those that reassociate drop rounding
// steps. clang says so of -ffast-math and -ffinite-math-only, but not of -fassociative-math by itself.
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(_M_FP_FAST) ||                        \
    __FINITE_MATH_ONLY__ + 0 != 0
#error "[F0082] fitnas checks for NaN and rounds on purpose: compile without -ffast-math and -Ofast"
#endif

#include <cassert>

// 0 - X - 1 is -1 where X is 0, -2 where it is 1, and 1 where it is empty.
#if (defined(FITNAS_NO_OPENMP) && 0 - FITNAS_NO_OPENMP - 1 != 1 && 0 - FITNAS_NO_OPENMP - 1 != -2) ||        \
    (defined(FITNAS_BFLOAT16) && 0 - FITNAS_BFLOAT16 - 1 != -1 && 0 - FITNAS_BFLOAT16 - 1 != -2)
#error "[F0083] FITNAS_NO_OPENMP must be 1 or empty, FITNAS_BFLOAT16 1 or 0, where they are defined"
#endif
#if defined(_OPENMP) && !defined(FITNAS_NO_OPENMP)
#define FITNAS_HAS_OPENMP 1
#else
#define FITNAS_HAS_OPENMP 0
#endif

#ifndef FITNAS_SIMD_WIDTH
#if defined(__AVX512F__)
#define FITNAS_SIMD_WIDTH 16
#elif defined(__AVX__)
#define FITNAS_SIMD_WIDTH 8
#else
#define FITNAS_SIMD_WIDTH 4
#endif
#elif FITNAS_SIMD_WIDTH + 0 != 16 && FITNAS_SIMD_WIDTH + 0 != 8 && FITNAS_SIMD_WIDTH + 0 != 4
#error "[F0084] FITNAS_SIMD_WIDTH must be 16, 8 or 4, the floats of one vector, or not defined"
#endif

#ifndef FITNAS_BFLOAT16
#define FITNAS_BFLOAT16 0
#elif FITNAS_BFLOAT16 && (!defined(__AVX512BF16__) || FITNAS_SIMD_WIDTH != 16)
#error "[F0007] FITNAS_BFLOAT16 needs a target with AVX512_BF16 and vectors of 16 floats"
#endif

#ifndef FITNAS_HAS_ZLIB
#define FITNAS_HAS_ZLIB 0
#endif
#ifndef FITNAS_HAS_JPEG
#define FITNAS_HAS_JPEG 0
#endif
#ifndef FITNAS_HAS_PNG
#define FITNAS_HAS_PNG 0
#endif

/// For functions that run once, check or write messages: compilers make them small, which takes less time.
#define FITNAS_COLD __attribute__((cold))
/// For functions with many callers, none of which gains by a copy of its own.
#define FITNAS_NOINLINE __attribute__((noinline))

#ifndef FITNAS_ASSERT
#define FITNAS_ASSERT(condition) assert(condition)
#endif

// FITNAS_DEFINITIONS: whether this file has the definitions of functions that are no templates, FITNAS_API.
// Headers declare them first, and define them at their end. In a `detail`, free functions and members that
// are not virtual are FITNAS_LAZY where they are declared and FITNAS_LAZY_AGAIN where they are defined after
// that: header-only they are templates, so that a file which does not call them does not instantiate what
// they call. So are classes that one such function uses: FITNAS_LAZY before `class`, whose objects are made
// without `<>`. A virtual function that is defined at the end of a header is FITNAS_API where it is declared:
// the first one that is not inline there puts the table of its class, and all that its functions call, into
// every file.
#ifndef FITNAS_SEPARATE_COMPILATION
#define FITNAS_API inline
#define FITNAS_LAZY template <class = void>
#define FITNAS_LAZY_AGAIN template <class>
#define FITNAS_DEFINITIONS 1
#else
#define FITNAS_API
#define FITNAS_LAZY
#define FITNAS_LAZY_AGAIN
namespace fitnas::detail {
/// Where a linker misses it, the file with `fitnas/src.hpp` was compiled for other vectors, threads, products
/// or readers than the file that asks for it.
template <int SimdWidth, bool OpenMP, bool Bfloat16, bool Zlib, bool Jpeg, bool Png>
int compiled_alike();
#define FITNAS_ALIKE                                                                                         \
    compiled_alike<FITNAS_SIMD_WIDTH, FITNAS_HAS_OPENMP != 0, FITNAS_BFLOAT16 != 0, FITNAS_HAS_ZLIB != 0,    \
                   FITNAS_HAS_JPEG != 0, FITNAS_HAS_PNG != 0>
#ifdef FITNAS_SOURCE
#define FITNAS_DEFINITIONS 1
template <>
int FITNAS_ALIKE() {
    return 1;
}
#else
#define FITNAS_DEFINITIONS 0
// A call: what nothing runs is no reference any more where the linker collects unused sections.
[[maybe_unused]] static const int asked_alike = FITNAS_ALIKE();
#endif
#undef FITNAS_ALIKE
} // namespace fitnas::detail
#endif

#endif
