/// @file
/// @brief Percentile bootstrap intervals.

#ifndef FITNAS_METRICS_BOOTSTRAP_HPP
#define FITNAS_METRICS_BOOTSTRAP_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/metrics/paired.hpp>

namespace fitnas {

/// @brief How an interval is drawn.
struct bootstrap_options {
    int draws = 1000;    ///< resamples, at least 1
    double level = 0.95; ///< between 0 and 1
    fitnas::seed seed{0};
};

/// @brief An interval of numbers, ends included.
struct interval {
    double low = 0;  ///< the lower end
    double high = 0; ///< the upper end
};

namespace detail {
/// The value at a share q of the sorted values, linear between neighbours (definition 7 of Hyndman and Fan,
/// 1996).
FITNAS_LAZY double quantile(const std::vector<double>& sorted, double q);
} // namespace detail

/// @brief Percentile interval of a statistic of pairs (Efron and Tibshirani, "An Introduction to the
/// Bootstrap", 1993, chapter 13): rows are drawn with replacement, the statistic is taken each time.
///
/// Draws on which the statistic is not finite (a resample without two different values) are left out. The
/// result depends on the seed, not on the number of threads.
/// @param x,y n >= 2 finite values each
/// @param statistic called from several threads as `double(std::span<const double> x, std::span<const double>
/// y)`
/// @throws shape_error, numeric_error, option_error
template <class Statistic>
interval bootstrap_interval(std::span<const double> x, std::span<const double> y, Statistic&& statistic,
                            const bootstrap_options& options = {}) {
    detail::require_paired(x, y, "bootstrap_interval");
    if (options.draws < 1) {
        throw option_error("[F0801] bootstrap_options::draws: expected at least 1, got " +
                           std::to_string(options.draws));
    }
    if (!(options.level > 0 && options.level < 1)) {
        throw option_error("[F0802] bootstrap_options::level: expected a number between 0 and 1, got " +
                           detail::number_text(options.level));
    }
    const std::size_t n = x.size();
    std::vector<double> values(static_cast<std::size_t>(options.draws));
    parallel_for(options.draws, [&](std::ptrdiff_t draw) {
        random_stream random(options.seed, purpose::bootstrap, static_cast<std::uint64_t>(draw));
        std::vector<double> drawn_x(n);
        std::vector<double> drawn_y(n);
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t row = random.below(static_cast<std::uint32_t>(n));
            drawn_x[i] = x[row];
            drawn_y[i] = y[row];
        }
        values[static_cast<std::size_t>(draw)] =
            statistic(std::span<const double>(drawn_x), std::span<const double>(drawn_y));
    });
    values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); }),
                 values.end());
    if (values.empty()) {
        throw numeric_error("[F0803] bootstrap_interval: the statistic was finite on none of " +
                            std::to_string(options.draws) + " draws");
    }
    std::sort(values.begin(), values.end());
    return {detail::quantile(values, (1 - options.level) / 2),
            detail::quantile(values, (1 + options.level) / 2)};
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN double quantile(const std::vector<double>& sorted, double q) {
    const double place = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = (std::min)(below + 1, sorted.size() - 1);
    const double share = place - static_cast<double>(below);
    const double step = sorted[above] - sorted[below];
    return std::isfinite(step) ? sorted[below] + share * step
                               : (1 - share) * sorted[below] + share * sorted[above];
}

} // namespace fitnas::detail

#endif

#endif
