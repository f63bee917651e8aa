/// @file
/// @brief Architectures, for code that does not know their space.

#ifndef FITNAS_SPACE_CODE_ROWS_HPP
#define FITNAS_SPACE_CODE_ROWS_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/space/architecture.hpp>

namespace fitnas::detail {

/// Codes of one length, and how many operators their cells have.
struct code_rows {
    const std::uint8_t* first;
    std::size_t size;
    std::span<const int> operator_counts;

    std::size_t cells() const { return operator_counts.size(); }
    std::span<const std::uint8_t> operator[](std::size_t row) const {
        return {first + row * cells(), cells()};
    }
};

/// The same memory.
template <code_space Space>
requires(sizeof(architecture<Space>) == static_cast<std::size_t>(Space::cells)) code_rows
    rows_of(std::span<const architecture<Space>> some) {
    return {reinterpret_cast<const std::uint8_t*>(some.data()), some.size(), Space::operator_counts};
}

/// Equal codes have one number; numbers have the order of the codes.
struct code_numbers {
    std::vector<std::size_t> of_row;
    std::vector<std::size_t> first_row; ///< with each number
};

FITNAS_LAZY code_numbers numbers_of(const code_rows& codes);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <numeric>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN code_numbers numbers_of(const code_rows& codes) {
    std::vector<std::size_t> order(codes.size);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const auto [x, y] = std::mismatch(codes[a].begin(), codes[a].end(), codes[b].begin());
        return x == codes[a].end() ? a < b : *x < *y;
    });
    code_numbers numbers{std::vector<std::size_t>(codes.size), {}};
    for (const std::size_t row : order) {
        const auto code = codes[row];
        if (numbers.first_row.empty() ||
            !std::equal(code.begin(), code.end(), codes[numbers.first_row.back()].begin())) {
            numbers.first_row.push_back(row);
        }
        numbers.of_row[row] = numbers.first_row.size() - 1;
    }
    return numbers;
}

} // namespace fitnas::detail

#endif

#endif
