/// @file
/// @brief One path of a supernet after the other, forward: first layers that neighbours share are run once.

#ifndef FITNAS_SUPERNET_PATH_SCORER_HPP
#define FITNAS_SUPERNET_PATH_SCORER_HPP

#include <cstddef>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/supernet/loaded_images.hpp>
#include <fitnas/supernet/path_ranges.hpp>
#include <fitnas/supernet/run.hpp>

namespace fitnas::detail {

/// Where images are after a layer.
struct trie_level {
    const float* calibration = nullptr;
    const float* images = nullptr;

    explicit operator bool() const { return images != nullptr; }
};

/// Runs paths one after the other. First layers that a path shares with the one before are not run again, so
/// paths that are sorted come to the fewest layers.
class path_scorer {
public:
    /// @param w lives longer
    /// @param calibrated whether batch norm statistics are those of a calibration set
    /// @param floats of the arena, as `scoring_floats` gives them
    path_scorer(const weights& w, bool calibrated, std::size_t floats)
        : m_weights(&w), m_calibrated(calibrated), m_floats(floats) {}

    /// Forgets the paths before. Both sets of images live until the last path.
    FITNAS_LAZY void start(const loaded_images& calibration, const loaded_images& images);

    /// @param path lives until the next one is run
    /// @return logits of the images, until then
    FITNAS_LAZY const float* run(std::span<const int> path);

    const arena& memory() const { return m_run.memory(); }

    // What `walk` asks for.
    FITNAS_LAZY trie_level layer(std::size_t i, const weight_block& b, const trie_level& from) {
        return layer_onto(i, b, from, {});
    }
    FITNAS_LAZY trie_level layer_onto(std::size_t i, const weight_block& b, const trie_level& from,
                                      const trie_level& onto);
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

    const weights* m_weights;
    bool m_calibrated;
    std::size_t m_floats;
    int m_calibration = 0;
    int m_images = 0;
    runner m_run;
    std::span<const int> m_last;      ///< the path before
    std::vector<trie_level> m_levels; ///< of it, behind so many layers
    std::vector<arena::mark> m_ends;  ///< what is taken there
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void path_scorer::start(const loaded_images& calibration, const loaded_images& images) {
    arena& memory = m_run.memory();
    memory.reset();
    memory.reserve(m_floats); // in one piece: paths of other sizes would leave gaps in what the first took
    m_calibration = calibration.count();
    m_images = images.count();
    m_last = {};
    m_levels.assign(m_weights->links().size() + 1, {});
    m_levels[0] = {calibration.values.data(), images.values.data()};
    m_ends.assign(m_levels.size(), memory.position());
}

FITNAS_LAZY_AGAIN const float* path_scorer::run(std::span<const int> path) {
    const std::size_t same = shared_layers(m_last, path);
    m_run.memory().reset(m_ends[same]);
    m_last = {}; // until it was run to its end
    walk(*m_weights, path, same, std::span<trie_level>(m_levels), *this);
    m_last = path;
    return m_levels.back().images;
}

FITNAS_LAZY_AGAIN trie_level path_scorer::layer_onto(std::size_t /*i*/, const weight_block& b,
                                                     const trie_level& from, const trie_level& onto) {
    float* y = m_run.output(b, m_images);
    float* c = m_calibrated ? m_run.output(b, m_calibration) : nullptr;
    const arena::mark after = m_run.memory().position();
    const float* w = m_weights->of(b);
    if (m_calibrated) {
        const block_run run =
            m_run.forward(b.plan, w, from.calibration, m_calibration, c, false, onto.calibration);
        m_run.forward(b.plan, w, from.images, m_images, y, run, onto.images);
    } else {
        m_run.forward(b.plan, w, from.images, m_images, y, false, onto.images);
    }
    m_run.memory().reset(after);
    return {c, y};
}

} // namespace fitnas::detail

#endif

#endif
