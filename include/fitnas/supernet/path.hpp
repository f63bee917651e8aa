/// @file
/// @brief One path of a set of weights, forward and backward.

#ifndef FITNAS_SUPERNET_PATH_HPP
#define FITNAS_SUPERNET_PATH_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/nn/distillation.hpp>
#include <fitnas/supernet/run.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Memory and gradients of training. After the largest path was run once, nothing is allocated any more.
class path_runner {
public:
    explicit path_runner(const weights& w) : m_gradient(w.values().size()) {}

    std::span<float> gradient() { return m_gradient; }
    const arena& memory() const { return m_run.memory(); }
    std::span<float> gradient(const weight_block& b) { return gradient().subspan(b.offset, b.size); }

    /// Forward alone.
    /// @param images count x input shape, normalised
    /// @return count x classes; valid until the next run
    std::span<const float> logits(const weights& w, const network_path& path, const float* images,
                                  std::size_t count);

    /// Forward, loss, backward: adds the gradients of the path's blocks into `gradient()`.
    /// @param images labels.size() x input shape, normalised
    batch_loss run(const weights& w, const network_path& path, const float* images,
                   std::span<const int> labels, double smoothing, const soft_labels& soft = {});

    /// Those of the last run.
    std::span<const float> logits() const { return m_logits; }

private:
    std::vector<float> m_gradient;
    runner m_run;
    std::array<float*, 2> m_places{}; ///< of gradients between two layers
    std::span<const float> m_logits;
    std::vector<block_run> m_runs;
    std::vector<arena::mark> m_ends; ///< of each layer's memory
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_API std::span<const float> path_runner::logits(const weights& w, const network_path& path,
                                                      const float* images, std::size_t count) {
    const auto images_count = static_cast<int>(count);
    m_run.memory().reset();
    m_runs.assign(path.size(), {});
    m_ends.assign(path.size(), {});
    // Gradients of neighbouring layers take turns in two places.
    std::size_t largest = 0;
    for (const int i : path) {
        largest = (std::max)(largest, static_cast<std::size_t>(w.block(i).output.size()));
    }
    m_places = {m_run.memory().take(largest * count), m_run.memory().take(largest * count)};
    const auto layer = [&](std::size_t i, const weight_block& b, const float* x) -> const float* {
        float* y = m_run.output(b, images_count);
        m_runs[i] = m_run.forward(b.plan, w.of(b), x, images_count, y, true);
        m_ends[i] = m_run.memory().position();
        return y;
    };
    return m_logits = {walk(w, path, images, layer), count * static_cast<std::size_t>(w.classes())};
}

FITNAS_API batch_loss path_runner::run(const weights& w, const network_path& path, const float* images,
                                       std::span<const int> labels, double smoothing,
                                       const soft_labels& soft) {
    const std::span<const float> z = logits(w, path, images, labels.size());
    float* dy = m_places[0];
    const batch_loss loss = distillation_loss(z, labels, smoothing, soft, {dy, z.size()});
    int turn = 1;
    for (std::size_t i = path.size(); i-- > 0;) {
        const weight_block& b = w.block(path[i]);
        if (b.plan.empty()) {
            continue;
        }
        m_run.memory().reset(m_ends[i]); // what the layers behind left is not needed any more
        float* dx = i == 0 ? nullptr : m_places[static_cast<std::size_t>(turn)];
        m_run.backward(b.plan, w.of(b), m_gradient.data() + b.offset, m_runs[i], dy, dx);
        dy = dx;
        turn = 1 - turn;
    }
    return loss;
}

} // namespace fitnas::detail

#endif

#endif
