/// @file
/// @brief One path of a set of weights, forward and backward.

#ifndef FITNAS_SUPERNET_PATH_HPP
#define FITNAS_SUPERNET_PATH_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <fitnas/nn/distillation.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Memory and gradients of training. After the largest path was run once, nothing is allocated any more.
class path_runner {
public:
    explicit path_runner(const weights& w) : m_gradient(w.values().size()) {}

    std::span<float> gradient() { return m_gradient; }
    const arena& memory() const { return m_memory; }
    std::span<float> gradient(const weight_block& b) { return gradient().subspan(b.offset, b.size); }

    /// Forward alone.
    /// @param images count x input shape, normalised
    /// @return count x classes; valid until the next run
    std::span<const float> logits(const weights& w, const network_path& path, const float* images,
                                  std::size_t count) {
        const auto images_count = static_cast<int>(count);
        m_memory.reset();
        m_runs.assign(path.size(), {});
        m_ends.assign(path.size(), {});
        // Gradients of neighbouring layers take turns in two places.
        std::size_t largest = 0;
        for (const int i : path) {
            largest = (std::max)(largest, static_cast<std::size_t>(w.block(i).output.size()));
        }
        m_places = {m_memory.take(largest * count), m_memory.take(largest * count)};
        const float* x = images;
        for (std::size_t i = 0; i < path.size(); ++i) {
            const weight_block& b = w.block(path[i]);
            if (!b.plan.empty()) {
                float* y = take(b.output, images_count);
                m_runs[i] = forward(b.plan, w.of(b), x, images_count, y, nullptr, m_memory, m_shared, true);
                x = y;
            }
            m_ends[i] = m_memory.position();
        }
        return m_logits = {x, count * static_cast<std::size_t>(w.classes())};
    }

    /// Forward, loss, backward: adds the gradients of the path's blocks into `gradient()`.
    /// @param images labels.size() x input shape, normalised
    batch_loss run(const weights& w, const network_path& path, const float* images,
                   std::span<const int> labels, double smoothing, const soft_labels& soft = {}) {
        const std::span<const float> z = logits(w, path, images, labels.size());
        float* dy = m_places[0];
        const batch_loss loss = distillation_loss(z, labels, smoothing, soft, {dy, z.size()});
        int turn = 1;
        for (std::size_t i = path.size(); i-- > 0;) {
            const weight_block& b = w.block(path[i]);
            if (b.plan.empty()) {
                continue;
            }
            m_memory.reset(m_ends[i]); // what the layers behind left is not needed any more
            float* dx = i == 0 ? nullptr : m_places[static_cast<std::size_t>(turn)];
            backward(b.plan, w.of(b), m_gradient.data() + b.offset, m_runs[i], dy, dx, m_memory, m_shared);
            dy = dx;
            turn = 1 - turn;
        }
        return loss;
    }

    /// Those of the last run.
    std::span<const float> logits() const { return m_logits; }

private:
    float* take(shape s, int count) {
        return m_memory.take(static_cast<std::size_t>(s.size()) * static_cast<std::size_t>(count));
    }

    std::vector<float> m_gradient;
    arena m_memory;
    std::array<float*, 2> m_places{}; ///< of gradients between two layers
    std::span<const float> m_logits;
    workspace m_shared;
    std::vector<block_run> m_runs;
    std::vector<arena::mark> m_ends; ///< of each layer's memory
};

} // namespace fitnas::detail

#endif
