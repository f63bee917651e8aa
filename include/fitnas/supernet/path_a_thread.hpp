/// @file
/// @brief Paths of a step side by side, each on one thread.

#ifndef FITNAS_SUPERNET_PATH_A_THREAD_HPP
#define FITNAS_SUPERNET_PATH_A_THREAD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/nn/distillation.hpp>
#include <fitnas/supernet/path.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// A path of a step, and whose softmax is part of its loss.
struct path_job {
    std::span<const std::uint8_t> code;
    soft_labels soft;
};

/// Runs paths of a step, each from its beginning to its end on one thread: threads wait for each other once,
/// and not at the end of each pass. Each path has a gradient of its own. These are added in the order of the
/// paths, which are the same additions as when paths go one after the other.
class path_a_thread {
public:
    /// @param paths of a step at most; nothing is taken where they are fewer than threads
    FITNAS_LAZY FITNAS_COLD path_a_thread(const weights& w, bool recompute, std::size_t paths);

    /// @return how many of a step's next paths go together; 0: they go one after the other
    std::size_t count(std::size_t paths) const {
        const std::size_t threads = m_others.size() + 1;
        return (std::min)(paths / threads * threads, m_gradients.size());
    }

    /// Forward, loss and backward along paths.
    /// @param jobs as many as `count` says
    /// @param own the runner of the first thread, into whose gradient those of the paths are added
    /// @param uses of each block by paths of this step before; these are counted
    /// @param losses of the paths
    FITNAS_LAZY void run(const weights& w, std::span<const path_job> jobs, const float* images,
                         std::span<const int> labels, double smoothing, path_runner& own, std::span<int> uses,
                         std::span<batch_loss> losses);

private:
    FITNAS_LAZY void begin(const weights& w, std::span<const path_job> jobs);
    FITNAS_LAZY void share_sizes(path_runner& own);
    FITNAS_LAZY void add_up(const weights& w, std::size_t paths, std::span<float> gradient,
                            std::span<int> uses);

    std::vector<path_runner> m_others; ///< of all threads but the first
    std::vector<std::size_t> m_layers; ///< where each layer's block begins in the gradient of a path
    std::vector<aligned_buffer<float>> m_gradients;
    std::vector<network_path> m_paths;
    std::vector<long long> m_costs;     ///< of the paths
    std::vector<std::size_t> m_order;   ///< in which they are begun
    std::vector<std::size_t> m_scratch; ///< floats that each thread has asked for
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <atomic>

#include <fitnas/core/parallel.hpp>
#include <fitnas/supernet/memory_use.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN path_a_thread::path_a_thread(const weights& w, bool recompute, std::size_t paths)
    : m_gradients(paths_together(paths)),
      m_paths(m_gradients.size()),
      m_costs(m_gradients.size()),
      m_order(m_gradients.size()) {
    if (m_gradients.empty()) {
        return;
    }
    const auto threads = static_cast<std::size_t>(thread_count());
    m_scratch.resize(threads);
    m_others.reserve(threads - 1);
    while (m_others.size() + 1 < threads) {
        m_others.emplace_back(w, recompute, false);
    }
    std::size_t floats = 0;
    for (const std::size_t layer : layer_parameters(w.part())) {
        m_layers.push_back(floats);
        floats += layer;
    }
    for (aligned_buffer<float>& gradient : m_gradients) {
        gradient.reserve(floats);
    }
}

FITNAS_LAZY_AGAIN void path_a_thread::run(const weights& w, std::span<const path_job> jobs,
                                          const float* images, std::span<const int> labels, double smoothing,
                                          path_runner& own, std::span<int> uses,
                                          std::span<batch_loss> losses) {
    begin(w, jobs);
    std::atomic<std::size_t> next{m_scratch.size()}; // the first of each thread is there
    parallel_for(static_cast<std::ptrdiff_t>(m_scratch.size()), [&](std::ptrdiff_t i) {
        const auto thread = static_cast<std::size_t>(i);
        path_runner& runner = thread == 0 ? own : m_others[thread - 1];
        thread_scratch(m_scratch[thread]);
        for (std::size_t at = thread; at < jobs.size(); at = next++) {
            const std::size_t path = m_order[at];
            losses[path] = runner.run(w, m_paths[path], images, labels, smoothing, jobs[path].soft,
                                      {m_gradients[path].reserve(0), m_layers});
        }
        m_scratch[thread] = thread_scratch_size();
    });
    share_sizes(own);
    add_up(w, jobs.size(), own.gradient(), uses);
}

/// The dearest path first: so threads end at about the same time.
FITNAS_LAZY_AGAIN void path_a_thread::begin(const weights& w, std::span<const path_job> jobs) {
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        w.path(jobs[i].code, m_paths[i]);
        m_order[i] = i;
        m_costs[i] = 0;
        for (const int b : m_paths[i]) {
            m_costs[i] += w.block(b).block->macs;
        }
    }
    std::sort(m_order.begin(), m_order.begin() + static_cast<std::ptrdiff_t>(jobs.size()),
              [&](std::size_t a, std::size_t b) {
                  return m_costs[a] != m_costs[b] ? m_costs[a] > m_costs[b] : a < b;
              });
}

/// What one thread had to take, all take before the next paths: any path may come to any thread.
FITNAS_LAZY_AGAIN void path_a_thread::share_sizes(path_runner& own) {
    std::fill(m_scratch.begin(), m_scratch.end(), *std::max_element(m_scratch.begin(), m_scratch.end()));
    for (path_runner& other : m_others) {
        own.grow_as(other);
    }
    for (path_runner& other : m_others) {
        other.grow_as(own);
    }
}

FITNAS_LAZY_AGAIN void path_a_thread::add_up(const weights& w, std::size_t paths, std::span<float> gradient,
                                             std::span<int> uses) {
    parallel_for(static_cast<std::ptrdiff_t>(m_layers.size()), [&](std::ptrdiff_t i) {
        const auto layer = static_cast<std::size_t>(i);
        for (std::size_t path = 0; path < paths; ++path) {
            const weight_block& b = w.block(m_paths[path][layer]);
            const float* from = m_gradients[path].reserve(0) + m_layers[layer];
            float* to = gradient.data() + b.offset;
            if (uses[b.index]++ == 0) {
                std::copy_n(from, b.size, to);
                continue;
            }
            for (std::size_t v = 0; v < b.size; ++v) {
                to[v] += from[v];
            }
        }
    });
}

} // namespace fitnas::detail

#endif

#endif
