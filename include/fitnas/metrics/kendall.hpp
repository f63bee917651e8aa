/// @file
/// @brief Kendall's rank correlation.

#ifndef FITNAS_METRICS_KENDALL_HPP
#define FITNAS_METRICS_KENDALL_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/metrics/paired.hpp>

namespace fitnas {

namespace detail {

/// Sorts `values` and returns how many neighbours had to be swapped (inversions), by merge sort from the
/// bottom up.
FITNAS_LAZY std::uint64_t sort_counting_swaps(std::vector<double>& values);

/// How many pairs of neighbours-in-order are equal: the sum of t (t - 1) / 2 over runs of t equal items.
template <class T>
std::uint64_t tied_pairs(const std::vector<T>& sorted) {
    std::uint64_t pairs = 0;
    std::uint64_t run = 0;
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        run = sorted[i] == sorted[i - 1] ? run + 1 : 0;
        pairs += run;
    }
    return pairs;
}

} // namespace detail

/// @brief Kendall's tau-b, which corrects for ties (Kendall, Biometrika 33, 1945), in O(n log n) (Knight,
/// JASA 61, 1966).
/// @param x,y n >= 2 finite values each
/// @return -1 to 1; NaN where all values of a column are equal, as SciPy's `kendalltau`
/// @throws shape_error, numeric_error
FITNAS_API double kendall_tau(std::span<const double> x, std::span<const double> y);

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::uint64_t sort_counting_swaps(std::vector<double>& values) {
    std::uint64_t swaps = 0;
    std::vector<double> merged(values.size());
    for (std::size_t width = 1; width < values.size(); width *= 2) {
        for (std::size_t low = 0; low < values.size(); low += 2 * width) {
            const std::size_t middle = (std::min)(low + width, values.size());
            const std::size_t high = (std::min)(low + 2 * width, values.size());
            std::size_t left = low;
            std::size_t right = middle;
            for (std::size_t k = low; k < high; ++k) {
                if (left < middle && (right == high || values[left] <= values[right])) {
                    merged[k] = values[left++];
                } else {
                    swaps += middle - left;
                    merged[k] = values[right++];
                }
            }
        }
        std::swap(values, merged);
    }
    return swaps;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API double kendall_tau(std::span<const double> x, std::span<const double> y) {
    detail::require_paired(x, y, "kendall_tau");
    const std::size_t n = x.size();
    std::vector<std::pair<double, double>> pairs(n);
    for (std::size_t i = 0; i < n; ++i) {
        // + 0.0 makes one zero of the two.
        pairs[i] = {x[i] + 0.0, y[i] + 0.0};
    }
    std::sort(pairs.begin(), pairs.end());
    std::vector<double> first(n);
    std::vector<double> second(n);
    for (std::size_t i = 0; i < n; ++i) {
        first[i] = pairs[i].first;
        second[i] = pairs[i].second;
    }
    const auto total = static_cast<double>(std::uint64_t{n} * (n - 1) / 2);
    const auto ties_x = static_cast<double>(detail::tied_pairs(first));
    const auto ties_both = static_cast<double>(detail::tied_pairs(pairs));
    const auto discordant = static_cast<double>(detail::sort_counting_swaps(second));
    const auto ties_y = static_cast<double>(detail::tied_pairs(second));
    if (ties_x == total || ties_y == total) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    const double difference = total - ties_x - ties_y + ties_both - 2 * discordant;
    // One root of the product: equal orders give exactly 1.
    return std::clamp(difference / std::sqrt((total - ties_x) * (total - ties_y)), -1.0, 1.0);
}

} // namespace fitnas

#endif

#endif
