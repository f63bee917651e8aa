/// @file
/// @brief Trainings by themselves as what searches ask for scores.

#ifndef FITNAS_SUPERNET_TRAINING_SCORER_HPP
#define FITNAS_SUPERNET_TRAINING_SCORER_HPP

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/error.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/core/share_out.hpp>
#include <fitnas/core/shared_observer.hpp>
#include <fitnas/space/score_table.hpp>
#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/train.hpp>

namespace fitnas {

namespace detail {

/// Trainings beside each other, each on one thread, in whichever process is free.
/// @param all null: this process is alone
/// @param watch called after each step of any training of this process, by one at a time, with the number of
/// these that are over; what it throws stops all
/// @param stopped asked before each training: true leaves it out
/// @param one `one(i, own)` does training i with options of its own, and gives what it came to, at least one
/// number
/// @return what each came to; empty where it was left out
template <class Stopped, class One>
std::vector<std::vector<double>> train_beside(peers* all, std::size_t runs, const char* stage,
                                              const train_options& options, const observer& watch,
                                              Stopped&& stopped, One&& one) {
    shared_observer shared(watch);
    const stopwatch clock;
    std::mutex counting; // so that each number is told
    std::atomic<long long> done{0};
    const auto tell = [&] {
        return shared({.stage = stage,
                       .done = done.load(),
                       .total = static_cast<long long>(runs),
                       .seconds = clock.seconds()});
    };
    return share_out(all, runs, pieces::beside, [&](std::size_t i) -> std::vector<double> {
        if (shared.stopped() || stopped()) {
            return {};
        }
        train_options own = options;
        own.observer = {};
        own.peers = nullptr; // which share out whole trainings
        if (shared.watches() || all != nullptr) {
            own.observer = [&](const progress&) {
                heed(all);
                if (shared.watches() && !tell()) {
                    throw interrupted("[F0565] training_scorer: stopped by its observer");
                }
            };
        }
        std::vector<double> found;
        try {
            found = one(i, own);
        } catch (const interrupted&) {
            shared.rethrow();
            throw;
        }
        const std::lock_guard lock(counting);
        ++done;
        tell();
        shared.rethrow();
        return found;
    });
}

} // namespace detail

/// @brief Trains each architecture by itself; its score is the accuracy on the validation images, in [0, 1],
/// the mean over the seeds. The test split is not read.
///
/// Trainings run beside each other, each on one thread. Scores are the same for any number of threads, and
/// whatever else is scored in the same call, and for any number of processes. `study::kept_trainings` keeps
/// each training in a file, so that a stopped run goes on.
template <search_space_type Space>
struct training_scorer {
    static constexpr score_kind kind = score_kind::truth; ///< errors are each training's own
    const dataset* data;                                  ///< lives longer
    /// Options of each training; their seeds are `options.seed` plus 0, 1, ... The observer is called after
    /// each step of any training, by one at a time, and counts trainings that are over.
    train_options options{};
    int seeds = 1; ///< trainings of each network, at least 1
    /// They share out the trainings, each done by one process, and all get all scores. The observer is told
    /// on the process where it was given, of this process's trainings. Null: this process is alone.
    fitnas::peers* peers = nullptr;

    /// @throws option_error for seeds below 1 or options that keep one training; else as `train`, `accuracy`
    std::vector<double> operator()(std::span<const architecture<Space>> some) const {
        if (seeds < 1) {
            throw option_error("[F0563] training_scorer: seeds: expected at least 1, got " +
                               std::to_string(seeds));
        }
        if (options.keep.save || options.keep.from != nullptr) {
            throw option_error("[F0564] training_scorer: options.keep: expected neither save nor from, which "
                               "are of one training");
        }
        const std::size_t runs = some.size() * static_cast<std::size_t>(seeds);
        const auto images = static_cast<double>(data->validation.size());
        const auto one = [&](std::size_t run, train_options& own) {
            own.seed = seed{options.seed.value + run % static_cast<std::size_t>(seeds)};
            network<Space> net(some[run / static_cast<std::size_t>(seeds)], own.seed);
            train(net, data->train, own);
            return std::vector<double>{std::round(accuracy(net, data->validation) * images)};
        };
        const auto right = detail::train_beside(
            peers, runs, "trainings", options, options.observer, [] { return false; }, one);
        // Counts, divided once: networks that are right equally often have equal scores.
        std::vector<double> scores(some.size());
        for (std::size_t i = 0; i < runs; ++i) {
            scores[i / static_cast<std::size_t>(seeds)] += right[i].front();
        }
        for (double& score : scores) {
            score /= images * seeds;
        }
        return scores;
    }
};

} // namespace fitnas

#endif
