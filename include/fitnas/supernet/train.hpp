/// @file
/// @brief Training: a supernet by sampled paths, or one network by itself.

#ifndef FITNAS_SUPERNET_TRAIN_HPP
#define FITNAS_SUPERNET_TRAIN_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/hash.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/data/batch.hpp>
#include <fitnas/nn/schedule.hpp>
#include <fitnas/supernet/average.hpp>
#include <fitnas/supernet/checks.hpp>
#include <fitnas/supernet/diagnose.hpp>
#include <fitnas/supernet/memory_use.hpp>
#include <fitnas/supernet/sampling.hpp>
#include <fitnas/supernet/supernet.hpp>
#include <fitnas/supernet/training_state.hpp>
#include <fitnas/supernet/update.hpp>

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
    augmentation augment{};         ///< of the images
    fitnas::seed seed{0};           ///< of the order of images, their augmentation and the paths
    fitnas::observer observer{};    ///< called after each step with the epoch's mean loss and accuracy
    training_keeper keep{};         ///< how it is saved and gone on with
    std::uint64_t memory_limit = 0; ///< bytes, see `training_bytes`; 0: what the machine has
};

/// @brief What a training came to.
struct train_report {
    std::vector<epoch_report> epochs;
    double seconds = 0; ///< of this call
};

namespace detail {

FITNAS_COLD inline void require_options(const train_options& o, std::size_t images) {
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
    if (!(o.label_smoothing >= 0 && o.label_smoothing < 1)) {
        refuse("[F0513] train_options::label_smoothing", "a number in [0, 1)",
               number_text(o.label_smoothing));
    }
}

/// Refuses a batch whose activations do not fit, before anything is taken.
FITNAS_COLD inline void require_step_fits(const weights& w, const train_options& o) {
    const auto needed = [&](std::size_t batch) { return training_bytes(w.part(), batch, o.average > 0); };
    require_memory("train: a batch of " + std::to_string(o.batch) + " images of " + to_string(w.input()),
                   needed(o.batch), o.memory_limit,
                   "a smaller train_options::batch needs less, a batch of 1 " + to_string(needed(1)));
}

/// What a training that goes on must share with the one that was saved.
FITNAS_COLD inline std::vector<std::pair<std::string, std::string>> training_setup(const train_options& o,
                                                                                   const image_source& data) {
    const auto exact = [](double value) { return general_text(value, 17); };
    constexpr const char* ways[] = {"uniform", "strict_fair", "fair_in_turn", "sandwich"};
    std::vector<std::pair<std::string, std::string>> setup{
        {"images", std::to_string(data.size()) + " of " + to_string(data.image_shape()) + ", hash " +
                       data.fingerprint()},
        {"epochs", std::to_string(o.epochs)},
        {"batch", std::to_string(o.batch)},
        {"sampling", ways[static_cast<std::size_t>(o.sampling)]},
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
                                                     {"average", o.average}};
    for (const auto& [name, value] : others) {
        if (value != 0) {
            setup.emplace_back(name, exact(value));
        }
    }
    return setup;
}

/// Refuses a state that is not one of this training.
FITNAS_COLD inline void require_state(const training_state& now, const training_state& from,
                                      std::size_t count, long long epoch_steps) {
    const auto note = [](const training_state& state, const std::string& name) {
        const auto found = std::find_if(state.setup.begin(), state.setup.end(),
                                        [&](const auto& pair) { return pair.first == name; });
        return found == state.setup.end() ? std::string("not noted") : found->second;
    };
    for (const training_state* state : {&now, &from}) {
        for (const auto& pair : state->setup) {
            const std::string was = note(from, pair.first);
            const std::string is = note(now, pair.first);
            if (was != is) {
                throw option_error("[F0517] train: cannot go on: " + pair.first + " was " + was +
                                   ", and is now " + is);
            }
        }
    }
    if (from.step < 0 || from.step > now.steps || from.steps != now.steps ||
        from.epochs.size() != static_cast<std::size_t>(from.step / epoch_steps)) {
        throw option_error("[F0518] train: cannot go on: expected step 0 to " + std::to_string(now.steps) +
                           " of as many with a report for each epoch that is over, got step " +
                           std::to_string(from.step) + " of " + std::to_string(from.steps) + " with " +
                           std::to_string(from.epochs.size()) + " reports");
    }
    if (from.momentum.size() != count) {
        throw shape_error("[F0519] train: cannot go on: expected the momentum of " + std::to_string(count) +
                          " weights, got " + std::to_string(from.momentum.size()));
    }
}

/// Saves, stops: what is due after a step.
template <std::same_as<weights> Weights>
void keep_training(Weights& w, weights_update& update, training_state& now, const training_keeper& keep,
                   weights_average& average, bool stop) {
    const bool over = now.step == now.steps;
    stop = !over && ((keep.stop && keep.stop()) || stop);
    if (over && !average.mean().empty()) {
        std::copy(average.mean().begin(), average.mean().end(), w.values().begin());
        now.average.clear();
    }
    if (over || stop || (keep.every > 0 && now.step % keep.every == 0)) {
        require_finite(w, "train: after step " + std::to_string(now.step) +
                              ", at a learning_rate that is too large");
        if (keep.save) {
            now.momentum.assign(update.velocity().begin(), update.velocity().end());
            if (!over) {
                now.average.assign(average.mean().begin(), average.mean().end());
            }
            keep.save(now);
        }
    }
    if (stop) {
        throw interrupted("[F0520] train: stopped after step " + std::to_string(now.step) + " of " +
                          std::to_string(now.steps) + (keep.save ? ", which is saved" : ""));
    }
}

/// A template, here and in the rooms beside, so that only programs that call it compile it.
template <std::same_as<weights> Weights>
train_report train_checked(Weights& w, const image_source& data, const train_options& o) {
    using code_type = path_sampler::code;
    const bool chooses = w.part().whole();
    const std::vector<int> counts = w.part().counts();
    const code_type largest = chooses ? extreme_code(w.part().space(), true) : code_type();
    path_sampler sampler(counts, o.sampling, o.seed, largest,
                         chooses ? extreme_code(w.part().space(), false) : code_type());
    const double distillation = chooses ? o.distillation : 0;
    const std::uint64_t largest_epochs = chooses ? static_cast<std::uint64_t>(o.largest_epochs) : 0;
    const normalisation norm = normalisation_of(data);
    const std::size_t steps = data.size() / o.batch;
    training_state now;
    now.steps = static_cast<long long>(steps) * o.epochs;
    const cosine_schedule rate{o.learning_rate, now.steps, o.warmup * static_cast<double>(steps),
                               o.learning_rate * o.final_rate};
    weights_average average(now.steps, o.average);

    weights_update update(w, {.momentum = o.momentum, .weight_decay = o.weight_decay});
    if (o.keep.save || o.keep.from != nullptr) {
        now.setup = training_setup(o, data);
    }
    if (o.keep.from != nullptr) {
        const training_state& from = *o.keep.from;
        require_state(now, from, w.values().size(), static_cast<long long>(steps));
        now.step = from.step;
        now.sums = from.sums;
        now.epochs = from.epochs;
        average.go_on(from.average, from.step, from.steps, w.values().size());
        std::copy(from.momentum.begin(), from.momentum.end(), update.velocity().begin());
    }
    std::vector<float> images(o.batch * static_cast<std::size_t>(w.input().size()));
    std::vector<int> labels(o.batch);
    std::vector<float> teacher; // logits of the largest path
    std::vector<std::size_t> order;
    const auto where = [&](std::size_t i) {
        return " in epoch " + std::to_string(static_cast<std::uint64_t>(now.step) / steps + 1) + ", step " +
               std::to_string(i + 1) + " of " + std::to_string(steps) + ", at the learning rate " +
               number_text(rate(now.step));
    };
    const stopwatch clock;
    while (now.step < now.steps) {
        const auto epoch = static_cast<std::uint64_t>(now.step) / steps;
        const std::size_t i = static_cast<std::size_t>(now.step) % steps;
        if (i == 0 || order.empty()) {
            order = shuffled_indices(data.size(), o.seed, epoch);
        }
        load_batch(data, std::span<const std::size_t>(order).subspan(i * o.batch, o.batch), norm,
                   images.data(), labels.data(), o.augment, o.seed, epoch);

        const std::span<const code_type> paths = epoch < largest_epochs
                                                     ? std::span<const code_type>(&largest, 1)
                                                     : sampler.paths(static_cast<std::uint64_t>(now.step));
        const auto listen = [&](std::span<const float> logits) {
            teacher.assign(logits.begin(), logits.end());
        };
        if (distillation > 0 && paths.front() != largest) {
            listen(update.logits(largest, images.data(), o.batch));
        }
        for (const code_type& code : paths) {
            const soft_labels soft{teacher, code == largest ? 0 : distillation};
            const batch_loss one = update.add(code, images.data(), labels, o.label_smoothing, soft);
            if (!std::isfinite(one.loss)) {
                throw numeric_error(
                    "[F0521] train: the loss is " +
                    std::string(std::isnan(one.loss) ? "not a number" : "infinite") + where(i) +
                    (chooses ? ", for the path " + code_text(code) : "") +
                    "; the first value that is not finite is in " +
                    first_not_finite(w, w.path(code), images.data(), static_cast<int>(o.batch)) +
                    "; a smaller learning_rate or a warmup may help");
            }
            now.sums.loss += one.loss;
            now.sums.accuracy += static_cast<double>(one.correct);
            if (distillation > 0 && &code == &paths.front() && code == largest) {
                listen(update.logits());
            }
        }
        if (const std::string tensor = update.gradient_not_finite(); !tensor.empty()) {
            throw numeric_error("[F0522] train: the gradient of " + tensor + " is not finite" + where(i) +
                                "; a smaller learning_rate or a warmup may help");
        }
        update.apply(rate(now.step));
        ++now.step;
        if (o.average > 0) {
            average.add(w.values(), now.step);
        }
        const auto batches = static_cast<double>((i + 1) * paths.size());
        const epoch_report means{now.sums.loss / batches,
                                 now.sums.accuracy / (batches * static_cast<double>(o.batch))};
        if (i + 1 == steps) {
            now.epochs.push_back(means);
            now.sums = {};
        }
        bool stop = false;
        if (o.observer) {
            try {
                o.observer({.stage = "train",
                            .done = now.step,
                            .total = now.steps,
                            .seconds = clock.seconds(),
                            .loss = means.loss,
                            .accuracy = means.accuracy});
            } catch (const interrupted&) {
                stop = true;
            }
        }
        keep_training(w, update, now, o.keep, average, stop);
    }
    return {std::move(now.epochs), clock.seconds()};
}

/// Checks first.
template <std::same_as<weights> Weights>
train_report train(Weights& w, const image_source& data, const train_options& o) {
    require_images(w, data, "train");
    require_options(o, data.size());
    require_step_fits(w, o);
    require_finite(w, "train: before the first step");
    return train_checked(w, data, o);
}

/// Does what changes weights. Whatever it throws, they are then as they were before; after `interrupted`
/// alone they stay where the work stopped.
template <std::same_as<weights> Weights, class Work>
auto or_as_before(Weights& w, Work&& work) {
    const std::vector<float> before(w.values().begin(), w.values().end());
    try {
        return work();
    } catch (const interrupted&) {
        throw;
    } catch (...) {
        std::copy(before.begin(), before.end(), w.values().begin());
        throw;
    }
}
template <search_space_type Space, class Work>
auto or_as_before(supernet<Space>& net, Work&& work) {
    return or_as_before(net.weights(), work);
}

} // namespace detail

/// @brief Trains a supernet: each step takes one batch, forward and backward along sampled paths, one SGD
/// update of what they used. The same (seed, options, data) gives the same weights on any number of threads.
/// @param net trained on from its present weights
/// @param data the training split
/// @param options which are checked first
/// @throws option_error, shape_error, data_error where options or images are wrong; numeric_error where a
/// loss or a weight is not finite; what the observer throws. The weights are then as they were before the
/// call
/// @throws interrupted where `options.keep.stop` asked for it, or the observer threw it, after saving; the
/// weights are then those of the last step, also where a mean is taken (`options.average`)
template <search_space_type Space>
train_report train(supernet<Space>& net, const image_source& data, const train_options& options = {}) {
    return detail::or_as_before(net, [&] { return detail::train(net.weights(), data, options); });
}

/// @brief Refuses a whole data set with a sentence: a training that sees all splits would leave none to judge
/// by.
template <class Network>
void train(Network& /*net*/, const dataset& /*data*/, const train_options& /*options*/ = {}) {
    static_assert(!std::same_as<Network, Network>, "[F0525] train(net, images): the images must be one "
                                                   "split, such as data.train, not the whole data set");
}

} // namespace fitnas

#endif
