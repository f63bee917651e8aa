/// @file
/// @brief One path of a set of weights, forward and backward.

#ifndef FITNAS_SUPERNET_PATH_HPP
#define FITNAS_SUPERNET_PATH_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/nn/distillation.hpp>
#include <fitnas/supernet/links.hpp>
#include <fitnas/supernet/memory_use.hpp>
#include <fitnas/supernet/run.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// A place for the gradient of one path alone.
struct path_gradient {
    float* values = nullptr;
    std::span<const std::size_t> layers{}; ///< where each layer's block begins
};

/// Memory and gradients of training. Memory of the largest path is taken at once, then nothing more.
class path_runner {
public:
    /// @param recompute as `train_options::recompute_activations`
    /// @param with_gradient whether it has one of all weights, else each path is given a place for its own
    explicit path_runner(const weights& w, bool recompute = false, bool with_gradient = true)
        : m_gradient(with_gradient ? w.values().size() : 0),
          m_places(static_cast<std::size_t>(gradient_places(w.links()))),
          m_recompute(recompute) {}

    /// Called with the index of a block when backward is done with it.
    std::function<void(std::size_t)> block_done{};
    /// As that of `runner`.
    void normalise_over(peers* all) { m_run.normalise_over(all); }

    std::span<float> gradient() { return m_gradient; }
    const arena& memory() const { return m_run.memory(); }
    /// As that of `runner`.
    void grow_as(const path_runner& other) { m_run.grow_as(other.m_run); }
    FITNAS_LAZY std::span<float> gradient(const weight_block& b) {
        return gradient().subspan(b.offset, b.size);
    }

    /// Forward alone.
    /// @param images count x input shape, normalised
    /// @return count x classes; valid until the next run
    FITNAS_LAZY std::span<const float> logits(const weights& w, const network_path& path, const float* images,
                                              std::size_t count);

    /// Forward, loss, backward: adds the gradients of the path's blocks into `gradient()`.
    /// @param images labels.size() x input shape, normalised
    /// @param apart where they go instead, overwritten
    FITNAS_LAZY batch_loss run(const weights& w, const network_path& path, const float* images,
                               std::span<const int> labels, double smoothing, const soft_labels& soft = {},
                               const path_gradient& apart = {});

    /// The logits of the last run.
    std::span<const float> logits() const { return m_logits; }

    // What `walk` asks for.
    FITNAS_LAZY const float* layer(std::size_t i, const weight_block& b, const float* x) {
        return layer_onto(i, b, x, nullptr);
    }
    FITNAS_LAZY const float* layer_onto(std::size_t i, const weight_block& b, const float* x,
                                        const float* onto) {
        m_before = m_run.memory().position();
        const bool in_place = m_recompute && onto != nullptr && onto == m_node;
        float* y = in_place ? m_node : m_run.output(b, m_images);
        const arena::mark inside = m_run.memory().position();
        m_runs[i] = m_run.forward(b.plan, m_weights->of(b), x, m_images, y, true, onto);
        if (recomputes(i)) {
            m_run.memory().reset(inside);
        }
        m_node = (m_node == nullptr || onto != nullptr) ? y : m_node;
        return y;
    }
    FITNAS_LAZY const float* sum(const weight_block& b, const float* x, const float* y, bool in_place) {
        if (!m_recompute) {
            return m_run.sum(b, x, y, m_images, in_place && !b.plan.reads_output());
        }
        if (x != m_node) {
            return m_node = const_cast<float*>(m_run.sum(b, x, y, m_images, in_place));
        }
        add_values(x, y, b.output, m_images, m_node);
        if (in_place) {
            m_run.memory().reset(m_before);
        }
        return m_node;
    }
    FITNAS_LAZY const float* concatenation(const layer_link& l, const weight_block& b, const float* x,
                                           const float* y) {
        return m_run.concatenation(l, b, x, y, m_images);
    }
    FITNAS_LAZY const float* zeros(const weight_block& b) { return m_run.zeros(b, m_images); }
    void behind(std::size_t i) {
        m_ends[i] = m_run.memory().position();
        m_node = m_weights->links()[i].completes ? nullptr : m_node;
    }

private:
    /// Backward begins with the last layer: what lies inside it is still there.
    bool recomputes(std::size_t i) const { return m_recompute && i + 1 < m_runs.size(); }

    std::vector<float> m_gradient;
    std::vector<float*> m_gradients; ///< where that of each layer's block goes
    runner m_run;
    backward_walk m_back;
    std::vector<float*> m_places; ///< of gradients between layers
    std::span<float> m_logits;
    const weights* m_weights = nullptr; ///< of the run that goes on
    int m_images = 0;
    std::vector<const float*> m_values; ///< of the walk
    std::vector<block_run> m_runs;
    std::vector<arena::mark> m_ends; ///< of each layer's memory
    arena::mark m_before{};          ///< that of the present layer
    float* m_node = nullptr;         ///< where the present node's value has a place of its own
    bool m_recompute;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::span<const float> path_runner::logits(const weights& w, const network_path& path,
                                                             const float* images, std::size_t count) {
    m_weights = &w;
    m_images = static_cast<int>(count);
    m_run.memory().reset();
    if (m_run.memory().bytes() == 0) {
        m_run.memory().reserve(step_floats(w.part(), count, m_recompute).value());
    }
    m_logits = {m_run.memory().take(count * static_cast<std::size_t>(w.classes())),
                count * static_cast<std::size_t>(w.classes())};
    m_runs.assign(path.size(), {});
    m_ends.assign(path.size(), {});
    m_values.assign(path.size() + 1, nullptr);
    m_values[0] = images;
    std::size_t largest = 0;
    for (const layer_link& l : w.links()) {
        largest = (std::max)(largest, static_cast<std::size_t>(l.value.size()));
    }
    for (float*& place : m_places) {
        place = m_run.memory().take(largest * count);
    }
    walk(w, path, 0, std::span<const float*>(m_values), *this);
    std::copy_n(m_values.back(), m_logits.size(), m_logits.begin()); // where no scratch of backward comes
    return m_logits;
}

FITNAS_LAZY_AGAIN batch_loss path_runner::run(const weights& w, const network_path& path, const float* images,
                                              std::span<const int> labels, double smoothing,
                                              const soft_labels& soft, const path_gradient& apart) {
    m_gradients.resize(path.size());
    for (std::size_t i = 0; i < path.size(); ++i) {
        const weight_block& b = w.block(path[i]);
        if (apart.values == nullptr) {
            m_gradients[i] = m_gradient.data() + b.offset;
        } else {
            m_gradients[i] = apart.values + apart.layers[i];
            std::fill_n(m_gradients[i], b.size, 0.0F);
        }
    }
    const std::span<const float> z = logits(w, path, images, labels.size());
    const auto place = [&](int number) {
        return number < 0 ? nullptr : m_places[static_cast<std::size_t>(number)];
    };
    const batch_loss loss = distillation_loss(z, labels, smoothing, soft, {place(0), z.size()});
    m_back.run(
        w.links(),
        [&](std::size_t i) {
            const weight_block& b = w.block(path[i]);
            return b.gives_zeros || m_values[w.links()[i].reads] == nullptr ? link_kind::nothing
                   : b.plan.empty()                                         ? link_kind::passes
                                                                            : link_kind::computes;
        },
        [&](std::size_t i, int dy, int dx, int addend) {
            const weight_block& b = w.block(path[i]);
            m_run.memory().reset(m_ends[i]); // what the layers behind left is not needed any more
            block_run& run = m_runs[i];
            if (recomputes(i)) {
                run = m_run.forward(b.plan, w.of(b), m_values[w.links()[i].reads], m_images, nullptr, true);
            }
            m_run.backward(b.plan, w.of(b), m_gradients[i], run, place(dy), place(dx), place(addend));
            if (block_done) {
                block_done(b.index);
            }
        },
        [&](std::size_t i, int dy, int addend, int to) {
            add_values(place(dy), place(addend), w.block(path[i]).output, m_images, place(to));
        },
        [&](std::size_t i, int dy, int before, int own) {
            const shape value = w.links()[i].value;
            const int channels = w.block(path[i]).output.channels;
            split_channels(place(dy), value.channels - channels, place(before), channels, place(own),
                           value.pixels() * m_images);
        });
    return loss;
}

} // namespace fitnas::detail

#endif

#endif
