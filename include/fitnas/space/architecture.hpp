/// @file
/// @brief Architectures: values, their text, and their order.

#ifndef FITNAS_SPACE_ARCHITECTURE_HPP
#define FITNAS_SPACE_ARCHITECTURE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/space/search_space.hpp>

namespace fitnas {

/// @brief One operator number a cell.
template <code_space Space>
using architecture = std::array<std::uint8_t, static_cast<std::size_t>(Space::cells)>;

namespace detail {

FITNAS_LAZY std::string code_text(std::span<const std::uint8_t> operators);

/// @throws architecture_error
FITNAS_LAZY [[noreturn]] FITNAS_COLD void refuse_operator(std::size_t cell, int operators, int got);

/// What code that does not know the space has made.
/// @pre as many operators as cells
template <code_space Space>
architecture<Space> architecture_of(std::span<const std::uint8_t> operators) {
    architecture<Space> a{};
    std::copy_n(operators.begin(), a.size(), a.begin());
    return a;
}

} // namespace detail

/// @brief The code of an architecture: one character a cell, 0 to 9, then a to z.
template <code_space Space>
std::string to_string(const architecture<Space>& a) {
    return detail::code_text(a);
}

/// @brief Reads a code.
/// @throws architecture_error where the length is wrong or a cell has no such operator
template <code_space Space>
architecture<Space> parse(std::string_view code) {
    if (code.size() != static_cast<std::size_t>(Space::cells)) {
        throw architecture_error("[F0301] architecture code \"" + std::string(code) + "\": expected " +
                                 std::to_string(Space::cells) + " characters, one a cell, got " +
                                 std::to_string(code.size()));
    }
    architecture<Space> a{};
    for (std::size_t i = 0; i < code.size(); ++i) {
        const char c = code[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : 255;
        if (digit >= Space::operator_counts[i]) {
            throw architecture_error("[F0302] architecture code \"" + std::string(code) + "\": cell " +
                                     std::to_string(i) + " has the operators 0 to " +
                                     std::to_string(Space::operator_counts[i] - 1) + ", got '" +
                                     std::string(1, c) + "'");
        }
        a[i] = static_cast<std::uint8_t>(digit);
    }
    return a;
}

/// @brief Refuses an architecture that its space does not have.
/// @throws architecture_error which names cell and operator
template <code_space Space>
constexpr void require_valid(const architecture<Space>& a) {
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] >= Space::operator_counts[i]) {
            detail::refuse_operator(i, Space::operator_counts[i], a[i]);
        }
    }
}

/// @brief The place of an architecture in the order of the codes (the last cell changes fastest).
/// @pre `Space::size` is exact, that is below 2^64 - 1
template <code_space Space>
constexpr std::uint64_t index_of(const architecture<Space>& a) {
    std::uint64_t index = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        index = index * static_cast<std::uint64_t>(Space::operator_counts[i]) + a[i];
    }
    return index;
}

/// @brief The architecture at a place in the order of the codes.
/// @throws architecture_error past the end
template <code_space Space>
constexpr architecture<Space> architecture_at(std::uint64_t index) {
    if (index >= Space::size) {
        throw architecture_error("[F0304] architecture_at: the space has " + std::to_string(Space::size) +
                                 " architectures, asked for number " + std::to_string(index));
    }
    architecture<Space> a{};
    for (std::size_t i = a.size(); i-- > 0;) {
        const auto count = static_cast<std::uint64_t>(Space::operator_counts[i]);
        a[i] = static_cast<std::uint8_t>(index % count);
        index /= count;
    }
    return a;
}

/// @brief Calls `visit(architecture)` for every code, in order.
template <code_space Space, class Visit>
constexpr void for_each_architecture(Visit&& visit) {
    architecture<Space> a{};
    while (true) {
        visit(static_cast<const architecture<Space>&>(a));
        std::size_t i = a.size();
        while (i > 0 && ++a[i - 1] == Space::operator_counts[i - 1]) {
            a[--i] = 0;
        }
        if (i == 0) {
            return;
        }
    }
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::string code_text(std::span<const std::uint8_t> operators) {
    std::string text;
    for (const std::uint8_t digit : operators) {
        text += static_cast<char>(digit < 10 ? '0' + digit : 'a' + (digit - 10));
    }
    return text;
}

FITNAS_LAZY_AGAIN void refuse_operator(std::size_t cell, int operators, int got) {
    throw architecture_error("[F0303] architecture: cell " + std::to_string(cell) +
                             " has the operators 0 to " + std::to_string(operators - 1) + ", got " +
                             std::to_string(got));
}

} // namespace fitnas::detail

#endif

#endif
