/// @file
/// @brief Spearman's rank correlation.

#ifndef FITNAS_METRICS_SPEARMAN_HPP
#define FITNAS_METRICS_SPEARMAN_HPP

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/order.hpp>
#include <fitnas/metrics/paired.hpp>

namespace fitnas {

/// @brief Ranks from 1 for the smallest value; equal values share the mean of their ranks.
/// @param values none is NaN
/// @throws numeric_error where one is
FITNAS_API std::vector<double> average_ranks(std::span<const double> values);

/// @brief Spearman's rho: the correlation of the average ranks.
/// @param x,y n >= 2 finite values each
/// @return -1 to 1; NaN where all values of a column are equal, as SciPy's `spearmanr`
/// @throws shape_error, numeric_error
FITNAS_API double spearman(std::span<const double> x, std::span<const double> y);

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API std::vector<double> average_ranks(std::span<const double> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isnan(values[i])) {
            throw numeric_error("[F0809] average_ranks: value " + std::to_string(i) + " is not a number");
        }
    }
    std::vector<double> ranks = detail::mean_ranks(values);
    for (double& rank : ranks) {
        rank += 1;
    }
    return ranks;
}

FITNAS_API double spearman(std::span<const double> x, std::span<const double> y) {
    detail::require_paired(x, y, "spearman");
    const std::vector<double> a = average_ranks(x);
    const std::vector<double> b = average_ranks(y);
    const double mean = (static_cast<double>(x.size()) + 1) / 2;
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ab += (a[i] - mean) * (b[i] - mean);
        aa += (a[i] - mean) * (a[i] - mean);
        bb += (b[i] - mean) * (b[i] - mean);
    }
    if (aa == 0 || bb == 0) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    // One root of the product: equal ranks give exactly 1.
    return std::clamp(ab / std::sqrt(aa * bb), -1.0, 1.0);
}

} // namespace fitnas

#endif

#endif
