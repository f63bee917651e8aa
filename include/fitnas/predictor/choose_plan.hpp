/// @file
/// @brief How to fit the default model: plans, and which of them cross-validation finds best.

#ifndef FITNAS_PREDICTOR_CHOOSE_PLAN_HPP
#define FITNAS_PREDICTOR_CHOOSE_PLAN_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fitnas/core/mean.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/predictor/cross_validation.hpp>
#include <fitnas/predictor/default_model.hpp>
#include <fitnas/predictor/fit.hpp>
#include <fitnas/predictor/outliers.hpp>
#include <fitnas/predictor/watched_fits.hpp>

namespace fitnas {

/// @brief Plans of the default fit: which of its `fit_ways` are averaged. From little to much trust in the
/// single score.
enum class fit_plan {
    cautious, ///< three with much weight decay and few steps
    careful,  ///< five with much weight decay
    broad,    ///< all nine: errors of unlike fits cancel
    close     ///< three that follow the order of pairs, with little weight decay
};
inline constexpr int fit_plans = 4;
/// @brief How many ways to fit the default model there are, see `options_of_way`.
inline constexpr int fit_ways = 9;

/// @brief How to fit the default predictor.
struct default_fit_options {
    std::optional<fit_plan> plan{}; ///< without one it is `choose_plan`'s
    int folds = 5;                  ///< of the cross-validation, at least 2
    int repeats = 3;                ///< members of each way, which differ by their seeds; at least 1
    fitnas::seed seed{};            ///< of the folds, first parameters and orders
    /// Called after each epoch of each fit, by one thread at a time; `done` and `total` count fits.
    fitnas::observer observer{};
};

/// @brief How a plan was chosen.
struct plan_choice {
    fit_plan plan = fit_plan::broad;
    /// Of each plan the mean tau-b over the folds; not a number where nothing was compared.
    std::vector<double> kendall = std::vector<double>(fit_plans, std::numeric_limits<double>::quiet_NaN());
};

/// @brief One way to fit the default model. Our choice.
/// @param way below `fit_ways`
/// @param networks how many there are to fit to: the more, the fewer epochs
inline fit_options options_of_way(int way, std::size_t networks, seed s = {}) {
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

namespace detail {

/// The ways of each plan, [first, last).
inline constexpr int plan_ways[fit_plans][2] = {{0, 3}, {0, 5}, {0, 9}, {6, 9}};

/// Tau-b of a fold's held-out networks for each plan.
/// @param predictions of each way; empty where such scores cannot be fitted
inline std::vector<double> compare_plans(const std::vector<std::vector<double>>& predictions,
                                         const std::vector<double>& scores) {
    std::vector<double> taus(fit_plans, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t p = 0; p < fit_plans; ++p) {
        const auto first = predictions.begin() + plan_ways[p][0];
        const auto last = predictions.begin() + plan_ways[p][1];
        if (std::any_of(first, last, [](const auto& one) { return one.empty(); })) {
            continue;
        }
        std::vector<double> means;
        for (std::size_t i = 0; i < scores.size(); ++i) {
            std::vector<double> values;
            for (auto one = first; one != last; ++one) {
                values.push_back((*one)[i]);
            }
            means.push_back(exact_mean(values));
        }
        taus[p] = kendall_tau(means, scores);
    }
    return taus;
}

/// Whether a plan is worse than another by more than so many standard errors of their differences over the
/// folds; false where there are fewer than 2 folds to compare.
/// @param taus of each fold and plan
inline bool is_worse(const std::vector<std::vector<double>>& taus, std::size_t plan, std::size_t other,
                     double errors) {
    double sum = 0;
    double squares = 0;
    double count = 0;
    for (const std::vector<double>& fold : taus) {
        const double off = fold[other] - fold[plan];
        if (!std::isnan(off)) {
            sum += off;
            squares += off * off;
            ++count;
        }
    }
    if (count < 2) {
        return false;
    }
    const double mean = sum / count;
    return mean > errors * std::sqrt((std::max)(0.0, squares / count - mean * mean) / (count - 1));
}

/// How many standard errors a plan may be below the best: one up to 200 networks, then fewer, by the root of
/// their number. The more networks, the less an unlucky choice of a less cautious plan costs.
inline double errors_allowed(std::size_t networks) {
    return (std::min)(1.0, std::sqrt(200.0 / static_cast<double>(networks)));
}

/// @param taus of each fold and plan
/// @param errors how many standard errors a plan may be below the best
inline plan_choice choose_by(const std::vector<std::vector<double>>& taus, double errors) {
    plan_choice choice;
    std::optional<std::size_t> best;
    for (std::size_t p = 0; p < fit_plans; ++p) {
        std::vector<double> known;
        for (const std::vector<double>& fold : taus) {
            if (!std::isnan(fold[p])) {
                known.push_back(fold[p]);
            }
        }
        if (!known.empty()) {
            choice.kendall[p] = exact_mean(known);
            best = best && choice.kendall[*best] >= choice.kendall[p] ? *best : p;
        }
    }
    for (std::size_t p = 0; best && p <= *best; ++p) {
        if (p == *best || !(std::isnan(choice.kendall[p]) || is_worse(taus, p, *best, errors))) {
            choice.plan = static_cast<fit_plan>(p);
            break;
        }
    }
    return choice;
}

} // namespace detail

/// @brief Chooses a plan by k-fold cross-validation and the rule of one standard error (Breiman et al.,
/// "Classification and Regression Trees", 1984): of the plans whose mean tau-b between averaged predictions
/// and scores of held-out networks is not below the highest by more than one standard error of the
/// difference over the folds, the one with least trust in the single score. Of n > 200 different networks it
/// is sqrt(200 / n) standard errors. Where there are fewer than 4 different networks a fold, there are fewer
/// folds; fewer than 8 networks are fitted by `broad`. Bit-equal for any number of threads.
/// @param table architectures and scores, higher is better
/// @param options folds and seed
/// @throws option_error where there are fewer than 2 folds; as `merge_equal_networks`
/// @throws interrupted_with the choice by the folds that are done, where the observer throws `interrupted`
template <code_space Space, class Encoding = default_encoding<Space>>
plan_choice choose_plan(const score_table<Space>& table, const default_fit_options& options = {}) {
    using model = default_model<Space, Encoding>;
    if (options.folds < 2) {
        throw option_error("[F0617] fit_default: folds: expected at least 2, got " +
                           std::to_string(options.folds));
    }
    const score_table<Space> data = detail::without_outliers(merge_equal_networks(table, "fit_default"));
    const auto folds = (std::min)(static_cast<std::size_t>(options.folds), data.size() / 4);
    if (folds < 2) {
        return {};
    }
    const auto parts = make_folds(data.size(), static_cast<int>(folds), options.seed);
    std::vector<score_table<Space>> others;
    std::vector<score_table<Space>> held_out;
    for (const std::vector<std::size_t>& part : parts) {
        others.push_back(data.rows(detail::rows_outside(part, data.size())));
        held_out.push_back(data.rows(part));
    }
    std::vector<std::vector<std::vector<double>>> predictions(folds,
                                                              std::vector<std::vector<double>>(fit_ways));
    std::vector<std::uint8_t> done(folds * fit_ways);
    detail::watched_fits watch(options.observer, "choose_plan", done.size());
    // A fold's ways are neighbours: each thread then gets cheap and costly ones alike.
    parallel_for(static_cast<std::ptrdiff_t>(folds * fit_ways), [&](std::ptrdiff_t job) {
        const std::size_t f = static_cast<std::size_t>(job) / fit_ways;
        const std::size_t w = static_cast<std::size_t>(job) % fit_ways;
        if (watch.stopped()) {
            return;
        }
        try {
            predictions[f][w] =
                fit<model>(others[f],
                           watch.watched(options_of_way(static_cast<int>(w), others[f].size(), options.seed)))
                    .predict(std::span<const architecture<Space>>(held_out[f].architectures));
        } catch (const numeric_error&) { // such scores cannot be fitted: no predictions
        } catch (const interrupted&) {
            return;
        }
        done[static_cast<std::size_t>(job)] = 1;
        watch.done();
    });
    const auto choice = [&] {
        std::vector<std::vector<double>> taus;
        for (std::size_t f = 0; f < folds; ++f) {
            const auto first = done.begin() + static_cast<std::ptrdiff_t>(f * fit_ways);
            if (std::find(first, first + fit_ways, 0) == first + fit_ways) {
                taus.push_back(detail::compare_plans(predictions[f], held_out[f].scores));
            }
        }
        return detail::choose_by(taus, detail::errors_allowed(data.size()));
    };
    return detail::or_partial(
        [&] {
            watch.rethrow();
            return choice();
        },
        choice);
}

} // namespace fitnas

#endif
