/// @file
/// @brief Functions of vectors of floats: square root and exponential.

#ifndef FITNAS_CORE_SIMD_MATH_HPP
#define FITNAS_CORE_SIMD_MATH_HPP

#include <cmath>

#include <fitnas/core/simd.hpp>

namespace fitnas::simd {

/// @brief Square roots, correctly rounded.
template <int Lanes = lanes>
FITNAS_INLINE vec<Lanes> sqrt(vec<Lanes> x) {
#if defined(__AVX512F__)
    if constexpr (Lanes == 16) {
        // With a mask of all, as g++ 12 warns of an uninitialised value inside of the plain one.
        return _mm512_maskz_sqrt_ps(__mmask16{0xFFFF}, x);
    } else
#endif
#if defined(__AVX__)
        if constexpr (Lanes == 8) {
        return _mm256_sqrt_ps(x);
    } else
#endif
    {
        for (int i = 0; i < Lanes; ++i) {
            x[i] = std::sqrt(x[i]);
        }
        return x;
    }
}

/// @brief e^x for x <= 0, within two units of the last place; 0 below -87, where e^x leaves the normal
/// numbers; not a number where x is none.
template <int Lanes = lanes>
FITNAS_INLINE vec<Lanes> exp_of_negative(vec<Lanes> x) {
    typedef int ints __attribute__((vector_size(Lanes * 4)));
    const auto all = [](float value) { return broadcast<Lanes>(value); };
    // x = n ln 2 + r with n whole and |r| <= ln 2 / 2. Adding 1.5 * 2^23 rounds to whole numbers, which then
    // are the last bits.
    const vec<Lanes> shift = all(12582912.0F);
    const vec<Lanes> shifted = fma<Lanes>(x, all(1.44269504F), shift);
    const vec<Lanes> n = shifted - shift;
    vec<Lanes> r = fma<Lanes>(n, all(-0.693359375F), x); // ln 2 in two parts: the first has few digits
    r = fma<Lanes>(n, all(2.12194440e-4F), r);
    // The polynomial of Cephes' expf (Moshier).
    vec<Lanes> p = all(1.9875691500e-4F);
    for (const float c :
         {1.3981999507e-3F, 8.3334519073e-3F, 4.1665795894e-2F, 1.6666665459e-1F, 5.0000001201e-1F}) {
        p = fma<Lanes>(p, r, all(c));
    }
    p = fma<Lanes>(p, r * r, r + all(1));
    const ints power =
        (reinterpret_cast<ints>(shifted) << 23) + reinterpret_cast<ints>(all(1.0F)); // the bits of 2^n
    const vec<Lanes> result = p * reinterpret_cast<vec<Lanes>>(power);
    return x < all(-87) ? all(0) : result;
}

} // namespace fitnas::simd

#endif
