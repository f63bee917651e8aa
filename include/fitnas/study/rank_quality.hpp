/// @file
/// @brief How well a score ranks networks by their truth: over all of them, among those it would select, and
/// where a limit on the cost asks for one.

#ifndef FITNAS_STUDY_RANK_QUALITY_HPP
#define FITNAS_STUDY_RANK_QUALITY_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/metrics/bootstrap.hpp>
#include <fitnas/metrics/kendall.hpp>
#include <fitnas/metrics/ranking.hpp>

namespace fitnas::study {

/// @brief A number and its 95 % bootstrap interval over networks.
struct estimate {
    double value = 0; ///< of all networks
    interval range{}; ///< 95 %
};

/// @brief How a ranking does. Where one kind of score was taken several times (from several supernets, on
/// several sets of images), numbers are means over the replicates.
struct rank_quality {
    estimate tau;      ///< Kendall's tau-b against the truth, over all networks
    estimate selected; ///< the same among the networks that the ranking itself puts on top
    estimate first;    ///< the truth of the network that the ranking puts first
    estimate top;      ///< the mean truth of the networks that the ranking puts on top
    estimate regret;   ///< `regret_under_limits`, in the unit of the truth; not a number without costs
};

/// @brief Kendall's tau-b among the rows that `values` itself puts on top, at least three.
/// @param fraction above 0, up to 1
/// @return not a number where all values of a column are equal in these rows
FITNAS_API double tau_selected(std::span<const double> values, std::span<const double> truth,
                               double fraction);

namespace detail {

/// Values of some networks.
FITNAS_LAZY std::vector<double> values_at(const std::vector<double>& values, std::span<const double> rows);

/// A statistic of rows (numbers of networks), with an interval over networks drawn with replacement. Where
/// all values of a column are equal, neither is a number.
template <class Statistic>
estimate estimate_over(std::size_t networks, const bootstrap_options& options, Statistic&& statistic) {
    std::vector<double> rows(networks);
    std::iota(rows.begin(), rows.end(), 0.0);
    const auto of_rows = [&](std::span<const double> some, std::span<const double>) {
        return statistic(some);
    };
    const double value = of_rows(rows, rows);
    return {value,
            std::isfinite(value) ? bootstrap_interval(rows, rows, of_rows, options) : interval{value, value}};
}

/// A statistic of (values, truth, cost), averaged over the replicates.
/// @param cost as long as `truth`, or empty
template <class Statistic>
double mean_over(std::span<const std::vector<double>> replicates, const std::vector<double>& truth,
                 const std::vector<double>& cost, std::span<const double> rows, Statistic&& statistic) {
    const std::vector<double> y = values_at(truth, rows);
    const std::vector<double> c = cost.empty() ? cost : values_at(cost, rows);
    std::vector<double> values;
    for (const std::vector<double>& replicate : replicates) {
        values.push_back(statistic(values_at(replicate, rows), y, c));
    }
    return fitnas::detail::exact_mean(values);
}

inline std::vector<double> copy_of(std::span<const double> values) { return {values.begin(), values.end()}; }

/// The difference of a statistic's means over two kinds of replicates; each draw has the same networks for
/// all.
template <class Statistic>
estimate gain_of(std::span<const std::vector<double>> more, std::span<const std::vector<double>> less,
                 std::span<const double> truth, std::span<const double> cost,
                 const bootstrap_options& options, Statistic&& statistic) {
    const std::vector<double> y = copy_of(truth);
    const std::vector<double> c = copy_of(cost);
    return estimate_over(y.size(), options, [&](std::span<const double> rows) {
        return mean_over(more, y, c, rows, statistic) - mean_over(less, y, c, rows, statistic);
    });
}

} // namespace detail

/// @brief Judges one kind of score.
///
/// Intervals are over networks drawn with replacement: how far another draw of networks from the same space
/// would move a number. What the seed of a supernet moves is in the mean over several replicates.
/// @param replicates at least one, each with one value a network, higher is better
/// @param truth one value a network
/// @param fraction which share of a ranking is its top, above 0, up to 1
/// @param cost one a network, for `rank_quality::regret`; may be empty
/// @throws shape_error, numeric_error, option_error
FITNAS_API rank_quality judge(std::span<const std::vector<double>> replicates, std::span<const double> truth,
                              double fraction, std::span<const double> cost = {},
                              const bootstrap_options& options = {});

/// @brief How far replicates agree with each other: Kendall's tau-b, mean over all pairs of them.
/// @param replicates at least two, with as many values each
FITNAS_API estimate tau_between(std::span<const std::vector<double>> replicates,
                                const bootstrap_options& options = {});

/// @brief How much better one kind of score ranks than another: the difference of their taus over the same
/// networks, of which each is drawn for both or for neither.
/// @param better,worse at least one replicate each
inline estimate tau_gain(std::span<const std::vector<double>> better,
                         std::span<const std::vector<double>> worse, std::span<const double> truth,
                         const bootstrap_options& options = {}) {
    using column = std::span<const double>;
    return detail::gain_of(better, worse, truth, {}, options,
                           [](column x, column y, column) { return kendall_tau(x, y); });
}

/// @brief How much less one kind of score loses under limits than another, as `tau_gain`.
/// @return the regret of `worse` less that of `better`, in the unit of the truth
inline estimate regret_gain(std::span<const std::vector<double>> better,
                            std::span<const std::vector<double>> worse, std::span<const double> truth,
                            std::span<const double> cost, const bootstrap_options& options = {}) {
    using column = std::span<const double>;
    return detail::gain_of(worse, better, truth, cost, options,
                           [](column x, column y, column c) { return regret_under_limits(x, y, c); });
}

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study {

FITNAS_API double tau_selected(std::span<const double> values, std::span<const double> truth,
                               double fraction) {
    const std::size_t k = (std::min)(
        values.size(),
        (std::max)(std::size_t{3}, fitnas::detail::top_count(truth.size(), fraction, "tau_selected")));
    std::vector<double> x;
    std::vector<double> y;
    for (const std::size_t i : fitnas::detail::top_rows(values, k)) {
        x.push_back(values[i]);
        y.push_back(truth[i]);
    }
    return kendall_tau(x, y);
}

} // namespace fitnas::study

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN std::vector<double> values_at(const std::vector<double>& values,
                                                std::span<const double> rows) {
    std::vector<double> some;
    some.reserve(rows.size());
    for (const double row : rows) {
        some.push_back(values[static_cast<std::size_t>(row)]);
    }
    return some;
}

} // namespace fitnas::study::detail

namespace fitnas::study {

FITNAS_API rank_quality judge(std::span<const std::vector<double>> replicates, std::span<const double> truth,
                              double fraction, std::span<const double> cost,
                              const bootstrap_options& options) {
    using column = std::span<const double>;
    const std::vector<double> all_truths = detail::copy_of(truth);
    const std::vector<double> all_costs = detail::copy_of(cost);
    const auto of = [&](auto&& statistic) {
        return detail::estimate_over(truth.size(), options, [&](column rows) {
            return detail::mean_over(replicates, all_truths, all_costs, rows, statistic);
        });
    };
    const auto mean_of_top = [](column x, column y, std::size_t k) {
        std::vector<double> values;
        for (const std::size_t i : fitnas::detail::top_rows(x, k)) {
            values.push_back(y[i]);
        }
        return fitnas::detail::exact_mean(values);
    };
    rank_quality q;
    q.tau = of([](column x, column y, column) { return kendall_tau(x, y); });
    q.selected = of([&](column x, column y, column) { return tau_selected(x, y, fraction); });
    q.first = of([&](column x, column y, column) { return mean_of_top(x, y, 1); });
    q.top = of([&](column x, column y, column) {
        return mean_of_top(x, y, fitnas::detail::top_count(y.size(), fraction, "judge"));
    });
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    q.regret = cost.empty() ? estimate{unknown, {unknown, unknown}}
                            : of([](column x, column y, column c) { return regret_under_limits(x, y, c); });
    return q;
}

FITNAS_API estimate tau_between(std::span<const std::vector<double>> replicates,
                                const bootstrap_options& options) {
    if (replicates.size() < 2) {
        throw shape_error("[F1015] tau_between: expected at least 2 replicates, got " +
                          std::to_string(replicates.size()));
    }
    return detail::estimate_over(replicates.front().size(), options, [&](std::span<const double> rows) {
        std::vector<double> values;
        for (std::size_t t = 1; t < replicates.size(); ++t) {
            const std::vector<double> x = detail::values_at(replicates[t], rows);
            for (std::size_t s = 0; s < t; ++s) {
                values.push_back(kendall_tau(x, detail::values_at(replicates[s], rows)));
            }
        }
        return fitnas::detail::exact_mean(values);
    });
}

} // namespace fitnas::study

#endif

#endif
