/// @file
/// @brief The stage `error`: supernets from several seeds, scores on disjoint images, and what the error of a
/// score is made of, before and after a GCN is fitted.

#ifndef FITNAS_STUDY_ERROR_HPP
#define FITNAS_STUDY_ERROR_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/data/split.hpp>
#include <fitnas/study/error_parts.hpp>
#include <fitnas/study/predictor.hpp>
#include <fitnas/study/rank_table.hpp>
#include <fitnas/study/supernet.hpp>

namespace fitnas::study {

/// @brief What the stage `error` does.
struct error_settings {
    int seeds = 3;            ///< supernets, at least 2
    int folds = 4;            ///< sets of validation images, each with every class in proportion, at least 2
    std::size_t images = 500; ///< of each fold; all folds together no more than the validation split
    double top = 0.25;        ///< which share of a ranking is selected, above 0, up to 1
    score_measure score = score_measure::negative_loss; ///< what is fitted
    train_options training{};                           ///< the seeds are `training.seed`, + 1, ...
    evaluate_options evaluation{};                      ///< how networks are scored
    fit_settings fit{};                                 ///< how predictors are fitted
    initial_weights initial{};                          ///< how the supernets begin
};

/// @brief True scores, and how sure they are.
template <code_space Space>
struct truth_table {
    score_table<Space> scores{}; ///< of each network
    double variance = 0;         ///< of each about its expectation; 0 where it is not known
};

/// @brief Reads `truth.csv`; where it has the columns `deviation` and `runs`, they say how sure it is.
/// @return nothing where there is none
/// @throws data_error where it is wrong
template <code_space Space>
std::optional<truth_table<Space>> read_truth(const run_folder& folder) {
    if (!folder.has("truth.csv")) {
        return std::nullopt;
    }
    const csv_table<Space> file = read_csv_table<Space>(folder.file("truth.csv"));
    const std::vector<double>* deviation = nullptr;
    const std::vector<double>* runs = nullptr;
    for (const csv_column& c : file.columns) {
        deviation = c.name == "deviation" ? &c.values : deviation;
        runs = c.name == "runs" ? &c.values : runs;
    }
    truth_table<Space> truth{merge_equal_networks(file.scores, "truth"), 0};
    std::vector<double> variances;
    for (std::size_t i = 0; deviation != nullptr && runs != nullptr && i < runs->size(); ++i) {
        variances.push_back((*deviation)[i] * (*deviation)[i] / (*runs)[i]);
    }
    truth.variance = variances.empty() ? 0 : fitnas::detail::exact_mean(variances);
    return truth;
}

namespace detail {

/// Scores and fitted scores by seed and fold; networks are those of the file, in its order.
template <code_space Space>
struct error_scores {
    std::vector<architecture<Space>> networks;
    std::vector<std::vector<std::vector<double>>> raw;    ///< [seed][fold][network]
    std::vector<std::vector<std::vector<double>>> fitted; ///< the same

    void write(const std::string& path) const {
        csv_rows table{.header = {"arch", "seed", "fold", "score", "fitted"}};
        for (std::size_t r = 0; r < raw.size(); ++r) {
            for (std::size_t f = 0; f < raw[r].size(); ++f) {
                for (std::size_t a = 0; a < networks.size(); ++a) {
                    table.rows.push_back({to_string<Space>(networks[a]), std::to_string(r), std::to_string(f),
                                          exact_text(raw[r][f][a]), exact_text(fitted[r][f][a])});
                }
            }
        }
        write_rows(path, table);
    }

    /// What was written by `write` for the same networks and folds.
    void read(const std::string& path, std::size_t folds) {
        fitnas::detail::csv_reader reader(path);
        const std::size_t score = reader.place("score");
        const std::size_t fit = reader.place("fitted");
        std::size_t row = 0;
        for (std::vector<std::string> fields; reader.next(fields); ++row) {
            if (row % (folds * networks.size()) == 0) {
                raw.emplace_back(folds, std::vector<double>(networks.size()));
                fitted.emplace_back(folds, std::vector<double>(networks.size()));
            }
            const std::size_t f = row / networks.size() % folds;
            const std::size_t a = row % networks.size();
            raw.back()[f][a] = fitnas::detail::csv_finite(fields[score], reader, score);
            fitted.back()[f][a] = fitnas::detail::csv_finite(fields[fit], reader, fit);
        }
        if (row % (folds * networks.size()) != 0) {
            throw data_error("[F1002] " + path + ": expected a row for each network, seed and fold");
        }
    }
};

FITNAS_LAZY void require_error_settings(const error_settings& s, std::size_t validation);

/// The parts of one kind of score as rows.
FITNAS_LAZY void describe_error(const std::string& name, const error_parts& parts, csv_rows& table);

} // namespace detail

/// @brief Makes `error_parts.csv` and `error_ranking.csv`.
/// @param images that raw scores are shares of; 0 where they are no shares
template <search_space_type Space>
void write_error_tables(const run_folder& folder, const detail::error_scores<Space>& all, double top,
                        std::size_t images) {
    // Networks of which the truth is known; without truth, all.
    const auto truth = read_truth<Space>(folder);
    std::map<architecture<Space>, double> known;
    for (std::size_t i = 0; truth && i < truth->scores.size(); ++i) {
        known[truth->scores.architectures[i]] = truth->scores.scores[i];
    }
    std::vector<std::size_t> rows;
    std::vector<double> true_scores;
    for (std::size_t a = 0; a < all.networks.size(); ++a) {
        const auto found = known.find(canonical<Space>(all.networks[a]));
        if (!truth || found != known.end()) {
            rows.push_back(a);
            if (truth) {
                true_scores.push_back(found->second);
            }
        }
    }
    if (rows.size() < 3) {
        throw data_error("[F1005] error: fewer than 3 of the scored networks are in " +
                         folder.file("truth.csv"));
    }
    csv_rows parts{.header = {"score", "part", "variance", "deviation"}};
    std::vector<ranking> rankings{{"raw", {}},    {"fitted", {}},   {"ridge", {}},
                                  {"macs", {{}}}, {"raw_mean", {}}, {"fitted_mean", {}}};
    for (std::size_t kind = 0; kind < 2; ++kind) {
        auto cube = kind == 0 ? all.raw : all.fitted;
        for (auto& seed_scores : cube) {
            for (auto& column : seed_scores) {
                const std::vector<double> whole = std::exchange(column, {});
                std::vector<double> straight;
                std::optional<ridge<Space>> line;
                if (kind == 0 && truth) {
                    line.emplace(score_table<Space>{all.networks, whole});
                }
                for (const std::size_t a : rows) {
                    column.push_back(whole[a]);
                    if (line) {
                        straight.push_back(line->predict(all.networks[a]));
                    }
                }
                rankings[kind].replicates.push_back(column);
                if (line) {
                    rankings[2].replicates.push_back(std::move(straight));
                }
            }
        }
        detail::describe_error(rankings[kind].name,
                               split_error(cube, true_scores, truth ? truth->variance : 0), parts);
        rankings[4 + kind].replicates.push_back(
            detail::mean_of(rankings[kind].replicates, kind == 0 ? images : 0));
    }
    folder.write([&] { write_rows(folder.file("error_parts.csv"), parts); });
    if (truth) {
        for (const std::size_t a : rows) {
            rankings[3].replicates.front().push_back(static_cast<double>(cost::macs<Space>(all.networks[a])));
        }
        rank_table ranks;
        ranks.add_all(rankings, true_scores, rankings[3].replicates.front(), top);
        folder.write([&] { write_rows(folder.file("error_ranking.csv"), ranks.rows); });
    }
}

/// @brief Trains `seeds` supernets, scores the networks of `architectures.csv` on disjoint folds of the
/// validation images, and fits a GCN to each of these columns. Writes `error_scores.csv` (arch, seed, fold,
/// score, fitted), `error_parts.csv` (score, part, variance, deviation) and, where there is a `truth.csv`,
/// `error_ranking.csv` (score, measure, value, low, high). A stopped stage goes on
/// behind the last seed that is in `error_scores.csv`, from `error_supernet.safetensors`.
/// @throws option_error, and as `train`, `evaluate` and `fit`
template <search_space_type Space>
void error_stage(const run_folder& folder, dataset data, const error_settings& settings,
                 const watcher& w = {}) {
    detail::require_error_settings(settings, data.validation.size());
    folder.require_writable({"error_scores.csv", "error_parts.csv", "error_ranking.csv"});
    const auto folds = static_cast<std::size_t>(settings.folds);
    detail::error_scores<Space> all;
    all.networks = read_architectures<Space>(folder.need("architectures.csv", "sample"));
    const std::string path = folder.file("error_scores.csv");
    if (folder.has("error_scores.csv")) {
        all.read(path, folds);
    }
    const std::string checkpoint = folder.file("error_supernet.safetensors");
    const image_view validation = std::move(data.validation);
    // Each fold is a piece of these, with every class in proportion.
    const std::vector<std::size_t> images =
        stratified_indices(validation, folds * settings.images, settings.evaluation.seed);
    for (std::size_t r = all.raw.size(); r < static_cast<std::size_t>(settings.seeds); ++r) {
        const std::string which = " " + std::to_string(r + 1) + " of " + std::to_string(settings.seeds);
        train_options training = settings.training;
        training.seed.value += r;
        training.observer = watch(w, "error parts: supernet" + which);
        supernet<Space> net(training.seed);
        settings.initial.set(net);
        train(net, data.train, training, checkpoint_options{.file = checkpoint});
        const observer scoring = watch(w, "error parts: scores" + which);
        const stopwatch clock;
        std::vector<std::vector<double>> raw;
        std::vector<std::vector<double>> fitted;
        for (std::size_t f = 0; f < folds; ++f) {
            data.validation =
                subset(validation,
                       std::span<const std::size_t>(images).subspan(f * settings.images, settings.images));
            evaluate_options evaluation = settings.evaluation;
            evaluation.images = 0;
            // Two pieces a fold: the scores, and the fit to them.
            const int piece = 2 * static_cast<int>(f);
            evaluation.observer = detail::part_of(scoring, piece, 2 * settings.folds, clock);
            const score_table<Space> scores =
                evaluate_both<Space>(net, all.networks, data, evaluation).by(settings.score);
            raw.push_back(scores.scores);
            fitted.push_back(
                fit_predictor<Space>(scores, settings.fit,
                                     detail::part_of(scoring, piece + 1, 2 * settings.folds, clock))
                    .predict(std::span<const architecture<Space>>(all.networks)));
        }
        all.raw.push_back(std::move(raw));
        all.fitted.push_back(std::move(fitted));
        folder.write([&] {
            remove_file(checkpoint); // first: the next seed's must not find it
            all.write(path);
        });
    }
    write_error_tables<Space>(folder, all, settings.top,
                              settings.score == score_measure::accuracy ? settings.images : 0);
}

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN void require_error_settings(const error_settings& s, std::size_t validation) {
    if (s.seeds < 2 || s.folds < 2 || s.images < 1) {
        throw option_error("[F1003] error: expected at least 2 seeds, 2 folds and 1 image, got " +
                           std::to_string(s.seeds) + ", " + std::to_string(s.folds) + " and " +
                           std::to_string(s.images));
    }
    if (s.images * static_cast<std::size_t>(s.folds) > validation) {
        throw option_error("[F1004] error: " + std::to_string(s.folds) + " folds of " +
                           std::to_string(s.images) + " images are more than the " +
                           std::to_string(validation) + " validation images");
    }
}

FITNAS_LAZY_AGAIN void describe_error(const std::string& name, const error_parts& parts, csv_rows& table) {
    const std::pair<const char*, double> named[] = {{"images", parts.images}, {"training", parts.training},
                                                    {"bias", parts.bias},     {"scale", parts.scale},
                                                    {"total", parts.total()}, {"quality", parts.quality}};
    for (const auto& [part, variance] : named) {
        if (!std::isnan(variance)) {
            table.rows.push_back({name, part, exact_text(variance), exact_text(std::sqrt(variance))});
        }
    }
}

} // namespace fitnas::study::detail

#endif

#endif
