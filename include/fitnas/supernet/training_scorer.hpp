/// @file
/// @brief Trainings by themselves as what searches ask for scores.

#ifndef FITNAS_SUPERNET_TRAINING_SCORER_HPP
#define FITNAS_SUPERNET_TRAINING_SCORER_HPP

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/parallel.hpp>
#include <fitnas/core/shared_observer.hpp>
#include <fitnas/space/score_table.hpp>
#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/train.hpp>

namespace fitnas {

/// @brief Trains each architecture by itself; its score is the accuracy on the validation images, in [0, 1],
/// the mean over the seeds. The test split is not read.
///
/// Trainings run beside each other, each on one thread. Scores are the same for any number of threads, and
/// whatever else is scored in the same call. `study::kept_trainings` keeps each training in a file, so that a
/// stopped run goes on.
template <search_space_type Space>
struct training_scorer {
    static constexpr score_kind kind = score_kind::truth; ///< errors are each training's own
    const dataset* data;                                  ///< lives longer
    /// Of each training, which begins with the seed `options.seed` plus 0, 1, ... The observer is called
    /// after each step of any training, by one at a time, and counts trainings that are over.
    train_options options{};
    int seeds = 1; ///< trainings of each network, at least 1

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
        std::vector<double> right(runs);
        detail::shared_observer watch(options.observer);
        const stopwatch clock;
        std::atomic<long long> done{0};
        const auto told = [&] {
            return watch({.stage = "trainings",
                          .done = done.load(),
                          .total = static_cast<long long>(runs),
                          .seconds = clock.seconds()});
        };
        parallel_for(static_cast<std::ptrdiff_t>(runs), [&](std::ptrdiff_t i) {
            if (watch.stopped()) {
                return;
            }
            const auto run = static_cast<std::size_t>(i);
            train_options own = options;
            own.seed = seed{options.seed.value + run % static_cast<std::size_t>(seeds)};
            own.observer = {};
            if (watch.watches()) {
                own.observer = [&](const progress&) {
                    if (!told()) {
                        throw interrupted("[F0565] training_scorer: stopped by its observer");
                    }
                };
            }
            try {
                network<Space> net(some[run / static_cast<std::size_t>(seeds)], own.seed);
                train(net, data->train, own);
                right[run] = std::round(accuracy(net, data->validation) * images);
            } catch (const interrupted&) {
                if (!watch.stopped()) {
                    throw;
                }
                return;
            }
            ++done;
            told();
        });
        watch.rethrow();
        // Counts, divided once: networks that are right equally often have equal scores.
        std::vector<double> scores(some.size());
        for (std::size_t i = 0; i < runs; ++i) {
            scores[i / static_cast<std::size_t>(seeds)] += right[i];
        }
        for (double& score : scores) {
            score /= images * seeds;
        }
        return scores;
    }
};

} // namespace fitnas

#endif
