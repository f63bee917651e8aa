/// @file
/// @brief Scores as targets of a fit, and the way back from outputs to scores.

#ifndef FITNAS_PREDICTOR_TARGET_HPP
#define FITNAS_PREDICTOR_TARGET_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <fitnas/config.hpp>

namespace fitnas {

/// @brief What is made of the scores before a fit.
enum class target {
    standardised, ///< less their mean, divided by their standard deviation
    ranks         ///< their ranks (equal scores share the mean of theirs), standardised
};

/// @brief A straight line.
struct line {
    double offset = 0;
    double slope = 1;
    double operator()(double x) const { return offset + slope * x; }
};

namespace detail {

struct moments {
    double mean = 0;
    double deviation = 0; ///< with the number of values as divisor
};

inline moments moments_of(std::span<const double> values) {
    const auto n = static_cast<double>(values.size());
    moments m;
    for (const double v : values) {
        m.mean += v / n;
    }
    double sum = 0;
    for (const double v : values) {
        sum += (v - m.mean) * (v - m.mean);
    }
    m.deviation = std::sqrt(sum / n);
    return m;
}

/// Ranks from 0; equal values share the mean of their ranks.
inline std::vector<double> mean_ranks(std::span<const double> values) {
    std::vector<std::size_t> order(values.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
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

} // namespace detail

/// @brief The targets of a fit, with mean 0 and standard deviation 1.
/// @param kind which transform
/// @param scores not all equal
inline std::vector<double> make_targets(target kind, std::span<const double> scores) {
    std::vector<double> values = kind == target::ranks ? detail::mean_ranks(scores)
                                                       : std::vector<double>(scores.begin(), scores.end());
    const detail::moments m = detail::moments_of(values);
    for (double& v : values) {
        v = (v - m.mean) / m.deviation;
    }
    return values;
}

/// @brief The line that takes outputs closest to scores (least squares), so that outputs of a fit to ranks or
/// pairs can be read in the unit of the scores. It always rises, so no order changes: where the closest does
/// not, the line gives the outputs the mean and deviation of the scores instead.
/// @param outputs of a model
/// @param scores of the same architectures, as many
inline line fit_line(std::span<const double> outputs, std::span<const double> scores) {
    const detail::moments x = detail::moments_of(outputs);
    const detail::moments y = detail::moments_of(scores);
    if (!(x.deviation > 0)) {
        return {y.mean - x.mean, 1};
    }
    double product = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        product += (outputs[i] - x.mean) * (scores[i] - y.mean);
    }
    double slope = product / (static_cast<double>(outputs.size()) * x.deviation * x.deviation);
    if (!(slope > 0)) {
        slope = y.deviation > 0 ? y.deviation / x.deviation : 1;
    }
    return {y.mean - slope * x.mean, slope};
}

} // namespace fitnas

#endif
