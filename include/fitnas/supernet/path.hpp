/// @file
/// @brief One path of a set of weights, forward and backward.

#ifndef FITNAS_SUPERNET_PATH_HPP
#define FITNAS_SUPERNET_PATH_HPP

#include <span>
#include <vector>

#include <fitnas/nn/cross_entropy.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Memory and gradients of training. After the largest path was run once, nothing is allocated any more.
class path_runner {
public:
    explicit path_runner(const weights& w) : m_gradient(w.values().size()) {}

    std::span<float> gradient() { return m_gradient; }
    const arena& memory() const { return m_memory; }
    std::span<float> gradient(const weight_block& b) { return gradient().subspan(b.offset, b.size); }

    /// Forward, cross-entropy, backward: adds the gradients of the path's blocks into `gradient()`.
    /// @param images labels.size() x input shape, normalised
    batch_loss run(const weights& w, const network_path& path, const float* images,
                   std::span<const int> labels, double smoothing) {
        const auto count = static_cast<int>(labels.size());
        m_memory.reset();
        m_runs.assign(path.size(), {});
        m_ends.assign(path.size(), {});
        // Gradients of neighbouring layers take turns in two places.
        std::size_t largest = 0;
        for (const int i : path) {
            largest = (std::max)(largest, static_cast<std::size_t>(w.block(i).output.size()));
        }
        float* places[2] = {m_memory.take(largest * labels.size()), m_memory.take(largest * labels.size())};
        const float* x = images;
        for (std::size_t i = 0; i < path.size(); ++i) {
            const weight_block& b = w.block(path[i]);
            if (!b.plan.empty()) {
                float* y = take(b.output, count);
                m_runs[i] = forward(b.plan, w.of(b), x, count, y, nullptr, m_memory, m_shared, true);
                x = y;
            }
            m_ends[i] = m_memory.position();
        }
        const auto classes = static_cast<std::size_t>(w.classes());
        float* dy = places[0];
        const batch_loss loss =
            cross_entropy({x, labels.size() * classes}, labels, smoothing, {dy, labels.size() * classes});
        int turn = 1;
        for (std::size_t i = path.size(); i-- > 0;) {
            const weight_block& b = w.block(path[i]);
            if (b.plan.empty()) {
                continue;
            }
            m_memory.reset(m_ends[i]); // what the layers behind left is not needed any more
            float* dx = i == 0 ? nullptr : places[turn];
            backward(b.plan, w.of(b), m_gradient.data() + b.offset, m_runs[i], dy, dx, m_memory, m_shared);
            dy = dx;
            turn = 1 - turn;
        }
        return loss;
    }

private:
    float* take(shape s, int count) {
        return m_memory.take(static_cast<std::size_t>(s.size()) * static_cast<std::size_t>(count));
    }

    std::vector<float> m_gradient;
    arena m_memory;
    workspace m_shared;
    std::vector<block_run> m_runs;
    std::vector<arena::mark> m_ends; ///< of each layer's memory
};

} // namespace fitnas::detail

#endif
