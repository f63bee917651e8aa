/// @file
/// @brief A space of bare codes: so many operators a cell, and nothing behind them.

#ifndef FITNAS_SPACE_CODES_HPP
#define FITNAS_SPACE_CODES_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include <fitnas/config.hpp>
#include <fitnas/core/saturating_product.hpp>

namespace fitnas {

/// @brief A `code_space` by its numbers of operators alone: for tables of scores whose networks are not known
/// here, and for the segments of a segment search. It has no costs; every code is its own canonical form.
/// @tparam Counts how many operators each cell has, 1 to 36; one number a cell
template <int... Counts>
struct codes {
    static_assert(sizeof...(Counts) >= 1, "[F0305] codes<Counts...>: there must be at least one cell");
    static_assert(
        ((Counts >= 1 && Counts <= 36) && ...),
        "[F0306] codes<Counts...>: a cell has 1 to 36 operators: a code has one digit or letter a cell");

    static constexpr int cells = static_cast<int>(sizeof...(Counts));               ///< places of a code
    static constexpr std::array<int, sizeof...(Counts)> operator_counts{Counts...}; ///< of each place

    /// How many codes there are; the largest 64-bit number where there are more than that.
    static constexpr std::uint64_t size = detail::saturating_product(operator_counts);
};

} // namespace fitnas

#endif
