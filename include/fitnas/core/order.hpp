/// @file
/// @brief The order of values, and their ranks.

#ifndef FITNAS_CORE_ORDER_HPP
#define FITNAS_CORE_ORDER_HPP

#include <cstddef>
#include <span>
#include <vector>

#include <fitnas/config.hpp>

namespace fitnas::detail {

/// The rows of values from the smallest to the largest; equal ones in the order of the rows.
/// @param values none is NaN
FITNAS_LAZY std::vector<std::size_t> rows_in_order(std::span<const double> values);

/// Ranks from 0; equal values share the mean of their ranks.
/// @param values none is NaN
FITNAS_LAZY std::vector<double> mean_ranks(std::span<const double> values);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<std::size_t> rows_in_order(std::span<const double> values) {
    std::vector<std::size_t> rows(values.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i] = i;
    }
    std::sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
        return values[a] != values[b] ? values[a] < values[b] : a < b;
    });
    return rows;
}

FITNAS_LAZY_AGAIN std::vector<double> mean_ranks(std::span<const double> values) {
    const std::vector<std::size_t> order = rows_in_order(values);
    std::vector<double> ranks(values.size());
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) {
            ++last;
        }
        for (std::size_t i = first; i <= last; ++i) {
            ranks[order[i]] = 0.5 * static_cast<double>(first + last);
        }
        first = last + 1;
    }
    return ranks;
}

} // namespace fitnas::detail

#endif

#endif
