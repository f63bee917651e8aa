/// @file
/// @brief One update of a set of weights: a batch, some paths, SGD on what they used.

#ifndef FITNAS_SUPERNET_UPDATE_HPP
#define FITNAS_SUPERNET_UPDATE_HPP

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <fitnas/nn/sgd.hpp>
#include <fitnas/supernet/checks.hpp>
#include <fitnas/supernet/path.hpp>

namespace fitnas::detail {

/// Once the largest path was run, nothing is allocated any more.
class weights_update {
public:
    weights_update(weights& w, const sgd_options& options)
        : m_weights(w), m_runner(w), m_sgd(w.values().size(), options), m_uses(w.blocks().size()) {}

    /// Forward and backward along one path.
    /// @param code one operator number a cell; empty where nothing is chosen
    /// @param images labels.size() x input shape, normalised
    batch_loss add(std::span<const std::uint8_t> code, const float* images, std::span<const int> labels,
                   double smoothing, const soft_labels& soft = {}) {
        m_weights.path(code, m_path);
        for (const int b : m_path) {
            if (m_uses[static_cast<std::size_t>(b)]++ == 0) {
                const std::span<float> gradient = m_runner.gradient(m_weights.block(b));
                std::fill(gradient.begin(), gradient.end(), 0.0F);
            }
        }
        return m_runner.run(m_weights, m_path, images, labels, smoothing, soft);
    }

    /// Forward alone.
    /// @return count x classes; valid until the next run
    std::span<const float> logits(std::span<const std::uint8_t> code, const float* images,
                                  std::size_t count) {
        m_weights.path(code, m_path);
        return m_runner.logits(m_weights, m_path, images, count);
    }
    /// Those of the last run.
    std::span<const float> logits() const { return m_runner.logits(); }

    /// @return a tensor of this step's gradients that has a value which is not finite; empty where none has
    std::string gradient_not_finite() {
        for (std::size_t b = 0; b < m_uses.size(); ++b) {
            const weight_block& block = m_weights.blocks()[b];
            if (m_uses[b] > 0 && !all_finite(m_runner.gradient(block))) {
                // Gradients of blocks that this step does not use are of other steps, and finite.
                return tensor_not_finite(m_weights, m_runner.gradient());
            }
        }
        return {};
    }

    /// Moves the weights along the mean gradient of the paths that used a block, so that one learning rate
    /// suits stem and operators, and begins anew.
    void apply(double learning_rate) {
        for (std::size_t b = 0; b < m_uses.size(); ++b) {
            if (m_uses[b] > 0) {
                const weight_block& block = m_weights.blocks()[b];
                m_sgd.step(m_weights.values(), m_runner.gradient(block), block.offset, learning_rate,
                           1.0 / m_uses[b]);
                m_uses[b] = 0;
            }
        }
    }

    /// @return the momentum of all weights
    std::span<float> velocity() { return m_sgd.velocity(); }

private:
    weights& m_weights;
    path_runner m_runner;
    sgd m_sgd;
    network_path m_path;
    std::vector<int> m_uses; ///< of each block, since the last update
};

} // namespace fitnas::detail

#endif
