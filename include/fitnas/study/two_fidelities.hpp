/// @file
/// @brief The stage `fidelities`: all scores and a few truths in one fit.

#ifndef FITNAS_STUDY_TWO_FIDELITIES_HPP
#define FITNAS_STUDY_TWO_FIDELITIES_HPP

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <fitnas/core/rng.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/io/predictor.hpp>
#include <fitnas/predictor/two_fidelities.hpp>
#include <fitnas/study/run_folder.hpp>
#include <fitnas/study/watch.hpp>

namespace fitnas::study {

/// @brief Fits a table `arch,score` and the truths of a few networks, drawn at random from `truth.csv`, by
/// `fit_two_fidelities`; writes the model, `two_fidelities.json`, and `two_fidelities.csv` (arch, score: what
/// it predicts of all networks of `predictions.csv`, known: 1 for those whose truth was used, else 0).
/// @param table a path
/// @param truths how many, from 2
/// @throws option_error where there are not so many truths; data_error; as `fit_two_fidelities`
template <search_space_type Space>
void two_fidelities_stage(const run_folder& folder, const std::string& table, std::size_t truths, seed s,
                          const watcher& w = {}) {
    const score_table<Space> known = read_csv<Space>(folder.need("truth.csv", "truth"));
    if (truths < 2 || truths > known.size()) {
        throw option_error("[F1091] --known-truths: expected 2 to the " + std::to_string(known.size()) +
                           " networks of " + folder.file("truth.csv") + ", got " + std::to_string(truths));
    }
    std::vector<std::size_t> order(known.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    random_stream random(s, purpose::sample, 1);
    random.shuffle(std::span<std::size_t>(order));
    order.resize(truths);
    const score_table<Space> some = known.rows(order);
    const auto model = fit_two_fidelities(
        read_csv<Space>(table), some,
        {.seed = s, .observer = watch(w, "fitting scores and truths"), .peers = folder.peers()});

    score_table<Space> whole = read_csv<Space>(folder.need("predictions.csv", "fit"));
    whole.scores = model.predict(std::span<const architecture<Space>>(whole.architectures));
    csv_column used{"known", std::vector<double>(whole.size())};
    for (std::size_t i = 0; i < whole.size(); ++i) {
        for (const architecture<Space>& a : some.architectures) {
            used.values[i] = canonical<Space>(a) == whole.architectures[i] ? 1 : used.values[i];
        }
    }
    folder.write([&] {
        save_predictor(folder.file("two_fidelities.json"), model);
        write_csv(folder.file("two_fidelities.csv"), whole, std::span<const csv_column>(&used, 1));
    });
}

} // namespace fitnas::study

#endif
