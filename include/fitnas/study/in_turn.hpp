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
#include <fitnas/core/peers.hpp>
#include <fitnas/core/share_out.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/study/alone.hpp>
#include <fitnas/study/watch.hpp>

namespace fitnas::study {

/// @return the checkpoint of a training of `train_in_turn`, from 1
inline std::string in_turn_file(std::size_t job) { return "retrain_" + std::to_string(job) + ".safetensors"; }

namespace detail {

/// Moves a checkpoint that is not needed any more to where it is kept, or nowhere.
inline void keep_first(const std::string& file, const std::string& as) {
    if (as.empty()) {
        remove_file(file);
    } else if (std::error_code failed; is_there(file)) {
        std::filesystem::rename(file, as, failed);
        if (failed) {
            throw data_error("[F1021] " + file + ": cannot be kept as " + as + ": " + failed.message());
        }
    }
}

} // namespace detail

/// @brief `train_alone`, one training after the other, to the same results: each has all threads, and a
/// checkpoint from which it goes on.
/// @param path of the table of results
/// @param folder of the checkpoints, `in_turn_file` of each job; that of the first stays, as
/// `winner.safetensors`
/// @param steps from one checkpoint to the next
/// @param options with `peers` all of them do each training together; that is for more processes than
/// trainings
/// @param all processes that share out the trainings, of which the first writes the table; null: this process
/// is alone
/// @throws as `retrain`; interrupted after a signal, with what was trained in the checkpoint
template <search_space_type Space>
alone_results<Space> train_in_turn(const std::string& path, const std::string& folder,
                                   const std::vector<alone_job<Space>>& jobs, const dataset& data,
                                   const train_options& options, long long steps, const watcher& w = {},
                                   peers* all = nullptr) {
    alone_results<Space> results;
    std::vector<std::size_t> missing;
    fitnas::detail::do_agreed(all, [&] {
        if (is_there(path)) {
            results = read_alone<Space>(path);
        }
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (!results.contains(jobs[i])) {
                missing.push_back(i);
            }
        }
        if (fitnas::detail::is_first(all)) {
            fitnas::detail::require_writable(path);
        }
    });
    const auto file_of = [&](std::size_t job) { return folder + "/" + in_turn_file(job + 1); };
    const auto write = [&] {
        write_alone<Space>(path, results);
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (results.contains(jobs[i])) {
                detail::keep_first(file_of(i), i == 0 ? folder + "/winner.safetensors" : "");
            }
        }
    };
    const auto take = [&](std::size_t job, const std::vector<double>& values) {
        results[jobs[job]] = {values[0], values[1], {values.begin() + 2, values.end()}};
    };
    const bool together = options.peers != nullptr;
    const auto one = [&](std::size_t i) {
        const std::size_t job = missing[i];
        train_options own = options;
        own.seed = seed{jobs[job].seed};
        own.observer = [others = together ? nullptr : all,
                        told = watch(w, "training network " + std::to_string(job + 1) + " of " +
                                            std::to_string(jobs.size()) + " by itself")](const progress& p) {
            fitnas::detail::heed(others);
            if (told) {
                told(p);
            }
        };
        const auto trained = retrain<Space>(jobs[job].architecture, data, own,
                                            checkpoint_options{.file = file_of(job), .every = steps});
        std::vector<double> values{trained.validation_accuracy, trained.test_accuracy};
        for (const epoch_report& e : trained.report.epochs) {
            values.push_back(e.accuracy);
        }
        if (all == nullptr) {
            take(job, values);
            write();
        }
        return values;
    };
    const auto write_by_first = [&] {
        fitnas::detail::do_agreed(all, [&] {
            if (fitnas::detail::is_first(all)) {
                write();
            }
        });
    };
    if (together) {
        for (std::size_t i = 0; i < missing.size(); ++i) {
            take(missing[i], one(i));
            write_by_first();
        }
        return results;
    }
    const auto found = share_out(all, missing.size(), pieces::in_turn, one);
    for (std::size_t i = 0; i < missing.size(); ++i) {
        take(missing[i], found[i]);
    }
    write_by_first();
    return results;
}

} // namespace fitnas::study

#endif
