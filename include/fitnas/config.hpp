/// @file
/// @brief What the library asks of the compiler, and the few macros that change what it does.
///
/// | macro | meaning |
/// | --- | --- |
/// | `FITNAS_NO_OPENMP` | run on one thread even where OpenMP is switched on |
/// | `FITNAS_SIMD_WIDTH` | floats in one vector (16, 8 or 4); otherwise the widest the target has |
/// | `FITNAS_BFLOAT16` | 1: 1x1 convolutions multiply numbers rounded to bfloat16, with AVX512_BF16 |
/// | `FITNAS_ASSERT(x)` | a broken invariant of the library; `assert` unless defined before |

#ifndef FITNAS_CONFIG_HPP
#define FITNAS_CONFIG_HPP

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "[F0001] fitnas needs C++20: compile with -std=c++20 or newer"
#endif

#include <cassert>

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
#endif

#ifndef FITNAS_BFLOAT16
#define FITNAS_BFLOAT16 0
#elif FITNAS_BFLOAT16 && (!defined(__AVX512BF16__) || FITNAS_SIMD_WIDTH != 16)
#error "[F0007] FITNAS_BFLOAT16 needs a target with AVX512_BF16 and vectors of 16 floats"
#endif

/// For functions that run once, check or write messages: compilers make them small, which takes less time.
#define FITNAS_COLD __attribute__((cold))
/// For functions with many callers, none of which gains by a copy of its own.
#define FITNAS_NOINLINE __attribute__((noinline))

#ifndef FITNAS_ASSERT
#define FITNAS_ASSERT(condition) assert(condition)
#endif

#endif
