/// @file
/// @brief How good the top of a ranking is: regret, precision, and rank correlation among the best.
///
/// Higher values are better in both columns. Among equal values the earlier row comes first. "The top
/// fraction f" of n rows is the ceil(f n) best, at least one.

#ifndef FITNAS_METRICS_RANKING_HPP
#define FITNAS_METRICS_RANKING_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <fitnas/metrics/kendall.hpp>

namespace fitnas {

namespace detail {

/// The rows of the k highest values, best first.
inline std::vector<std::size_t> top_rows(std::span<const double> values, std::size_t k) {
    std::vector<std::size_t> rows(values.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i] = i;
    }
    std::partial_sort(
        rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(k), rows.end(),
        [&](std::size_t a, std::size_t b) { return values[a] != values[b] ? values[a] > values[b] : a < b; });
    rows.resize(k);
    return rows;
}

inline std::size_t top_count(std::size_t n, double fraction, const std::string& what) {
    if (!(fraction > 0 && fraction <= 1)) {
        throw option_error("[F0807] " + what + ": expected a fraction above 0 and up to 1, got " +
                           detail::number_text(fraction));
    }
    // A product such as 0.07 * 100 may come out a little above the whole number that is meant.
    const double count = std::ceil(fraction * static_cast<double>(n) - 1e-9);
    return (std::max)(std::size_t{1}, static_cast<std::size_t>(count));
}

} // namespace detail

/// @brief What picking by prediction loses: the best truth of all, minus the best truth among the k best
/// predictions.
/// @param predicted,truth n >= 2 finite values each
/// @param k how many picks are tried in truth, 1 to n
/// @return from 0, in the unit of `truth`
/// @throws shape_error, option_error; numeric_error where a value is not finite, or the loss is too large for
/// a double
inline double regret(std::span<const double> predicted, std::span<const double> truth, std::size_t k = 1) {
    detail::require_paired(predicted, truth, "regret");
    if (k < 1 || k > predicted.size()) {
        throw option_error("[F0808] regret: expected k from 1 to " + std::to_string(predicted.size()) +
                           ", got " + std::to_string(k));
    }
    const std::vector<std::size_t> picks = detail::top_rows(predicted, k);
    double best = truth[picks.front()];
    for (const std::size_t i : picks) {
        best = (std::max)(best, truth[i]);
    }
    const double most = *std::max_element(truth.begin(), truth.end());
    if (!std::isfinite(most - best)) {
        throw numeric_error("[F0860] regret: from " + detail::number_text(best) + " to " +
                            detail::number_text(most) +
                            " is more than a double holds; divide the truth by a number");
    }
    return most - best;
}

/// @brief The share of the predicted top fraction that is in the true top fraction.
/// @param predicted,truth n >= 2 finite values each
/// @param fraction above 0, up to 1
/// @return 0 to 1
/// @throws shape_error, numeric_error, option_error
inline double precision_at(std::span<const double> predicted, std::span<const double> truth,
                           double fraction = 0.1) {
    detail::require_paired(predicted, truth, "precision_at");
    const std::size_t k = detail::top_count(truth.size(), fraction, "precision_at");
    const std::vector<std::size_t> best = detail::top_rows(truth, k);
    std::vector<char> is_best(truth.size(), 0);
    for (const std::size_t i : best) {
        is_best[i] = 1;
    }
    std::size_t hits = 0;
    for (const std::size_t i : detail::top_rows(predicted, k)) {
        hits += is_best[i] != 0 ? 1U : 0U;
    }
    return static_cast<double>(hits) / static_cast<double>(k);
}

/// @brief Kendall's tau-b among the rows of the *true* top fraction (at least two rows): whether the good are
/// told from the best.
/// @param predicted,truth n >= 2 finite values each
/// @param fraction above 0, up to 1
/// @return -1 to 1; NaN where all values of a column are equal in these rows
/// @throws shape_error, numeric_error, option_error
inline double tau_in_top(std::span<const double> predicted, std::span<const double> truth,
                         double fraction = 0.1) {
    detail::require_paired(predicted, truth, "tau_in_top");
    const std::size_t k = (std::max)(std::size_t{2}, detail::top_count(truth.size(), fraction, "tau_in_top"));
    std::vector<double> x;
    std::vector<double> y;
    for (const std::size_t i : detail::top_rows(truth, k)) {
        x.push_back(predicted[i]);
        y.push_back(truth[i]);
    }
    return kendall_tau(x, y);
}

} // namespace fitnas

#endif
