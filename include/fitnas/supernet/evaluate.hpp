/// @file
/// @brief Scoring sub-networks: accuracy with shared weights and batch norm statistics of their own.

#ifndef FITNAS_SUPERNET_EVALUATE_HPP
#define FITNAS_SUPERNET_EVALUATE_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/data/split.hpp>
#include <fitnas/nn/cross_entropy.hpp>
#include <fitnas/space/canonical.hpp>
#include <fitnas/space/code_rows.hpp>
#include <fitnas/space/score_table.hpp>
#include <fitnas/supernet/checks.hpp>
#include <fitnas/supernet/loaded_images.hpp>
#include <fitnas/supernet/run.hpp>
#include <fitnas/supernet/supernet.hpp>

namespace fitnas {

/// @brief Whose mean and variance batch norm uses. Those gathered while a supernet was trained mix all paths
/// and fit none.
enum class statistics : std::uint8_t {
    calibrated, ///< of a set of training images, gone through the same sub-network (Guo et al., arXiv
                ///< 1904.00420, 3.4)
    batch ///< of the scored images themselves, batch by batch, each with every class in proportion: half the
          ///< work, but images then influence each other
};

/// @brief How to score.
struct evaluate_options {
    fitnas::statistics statistics = statistics::calibrated; ///< where batch norm takes them from
    std::size_t calibration = 512; ///< training images for the statistics, each class in proportion, at least
                                   ///< 1; all where there are fewer
    std::size_t images = 0;      ///< so many validation images, as `stratified_indices` chooses them; 0: all
    std::size_t batch = 2000;    ///< images that go through together, at least 1; memory grows with it
    fitnas::seed seed{0};        ///< chooses images where not all are taken
    fitnas::observer observer{}; ///< called after each network
    std::uint64_t memory_limit = 0; ///< bytes, see `evaluation_bytes`; 0: what the machine has
};

namespace detail {

/// What the logits of one path come to on a set of images.
struct path_score {
    double accuracy = 0; ///< in [0, 1]
    double loss = 0;     ///< mean cross-entropy
};

/// Where images are after a layer.
struct trie_level {
    const float* calibration = nullptr;
    const float* images = nullptr;

    explicit operator bool() const { return images != nullptr; }
};

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
            std::size_t same = 0;
            if (p > 0) {
                const auto end = std::mismatch(paths[p].begin(), paths[p].end(), paths[p - 1].begin());
                same = static_cast<std::size_t>(end.first - paths[p].begin());
            }
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

/// @return one score a path
FITNAS_LAZY std::vector<path_score> score_paths(const weights& w, std::span<const network_path> paths,
                                                const dataset& data, const evaluate_options& o);

} // namespace detail

/// @brief Which of the two scores of a sub-network.
enum class score_measure : std::uint8_t {
    accuracy,     ///< the share of images that are right
    negative_loss ///< minus the mean cross-entropy
};

/// @brief Two scores of each sub-network.
template <search_space_type Space>
struct evaluation {
    score_table<Space> accuracy;       ///< in [0, 1]
    std::vector<double> negative_loss; ///< minus the mean cross-entropy, at most 0; as many as architectures

    /// @return the table with the negative losses as scores. They rank better than accuracies on the same
    /// images: a loss has how sure the network was of each image, an accuracy only whether it was right.
    score_table<Space> by_loss() const {
        score_table<Space> table = accuracy;
        table.scores = negative_loss;
        return table;
    }
    /// @return the table with the scores that are wanted
    score_table<Space> by(score_measure measure) const {
        return measure == score_measure::accuracy ? accuracy : by_loss();
    }
};

namespace detail {
/// Different networks in the order of their codes, and which of them each architecture is.
template <search_space_type Space>
struct numbered_networks {
    std::vector<architecture<Space>> codes;
    std::vector<std::size_t> number_of;

    explicit numbered_networks(std::span<const architecture<Space>> architectures) {
        const auto all = canonical_codes<Space>(architectures);
        code_numbers numbers = numbers_of(rows_of<Space>(all));
        for (const std::size_t row : numbers.first_row) {
            codes.push_back(all[row]);
        }
        number_of = std::move(numbers.of_row);
    }
};

/// @param number_of of each row, the path that it is
FITNAS_LAZY void take_scores(const std::vector<std::size_t>& number_of, const std::vector<path_score>& scores,
                             std::vector<double>& accuracy, std::vector<double>& negative_loss);

/// Scores of networks as those of the architectures, in their order.
template <search_space_type Space>
evaluation<Space> evaluation_of(std::span<const architecture<Space>> architectures,
                                const numbered_networks<Space>& networks,
                                const std::vector<path_score>& scores) {
    evaluation<Space> result;
    result.accuracy.kind = score_kind::supernet;
    result.accuracy.architectures.assign(architectures.begin(), architectures.end());
    take_scores(networks.number_of, scores, result.accuracy.scores, result.negative_loss);
    return result;
}
} // namespace detail

/// @brief Scores sub-networks on the validation split with the supernet's weights. Batch norm statistics are
/// made anew for each. First layers that networks share are computed once. The test split is not read.
/// @param net trained
/// @param architectures any; equal networks are scored as their canonical form, so they get equal scores
/// @param data `train` gives statistics and normalisation, `validation` the images that count
/// @param options checked first
/// @return the architectures in their order, with accuracies and with negative losses, from one pass
/// @throws architecture_error, option_error, shape_error, data_error; numeric_error where weights are not
/// finite
template <search_space_type Space>
evaluation<Space> evaluate_both(const supernet<Space>& net,
                                std::span<const architecture<Space>> architectures, const dataset& data,
                                const evaluate_options& options = {}) {
    const detail::numbered_networks<Space> networks(architectures);
    std::vector<detail::network_path> paths;
    for (const architecture<Space>& a : networks.codes) {
        paths.push_back(net.weights().path(a));
    }
    return detail::evaluation_of<Space>(architectures, networks,
                                        detail::score_paths(net.weights(), paths, data, options));
}

/// @brief The accuracies of `evaluate_both`.
/// @return a table with the architectures in their order and accuracies in [0, 1]
/// @throws as `evaluate_both`
template <search_space_type Space>
score_table<Space> evaluate(const supernet<Space>& net, std::span<const architecture<Space>> architectures,
                            const dataset& data, const evaluate_options& options = {}) {
    return evaluate_both<Space>(net, architectures, data, options).accuracy;
}

/// @brief Refuses one architecture, or those of another space, with a sentence.
template <search_space_type Space, class Architectures>
requires(!std::convertible_to<const Architectures&, std::span<const architecture<Space>>>) void evaluate(
    const supernet<Space>& /*net*/, const Architectures& /*architectures*/, const dataset& /*data*/,
    const evaluate_options& /*options*/ = {}) {
    static_assert(std::convertible_to<const Architectures&, std::span<const architecture<Space>>>,
                  "[F0526] evaluate(net, architectures, data): expected architectures of the supernet's "
                  "space in a row, "
                  "such as a std::vector of them");
}

} // namespace fitnas

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

FITNAS_LAZY_AGAIN void take_scores(const std::vector<std::size_t>& number_of,
                                   const std::vector<path_score>& scores, std::vector<double>& accuracy,
                                   std::vector<double>& negative_loss) {
    for (const std::size_t i : number_of) {
        accuracy.push_back(scores[i].accuracy);
        negative_loss.push_back(-scores[i].loss);
    }
}

FITNAS_LAZY_AGAIN std::vector<path_score> score_paths(const weights& w, std::span<const network_path> paths,
                                                      const dataset& data, const evaluate_options& o) {
    require_images(w, data.validation, "evaluate: the validation split");
    require_images(w, data.train, "evaluate: the training split");
    require_finite(w, "evaluate");
    if (o.batch < 1 || o.calibration < 1) {
        throw option_error("[F0501] evaluate_options: batch and calibration: expected at least 1, got " +
                           std::to_string(o.batch) + " and " + std::to_string(o.calibration));
    }
    if (o.images > data.validation.size()) {
        throw option_error("[F0502] evaluate_options::images: expected at most the " +
                           std::to_string(data.validation.size()) + " validation images, got " +
                           std::to_string(o.images));
    }
    const std::size_t count = o.images == 0 ? data.validation.size() : o.images;
    const bool calibrated = o.statistics == statistics::calibrated;
    const std::size_t statistics_of = calibrated ? (std::min)(o.calibration, data.train.size()) : 0;
    const std::size_t chunks = (count - 1) / o.batch + 1;
    const std::size_t together = (count - 1) / chunks + 1;
    require_scoring_fits(w, together, statistics_of, o.memory_limit, "evaluate",
                         "smaller evaluate_options::batch and calibration need less");
    const normalisation norm = normalisation_of(data.train);
    const std::vector<std::size_t> chosen = stratified_indices(data.train, statistics_of, o.seed);
    const loaded_images calibration(data.train, chosen, norm);
    std::vector<std::size_t> scored = stratified_indices(data.validation, count, o.seed);
    if (calibrated) { // the order plays no part; otherwise every chunk must have every class
        std::sort(scored.begin(), scored.end());
    }

    const auto classes = static_cast<std::size_t>(w.classes());
    std::vector<batch_loss> sums(paths.size());
    path_scorer scorer(w, calibrated);
    const teller tell(o.observer, "evaluate", chunks * paths.size());
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
        // Chunks of nearly the same size: statistics of a small rest would be poor.
        const std::size_t first = count * chunk / chunks;
        const std::size_t last = count * (chunk + 1) / chunks;
        const loaded_images images(data.validation,
                                   std::span<const std::size_t>(scored).subspan(first, last - first), norm);
        scorer.run(paths, calibration, images, [&](std::size_t p, const float* logits) {
            add_cross_entropy({logits, images.labels.size() * classes}, images.labels, 0, {}, sums[p]);
            tell(chunk * paths.size() + p + 1);
        });
    }
    // Divided once: shares of chunks, added up, would make equal counts unequal.
    std::vector<path_score> scores;
    scores.reserve(paths.size());
    for (const batch_loss& sum : sums) {
        scores.push_back({static_cast<double>(sum.correct) / static_cast<double>(count),
                          sum.loss / static_cast<double>(count)});
    }
    return scores;
}

} // namespace fitnas::detail

#endif

#endif
