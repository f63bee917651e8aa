/// @file
/// @brief Networks trained by themselves one after the other, on all threads: for trainings that take hours,
/// each of which goes on where it was stopped.

#ifndef FITNAS_STUDY_IN_TURN_HPP
#define FITNAS_STUDY_IN_TURN_HPP

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <fitnas/core/error.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/study/alone.hpp>
#include <fitnas/study/watch.hpp>

namespace fitnas::study {

/// @return the checkpoint of a training of `train_in_turn`, from 1
inline std::string in_turn_file(std::size_t job) { return "retrain_" + std::to_string(job) + ".safetensors"; }

/// @brief `train_alone`, one training after the other, to the same results: each has all threads, and a
/// checkpoint from which it goes on.
/// @param path of the table of results
/// @param folder of the checkpoints, `in_turn_file` of each job; that of the first stays, as
/// `winner.safetensors`
/// @param steps from one checkpoint to the next
/// @throws as `retrain`; interrupted after a signal, with what was trained in the checkpoint
template <search_space_type Space>
alone_results<Space> train_in_turn(const std::string& path, const std::string& folder,
                                   const std::vector<alone_job<Space>>& jobs, const dataset& data,
                                   const train_options& options, long long steps, const watcher& w = {}) {
    alone_results<Space> results;
    if (is_there(path)) {
        results = read_alone<Space>(path);
    }
    fitnas::detail::require_writable(path);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const std::string file = folder + "/" + in_turn_file(i + 1);
        if (!results.contains(jobs[i])) {
            train_options own = options;
            own.seed = seed{jobs[i].seed};
            own.observer = watch(w, "training network " + std::to_string(i + 1) + " of " +
                                        std::to_string(jobs.size()) + " by itself");
            const auto trained = retrain<Space>(jobs[i].architecture, data, own,
                                                checkpoint_options{.file = file, .every = steps});
            alone_result result{trained.validation_accuracy, trained.test_accuracy, {}};
            for (const epoch_report& e : trained.report.epochs) {
                result.curve.push_back(e.accuracy);
            }
            results[jobs[i]] = std::move(result);
            write_alone<Space>(path, results);
        }
        if (i > 0) {
            remove_file(file);
        } else if (std::error_code failed; is_there(file)) {
            std::filesystem::rename(file, folder + "/winner.safetensors", failed);
            if (failed) {
                throw data_error("[F1021] " + file +
                                 ": cannot be kept as winner.safetensors: " + failed.message());
            }
        }
    }
    return results;
}

} // namespace fitnas::study

#endif
