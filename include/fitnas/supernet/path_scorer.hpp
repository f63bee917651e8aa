/// @file
/// @brief One path of a supernet after the other, forward: first layers that neighbours share are run once.

#ifndef FITNAS_SUPERNET_PATH_SCORER_HPP
#define FITNAS_SUPERNET_PATH_SCORER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
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
/// paths that are sorted come to the fewest layers. Behind the layers that the next path shares, memory is
/// taken again as soon as nobody reads what is in it.
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
    /// @param next the path that may come then; what it shares is kept
    /// @return logits of the images, until then
    FITNAS_LAZY const float* run(std::span<const int> path, std::span<const int> next);

    const arena& memory() const { return m_run.memory(); }

    // What `walk` asks for.
    FITNAS_LAZY trie_level layer(std::size_t i, const weight_block& b, const trie_level& from) {
        return layer_onto(i, b, from, {});
    }
    FITNAS_LAZY trie_level layer_onto(std::size_t i, const weight_block& b, const trie_level& from,
                                      const trie_level& onto);
    FITNAS_LAZY trie_level sum(const weight_block& b, const trie_level& x, const trie_level& y,
                               bool in_place) {
        const trie_level to = in_place ? y : output(b, true);
        return both([&](const float* trie_level::*of, int images) {
            add_values(x.*of, y.*of, b.output, images, const_cast<float*>(to.*of));
            return to.*of;
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
    void behind(std::size_t i) {
        m_ends[i + 1] = m_run.memory().position();
        m_layer = i + 1;
    }

private:
    /// Where a value of a layer that no other path shares may lie, again and again.
    struct place {
        trie_level at;
        std::int64_t size; ///< floats for an image
    };

    /// Room for what the present layer gives.
    /// @param onto whether it may be the place of what its node has come to, where nobody else reads that
    FITNAS_LAZY trie_level output(const weight_block& b, bool onto);
    /// Whether the present layer or one behind it reads what is there; of a node's value, with `onto`, in
    /// another way.
    FITNAS_LAZY bool is_read(const place& p, bool onto) const;

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
    std::vector<std::size_t> m_reads; ///< of each value: the last layer that reads it
    std::vector<place> m_places;
    std::size_t m_shared = 0; ///< so many first layers the next path shares
    std::size_t m_layer = 0;  ///< the present one
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
    m_shared = 0;
    const std::span<const layer_link> links = m_weights->links();
    m_reads.assign(m_levels.size(), 0);
    m_reads.back() = links.size(); // the logits
    for (std::size_t i = 0; i < links.size(); ++i) {
        m_reads[links[i].reads] = i;
        m_reads[i] = links[i].joins ? i : m_reads[i];
    }
    m_ends.assign(m_levels.size(), memory.position());
}

FITNAS_LAZY_AGAIN const float* path_scorer::run(std::span<const int> path, std::span<const int> next) {
    const std::size_t same = (std::min)(m_shared, shared_layers(m_last, path));
    m_run.memory().reset(m_ends[same]);
    m_last = {}; // until it was run to its end
    m_shared = shared_layers(path, next);
    m_layer = same;
    m_places.clear();
    walk(*m_weights, path, same, std::span<trie_level>(m_levels), *this);
    m_last = path;
    return m_levels.back().images;
}

FITNAS_LAZY_AGAIN bool path_scorer::is_read(const place& p, bool onto) const {
    for (std::size_t v = 0; v < (onto ? m_layer : m_layer + 1); ++v) {
        if (m_reads[v] >= m_layer && m_levels[v].images == p.at.images) {
            return true;
        }
    }
    return false;
}

FITNAS_LAZY_AGAIN trie_level path_scorer::output(const weight_block& b, bool onto) {
    const std::int64_t size = b.output.size();
    const place* found = nullptr;
    for (const place& p : m_places) {
        if (p.size >= size && !is_read(p, onto)) {
            const bool in_place = onto && p.at.images == m_levels[m_layer].images;
            found = (in_place || found == nullptr) ? &p : found;
        }
    }
    if (found != nullptr) {
        return found->at;
    }
    trie_level to;
    to.images = m_run.output(b, m_images);
    to.calibration = m_calibrated ? m_run.output(b, m_calibration) : nullptr;
    if (m_layer >= m_shared) {
        m_places.push_back({to, size});
    }
    return to;
}

FITNAS_LAZY_AGAIN trie_level path_scorer::layer_onto(std::size_t /*i*/, const weight_block& b,
                                                     const trie_level& from, const trie_level& onto) {
    const trie_level to = output(b, static_cast<bool>(onto));
    const arena::mark after = m_run.memory().position();
    const float* w = m_weights->of(b);
    float* y = const_cast<float*>(to.images);
    if (m_calibrated) {
        const block_run run = m_run.forward(b.plan, w, from.calibration, m_calibration,
                                            const_cast<float*>(to.calibration), false, onto.calibration);
        m_run.forward(b.plan, w, from.images, m_images, y, run, onto.images);
    } else {
        m_run.forward(b.plan, w, from.images, m_images, y, false, onto.images);
    }
    m_run.memory().reset(after);
    return to;
}

} // namespace fitnas::detail

#endif

#endif
