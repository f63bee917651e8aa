/// @file
/// @brief Products that stop at the largest number.

#ifndef FITNAS_CORE_SATURATING_PRODUCT_HPP
#define FITNAS_CORE_SATURATING_PRODUCT_HPP

#include <cstdint>
#include <span>

#include <fitnas/config.hpp>

namespace fitnas::detail {

/// @param factors at least 1 each
/// @return their product, 1 of none; the largest 64-bit number where it is more than that
constexpr std::uint64_t saturating_product(std::span<const int> factors) {
    std::uint64_t n = 1;
    for (const int f : factors) {
        const auto factor = static_cast<std::uint64_t>(f);
        n = n > UINT64_MAX / factor ? UINT64_MAX : n * factor;
    }
    return n;
}

} // namespace fitnas::detail

#endif
