/// @file
/// @brief The predictor of a study, and its stage `fit`: from any table of scores to the fitted space.

#ifndef FITNAS_STUDY_PREDICTOR_HPP
#define FITNAS_STUDY_PREDICTOR_HPP

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/io/predictor.hpp>
#include <fitnas/metrics/bootstrap.hpp>
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/cross_validation.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/study/run_folder.hpp>
#include <fitnas/study/watch.hpp>

namespace fitnas::study {

/// @brief How a study fits.
struct fit_settings {
    std::optional<fit_plan> plan{};         ///< of `fit_default`; without one it is `choose_plan`'s
    score_kind kind = score_kind::supernet; ///< of the scores
    int folds = 5; ///< of the cross-validation that shows how good the fit is, from 2
    fitnas::seed seed{0};
    fitnas::peers* peers = nullptr; ///< share out the fits; null: this process is alone
};

/// @brief Fits the study's predictor.
/// @throws as `fitnas::fit_default`
template <code_space Space>
default_predictor<Space> fit_predictor(const score_table<Space>& scores, const fit_settings& settings,
                                       const observer& watch = {}) {
    score_table<Space> table = scores;
    table.kind = settings.kind;
    return fit_default(
        table, {.plan = settings.plan, .seed = settings.seed, .observer = watch, .peers = settings.peers});
}

/// @brief Whether a study lists the predictions of all networks of a space.
template <code_space Space>
inline constexpr bool listed = Space::size <= (1U << 17U);

namespace detail {

/// The rank correlation of predictions of networks that were held out, as a row of a table.
template <code_space Space>
std::vector<std::string> judged(const std::string& name, const cross_validation_result<Space>& shown) {
    std::vector<double> predictions;
    std::vector<double> scores;
    for (const fold_result<Space>& fold : shown.folds) {
        predictions.insert(predictions.end(), fold.predictions.begin(), fold.predictions.end());
        scores.insert(scores.end(), fold.held_out.scores.begin(), fold.held_out.scores.end());
    }
    const auto tau = [](std::span<const double> x, std::span<const double> y) { return kendall_tau(x, y); };
    const interval range = bootstrap_interval(predictions, scores, tau);
    return {name, exact_text(tau(predictions, scores)), exact_text(range.low), exact_text(range.high)};
}

/// `observer` for one of several equal pieces.
/// @param all,clock live longer
FITNAS_LAZY observer part_of(const observer& all, int part, int parts, const stopwatch& clock);

} // namespace detail

/// @brief Fits the predictor to a table `arch,score`; writes `predictor.json`, `predictions.csv` (arch,
/// score, macs, parameters: of all networks, in a large space of those that were scored), `held_out.csv`
/// (arch, score, predicted by a fit that had not seen the network's own score) and `predictors.csv`
/// (predictor, tau, low, high: of GCN and baselines, on scores that were held out).
/// @param table a path
/// @throws data_error, and as `fitnas::fit` and `cross_validate`
template <code_space Space>
void fit_stage(const run_folder& folder, const std::string& table, const fit_settings& settings,
               const watcher& w = {}) {
    const score_table<Space> scores = read_csv<Space>(table);
    const observer all = watch(w, "fitting the GCN");
    const stopwatch clock;
    int part = 0;
    const auto fit_part = [&](const score_table<Space>& rows) {
        return fit_predictor<Space>(rows, settings, detail::part_of(all, part++, settings.folds + 1, clock));
    };
    const cross_validation_options cut{.folds = settings.folds, .seed = settings.seed};
    const auto shown = cross_validate(scores, fit_part, cut);
    const auto predictor = fit_part(scores);

    csv_rows ranks{.header = {"predictor", "tau", "low", "high"}};
    ranks.rows.push_back(detail::judged("GCN, default fit", shown));
    ranks.rows.push_back(
        detail::judged("ridge on one-hot codes",
                       cross_validate(
                           scores, [](const score_table<Space>& rows) { return ridge<Space>(rows); }, cut)));
    if constexpr (search_space_type<Space>) {
        ranks.rows.push_back(detail::judged(
            "macs alone",
            cross_validate(
                scores, [](const score_table<Space>&) { return cost_baseline<Space>(); }, cut)));
    }

    score_table<Space> seen;
    csv_column unseen{"predicted", {}};
    for (const fold_result<Space>& fold : shown.folds) {
        for (std::size_t i = 0; i < fold.held_out.size(); ++i) {
            seen.push_back(fold.held_out.architectures[i], fold.held_out.scores[i]);
            unseen.values.push_back(fold.predictions[i]);
        }
    }

    score_table<Space> whole;
    if constexpr (listed<Space>) {
        whole.architectures = different_networks<Space>();
    } else {
        whole.architectures = scores.architectures;
    }
    whole.scores = predictor.predict(std::span<const architecture<Space>>(whole.architectures));
    std::vector<csv_column> costs;
    if constexpr (search_space_type<Space>) {
        costs = {{"macs", {}}, {"parameters", {}}};
        for (const architecture<Space>& a : whole.architectures) {
            costs[0].values.push_back(static_cast<double>(cost::macs<Space>(a)));
            costs[1].values.push_back(static_cast<double>(cost::parameters<Space>(a)));
        }
    }
    folder.write([&] {
        save_predictor(folder.file("predictor.json"), predictor);
        write_rows(folder.file("predictors.csv"), ranks);
        write_csv(folder.file("held_out.csv"), seen, std::span<const csv_column>(&unseen, 1));
        write_csv(folder.file("predictions.csv"), whole, costs);
    });
}

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN observer part_of(const observer& all, int part, int parts, const stopwatch& clock) {
    if (!all) {
        return {};
    }
    return [&all, part, parts, &clock](progress p) {
        p.done += part * p.total;
        p.total *= parts;
        p.seconds = clock.seconds();
        all(p);
    };
}

} // namespace fitnas::study::detail

#endif

#endif
