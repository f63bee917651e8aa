/// @file
/// @brief Fits the default model in the way that cross-validation inside the table finds best.

#ifndef FITNAS_PREDICTOR_FIT_DEFAULT_HPP
#define FITNAS_PREDICTOR_FIT_DEFAULT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/parallel.hpp>
#include <fitnas/predictor/cross_validation.hpp>
#include <fitnas/predictor/default_model.hpp>
#include <fitnas/predictor/ensemble.hpp>
#include <fitnas/predictor/fit.hpp>

namespace fitnas {

/// @brief Plans of the default fit, from most to least trust in the single score.
enum class fit_plan {
    close,    ///< 4 members: order of pairs, little weight decay
    balanced, ///< 4 members: 2 as in `close`, 2 as in `smooth`
    smooth,   ///< 4 members: order of pairs, much weight decay, equal codes
    averaged, ///< 3 members: distances of ranks, `smooth`, and a ridge regression of ranks
    cautious  ///< 3 members, few steps: 2 of distances of ranks, 1 of distances of scores
};
inline constexpr int fit_plans = 5;

/// @brief Below this tau-b of held-out networks their scores are taken for noisy.
inline constexpr double noisy_below = 0.65;

/// @brief How to fit the default predictor.
struct default_fit_options {
    std::optional<fit_plan> plan{}; ///< without one it is chosen by cross-validation
    int folds = 5;                  ///< of the cross-validation, at least 2
    fitnas::seed seed{};            ///< of the folds, first parameters and orders
};

/// @brief How a plan was chosen.
struct plan_choice {
    fit_plan plan = fit_plan::balanced;
    /// Of each plan the mean tau-b over the folds; not a number where nothing was compared.
    std::vector<double> kendall = std::vector<double>(fit_plans, std::numeric_limits<double>::quiet_NaN());
};

namespace detail {

/// What plans are made of: ways to fit a model, and behind them the ridge regression.
enum way : std::size_t { way_close, way_smooth, way_ranks, way_few_ranks, way_few_scores, way_ridge, ways };

/// How many members of each way a plan has.
inline constexpr int members_of[fit_plans][ways] = {
    {4, 0, 0, 0, 0, 0}, {2, 2, 0, 0, 0, 0}, {0, 4, 0, 0, 0, 0}, {0, 1, 1, 0, 0, 1}, {0, 0, 0, 2, 1, 0}};

/// @param networks how many there are to fit to
inline std::vector<fit_options> default_ways(std::size_t networks, seed s) {
    constexpr std::size_t batch = 64;
    const auto batches = static_cast<int>((networks + batch - 1) / batch);
    const auto epochs = [&](int most, int steps) { return (std::max)(1, (std::min)(most, steps / batches)); };
    std::vector<fit_options> all(way_ridge);
    for (fit_options& o : all) {
        o.batch = static_cast<int>(batch);
        o.equal_codes = true;
        o.seed = s;
    }
    all[way_close].epochs = epochs(300, 5000);
    all[way_close].weight_decay = 0.1;
    all[way_close].equal_codes = false;
    all[way_smooth].epochs = epochs(200, 2000);
    all[way_smooth].weight_decay = 1;
    for (const way w : {way_ranks, way_few_ranks, way_few_scores}) {
        all[w].loss = loss::differences;
        all[w].target = w == way_few_scores ? target::standardised : target::ranks;
        all[w].epochs = epochs(300, w == way_ranks ? 500 : 150);
        all[w].weight_decay = w == way_ranks ? 0.3 : 1;
    }
    return all;
}

/// A member, or nothing where these scores cannot be fitted.
template <class Model, code_space Space>
std::optional<fitted<Model>> try_fit(const score_table<Space>& table, const fit_options& how) {
    try {
        return fit<Model>(table, how);
    } catch (const numeric_error&) {
        return std::nullopt;
    }
}

/// How much better a plan is than another, in standard errors of their differences over the folds; 0 where
/// there are fewer than 2 folds to compare.
inline double standard_errors(const std::vector<std::vector<double>>& taus, fit_plan plan, fit_plan other) {
    double sum = 0;
    double squares = 0;
    double count = 0;
    for (const std::vector<double>& fold : taus) {
        const double off = fold[static_cast<std::size_t>(plan)] - fold[static_cast<std::size_t>(other)];
        if (!std::isnan(off)) {
            sum += off;
            squares += off * off;
            ++count;
        }
    }
    if (count < 2 || sum == 0) {
        return 0;
    }
    const double mean = sum / count;
    return mean / std::sqrt((std::max)(1e-30, squares / count - mean * mean) / (count - 1));
}

/// @param taus of each fold and plan
/// @param best the highest mean of a plan
inline fit_plan choose_by(const std::vector<std::vector<double>>& taus, double best) {
    if (best < noisy_below) {
        return standard_errors(taus, fit_plan::averaged, fit_plan::cautious) > 1 ? fit_plan::averaged
                                                                                 : fit_plan::cautious;
    }
    const double better = standard_errors(taus, fit_plan::close, fit_plan::smooth);
    return better > 1 ? fit_plan::close : better < -1 ? fit_plan::smooth : fit_plan::balanced;
}

} // namespace detail

/// @brief Chooses a plan by k-fold cross-validation, by this rule. Where a plan ranks held-out networks with
/// a mean tau-b of at least `noisy_below`, it is `close` or `smooth`, whichever is better by more than one
/// standard error of their differences over the folds, and `balanced` where neither is. Elsewhere the scores
/// are noisy: it is `averaged` where that is better than `cautious` by more than one standard error, else
/// `cautious`. Where there are fewer than 4 different networks a fold, there are fewer folds; fewer than 8
/// networks are fitted by `balanced`. Bit-equal for any number of threads.
/// @param table architectures and scores, higher is better
/// @param options folds and seed
/// @throws option_error where there are fewer than 2 folds; as `merge_equal_networks`
template <code_space Space, class Encoding = default_encoding<Space>>
plan_choice choose_plan(const score_table<Space>& table, const default_fit_options& options = {}) {
    using model = default_model<Space, Encoding>;
    if (options.folds < 2) {
        throw option_error("fit_default: folds: expected at least 2, got " + std::to_string(options.folds));
    }
    const score_table<Space> data = merge_equal_networks(table, "fit_default");
    plan_choice choice;
    const auto folds = (std::min)(static_cast<std::size_t>(options.folds), data.size() / 4);
    if (folds < 2) {
        return choice;
    }
    const auto parts = make_folds(data.size(), static_cast<int>(folds), options.seed);
    std::vector<score_table<Space>> others;
    std::vector<score_table<Space>> held_out;
    for (const std::vector<std::size_t>& part : parts) {
        std::vector<std::size_t> rest;
        for (std::size_t i = 0; i < data.size(); ++i) {
            if (!std::binary_search(part.begin(), part.end(), i)) {
                rest.push_back(i);
            }
        }
        others.push_back(data.rows(rest));
        held_out.push_back(data.rows(part));
    }
    // Predictions of each fold by each way, empty where it cannot be fitted. A fold's ways are neighbours:
    // each thread then gets cheap and costly ones alike.
    std::vector<std::vector<double>> predictions(folds * detail::ways);
    parallel_for(static_cast<std::ptrdiff_t>(predictions.size()), [&](std::ptrdiff_t job) {
        const std::size_t f = static_cast<std::size_t>(job) / detail::ways;
        const std::size_t w = static_cast<std::size_t>(job) % detail::ways;
        const std::span<const architecture<Space>> asked(held_out[f].architectures);
        std::vector<double>& mine = predictions[static_cast<std::size_t>(job)];
        if (w == detail::way_ridge) {
            try {
                mine = ridge<Space>(others[f], {.target = target::ranks}).predict(asked);
            } catch (const numeric_error&) {
            }
        } else if (const auto one = detail::try_fit<model>(
                       others[f], detail::default_ways(others[f].size(), options.seed)[w])) {
            mine = one->predict(asked);
        }
    });
    std::vector<std::vector<double>> taus(folds, choice.kendall);
    for (std::size_t f = 0; f < folds; ++f) {
        for (std::size_t p = 0; p < fit_plans; ++p) {
            std::vector<double> sum(held_out[f].size());
            for (std::size_t w = 0; w < detail::ways; ++w) {
                const std::vector<double>& mine = predictions[f * detail::ways + w];
                for (std::size_t i = 0; detail::members_of[p][w] > 0 && i < sum.size(); ++i) {
                    sum[i] += mine.empty() ? std::numeric_limits<double>::quiet_NaN()
                                           : detail::members_of[p][w] * mine[i];
                }
            }
            if (!std::isnan(sum.front())) {
                taus[f][p] = kendall_tau(sum, held_out[f].scores);
            }
        }
    }
    double best = -1;
    for (std::size_t p = 0; p < fit_plans; ++p) {
        double sum = 0;
        int count = 0;
        for (const std::vector<double>& fold : taus) {
            sum += std::isnan(fold[p]) ? 0 : fold[p];
            count += std::isnan(fold[p]) ? 0 : 1;
        }
        if (count > 0) {
            choice.kendall[p] = sum / count;
            best = (std::max)(best, choice.kendall[p]);
        }
    }
    choice.plan = detail::choose_by(taus, best);
    return choice;
}

/// @brief What `fit_default` returns.
template <code_space Space, class Encoding = default_encoding<Space>>
using default_predictor = ensemble<fitted<default_model<Space, Encoding>>>;

/// @brief Fits the default model, several times, as a plan says: what to use where nothing speaks for
/// another model. The plan is chosen by `choose_plan` inside the table: one rule for tables of any size,
/// exact or noisy.
/// @tparam Encoding with a node for each cell, which carries a `default_feature`
/// @param table architectures and scores, higher is better
/// @throws as `choose_plan` and `fit`
template <code_space Space, class Encoding = default_encoding<Space>>
default_predictor<Space, Encoding> fit_default(const score_table<Space>& table,
                                               const default_fit_options& options = {}) {
    using model = default_model<Space, Encoding>;
    const score_table<Space> data = merge_equal_networks(table, "fit_default");
    const auto plan = static_cast<std::size_t>(
        options.plan ? *options.plan : choose_plan<Space, Encoding>(data, options).plan);
    const std::vector<fit_options> ways = detail::default_ways(data.size(), options.seed);
    std::vector<fit_options> members;
    for (std::size_t w : {detail::way_ranks, detail::way_close, detail::way_smooth, detail::way_few_ranks,
                          detail::way_few_scores}) {
        for (int copy = 0; copy < detail::members_of[plan][w]; ++copy) {
            fit_options how = ways[w];
            if (!members.empty()) {
                random_stream random(options.seed, purpose::fit, 0, members.size());
                how.seed.value = (std::uint64_t{random.bits()} << 32U) | random.bits();
            }
            members.push_back(how);
        }
    }
    std::vector<std::optional<fitted<model>>> done(members.size());
    parallel_for(static_cast<std::ptrdiff_t>(members.size()), [&](std::ptrdiff_t m) {
        const auto at = static_cast<std::size_t>(m);
        done[at].emplace(fit<model>(data, members[at]));
    });
    std::vector<fitted<model>> all;
    for (std::optional<fitted<model>>& one : done) {
        all.push_back(std::move(*one));
    }
    if (detail::members_of[plan][detail::way_ridge] > 0) {
        all.push_back(as_default_model<Space, Encoding>(ridge<Space>(data, {.target = target::ranks})));
    }
    return ensemble<fitted<model>>(std::move(all));
}

} // namespace fitnas

#endif
