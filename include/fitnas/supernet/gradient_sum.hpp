/// @file
/// @brief The gradient of a step as the sum of those of its parts, on one process or several.

#ifndef FITNAS_SUPERNET_GRADIENT_SUM_HPP
#define FITNAS_SUPERNET_GRADIENT_SUM_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/supernet/step_work.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Sums the gradients of a step's parts, block by block, in the order of the parts. Blocks that no path of
/// the step uses are left alone. Among processes the sum of a block begins as soon as backward is done with
/// it.
class gradient_sum {
public:
    /// @param work,w which outlive it
    gradient_sum(const step_work& work, const weights& w)
        : m_work(work),
          m_weights(w),
          m_uses(w.blocks().size()),
          m_left(w.blocks().size()),
          m_begun(w.blocks().size()) {}

    /// Nothing to sum: the gradient of one part is that of the step.
    bool trivial() const { return m_work.alone() && m_work.parts == 1; }

    /// @param paths of the step: all, also those that other processes go along
    template <class Paths>
    void begin(const Paths& paths) {
        std::fill(m_uses.begin(), m_uses.end(), 0);
        std::fill(m_left.begin(), m_left.end(), 0);
        std::fill(m_begun.begin(), m_begun.end(), std::uint8_t{0});
        const own_range own = m_work.own_paths(paths.size());
        for (std::size_t i = 0; i < paths.size(); ++i) {
            m_weights.path(paths[i], m_path);
            for (const int b : m_path) {
                ++m_uses[static_cast<std::size_t>(b)];
                m_left[static_cast<std::size_t>(b)] += i - own.first < own.count ? 1 : 0;
            }
        }
    }
    /// Keeps the gradient of a part that is not the last of this process.
    FITNAS_LAZY void keep(std::size_t part, std::span<const float> gradient);
    /// Backward of the last part's path is done with a block.
    FITNAS_LAZY void block_done(std::size_t block, std::span<float> gradient);
    /// Makes the gradient that of the step, and `uses` those of all parts.
    /// @param uses of the last part, on this process
    FITNAS_LAZY void finish(std::span<float> gradient, std::span<int> uses);

private:
    FITNAS_LAZY void begin_sum(const weight_block& b, std::span<float> gradient);

    const step_work& m_work;
    const weights& m_weights;
    std::vector<std::vector<float>> m_kept; ///< gradients of parts, as long as the weights
    std::vector<int> m_uses;                ///< of each block, by all paths
    std::vector<int> m_left; ///< of these, paths of this process that backward has not gone along
    std::vector<std::uint8_t> m_begun;
    std::vector<const float*> m_arrays;
    network_path m_path;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void gradient_sum::keep(std::size_t part, std::span<const float> gradient) {
    if (m_kept.size() <= part) {
        m_kept.emplace_back(gradient.size());
    }
    for (const weight_block& b : m_weights.blocks()) {
        if (m_uses[b.index] > 0) {
            std::copy_n(gradient.begin() + static_cast<std::ptrdiff_t>(b.offset), b.size,
                        m_kept[part].begin() + static_cast<std::ptrdiff_t>(b.offset));
        }
    }
}

FITNAS_LAZY_AGAIN void gradient_sum::block_done(std::size_t block, std::span<float> gradient) {
    if (m_work.alone() || m_work.shares_paths()) {
        return; // processes that go along other paths are done with other blocks
    }
    m_work.together->go_on();
    if (--m_left[block] == 0) {
        begin_sum(m_weights.blocks()[block], gradient);
    }
}

FITNAS_LAZY_AGAIN void gradient_sum::begin_sum(const weight_block& b, std::span<float> gradient) {
    const std::span<float> sum = gradient.subspan(b.offset, b.size);
    m_begun[b.index] = 1;
    if (sum.empty()) {
        return;
    }
    m_arrays.clear();
    for (std::size_t part = 0; part + 1 < m_work.own_parts.count; ++part) {
        m_arrays.push_back(m_kept[part].data() + b.offset);
    }
    if (!m_work.alone()) {
        m_arrays.push_back(sum.data());
        m_work.together->begin_sum(m_arrays, sum);
        return;
    }
    for (std::size_t i = 0; i < sum.size(); ++i) {
        float all = m_arrays.front()[i];
        for (std::size_t part = 1; part < m_arrays.size(); ++part) {
            all += m_arrays[part][i];
        }
        sum[i] = all + sum[i];
    }
}

FITNAS_LAZY_AGAIN void gradient_sum::finish(std::span<float> gradient, std::span<int> uses) {
    for (const weight_block& b : m_weights.blocks()) {
        if (m_uses[b.index] == 0 || m_begun[b.index] != 0) {
            continue;
        }
        if (uses[b.index] == 0) { // other processes' paths use it
            const std::span<float> own = gradient.subspan(b.offset, b.size);
            std::fill(own.begin(), own.end(), 0.0F);
        }
        begin_sum(b, gradient);
    }
    if (!m_work.alone()) {
        m_work.together->finish_sums();
    }
    for (std::size_t b = 0; b < uses.size(); ++b) {
        uses[b] = m_uses[b] * static_cast<int>(m_work.parts);
    }
}

} // namespace fitnas::detail

#endif

#endif
