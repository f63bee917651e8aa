/// @file
/// @brief One update of a set of weights: a batch, some paths, a step of the optimiser on what they used.

#ifndef FITNAS_SUPERNET_UPDATE_HPP
#define FITNAS_SUPERNET_UPDATE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/nn/optimiser.hpp>
#include <fitnas/supernet/checks.hpp>
#include <fitnas/supernet/gradient_sum.hpp>
#include <fitnas/supernet/path.hpp>
#include <fitnas/supernet/path_a_thread.hpp>
#include <fitnas/supernet/step_work.hpp>

namespace fitnas::detail {

/// Once the largest path was run, nothing is allocated any more. A block that no path uses keeps its weights
/// and the state of its optimiser.
template <optimiser_type Optimiser>
class weights_update {
public:
    /// @param make from a number of values to their optimiser
    /// @param work which outlives it
    /// @param recompute as `train_options::recompute_activations`
    /// @param together of a step's paths, how many may go side by side where there are threads for them
    template <class Make>
    FITNAS_COLD weights_update(weights& w, const step_work& work, const Make& make, bool recompute = false,
                               std::size_t together = 1)
        : m_weights(w),
          m_runner(w, recompute),
          m_together(w, recompute, together),
          m_work(work),
          m_sum(work, w),
          m_uses(w.blocks().size()) {
        m_runner.normalise_over(work.norms_over());
        m_optimisers.reserve(w.blocks().size());
        for (const weight_block& b : w.blocks()) {
            m_optimisers.push_back(make(b.size));
        }
    }

    /// A step begins.
    /// @param paths of the step: all, also those that other processes go along
    void begin(std::span<const std::vector<std::uint8_t>> paths) {
        if (!m_sum.trivial()) {
            m_sum.begin(paths);
        }
        m_part = 0;
        begin_part();
    }
    /// All paths have gone along with a part of the batch.
    void end_part() {
        if (!m_sum.trivial() && m_part + 1 < m_work.own_parts.count) {
            m_sum.keep(m_part++, gradient());
            std::fill(m_uses.begin(), m_uses.end(), 0);
            begin_part();
        }
    }
    /// The gradients of all parts are there.
    void finish() {
        m_runner.block_done = {};
        if (!m_sum.trivial()) {
            m_sum.finish(gradient(), m_uses);
        }
    }

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

    /// The same along paths of a step, a path a thread where there are enough.
    /// @param soft from a path to its `soft_labels`
    /// @param losses those of the paths are put behind what is there
    template <class Paths, class Soft>
    void add(const Paths& paths, const float* images, std::span<const int> labels, double smoothing,
             const Soft& soft, std::vector<batch_loss>& losses) {
        std::size_t done = 0;
        while (const std::size_t count = m_together.count(paths.size() - done)) {
            m_jobs.clear();
            for (std::size_t i = done; i < done + count; ++i) {
                m_jobs.push_back({paths[i], soft(paths[i])});
            }
            losses.resize(losses.size() + count);
            m_together.run(m_weights, m_jobs, images, labels, smoothing, m_runner, m_uses,
                           std::span<batch_loss>(losses).last(count));
            done += count;
        }
        for (; done < paths.size(); ++done) {
            losses.push_back(add(paths[done], images, labels, smoothing, soft(paths[done])));
        }
    }

    /// Forward alone.
    /// @return count x classes; valid until the next run
    std::span<const float> logits(std::span<const std::uint8_t> code, const float* images,
                                  std::size_t count) {
        m_weights.path(code, m_path);
        return m_runner.logits(m_weights, m_path, images, count);
    }
    /// The logits of the last run.
    std::span<const float> logits() const { return m_runner.logits(); }

    /// The gradient of all weights; in blocks that no path has used it is not of this step.
    std::span<float> gradient() { return m_runner.gradient(); }
    /// How many paths of this step have added to each block's gradient.
    std::span<int> uses() { return m_uses; }
    /// Sets to zero what is not of this step.
    void clear_unused() {
        for (const weight_block& b : m_weights.blocks()) {
            if (m_uses[b.index] == 0) {
                const std::span<float> gradient = m_runner.gradient(b);
                std::fill(gradient.begin(), gradient.end(), 0.0F);
            }
        }
    }

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
                m_optimisers[b].step(m_weights.values(block), m_runner.gradient(block), learning_rate,
                                     1.0 / m_uses[b]);
                m_uses[b] = 0;
            }
        }
    }

    /// @return that of all optimisers
    FITNAS_COLD std::vector<float> state() {
        std::vector<float> all;
        for (Optimiser& o : m_optimisers) {
            const std::span<const float> one = o.state();
            all.insert(all.end(), one.begin(), one.end());
        }
        return all;
    }
    FITNAS_COLD void set_state(std::span<const float> all) {
        std::size_t count = 0;
        for (Optimiser& o : m_optimisers) {
            count += std::span<const float>(o.state()).size();
        }
        if (all.size() != count) {
            throw shape_error("[F0519] train: cannot go on: expected an optimiser's state of " +
                              std::to_string(count) + " values, got " + std::to_string(all.size()));
        }
        for (Optimiser& o : m_optimisers) {
            const std::span<float> one = o.state();
            std::copy_n(all.begin(), one.size(), one.begin());
            all = all.subspan(one.size());
        }
    }

private:
    /// In the last part sums over processes begin while backward goes on.
    void begin_part() {
        if (!m_sum.trivial() && m_part + 1 == m_work.own_parts.count) {
            m_runner.block_done = [this](std::size_t block) { m_sum.block_done(block, gradient()); };
        }
    }

    weights& m_weights;
    path_runner m_runner;
    path_a_thread m_together;
    const step_work& m_work;
    gradient_sum m_sum;
    std::size_t m_part = 0;              ///< of those of this process
    std::vector<Optimiser> m_optimisers; ///< one a block
    network_path m_path;
    std::vector<path_job> m_jobs;
    std::vector<int> m_uses; ///< of each block, since the last update
};

} // namespace fitnas::detail

#endif
