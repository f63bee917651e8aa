/// @file
/// @brief Paths through a supernet that go forward together: first layers that they share are computed once.

#ifndef FITNAS_SUPERNET_PATH_SCORER_HPP
#define FITNAS_SUPERNET_PATH_SCORER_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/supernet/loaded_images.hpp>
#include <fitnas/supernet/memory_use.hpp>
#include <fitnas/supernet/run.hpp>

namespace fitnas::detail {

/// Where images are after a layer.
struct trie_level {
    const float* calibration = nullptr;
    const float* images = nullptr;

    explicit operator bool() const { return images != nullptr; }
};

/// How many first layers two paths have in common.
inline std::size_t shared_layers(const network_path& a, const network_path& b) {
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
}

/// Scores paths that are sorted, so that neighbours share as many first layers as possible; those are
/// computed once.
class path_scorer {
public:
    path_scorer(const weights& w, bool calibrated) : m_weights(w), m_calibrated(calibrated) {}

    /// @param scored called with (number of the path, logits of the images)
    template <class Scored>
    void run(std::span<const network_path> paths, const loaded_images& calibration,
             const loaded_images& images, Scored&& scored) {
        arena& memory = m_run.memory();
        memory.reset();
        // In one piece: paths of other sizes would leave gaps in what the first took.
        memory.reserve(scoring_floats(m_weights.part(), memory_size::of(images.count()),
                                      memory_size::of(m_calibrated ? calibration.count() : 0))
                           .value());
        m_calibration = calibration.count();
        m_images = images.count();
        std::vector<trie_level> levels(m_weights.links().size() + 1);
        levels[0] = {calibration.values.data(), images.values.data()};
        m_ends.assign(levels.size(), memory.position());
        for (std::size_t p = 0; p < paths.size(); ++p) {
            const std::size_t same = p > 0 ? shared_layers(paths[p - 1], paths[p]) : 0;
            memory.reset(m_ends[same]);
            walk(m_weights, paths[p], same, std::span<trie_level>(levels), *this);
            scored(p, levels.back().images);
        }
    }

    const arena& memory() const { return m_run.memory(); }

    // What `walk` asks for.
    FITNAS_LAZY trie_level layer(std::size_t i, const weight_block& b, const trie_level& from);
    FITNAS_LAZY trie_level sum(const weight_block& b, const trie_level& x, const trie_level& y,
                               bool in_place) {
        return both([&](const float* trie_level::*of, int images) {
            return m_run.sum(b, x.*of, y.*of, images, in_place);
        });
    }
    FITNAS_LAZY trie_level concatenation(const layer_link& l, const weight_block& b, const trie_level& x,
                                         const trie_level& y) {
        return both([&](const float* trie_level::*of, int images) {
            return m_run.concatenation(l, b, x.*of, y.*of, images);
        });
    }
    FITNAS_LAZY trie_level zeros(const weight_block& b) {
        return both([&](const float* trie_level::*, int images) { return m_run.zeros(b, images); });
    }
    void behind(std::size_t i) { m_ends[i + 1] = m_run.memory().position(); }

private:
    template <class Values>
    trie_level both(Values&& values) {
        trie_level to;
        to.images = values(&trie_level::images, m_images);
        to.calibration = m_calibrated ? values(&trie_level::calibration, m_calibration) : nullptr;
        return to;
    }

    const weights& m_weights;
    bool m_calibrated;
    int m_calibration = 0;
    int m_images = 0;
    runner m_run;
    std::vector<arena::mark> m_ends; ///< what is taken behind so many layers
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN trie_level path_scorer::layer(std::size_t /*i*/, const weight_block& b,
                                                const trie_level& from) {
    float* y = m_run.output(b, m_images);
    float* c = m_calibrated ? m_run.output(b, m_calibration) : nullptr;
    const arena::mark after = m_run.memory().position();
    const float* w = m_weights.of(b);
    if (m_calibrated) {
        const block_run run = m_run.forward(b.plan, w, from.calibration, m_calibration, c);
        m_run.forward(b.plan, w, from.images, m_images, y, run);
    } else {
        m_run.forward(b.plan, w, from.images, m_images, y);
    }
    m_run.memory().reset(after);
    return {c, y};
}

} // namespace fitnas::detail

#endif

#endif
