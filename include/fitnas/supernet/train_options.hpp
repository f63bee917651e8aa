/// @file
/// @brief How to train, and what a training that goes on must share with the one that was saved.

#ifndef FITNAS_SUPERNET_TRAIN_OPTIONS_HPP
#define FITNAS_SUPERNET_TRAIN_OPTIONS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/number_text.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/data/batch.hpp>
#include <fitnas/data/image_source.hpp>
#include <fitnas/data/read_ahead.hpp>
#include <fitnas/supernet/sampling.hpp>
#include <fitnas/supernet/step_work.hpp>
#include <fitnas/supernet/training_state.hpp>

namespace fitnas {

/// @brief How to train.
struct train_options {
    int epochs = 10; ///< at least 1
    std::size_t batch =
        128; ///< images of a step, from 1 to the size of the data; an incomplete last batch is left out
    fitnas::sampling sampling = sampling::uniform; ///< of a supernet's paths
    double learning_rate = 0.1;                    ///< at its peak, above 0
    double momentum = 0.9;                         ///< in [0, 1)
    double weight_decay = 4e-5;                    ///< at least 0
    double warmup = 0;          ///< epochs in which the learning rate rises, from 0 to less than `epochs`
    double final_rate = 0;      ///< the learning rate falls to this share of its peak, in [0, 1]
    double label_smoothing = 0; ///< in [0, 1)
    int largest_epochs = 0;     ///< the first so many train a supernet's largest path alone, 0 to less than
                                ///< `epochs`
    /// The share, in [0, 1], of the loss of a supernet's other paths that compares them with the softmax of
    /// the largest path on the same batch. Where that is not the step's first path, as in `sandwich`, it goes
    /// forward for this alone: a third of a pass.
    double distillation = 0;
    /// The weights in the end are the mean of those after each of the last steps, this share of all, in [0,
    /// 1]; 0: those after the last step.
    double average = 0;
    /// The batch goes through in so many parts, one after the other, and their gradients are added: a divisor
    /// of `batch`. Each takes the batch norm statistics of its own images ("ghost batch norm", Hoffer et al.,
    /// arXiv 1705.08741). Memory for activations falls by as much. 0: one part for each of `peers`.
    int parts = 0;
    /// Processes that train the same weights together, each on its own share of every step; all call `train`
    /// with equal weights, images and options, and have equal weights when it returns. `keep.save` is called
    /// on process 0, a stop or an error on any is one on all. null: this process is alone.
    fitnas::peers* peers = nullptr;
    step_share share = step_share::images; ///< of a step, what each of `peers` does
    augmentation augment{};                ///< of the images
    read_ahead ahead{};                    ///< how images are read while the engine computes
    fitnas::seed seed{0};                  ///< of the order of images, their augmentation and the paths
    fitnas::observer observer{};           ///< called after each step with the epoch's mean loss and accuracy
    training_keeper keep{};                ///< how it is saved and gone on with
    /// Activation checkpointing, as PyTorch calls it: forward keeps what comes out of each block alone, and
    /// backward runs a block forward again before it goes back through it. The same bits for less memory (see
    /// `training_bytes`) and about a fifth more time; so a training that was saved may go on with it or
    /// without.
    bool recompute_activations = false;
    /// Where a step has several paths (`sampling::strict_fair`, `sandwich`), at least as many as there are
    /// threads, each thread goes along paths of its own. The same bits in less time where waiting is dear,
    /// for memory of as many paths as threads. Where a path takes more than 256 MiB, where all do not fit the
    /// limit, and with `peers` that share images, paths go one after the other, with all threads in each.
    bool path_a_thread = true;
    std::uint64_t memory_limit = 0; ///< bytes, see `training_bytes`; 0: what the machine has
};

/// @brief What a training came to.
struct train_report {
    std::vector<epoch_report> epochs; ///< one after the other
    double seconds = 0;               ///< of this call
    double waited = 0;                ///< seconds of these in which the engine had no images
};

namespace detail {

FITNAS_LAZY FITNAS_COLD void require_options(const train_options& o, std::size_t images);

/// What a training that goes on must share with the one that was saved.
FITNAS_LAZY FITNAS_COLD std::vector<std::pair<std::string, std::string>>
training_setup(const train_options& o, const image_source& data);

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_options(const train_options& o, std::size_t images) {
    const auto refuse = [](const std::string& message, const std::string& expected, const std::string& got) {
        throw option_error(message + ": expected " + expected + ", got " + got);
    };
    if (o.epochs < 1) {
        refuse("[F0508] train_options::epochs", "at least 1", std::to_string(o.epochs));
    }
    if (o.keep.every < 0) {
        refuse("[F0509] train_options::keep.every", "at least 0", std::to_string(o.keep.every));
    }
    constexpr auto most = static_cast<std::size_t>((std::numeric_limits<int>::max)());
    if (o.batch < 1 || o.batch > (std::min)(images, most)) {
        refuse("[F0510] train_options::batch", "1 to " + std::to_string(images) + ", the number of images",
               std::to_string(o.batch));
    }
    if (!(o.learning_rate > 0) || !std::isfinite(o.learning_rate)) {
        refuse("[F0511] train_options::learning_rate", "a number above 0", number_text(o.learning_rate));
    }
    if (!(o.momentum >= 0 && o.momentum < 1)) {
        refuse("[F0523] train_options::momentum", "a number in [0, 1)", number_text(o.momentum));
    }
    if (!(o.weight_decay >= 0) || !std::isfinite(o.weight_decay)) {
        refuse("[F0524] train_options::weight_decay", "a number from 0", number_text(o.weight_decay));
    }
    if (!(o.warmup >= 0 && o.warmup < o.epochs)) {
        refuse("[F0512] train_options::warmup", "0 to less than " + std::to_string(o.epochs) + " epochs",
               number_text(o.warmup));
    }
    if (o.largest_epochs < 0 || (o.largest_epochs > 0 && o.largest_epochs >= o.epochs)) {
        refuse("[F0570] train_options::largest_epochs", "0 to " + std::to_string(o.epochs - 1),
               std::to_string(o.largest_epochs));
    }
    const auto require_share = [&](const std::string& name, double share) {
        if (!(share >= 0 && share <= 1)) {
            refuse("[F0571] train_options::" + name, "a number from 0 to 1", number_text(share));
        }
    };
    require_share("final_rate", o.final_rate);
    require_share("distillation", o.distillation);
    require_share("average", o.average);
    require_read_ahead(o.ahead, work_of(o.batch, o.parts, o.peers, o.share).own_images());
    if (!(o.label_smoothing >= 0 && o.label_smoothing < 1)) {
        refuse("[F0513] train_options::label_smoothing", "a number in [0, 1)",
               number_text(o.label_smoothing));
    }
}

FITNAS_LAZY_AGAIN std::vector<std::pair<std::string, std::string>> training_setup(const train_options& o,
                                                                                  const image_source& data) {
    const auto exact = [](double value) { return general_text(value, 17); };
    std::vector<std::pair<std::string, std::string>> setup{
        {"images", std::to_string(data.size()) + " of " + to_string(data.image_shape()) + ", hash " +
                       data.fingerprint()},
        {"epochs", std::to_string(o.epochs)},
        {"batch", std::to_string(o.batch)},
        {"sampling", std::string(sampling_names[static_cast<std::size_t>(o.sampling)])},
        {"learning_rate", exact(o.learning_rate)},
        {"momentum", exact(o.momentum)},
        {"weight_decay", exact(o.weight_decay)},
        {"warmup", exact(o.warmup)},
        {"label_smoothing", exact(o.label_smoothing)},
        {"crop_padding", std::to_string(o.augment.crop_padding)},
        {"flip", o.augment.flip ? "true" : "false"},
        {"seed", std::to_string(o.seed.value)}};
    // Only where they are used: trainings that were saved before there were such options go on.
    const std::pair<const char*, double> others[] = {{"final_rate", o.final_rate},
                                                     {"largest_epochs", o.largest_epochs},
                                                     {"distillation", o.distillation},
                                                     {"average", o.average},
                                                     {"parts", o.parts == 1 ? 0 : o.parts}};
    for (const auto& [name, value] : others) {
        if (value != 0) {
            setup.emplace_back(name, exact(value));
        }
    }
    if (const auto& crop = o.augment.resized_crop) {
        setup.emplace_back("resized_crop", exact(crop->min_area) + " to " + exact(crop->max_area) + ", " +
                                               exact(crop->min_ratio) + " to " + exact(crop->max_ratio));
    }
    if (const colour_jitter& jitter = o.augment.jitter; jitter != colour_jitter{}) {
        setup.emplace_back("jitter", exact(jitter.brightness) + ", " + exact(jitter.contrast) + ", " +
                                         exact(jitter.saturation));
    }
    return setup;
}

} // namespace fitnas::detail

#endif

#endif
