/// @file
/// @brief How well a predictor ranks networks that it was not fitted to, by k-fold cross-validation.

#ifndef FITNAS_PREDICTOR_CROSS_VALIDATION_HPP
#define FITNAS_PREDICTOR_CROSS_VALIDATION_HPP

#include <algorithm>
#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/core/share_out.hpp>
#include <fitnas/metrics/kendall.hpp>
#include <fitnas/metrics/spearman.hpp>
#include <fitnas/predictor/distinct.hpp>
#include <fitnas/predictor/predictor.hpp>

namespace fitnas {

/// @brief How to cut a table.
struct cross_validation_options {
    int folds = 5;               ///< from 2; each fold must hold at least 2 different networks
    fitnas::seed seed{};         ///< decides which networks stand together
    fitnas::observer observer{}; ///< called after each fold
    /// They share out the folds, and all get all of them: `fit_to` must give all processes the same, and have
    /// no `peers` of its own. The observer is told on the process where it was given, of this process's
    /// folds. Null: this process is alone.
    fitnas::peers* peers = nullptr;
};

/// @brief What one fold showed.
template <code_space Space>
struct fold_result {
    score_table<Space> held_out;     ///< what was not fitted: different networks, canonical codes
    std::vector<double> predictions; ///< of them
    double kendall = 0;  ///< tau-b of predictions and scores; not a number where predictions are all equal
    double spearman = 0; ///< rho, the same way
};

/// @brief All folds.
template <code_space Space>
struct cross_validation_result {
    std::vector<fold_result<Space>> folds; ///< those that were not skipped
    /// Numbers, from 0, of the folds that show nothing: the scores of the fold, or of all others, are equal.
    std::vector<std::size_t> skipped{};

    double kendall() const { return mean(&fold_result<Space>::kendall); }   ///< mean over the folds
    double spearman() const { return mean(&fold_result<Space>::spearman); } ///< mean over the folds

private:
    double mean(double fold_result<Space>::*value) const {
        std::vector<double> values;
        for (const fold_result<Space>& f : folds) {
            values.push_back(f.*value);
        }
        return detail::exact_mean(values);
    }
};

/// @brief Cuts n rows at random into parts whose sizes differ by one at most.
/// @param n how many rows
/// @param folds how many parts
/// @param s the seed
/// @return the row numbers of each part, in order
/// @throws shape_error where there are fewer than 4 rows
/// @throws option_error where there are fewer than 2 folds, or a fold would have fewer than 2 rows
FITNAS_API std::vector<std::vector<std::size_t>> make_folds(std::size_t n, int folds, seed s);

namespace detail {

/// The numbers below n that are not in a part of `make_folds`.
FITNAS_LAZY std::vector<std::size_t> rows_outside(const std::vector<std::size_t>& part, std::size_t n);

} // namespace detail

/// @brief Fits to all folds but one and ranks that one, for each fold in turn. Equal networks are one row
/// with the mean of their scores before anything is cut, so none stands on both sides. A fold whose scores
/// are all equal has no order to find, and one whose others are leaves nothing to fit: it is skipped, see
/// `cross_validation_result::skipped`.
///
/// @code
/// auto shown = cross_validate(scores, [](const auto& table) { return fit<net>(table); });
/// auto tau = shown.kendall();
/// @endcode
/// @param table architectures and scores
/// @param fit_to `predictor fit_to(const score_table<Space>&)`
/// @param options folds, seed
/// @throws option_error, shape_error as `make_folds`; as `require_usable`; numeric_error where all folds
/// would be skipped; and what `fit_to` throws
/// @throws interrupted_with the folds that are done, where observer or `fit_to` throw `interrupted`
template <code_space Space, class Fit>
cross_validation_result<Space> cross_validate(const score_table<Space>& table, Fit&& fit_to,
                                              const cross_validation_options& options = {}) {
    static_assert(
        predictor<std::decay_t<decltype(fit_to(table))>>,
        "[F0603] cross_validate(table, fit_to): fit_to must take a score_table and return a predictor");
    const score_table<Space> data = merge_equal_networks(table, "cross_validate");
    const auto parts = make_folds(data.size(), options.folds, options.seed);
    const detail::teller tell(options.observer, "cross_validate", options.folds);
    int done = 0;                    // by this process
    std::exception_ptr interruption; // the folds before it count
    const auto one = [&](std::size_t i) {
        std::vector<double> shown; // nothing: left out; one number: skipped; kendall, spearman, predictions
        if (interruption) {
            return shown;
        }
        try {
            const score_table<Space> held_out = data.rows(parts[i]);
            const score_table<Space> others = data.rows(detail::rows_outside(parts[i], data.size()));
            if (detail::all_equal(held_out.scores) || detail::all_equal(others.scores)) {
                shown = {0};
            } else {
                const auto model = fit_to(others);
                const std::vector<double> predictions =
                    model.predict(std::span<const architecture<Space>>(held_out.architectures));
                shown = {kendall_tau(predictions, held_out.scores), spearman(predictions, held_out.scores)};
                shown.insert(shown.end(), predictions.begin(), predictions.end());
            }
            tell(++done);
        } catch (const interrupted&) {
            interruption = std::current_exception();
        }
        return shown;
    };
    const auto shown = share_out(options.peers, parts.size(), pieces::in_turn, one);
    cross_validation_result<Space> result;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        if (shown[i].size() == 1) {
            result.skipped.push_back(i);
        } else if (!shown[i].empty()) {
            result.folds.push_back(
                {data.rows(parts[i]), {shown[i].begin() + 2, shown[i].end()}, shown[i][0], shown[i][1]});
        }
    }
    const auto work = [&] {
        detail::do_agreed(options.peers, [&] {
            if (interruption) {
                std::rethrow_exception(interruption);
            }
        });
        if (result.folds.empty()) {
            throw numeric_error("[F0662] cross_validate: in each of the " + std::to_string(parts.size()) +
                                " folds all scores are equal, or all others are: there is no order to find; "
                                "take fewer folds, or another seed");
        }
        return result;
    };
    return detail::or_partial(work, [&] { return result; });
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API std::vector<std::vector<std::size_t>> make_folds(std::size_t n, int folds, seed s) {
    if (n < 4) {
        throw shape_error(
            "[F0641] folds: expected at least 4 different networks, two for each of two folds, got " +
            std::to_string(n));
    }
    if (folds < 2 || n / static_cast<std::size_t>(folds) < 2) {
        throw option_error("[F0602] folds: expected 2 to " + std::to_string(n / 2) + " for " +
                           std::to_string(n) + " different networks, got " + std::to_string(folds));
    }
    std::vector<std::size_t> order(n);
    for (std::size_t i = 0; i < n; ++i) {
        order[i] = i;
    }
    random_stream random(s, purpose::split);
    random.shuffle(std::span<std::size_t>(order));
    const auto count = static_cast<std::size_t>(folds);
    std::vector<std::vector<std::size_t>> parts(count);
    for (std::size_t i = 0; i < n; ++i) {
        parts[i % count].push_back(order[i]);
    }
    for (std::vector<std::size_t>& part : parts) {
        std::sort(part.begin(), part.end());
    }
    return parts;
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<std::size_t> rows_outside(const std::vector<std::size_t>& part, std::size_t n) {
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < n; ++i) {
        if (!std::binary_search(part.begin(), part.end(), i)) {
            others.push_back(i);
        }
    }
    return others;
}

} // namespace fitnas::detail

#endif

#endif
