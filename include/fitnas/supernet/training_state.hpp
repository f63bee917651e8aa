/// @file
/// @brief Where a training stands, so that it can be saved and gone on with to the same bits.

#ifndef FITNAS_SUPERNET_TRAINING_STATE_HPP
#define FITNAS_SUPERNET_TRAINING_STATE_HPP

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>

namespace fitnas {

/// @brief One epoch's means over all images and paths.
struct epoch_report {
    double loss = 0;     ///< what was minimised
    double accuracy = 0; ///< in [0, 1], on the training images as they were seen
};

/// @brief All that the rest of a training depends on, beside the weights. Random numbers have no state: they
/// depend on (seed, step) alone.
struct training_state {
    long long step = 0;  ///< steps that were done
    long long steps = 0; ///< of the whole training
    epoch_report sums{}; ///< of the present epoch so far: of the batches' losses, of right images
    std::vector<epoch_report> epochs; ///< those that are over
    /// State of the optimisers, block by block: of SGD a momentum for each weight.
    std::vector<float> optimiser;
    /// Mean of the weights so far, where a training takes one (`train_options::average`); empty before its
    /// first step, and when the training is over: the mean is then the weights.
    std::vector<float> average{};
    /// The options and the images, each a name and a text: a training goes on only with the same.
    std::vector<std::pair<std::string, std::string>> setup;
};

/// @brief How a training is saved, stopped and gone on with. What saves is the caller's; `io/checkpoint.hpp`
/// has files.
struct training_keeper {
    long long every = 0; ///< steps from one call of `save` to the next; 0: only when stopped and at the end
    /// Called between two steps, when all weights are finite; the weights are those of that moment. An
    /// exception that it throws ends the training.
    std::function<void(const training_state&)> save{};
    /// Asked after each step: true saves, then throws `interrupted`.
    std::function<bool()> stop{};
    /// Where to go on, with the weights of that moment; null: from the beginning. Read at the door alone.
    const training_state* from = nullptr;
};

} // namespace fitnas

#endif
