/// @file
/// @brief The loop of a training, phase by phase.

#ifndef FITNAS_SUPERNET_TRAINING_HPP
#define FITNAS_SUPERNET_TRAINING_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/data/batch.hpp>
#include <fitnas/data/read_ahead.hpp>
#include <fitnas/space/architecture.hpp>
#include <fitnas/supernet/average.hpp>
#include <fitnas/supernet/checks.hpp>
#include <fitnas/supernet/diagnose.hpp>
#include <fitnas/supernet/sampling.hpp>
#include <fitnas/supernet/step_work.hpp>
#include <fitnas/supernet/train_options.hpp>
#include <fitnas/supernet/training_memory.hpp>
#include <fitnas/supernet/training_method.hpp>
#include <fitnas/supernet/training_state.hpp>
#include <fitnas/supernet/update.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Refuses a state that is not one of this training.
FITNAS_LAZY FITNAS_COLD void require_state(const training_state& now, const training_state& from,
                                           long long epoch_steps);

/// A training from where it stands to its end. Each step goes through the phases `load`, `gradient`,
/// `exchange`, `update`, `report` and `keep`; another optimiser, schedule or exchange of gradients is another
/// method.
template <training_method_type Method>
class training {
public:
    /// @param o,method which are kept by reference
    FITNAS_COLD training(weights& w, const image_source& data, const train_options& o, const Method& method)
        : m_weights(w),
          m_data(data),
          m_options(o),
          m_method(method),
          m_chooses(w.part().whole()),
          m_work(work_of(o.batch, o.parts, o.peers, o.share)),
          m_epoch_steps(data.size() / o.batch),
          m_norm(normalisation_of(data)),
          m_largest(m_chooses ? extreme_code(w.part().space(), true) : code()),
          m_sampler(w.part().counts(), o.sampling, o.seed, m_largest,
                    m_chooses ? extreme_code(w.part().space(), false) : code()),
          m_update(w, m_work, method.optimiser, o.recompute_activations,
                   paths_that_fit(w, o, m_work, m_sampler.size(), state_floats(method))),
          m_average(static_cast<long long>(m_epoch_steps) * o.epochs, o.average),
          m_images(m_work.own_images() * static_cast<std::size_t>(w.input().size())),
          m_labels(m_work.own_images()) {
        if (m_work.shares_paths() && m_sampler.size() < static_cast<std::size_t>(o.peers->count())) {
            throw option_error("[F0544] train_options::share: " + std::to_string(o.peers->count()) +
                               " processes share the " + std::to_string(m_sampler.size()) +
                               " paths of a step; fewer processes, or step_share::images");
        }
        m_now.steps = static_cast<long long>(m_epoch_steps) * o.epochs;
        if (o.keep.save || o.keep.from != nullptr || o.peers != nullptr) {
            m_now.setup = training_setup(o, data);
            if (!method.name.empty()) {
                m_now.setup.emplace_back("method", method.name);
            }
        }
        if (o.keep.from != nullptr) {
            go_on(*o.keep.from);
        }
    }

    train_report run() {
        require_alike(m_options.peers, m_now.setup, m_now.step, m_weights.values());
        while (m_now.step < m_now.steps) {
            do_agreed(m_options.peers, [&] { load(); });
            gradient();
            exchange();
            update();
            report();
            keep();
        }
        return {std::move(m_now.epochs), m_clock.seconds(), m_waited};
    }

private:
    using code = path_sampler::code;

    FITNAS_COLD void go_on(const training_state& from) {
        require_state(m_now, from, static_cast<long long>(m_epoch_steps));
        m_average.go_on(from.average, from.step, from.steps, m_weights.values().size());
        m_update.set_state(from.optimiser);
        m_now.step = from.step;
        m_now.sums = from.sums;
        m_now.epochs = from.epochs;
    }

    std::uint64_t epoch() const { return static_cast<std::uint64_t>(m_now.step) / m_epoch_steps; }
    std::size_t step_of_epoch() const { return static_cast<std::size_t>(m_now.step) % m_epoch_steps; }
    double rate() const { return static_cast<double>(m_method.rate(m_now.step)); }

    /// Images of the step, and its paths.
    void load() {
        const stopwatch clock;
        if (m_options.ahead.threads > 0) {
            if (!m_ahead) {
                m_ahead.emplace(epoch_order{m_data, m_options.augment, m_options.seed, m_options.batch,
                                            m_work.first_image(), m_work.own_images()},
                                m_options.ahead, static_cast<std::size_t>(m_now.step),
                                static_cast<std::size_t>(m_now.steps));
            }
            m_ahead->next(m_norm, m_images.data(), m_labels.data());
        } else {
            const std::size_t i = step_of_epoch();
            if (i == 0 || m_order.empty()) {
                m_order = shuffled_indices(m_data.size(), m_options.seed, epoch());
            }
            load_batch(m_data,
                       std::span<const std::size_t>(m_order).subspan(
                           i * m_options.batch + m_work.first_image(), m_work.own_images()),
                       m_norm, m_images.data(), m_labels.data(), m_options.augment, m_options.seed, epoch());
        }
        m_waited += clock.seconds();
        const bool largest_alone =
            m_chooses && epoch() < static_cast<std::uint64_t>(m_options.largest_epochs);
        m_paths = largest_alone ? std::span<const code>(&m_largest, 1)
                                : m_sampler.paths(static_cast<std::uint64_t>(m_now.step));
    }

    /// Adds up the gradients of all paths, in all parts of the batch.
    void gradient() {
        const std::size_t image = static_cast<std::size_t>(m_weights.input().size());
        m_losses.clear();
        m_update.begin(m_paths);
        for (std::size_t part = 0; part < m_work.own_parts.count; ++part) {
            add_part(m_images.data() + part * m_work.images * image,
                     std::span<const int>(m_labels).subspan(part * m_work.images, m_work.images));
            m_update.end_part();
        }
        m_update.finish();
        double sum = 0;
        for (const batch_loss& one : losses_of_paths(m_work, m_paths.size(), m_losses)) {
            m_now.sums.loss += one.loss;
            m_now.sums.accuracy += static_cast<double>(one.correct);
            sum += one.loss;
        }
        if (!std::isfinite(sum)) {
            do_agreed(m_options.peers, [&] { require_losses(); });
        }
    }

    /// Adds the gradients of this process's paths.
    void add_part(const float* images, std::span<const int> labels) {
        const double distillation = m_chooses ? m_options.distillation : 0;
        const own_range own = m_work.own_paths(m_paths.size());
        const auto listen = [&](std::span<const float> logits) {
            m_teacher.assign(logits.begin(), logits.end());
        };
        const bool teaches = m_paths.front() == m_largest && own.first == 0 && own.count > 0;
        if (distillation > 0 && !teaches) {
            listen(m_update.logits(m_largest, images, labels.size()));
        }
        std::span<const code> paths = m_paths.subspan(own.first, own.count);
        if (distillation > 0 && teaches) {
            m_losses.push_back(m_update.add(paths.front(), images, labels, m_options.label_smoothing));
            listen(m_update.logits());
            paths = paths.subspan(1);
        }
        const auto soft = [&](const code& path) {
            return soft_labels{m_teacher, path == m_largest ? 0 : distillation};
        };
        m_update.add(paths, images, labels, m_options.label_smoothing, soft, m_losses);
    }

    void require_losses() const {
        const own_range own = m_work.own_paths(m_paths.size());
        for (std::size_t i = 0; i < m_losses.size(); ++i) {
            if (!std::isfinite(m_losses[i].loss)) {
                refuse_loss(m_losses[i].loss, m_paths[own.first + i % own.count], i / own.count);
            }
        }
    }

    void exchange() {
        if constexpr (!std::same_as<decltype(m_method.exchange), own_gradients>) {
            m_update.clear_unused();
            m_method.exchange(m_update.gradient(), m_update.uses());
        }
    }

    void update() {
        if (const std::string tensor = m_update.gradient_not_finite(); !tensor.empty()) {
            throw numeric_error("[F0522] train: the gradient of " + tensor + " is not finite" + where() +
                                "; a smaller learning_rate or a warmup may help");
        }
        const double now = rate();
        if (!(now >= 0) || !std::isfinite(now)) {
            throw numeric_error("[F0581] train: expected a learning rate from 0, got " + number_text(now) +
                                place());
        }
        m_update.apply(now);
        ++m_now.step;
        if (m_options.average > 0) {
            m_average.add(m_weights.values(), m_now.step);
        }
    }

    /// To the observer; where an epoch is over, its means stay.
    void report() {
        const std::size_t done = static_cast<std::size_t>(m_now.step - 1) % m_epoch_steps + 1;
        const auto batches = static_cast<double>(done * m_paths.size());
        const epoch_report means{m_now.sums.loss / batches,
                                 m_now.sums.accuracy / (batches * static_cast<double>(m_options.batch))};
        if (done == m_epoch_steps) {
            m_now.epochs.push_back(means);
            m_now.sums = {};
        }
        m_stop = false;
        try {
            do_agreed(m_options.peers, [&] {
                if (m_options.observer) {
                    m_options.observer({.stage = "train",
                                        .done = m_now.step,
                                        .total = m_now.steps,
                                        .seconds = m_clock.seconds(),
                                        .loss = means.loss,
                                        .accuracy = means.accuracy,
                                        .waited = m_waited});
                }
            });
        } catch (const interrupted&) {
            m_stop = true;
        }
    }

    /// Saves, stops: what is due after a step.
    void keep() {
        const training_keeper& keep = m_options.keep;
        const bool over = m_now.step == m_now.steps;
        const bool asked = !over && keep.stop && keep.stop();
        const bool stop = !over && (any_of(m_options.peers, asked) || m_stop);
        if (over && !m_average.mean().empty()) {
            std::copy(m_average.mean().begin(), m_average.mean().end(), m_weights.values().begin());
            m_now.average.clear();
        }
        if (over || stop || (keep.every > 0 && m_now.step % keep.every == 0)) {
            require_finite(m_weights, "train: after step " + std::to_string(m_now.step) +
                                          ", at a learning_rate that is too large");
            if (keep.save) {
                require_alike(m_options.peers, m_now.setup, m_now.step, m_weights.values());
                do_agreed(m_options.peers, [&] { save(over); });
            }
        }
        if (stop) {
            throw interrupted("[F0520] train: stopped after step " + std::to_string(m_now.step) + " of " +
                              std::to_string(m_now.steps) + (keep.save ? ", which is saved" : ""));
        }
    }

    /// Writes the checkpoint, on the first of the processes.
    void save(bool over) {
        if (m_options.peers != nullptr && m_options.peers->rank() > 0) {
            return;
        }
        m_now.optimiser = m_update.state();
        if (!over) {
            m_now.average.assign(m_average.mean().begin(), m_average.mean().end());
        }
        m_options.keep.save(m_now);
    }

    FITNAS_COLD std::string place() const {
        return " in epoch " + std::to_string(epoch() + 1) + ", step " + std::to_string(step_of_epoch() + 1) +
               " of " + std::to_string(m_epoch_steps);
    }
    FITNAS_COLD std::string where() const {
        return place() + ", at the learning rate " + number_text(rate());
    }
    [[noreturn]] FITNAS_COLD void refuse_loss(double loss, const code& path, std::size_t part) const {
        const std::size_t floats = m_work.images * static_cast<std::size_t>(m_weights.input().size());
        throw numeric_error("[F0521] train: the loss is " +
                            std::string(std::isnan(loss) ? "not a number" : "infinite") + where() +
                            (m_chooses ? ", for the path " + code_text(path) : "") +
                            "; the first value that is not finite is in " +
                            first_not_finite(m_weights, m_weights.path(path), m_images.data() + part * floats,
                                             static_cast<int>(m_work.images)) +
                            "; a smaller learning_rate or a warmup may help");
    }

    weights& m_weights;
    const image_source& m_data;
    const train_options& m_options;
    const Method& m_method;
    bool m_chooses; ///< whether there are paths to choose among
    step_work m_work;
    std::size_t m_epoch_steps;
    normalisation m_norm;
    code m_largest;
    path_sampler m_sampler;
    weights_update<decltype(std::declval<const Method&>().optimiser(std::size_t{}))> m_update;
    weights_average m_average;
    std::vector<float> m_images;
    std::vector<int> m_labels;
    std::vector<float> m_teacher;     ///< logits of the largest path
    std::vector<batch_loss> m_losses; ///< of the step, on this process: part by part
    std::vector<std::size_t> m_order; ///< of the epoch's images, where they are not read ahead
    std::optional<batches_ahead> m_ahead;
    double m_waited = 0;           ///< seconds
    std::span<const code> m_paths; ///< of the step
    training_state m_now;
    bool m_stop = false; ///< whether the observer asked for it
    stopwatch m_clock;
};

/// Checks first.
template <class Method>
train_report train_by(weights& w, const image_source& data, const train_options& o, const Method& method) {
    std::optional<training<Method>> work;
    do_agreed(o.peers, [&] {
        require_images(w, data, "train");
        require_options(o, data.size());
        require_step_fits(w, o, state_floats(method));
        require_finite(w, "train: before the first step");
        work.emplace(w, data, o, method);
    });
    return work->run();
}

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_state(const training_state& now, const training_state& from,
                                     long long epoch_steps) {
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
}

} // namespace fitnas::detail

#endif

#endif
