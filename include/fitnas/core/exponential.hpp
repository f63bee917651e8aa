/// @file
/// @brief e^x for loops that compilers turn into vector instructions.

#ifndef FITNAS_CORE_EXPONENTIAL_HPP
#define FITNAS_CORE_EXPONENTIAL_HPP

#include <bit>
#include <cstdint>

namespace fitnas::detail {

/// e^x, with a relative error below 1e-6; outside [-87, 88] that of the nearer end. Not a number stays what
/// it is.
inline float exponential(float x) {
    x = x < -87 ? -87 : x;
    x = x > 88 ? 88 : x;
    // x = k ln 2 + rest. Adding 1.5 * 2^23 rounds to a whole number, which then stands in the lowest bits.
    const float shifted = x * 1.44269504F + 12582912.0F;
    const float k = shifted - 12582912.0F;
    const float rest = (x - k * 0.693359375F) + k * 2.12194440e-4F;
    const float power =
        1 + rest * (1 + rest * (0.5F + rest * (1.6666667e-1F +
                                               rest * (4.1666667e-2F +
                                                       rest * (8.3333333e-3F + rest * 1.3888889e-3F)))));
    return power * std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) << 23U) + 0x3F800000U);
}

} // namespace fitnas::detail

#endif
