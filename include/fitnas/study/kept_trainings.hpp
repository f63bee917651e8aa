/// @file
/// @brief Trainings by themselves as what searches ask for scores, kept in a table.

#ifndef FITNAS_STUDY_KEPT_TRAININGS_HPP
#define FITNAS_STUDY_KEPT_TRAININGS_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <fitnas/core/peers.hpp>
#include <fitnas/io/json.hpp>
#include <fitnas/space/canonical.hpp>
#include <fitnas/space/score_table.hpp>
#include <fitnas/study/alone.hpp>

namespace fitnas::study {

/// @brief A `training_scorer` that writes each training to a table and never does one twice, so that a search
/// that was killed goes on when it is run again.
///
/// @code
/// const study::kept_trainings<space> truth{"out/trainings.csv", &data, {.epochs = 8}};
/// const auto found = search::iterative<space>(search::priced{scorer(super, data), 1},
///                                             search::priced{truth, 100}, {.budget = 3000});
/// @endcode
template <search_space_type Space>
struct kept_trainings {
    static constexpr score_kind kind = score_kind::truth; ///< errors are each training's own
    std::string path;    ///< of the table of `write_alone`; beside it `path`.json says what was trained how
    const dataset* data; ///< lives longer
    train_options options{};  ///< of each training, which begins with the seed `options.seed` plus 0, 1, ...
    int seeds = 1;            ///< trainings of each network, at least 1
    fitnas::observer watch{}; ///< called after each training of this process, and every 10 s between
    fitnas::peers* peers = nullptr; ///< share out the trainings; null: this process is alone

    /// @return validation accuracies in [0, 1], the mean over the seeds
    /// @throws option_error for seeds below 1, or where the table is of other options or images; data_error
    /// where a file cannot be read or written; interrupted as `train_alone`
    std::vector<double> operator()(std::span<const architecture<Space>> some) const {
        if (seeds < 1) {
            throw option_error("[F1077] kept_trainings: seeds: expected at least 1, got " +
                               std::to_string(seeds));
        }
        fitnas::detail::do_agreed(peers, [&] {
            if (fitnas::detail::is_first(peers)) {
                require_same_setup();
            }
        });
        std::vector<alone_job<Space>> jobs;
        for (const architecture<Space>& a : some) {
            for (int s = 0; s < seeds; ++s) {
                jobs.push_back({canonical<Space>(a), options.seed.value + static_cast<std::uint64_t>(s)});
            }
        }
        const alone_results<Space> all = train_alone<Space>(path, jobs, *data, options, watch, peers);
        alone_results<Space> asked;
        for (const alone_job<Space>& job : jobs) {
            asked.emplace(job, all.at(job));
        }
        const auto summaries = summarise<Space>(asked, data->validation.size(), data->test.size());
        std::vector<double> scores;
        for (const architecture<Space>& a : some) {
            scores.push_back(summaries.at(canonical<Space>(a)).validation_accuracy);
        }
        return scores;
    }

private:
    /// Writes how trainings are done, or refuses to mix them with others.
    void require_same_setup() const {
        json now = json::object();
        for (const auto& [name, value] : fitnas::detail::training_setup(options, data->train)) {
            if (name != "seed" && name != "sampling") { // each training's own; of supernets
                now[name] = value;
            }
        }
        const std::string beside = path + ".json";
        if (detail::parts_of_table(path).empty()) {
            write_json(beside, now);
            return;
        }
        const json then = read_json(beside);
        for (const auto& [name, value] : now.items()) {
            if (!then.is_object() || !then.contains(name) || then[name] != value) {
                throw option_error(
                    "[F1078] " + path + ": has trainings with other options: " + name + " was " +
                    (then.is_object() && then.contains(name) ? then[name].dump() : "not noted") +
                    ", and is now " + value.dump() + "; take another path");
            }
        }
    }
};

} // namespace fitnas::study

#endif
