/// @file
/// @brief The stages `retrain` and `truth`: networks trained by themselves, the winner beside others of its
/// cost, or very many for ground truth.

#ifndef FITNAS_STUDY_TRUTH_HPP
#define FITNAS_STUDY_TRUTH_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/peers.hpp>
#include <fitnas/io/csv_candidates.hpp>
#include <fitnas/predictor/distinct.hpp>
#include <fitnas/search/enumerate.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/study/alone.hpp>
#include <fitnas/study/in_turn.hpp>
#include <fitnas/study/run_folder.hpp>
#include <fitnas/study/watch.hpp>

namespace fitnas::study {

/// @brief Which networks are compared in the end.
struct retrain_settings {
    std::size_t finalists = 1; ///< the first so many of `candidates.csv`
    std::size_t others = 3;    ///< random networks whose macs are near the winner's
    int seeds = 1;             ///< trainings of each
    train_options training{};  ///< `seed` is the first of the seeds
    /// One after the other, each with a checkpoint after so many steps (`train_in_turn`); 0: beside each
    /// other, one a thread.
    long long in_turn = 0;
};

namespace detail {

/// Different networks in a random order: all of a space, or of a large one so many draws.
template <search_space_type Space>
std::vector<architecture<Space>> shuffled_networks(seed s, std::size_t draws) {
    random_stream random(s, purpose::sample);
    std::vector<architecture<Space>> all;
    if constexpr (Space::size <= search::enumerable_size) {
        all = different_networks<Space>();
        random.shuffle(std::span<architecture<Space>>(all));
    } else {
        std::set<architecture<Space>> seen;
        for (std::size_t i = 0; i < draws; ++i) {
            if (const auto a = canonical<Space>(sample_one<Space>(random)); seen.insert(a).second) {
                all.push_back(a);
            }
        }
    }
    return all;
}

} // namespace detail

/// @brief Different networks whose macs are within 5 % of the given one's (10, 20 ... where there are too
/// few).
/// @pre the space has more than `count` networks; of one that cannot be enumerated 200,000 are drawn
template <search_space_type Space>
std::vector<architecture<Space>> of_same_cost(const architecture<Space>& a, std::size_t count, seed s) {
    const auto wanted = static_cast<double>(cost::macs<Space>(a));
    const std::vector<architecture<Space>> all = detail::shuffled_networks<Space>(s, 200000);
    for (double off = 0.05;; off *= 2) {
        std::vector<architecture<Space>> found;
        for (const architecture<Space>& other : all) {
            if (other != a && found.size() < count &&
                std::abs(static_cast<double>(cost::macs<Space>(other)) - wanted) <= off * wanted) {
                found.push_back(other);
            }
        }
        if (found.size() == count || off > 1e6) {
            return found;
        }
    }
}

namespace detail {

template <search_space_type Space>
std::vector<alone_job<Space>> jobs_of(std::span<const architecture<Space>> networks, int seeds, seed first) {
    std::vector<alone_job<Space>> jobs;
    for (const architecture<Space>& a : networks) {
        for (int i = 0; i < seeds; ++i) {
            jobs.push_back({canonical<Space>(a), first.value + static_cast<std::uint64_t>(i)});
        }
    }
    return jobs;
}

} // namespace detail

/// @brief Trains the finalists and random networks of the winner's cost; writes `retrained.csv` (name, arch,
/// validation_accuracy, test_accuracy, deviation, runs, macs, parameters) and, training by training,
/// `retrained_runs.csv`.
/// @throws as `retrain`
template <search_space_type Space>
void retrain_stage(const run_folder& folder, const dataset& data, const retrain_settings& settings,
                   const watcher& w = {}) {
    folder.require_writable({"retrained.csv"});
    const auto best = read_csv_candidates<Space>(folder.need("candidates.csv", "search"));
    std::vector<architecture<Space>> networks;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < (std::min)(settings.finalists, best.size()); ++i) {
        networks.push_back(canonical<Space>(best[i].architecture));
        names.push_back(i == 0 ? "winner" : "candidate " + std::to_string(i + 1));
    }
    if (!networks.empty()) {
        for (const auto& a : of_same_cost<Space>(networks.front(), settings.others, settings.training.seed)) {
            networks.push_back(a);
            names.push_back("random " + std::to_string(networks.size() - settings.finalists));
        }
    }
    const auto jobs = detail::jobs_of<Space>(networks, settings.seeds, settings.training.seed);
    const std::string runs = folder.file("retrained_runs.csv");
    const auto results = summarise<Space>(
        settings.in_turn > 0
            ? train_in_turn<Space>(runs, folder.path(), jobs, data, settings.training, settings.in_turn, w,
                                   folder.peers())
            : train_alone<Space>(runs, jobs, data, settings.training,
                                 watch(w, "training finalists by themselves"), folder.peers()),
        data.validation.size(), data.test.size());
    csv_rows table{.header = {"name", "arch", "validation_accuracy", "test_accuracy", "deviation", "runs",
                              "macs", "parameters"}};
    for (std::size_t i = 0; i < networks.size(); ++i) {
        const alone_summary& s = results.at(networks[i]);
        table.rows.push_back({names[i], to_string<Space>(networks[i]), exact_text(s.validation_accuracy),
                              exact_text(s.test_accuracy), exact_text(s.deviation), std::to_string(s.runs),
                              std::to_string(cost::macs<Space>(networks[i])),
                              std::to_string(cost::parameters<Space>(networks[i]))});
    }
    folder.write([&] { write_rows(folder.file("retrained.csv"), table); });
}

/// @brief Trains many networks by themselves, each from several seeds; writes `truth.csv` (arch, score: the
/// mean accuracy on the test images, deviation between seeds, runs) and, training by training,
/// `truth_runs.csv`.
/// @param networks how many, drawn at random; 0: all of the space
/// @param seeds trainings of each, at least 1
/// @throws as `retrain`
template <search_space_type Space>
void truth_stage(const run_folder& folder, const dataset& data, std::size_t networks, int seeds,
                 const train_options& training, const watcher& w = {}) {
    folder.require_writable({"truth.csv"});
    const auto some = networks == 0 ? different_networks<Space>() : sample<Space>(networks, training.seed);
    const auto results = summarise<Space>(
        train_alone<Space>(folder.file("truth_runs.csv"), detail::jobs_of<Space>(some, seeds, training.seed),
                           data, training, watch(w, "training networks for ground truth"), folder.peers()),
        data.validation.size(), data.test.size());
    score_table<Space> table;
    std::vector<csv_column> columns{{"deviation", {}}, {"runs", {}}};
    for (const auto& [a, s] : results) {
        table.push_back(a, s.test_accuracy);
        columns[0].values.push_back(s.deviation);
        columns[1].values.push_back(s.runs);
    }
    folder.write([&] { write_csv(folder.file("truth.csv"), table, columns); });
}

/// @brief Takes ground truth from a table that is known already; equal networks become one with the mean.
/// @param columns which of them holds the truth, which the codes, and in what form
/// @throws data_error where the table is wrong
template <search_space_type Space>
void truth_stage(const run_folder& folder, const std::string& table, const csv_options& columns) {
    folder.write([&] {
        write_csv(folder.file("truth.csv"), merge_equal_networks(read_csv<Space>(table, columns), "truth"));
    });
}

} // namespace fitnas::study

#endif
