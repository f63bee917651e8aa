/// @file
/// @brief How to fit the default model: plans, and which of them fits a table.

#ifndef FITNAS_PREDICTOR_CHOOSE_PLAN_HPP
#define FITNAS_PREDICTOR_CHOOSE_PLAN_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/predictor/distinct.hpp>
#include <fitnas/predictor/fit.hpp>
#include <fitnas/predictor/outliers.hpp>
#include <fitnas/predictor/shared_effects.hpp>

namespace fitnas {

/// @brief Plans of the default fit: which of its `fit_ways` are averaged. The first four go from little to
/// much trust in the single score.
enum class fit_plan {
    cautious, ///< three with much weight decay and few steps
    careful,  ///< five with much weight decay
    broad,    ///< nine: errors of unlike fits cancel
    close,    ///< three that follow the order of pairs, with little weight decay
    smoothed  ///< two on scores that are smoothed by what operators do wherever they stand
};
inline constexpr int fit_plans = 5; ///< how many plans there are
/// @brief Their names, in their order.
inline constexpr std::array<std::string_view, fit_plans> fit_plan_names{"cautious", "careful", "broad",
                                                                        "close", "smoothed"};
/// @brief How many ways to fit the default model there are, see `options_of_way`.
inline constexpr int fit_ways = 11;

/// @brief How to fit the default predictor.
struct default_fit_options {
    std::optional<fit_plan> plan{}; ///< without one it is `choose_plan`'s
    int repeats = 2;                ///< members of each way, which differ by their seeds; at least 1
    fitnas::seed seed{};            ///< of first parameters, orders, and networks that `choose_plan` looks at
    /// Called after each epoch of each fit, by one thread at a time; `done` and `total` count fits.
    fitnas::observer observer{};
    /// They share out the fits, and all get the same predictor. The observer is told on the process where it
    /// was given, of this process's fits. Null: this process is alone.
    fitnas::peers* peers = nullptr;
};

/// @brief How a plan was chosen.
struct plan_choice {
    fit_plan plan = fit_plan::broad; ///< the one that was chosen
    /// The part of the variance of the scores' ranks that is noise, in [0, 1]; not a number where it was not
    /// asked for.
    double noise = std::numeric_limits<double>::quiet_NaN();
};

/// @brief One way to fit the default model. Our choice.
/// @param way below `fit_ways`
/// @param networks how many there are to fit to: the more, the fewer epochs
FITNAS_API fit_options options_of_way(int way, std::size_t networks, seed s = {});

namespace detail {

/// The ways of each plan, [first, last).
inline constexpr int plan_ways[fit_plans][2] = {{0, 3}, {0, 5}, {0, 9}, {6, 9}, {9, 11}};

/// What a way is fitted to: the last but one to scores that are halfway smoothed, the last to smoothed ones,
/// which have no noise left, so that it follows them closely.
FITNAS_LAZY std::vector<double> scores_of_way(int way, const code_rows& codes, const effect_places& places,
                                              const std::vector<double>& scores);
template <code_space Space>
score_table<Space> scores_of_way(int way, score_table<Space> table) {
    table.scores = scores_of_way(way, table.codes(), effect_places_of<Space>(), table.scores);
    return table;
}

/// `choose_plan` of a table whose rows are different networks, without what accidents made.
FITNAS_LAZY plan_choice plan_of(score_kind kind, const code_rows& codes, const effect_places& places,
                                const std::vector<double>& scores, seed s);
template <code_space Space>
plan_choice plan_of(const score_table<Space>& data, const default_fit_options& options) {
    return plan_of(data.kind, data.codes(), effect_places_of<Space>(), data.scores, options.seed);
}

} // namespace detail

/// @brief Chooses how to fit a table.
///
/// Errors of a supernet's scores (`score_kind::supernet`) are shared by networks with operators in common, so
/// more scores do not average them out and nothing inside the table tells them from quality: the plan is
/// `smoothed`, whatever the table. Other errors are each network's own. What a fit to n networks has of them
/// falls as their variance over n, and so does the plan's caution: with the part v of the variance of ranks
/// that is noise (the most likely one, given that ranks are sums of effects of operators and of pairs of
/// them, in spaces with graphs of any number of them), `close` where v / n is below 0.00025 and n at least
/// 100, `broad` below 0.0007, `careful` below 0.0012, else `cautious`. Fewer than 8 networks are fitted by
/// `broad`. Bit-equal for any number of threads. Our choice; docs/predictor.md has the figures.
/// @param table architectures and scores, higher is better
/// @param options seed
/// @throws as `merge_equal_networks`
template <code_space Space>
plan_choice choose_plan(const score_table<Space>& table, const default_fit_options& options = {}) {
    return detail::plan_of(detail::without_outliers(merge_equal_networks(table, "fit_default")), options);
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API fit_options options_of_way(int way, std::size_t networks, seed s) {
    struct row {
        fitnas::loss loss;
        fitnas::target target;
        double learning_rate;
        double weight_decay;
        int epochs; // at most
        int steps;  // at most
    };
    static constexpr row rows[fit_ways] = {
        {loss::pairwise, target::ranks, 1e-2, 3, 200, 600},
        {loss::differences, target::ranks, 1e-2, 1, 300, 150},
        {loss::differences, target::standardised, 1e-2, 1, 300, 150},
        {loss::pairwise, target::ranks, 1e-2, 1, 200, 2000},
        {loss::differences, target::ranks, 1e-2, 0.3, 300, 1000},
        {loss::differences, target::ranks, 1e-2, 0.1, 300, 2000},
        {loss::pairwise, target::ranks, 1e-2, 0.25, 300, 3000},
        {loss::pairwise, target::ranks, 1e-2, 0.05, 300, 3000},
        {loss::pairwise, target::ranks, 3e-2, 0.03, 300, 3000},
        {loss::differences, target::standardised, 1e-2, 1, 300, 150},
        {loss::differences, target::standardised, 1e-2, 0.01, 300, 1000},
    };
    const row& r = rows[static_cast<std::size_t>(way)];
    fit_options o{.loss = r.loss,
                  .target = r.target,
                  .learning_rate = r.learning_rate,
                  .weight_decay = r.weight_decay,
                  .equal_codes = true,
                  .seed = s};
    const auto batch = static_cast<std::size_t>(o.batch);
    const auto batches = static_cast<int>((std::max)((networks + batch - 1) / batch, std::size_t{1}));
    o.epochs = (std::max)(1, (std::min)(r.epochs, r.steps / batches));
    return o;
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<double> scores_of_way(int way, const code_rows& codes,
                                                    const effect_places& places,
                                                    const std::vector<double>& scores) {
    constexpr int halfway = plan_ways[static_cast<int>(fit_plan::smoothed)][0];
    if (way < halfway) {
        return scores;
    }
    std::vector<double> smooth = smoothed(codes, places, scores);
    if (way == halfway) {
        const std::vector<double> own = make_targets(target::standardised, scores);
        for (std::size_t i = 0; i < own.size(); ++i) {
            smooth[i] = 0.5 * (smooth[i] + own[i]);
        }
    }
    return smooth;
}

FITNAS_LAZY_AGAIN plan_choice plan_of(score_kind kind, const code_rows& codes, const effect_places& places,
                                      const std::vector<double>& scores, seed s) {
    if (kind == score_kind::supernet) {
        return {fit_plan::smoothed, std::numeric_limits<double>::quiet_NaN()};
    }
    if (codes.size < 8) {
        return {};
    }
    const double noise = noise_of_ranks(codes, places, scores, s);
    const double left = noise / static_cast<double>(codes.size);
    constexpr std::size_t few = 100;
    return {left < 0.00025 && codes.size >= few ? fit_plan::close
            : left < 0.0007                     ? fit_plan::broad
            : left < 0.0012                     ? fit_plan::careful
                                                : fit_plan::cautious,
            noise};
}

} // namespace fitnas::detail

#endif

#endif
