/// @file
/// @brief How well a score ranks networks by their truth: over all of them, and among those it would select.

#ifndef FITNAS_STUDY_RANK_QUALITY_HPP
#define FITNAS_STUDY_RANK_QUALITY_HPP

#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <fitnas/core/mean.hpp>
#include <fitnas/metrics/bootstrap.hpp>
#include <fitnas/metrics/kendall.hpp>
#include <fitnas/metrics/ranking.hpp>

namespace fitnas::study {

/// @brief A number and its 95 % bootstrap interval over networks.
struct estimate {
    double value = 0;
    interval range{};
};

/// @brief How a ranking does. Where one kind of score was taken several times (from several supernets, on
/// several sets of images), numbers are means over the takings.
struct rank_quality {
    estimate tau;      ///< Kendall's tau-b against the truth, over all networks
    estimate selected; ///< the same among the networks that the ranking itself puts on top
    estimate first;    ///< the truth of the network that the ranking puts first
    estimate top;      ///< the mean truth of the networks that the ranking puts on top
};

/// @brief Kendall's tau-b among the rows that `values` itself puts on top, at least three.
/// @param fraction above 0, up to 1
/// @return not a number where all values of a column are equal in these rows
inline double tau_selected(std::span<const double> values, std::span<const double> truth, double fraction) {
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

namespace detail {

/// Values of some networks.
inline std::vector<double> values_at(const std::vector<double>& values, std::span<const double> rows) {
    std::vector<double> some;
    some.reserve(rows.size());
    for (const double row : rows) {
        some.push_back(values[static_cast<std::size_t>(row)]);
    }
    return some;
}

/// A statistic of rows (numbers of networks), with an interval over networks drawn with replacement.
template <class Statistic>
estimate estimate_over(std::size_t networks, const bootstrap_options& options, Statistic&& statistic) {
    std::vector<double> rows(networks);
    std::iota(rows.begin(), rows.end(), 0.0);
    const auto of_rows = [&](std::span<const double> some, std::span<const double>) {
        return statistic(some);
    };
    return {of_rows(rows, rows), bootstrap_interval(rows, rows, of_rows, options)};
}

/// A statistic of (values, truth), averaged over the takings; each draw has the same networks for every
/// taking.
template <class Statistic>
estimate estimate_of(std::span<const std::vector<double>> takings, std::span<const double> truth,
                     const bootstrap_options& options, Statistic&& statistic) {
    const std::vector<double> truths(truth.begin(), truth.end());
    return estimate_over(truth.size(), options, [&](std::span<const double> rows) {
        const std::vector<double> y = values_at(truths, rows);
        std::vector<double> values;
        for (std::size_t t = 0; t < takings.size(); ++t) {
            const std::vector<double> x = values_at(takings[t], rows);
            values.push_back(statistic(t, std::span<const double>(x), std::span<const double>(y)));
        }
        return fitnas::detail::exact_mean(values);
    });
}

} // namespace detail

/// @brief Judges one kind of score.
/// @param takings at least one, each with one value a network, higher is better
/// @param truth one value a network
/// @param fraction which share of a ranking is its top, above 0, up to 1
/// @throws shape_error, numeric_error, option_error
inline rank_quality judge(std::span<const std::vector<double>> takings, std::span<const double> truth,
                          double fraction, const bootstrap_options& options = {}) {
    using column = std::span<const double>;
    const auto of = [&](auto&& statistic) {
        return detail::estimate_of(takings, truth, options,
                                   [&](std::size_t, column x, column y) { return statistic(x, y); });
    };
    const auto mean_of_top = [](column x, column y, std::size_t k) {
        std::vector<double> values;
        for (const std::size_t i : fitnas::detail::top_rows(x, k)) {
            values.push_back(y[i]);
        }
        return fitnas::detail::exact_mean(values);
    };
    return {of([](column x, column y) { return kendall_tau(x, y); }),
            of([&](column x, column y) { return tau_selected(x, y, fraction); }),
            of([&](column x, column y) { return mean_of_top(x, y, 1); }), of([&](column x, column y) {
                return mean_of_top(x, y, fitnas::detail::top_count(y.size(), fraction, "judge"));
            })};
}

/// @brief How far takings agree with each other: Kendall's tau-b, mean over all pairs of them.
/// @param takings at least two, with as many values each
inline estimate tau_between(std::span<const std::vector<double>> takings,
                            const bootstrap_options& options = {}) {
    if (takings.size() < 2) {
        throw shape_error("[F1015] tau_between: expected at least 2 takings, got " +
                          std::to_string(takings.size()));
    }
    return detail::estimate_over(takings.front().size(), options, [&](std::span<const double> rows) {
        std::vector<double> values;
        for (std::size_t t = 1; t < takings.size(); ++t) {
            const std::vector<double> x = detail::values_at(takings[t], rows);
            for (std::size_t s = 0; s < t; ++s) {
                values.push_back(kendall_tau(x, detail::values_at(takings[s], rows)));
            }
        }
        return fitnas::detail::exact_mean(values);
    });
}

/// @brief How much better one kind of score ranks than another: the difference of their taus over the same
/// networks, of which each is drawn for both or for neither.
/// @param better,worse as many takings each
inline estimate tau_gain(std::span<const std::vector<double>> better,
                         std::span<const std::vector<double>> worse, std::span<const double> truth,
                         const bootstrap_options& options = {}) {
    std::vector<std::vector<double>> both(better.begin(), better.end());
    both.insert(both.end(), worse.begin(), worse.end());
    estimate half = detail::estimate_of(
        both, truth, options, [&](std::size_t t, std::span<const double> x, std::span<const double> y) {
            return (t < better.size() ? 2 : -2) * kendall_tau(x, y);
        });
    return half;
}

} // namespace fitnas::study

#endif
