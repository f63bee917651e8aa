/// @file
/// @brief Scores as targets of a fit, and the way back from outputs to scores.

#ifndef FITNAS_PREDICTOR_TARGET_HPP
#define FITNAS_PREDICTOR_TARGET_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/core/order.hpp>

namespace fitnas {

/// @brief What is made of the scores before a fit.
enum class target {
    standardised, ///< less their mean, divided by their standard deviation
    ranks         ///< their ranks (equal scores share the mean of theirs), standardised
};

/// @brief A straight line.
struct line {
    double offset = 0;                                               ///< at x = 0
    double slope = 1;                                                ///< rise for each unit of x
    double operator()(double x) const { return offset + slope * x; } ///< its value at x
};

namespace detail {

/// Values in a unit in which none is above 1, a power of two, and their moments in it: their squares neither
/// over- nor underflow.
struct moments {
    FITNAS_LAZY explicit moments(std::span<const double> given);
    int exponent; ///< of the unit
    std::vector<double> values{};
    double mean = 0;
    double deviation = 0; ///< with the number of values as divisor
};

/// @param values at least one
FITNAS_LAZY double median_of(std::vector<double> values);

/// Median and a deviation that fewer than half of the values cannot rule: 1.4826 times the median distance
/// from the median, which is the standard deviation where values are normal.
struct robust_moments {
    static constexpr double to_deviation = 1.4826;      ///< from the median distance
    static constexpr double mean_to_deviation = 1.2533; ///< from the mean distance
    FITNAS_LAZY explicit robust_moments(std::span<const double> given);
    /// @return how many deviations a value is off the median, at most 1e6
    double standardised(double v) const {
        constexpr double most = 1e6;
        return (std::min)((std::max)((std::ldexp(v, -exponent) - median) / deviation, -most), most);
    }

    int exponent = 0; ///< of the unit of what follows
    double median = 0;
    double deviation = 0;
};

} // namespace detail

/// @brief The targets of a fit, with mean 0 and standard deviation 1; the same in whatever unit scores are.
/// @param kind which transform
/// @param scores finite, not all equal
FITNAS_API std::vector<double> make_targets(target kind, std::span<const double> scores);

namespace detail {

/// Which points to take for a line: those that are not more than 5 robust deviations off the line whose slope
/// is the median of those between points of the lower and the upper half (after Theil, "A rank-invariant
/// method of linear and polynomial regression analysis", 1950). Where more than half lie on it the deviation
/// is that of the mean distance (Iglewicz and Hoaglin, "How to detect and handle outliers", 1993). Fewer than
/// 10 points are all taken.
FITNAS_LAZY std::vector<char> near_line(const moments& x, const moments& y);

} // namespace detail

/// @brief The line that takes outputs closest to scores, so that outputs of a fit to ranks or pairs can be
/// read in the unit of the scores: least squares over all points but those that are far off what most lie on,
/// so that no single score rules it. It always rises, so no order changes: where the closest does not, the
/// line gives the outputs the mean and deviation of the scores instead.
/// @param outputs of a model
/// @param scores of the same architectures, as many
FITNAS_API line fit_line(std::span<const double> outputs, std::span<const double> scores);

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN moments::moments(std::span<const double> given) : exponent(common_exponent(given)) {
    for (const double v : given) {
        values.push_back(std::ldexp(v, -exponent));
    }
    mean = exact_mean(values);
    deviation = deviation_about(mean, values, values.size());
}

FITNAS_LAZY_AGAIN double median_of(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    const double upper = *middle;
    return values.size() % 2 == 1 ? upper : 0.5 * upper + 0.5 * *std::max_element(values.begin(), middle);
}

FITNAS_LAZY_AGAIN robust_moments::robust_moments(std::span<const double> given) {
    std::vector<double> values(given.begin(), given.end());
    for (double& v : values) {
        v = std::abs(v);
    }
    std::frexp(median_of(values), &exponent); // in it far ones may be infinite, the median is not
    for (std::size_t i = 0; i < given.size(); ++i) {
        values[i] = std::ldexp(given[i], -exponent);
    }
    median = median_of(values);
    for (double& v : values) {
        v = std::abs(v - median);
    }
    deviation = to_deviation * median_of(std::move(values));
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API std::vector<double> make_targets(target kind, std::span<const double> scores) {
    detail::moments m =
        kind == target::ranks ? detail::moments(detail::mean_ranks(scores)) : detail::moments(scores);
    for (double& v : m.values) {
        v = (v - m.mean) / m.deviation;
    }
    return std::move(m.values);
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<char> near_line(const moments& x, const moments& y) {
    const std::size_t n = x.values.size();
    std::vector<char> taken(n, 1);
    if (n < 10) {
        return taken;
    }
    const std::vector<std::size_t> order = rows_in_order(x.values);
    std::vector<double> slopes;
    for (std::size_t i = 0; i < n / 2; ++i) {
        const std::size_t low = order[i];
        const std::size_t high = order[i + (n + 1) / 2];
        if (x.values[high] > x.values[low]) {
            slopes.push_back((y.values[high] - y.values[low]) / (x.values[high] - x.values[low]));
        }
    }
    const double slope = slopes.empty() ? 0 : median_of(std::move(slopes));
    std::vector<double> off;
    for (std::size_t i = 0; i < n; ++i) {
        off.push_back(y.values[i] - slope * x.values[i]);
    }
    const double middle = median_of(off);
    std::vector<double> distance;
    for (const double o : off) {
        distance.push_back(std::abs(o - middle));
    }
    double deviation = robust_moments::to_deviation * median_of(distance);
    if (!(deviation > 0)) { // more than half lie on the line itself
        deviation = robust_moments::mean_to_deviation * exact_mean(distance);
    }
    for (std::size_t i = 0; i < n; ++i) {
        taken[i] = distance[i] > 5 * deviation ? 0 : 1;
    }
    return taken;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API line fit_line(std::span<const double> outputs, std::span<const double> scores) {
    const std::vector<char> taken = detail::near_line(detail::moments(outputs), detail::moments(scores));
    std::vector<double> taken_outputs;
    std::vector<double> taken_scores;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (taken[i] != 0) {
            taken_outputs.push_back(outputs[i]);
            taken_scores.push_back(scores[i]);
        }
    }
    const detail::moments x(taken_outputs);
    const detail::moments y(taken_scores);
    double slope = 1;
    if (x.deviation > 0) {
        double product = 0;
        for (std::size_t i = 0; i < x.values.size(); ++i) {
            product += (x.values[i] - x.mean) * (y.values[i] - y.mean);
        }
        slope = product / (static_cast<double>(x.values.size()) * x.deviation * x.deviation);
        if (!(slope > 0)) {
            slope = y.deviation > 0 ? y.deviation / x.deviation : 1;
        }
    }
    return {std::ldexp(y.mean - slope * x.mean, y.exponent), std::ldexp(slope, y.exponent - x.exponent)};
}

} // namespace fitnas

#endif

#endif
