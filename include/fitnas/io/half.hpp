/// @file
/// @brief Floats of 16 bits as files hold them, read as float; every one of them is a float exactly.

#ifndef FITNAS_IO_HALF_HPP
#define FITNAS_IO_HALF_HPP

#include <bit>
#include <cstdint>

#include <fitnas/config.hpp>

namespace fitnas::detail {

/// bfloat16: the upper half of a float.
inline float bfloat16_value(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16U); }

/// IEEE 754 binary16: 5 bits of exponent, 10 of fraction.
FITNAS_LAZY float half_value(std::uint16_t bits);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN float half_value(std::uint16_t bits) {
    const std::uint32_t sign = (bits & 0x8000U) << 16U;
    const std::uint32_t exponent = bits >> 10U & 31U;
    const std::uint32_t fraction = bits & 1023U;
    if (exponent == 0) { // zeros and subnormal numbers: a float has 2^-24 as a normal number
        const float value = static_cast<float>(fraction) * 0x1p-24F;
        return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
    }
    const std::uint32_t wide = exponent == 31 ? 255U : exponent + 127 - 15;
    return std::bit_cast<float>(sign | wide << 23U | fraction << 13U);
}

} // namespace fitnas::detail

#endif

#endif
