/// @file
/// @brief How good the top of a ranking is: regret, precision, and rank correlation among the best.
///
/// Higher values are better in both columns. Among equal values the earlier row comes first. "The top
/// fraction f" of n rows is the ceil(f n) best, at least one.

#ifndef FITNAS_METRICS_RANKING_HPP
#define FITNAS_METRICS_RANKING_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/core/order.hpp>
#include <fitnas/metrics/kendall.hpp>

namespace fitnas {

namespace detail {

/// The rows of the k highest values, best first.
FITNAS_LAZY std::vector<std::size_t> top_rows(std::span<const double> values, std::size_t k);

FITNAS_LAZY std::size_t top_count(std::size_t n, double fraction, const std::string& what);

} // namespace detail

/// @brief What picking by prediction loses: the best truth of all, minus the best truth among the k best
/// predictions.
/// @param predicted,truth n >= 2 finite values each
/// @param k how many picks are tried in truth, 1 to n
/// @return from 0, in the unit of `truth`
/// @throws shape_error, option_error; numeric_error where a value is not finite, or the loss is too large for
/// a double
FITNAS_API double regret(std::span<const double> predicted, std::span<const double> truth, std::size_t k = 1);

/// @brief Where `regret_under_limits` sets its limits: quantiles of the costs, from the cheapest networks to
/// all.
inline constexpr std::array<double, 8> limit_quantiles{0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1};

/// @brief What picking by prediction loses under a limit on the cost, for one limit after the other: the best
/// truth within the limit, minus the truth of the network within it that is predicted to be best. Of several
/// with that prediction it is the mean of their truths: what a pick among them loses on average.
/// @param predicted,truth,cost n >= 2 finite values each
/// @param quantiles at least one, each from 0 (the cheapest alone) to 1 (all): a limit is that quantile of
/// `cost`, by linear interpolation between order statistics, as numpy's default. A network as costly as the
/// limit is within it.
/// @return one regret a quantile, from 0, in the unit of `truth`
/// @throws shape_error where columns differ in length or are below 2; numeric_error where a value is not
/// finite, or a loss is too large for a double; option_error where there are no quantiles, or one is outside
/// of [0, 1]
FITNAS_API std::vector<double> regrets_under_limits(std::span<const double> predicted,
                                                    std::span<const double> truth,
                                                    std::span<const double> cost,
                                                    std::span<const double> quantiles = limit_quantiles);

/// @brief What picking by prediction loses under limits on the cost: the mean of `regrets_under_limits`, one
/// number for how a ranking serves a search under any limit.
/// @return from 0, in the unit of `truth`
/// @throws as `regrets_under_limits`
inline double regret_under_limits(std::span<const double> predicted, std::span<const double> truth,
                                  std::span<const double> cost,
                                  std::span<const double> quantiles = limit_quantiles) {
    return detail::exact_mean(regrets_under_limits(predicted, truth, cost, quantiles));
}

/// @brief The share of the predicted top fraction that is in the true top fraction.
/// @param predicted,truth n >= 2 finite values each
/// @param fraction above 0, up to 1
/// @return 0 to 1
/// @throws shape_error, numeric_error, option_error
FITNAS_API double precision_at(std::span<const double> predicted, std::span<const double> truth,
                               double fraction = 0.1);

/// @brief Kendall's tau-b among the rows of the *true* top fraction (at least two rows): whether the good are
/// told from the best.
/// @param predicted,truth n >= 2 finite values each
/// @param fraction above 0, up to 1
/// @return -1 to 1; NaN where all values of a column are equal in these rows
/// @throws shape_error, numeric_error, option_error
FITNAS_API double tau_in_top(std::span<const double> predicted, std::span<const double> truth,
                             double fraction = 0.1);

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<std::size_t> top_rows(std::span<const double> values, std::size_t k) {
    std::vector<double> worse;
    for (const double v : values) {
        worse.push_back(-v);
    }
    std::vector<std::size_t> rows = rows_in_order(worse);
    rows.resize(k);
    return rows;
}

FITNAS_LAZY_AGAIN std::size_t top_count(std::size_t n, double fraction, const std::string& what) {
    if (!(fraction > 0 && fraction <= 1)) {
        throw option_error("[F0807] " + what + ": expected a fraction above 0 and up to 1, got " +
                           detail::number_text(fraction));
    }
    // A product such as 0.07 * 100 may come out a little above the whole number that is meant.
    const double count = std::ceil(fraction * static_cast<double>(n) - 1e-9);
    return (std::max)(std::size_t{1}, static_cast<std::size_t>(count));
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API double regret(std::span<const double> predicted, std::span<const double> truth, std::size_t k) {
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

FITNAS_API std::vector<double> regrets_under_limits(std::span<const double> predicted,
                                                    std::span<const double> truth,
                                                    std::span<const double> cost,
                                                    std::span<const double> quantiles) {
    detail::require_paired(predicted, truth, "regret_under_limits: predicted and truth");
    detail::require_paired(cost, truth, "regret_under_limits: cost and truth");
    if (quantiles.empty()) {
        throw option_error("[F0885] regret_under_limits: quantiles: expected at least one, got none");
    }
    std::vector<double> sorted(cost.begin(), cost.end());
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> regrets;
    for (const double q : quantiles) {
        if (!(q >= 0 && q <= 1)) {
            throw option_error("[F0886] regret_under_limits: quantiles: expected numbers from 0 to 1, got " +
                               detail::number_text(q));
        }
        // No network costs anything between two neighbours in this order: those within the interpolated limit
        // are those within the lower neighbour. A product such as 0.29 * 100 may come out a little below the
        // whole number that is meant.
        const double place = std::floor(q * static_cast<double>(cost.size() - 1) + 1e-9);
        const double limit = sorted[static_cast<std::size_t>(place)];
        bool any = false;
        double most = 0;
        double first = 0;
        std::vector<double> truths_of_first;
        for (std::size_t i = 0; i < cost.size(); ++i) {
            if (cost[i] > limit) {
                continue;
            }
            most = any ? (std::max)(most, truth[i]) : truth[i];
            if (!any || predicted[i] > first) {
                first = predicted[i];
                truths_of_first.clear();
            }
            if (predicted[i] == first) {
                truths_of_first.push_back(truth[i]);
            }
            any = true;
        }
        const double picked = detail::exact_mean(truths_of_first);
        if (!std::isfinite(most - picked)) {
            throw numeric_error("[F0887] regret_under_limits: from " + detail::number_text(picked) + " to " +
                                detail::number_text(most) +
                                " is more than a double holds; divide the truth by a number");
        }
        regrets.push_back(most - picked);
    }
    return regrets;
}

FITNAS_API double precision_at(std::span<const double> predicted, std::span<const double> truth,
                               double fraction) {
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

FITNAS_API double tau_in_top(std::span<const double> predicted, std::span<const double> truth,
                             double fraction) {
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

#endif
