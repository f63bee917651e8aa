/// @file
/// @brief Scoring sub-networks: accuracy with shared weights and batch norm statistics of their own.

#ifndef FITNAS_SUPERNET_EVALUATE_HPP
#define FITNAS_SUPERNET_EVALUATE_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/data/split.hpp>
#include <fitnas/nn/cross_entropy.hpp>
#include <fitnas/space/canonical.hpp>
#include <fitnas/space/code_rows.hpp>
#include <fitnas/space/score_table.hpp>
#include <fitnas/supernet/checks.hpp>
#include <fitnas/supernet/loaded_images.hpp>
#include <fitnas/supernet/path_scorer.hpp>
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
    /// They share out the networks, and all get all scores. The observer is told on the process where it was
    /// given, of what this process did out of all. Null: this process is alone.
    fitnas::peers* peers = nullptr;
};

namespace detail {

/// What the logits of one path come to on a set of images.
struct path_score {
    double accuracy = 0; ///< in [0, 1]
    double loss = 0;     ///< mean cross-entropy
};

/// Scores ranges of paths: what is asked for is checked, and what all ranges read is loaded, once.
class range_scorer {
public:
    /// @param w,data live longer
    FITNAS_LAZY range_scorer(const weights& w, const dataset& data, const evaluate_options& o);

    /// @param scored called after each path, for each chunk of the images
    /// @return of each path how many images are right, and the sum of their losses
    FITNAS_LAZY std::vector<double> score(std::span<const network_path> paths,
                                          const std::function<void()>& scored);
    std::size_t images() const { return m_scored.size(); }
    std::size_t chunks() const { return m_chunks; }

private:
    /// Chunks of nearly the same size: statistics of a small rest would be poor.
    FITNAS_LAZY const loaded_images& load(std::size_t chunk);

    const dataset& m_data;
    std::size_t m_classes;
    normalisation m_norm{};
    std::vector<std::size_t> m_scored; ///< image numbers
    std::size_t m_chunks = 1;
    std::optional<loaded_images> m_calibration;
    std::optional<loaded_images> m_loaded; ///< kept until another chunk is needed
    std::size_t m_loaded_chunk = 0;
    path_scorer m_scorer;
};

/// Cuts sorted paths into ranges for so many processes. One has all in one range; of more each has about 6,
/// so that those that are done early take what is left, of 8 paths at least, for the first layers of a range
/// are computed anew. The cuts are where paths share few of them.
/// @return where each range begins, and the end
FITNAS_LAZY std::vector<std::size_t> cut_paths(std::span<const network_path> paths, int processes);

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
/// @return the architectures in their order, with accuracies and with negative losses, from one pass; equal
/// to the bit for any number of processes and threads
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

#include <fitnas/core/share_out.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void take_scores(const std::vector<std::size_t>& number_of,
                                   const std::vector<path_score>& scores, std::vector<double>& accuracy,
                                   std::vector<double>& negative_loss) {
    for (const std::size_t i : number_of) {
        accuracy.push_back(scores[i].accuracy);
        negative_loss.push_back(-scores[i].loss);
    }
}

FITNAS_LAZY_AGAIN range_scorer::range_scorer(const weights& w, const dataset& data, const evaluate_options& o)
    : m_data(data),
      m_classes(static_cast<std::size_t>(w.classes())),
      m_scorer(w, o.statistics == statistics::calibrated) {
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
    m_chunks = (count - 1) / o.batch + 1;
    const std::size_t together = (count - 1) / m_chunks + 1;
    require_scoring_fits(w, together, statistics_of, o.memory_limit, "evaluate",
                         "smaller evaluate_options::batch and calibration need less");
    m_norm = normalisation_of(data.train);
    m_calibration.emplace(data.train, stratified_indices(data.train, statistics_of, o.seed), m_norm);
    m_scored = stratified_indices(data.validation, count, o.seed);
    if (calibrated) { // the order plays no part; otherwise every chunk must have every class
        std::sort(m_scored.begin(), m_scored.end());
    }
}

FITNAS_LAZY_AGAIN const loaded_images& range_scorer::load(std::size_t chunk) {
    if (!m_loaded || m_loaded_chunk != chunk) {
        const std::size_t first = images() * chunk / m_chunks;
        const std::size_t last = images() * (chunk + 1) / m_chunks;
        m_loaded.emplace(m_data.validation,
                         std::span<const std::size_t>(m_scored).subspan(first, last - first), m_norm);
        m_loaded_chunk = chunk;
    }
    return *m_loaded;
}

FITNAS_LAZY_AGAIN std::vector<double> range_scorer::score(std::span<const network_path> paths,
                                                          const std::function<void()>& scored) {
    std::vector<batch_loss> sums(paths.size());
    for (std::size_t chunk = 0; chunk < m_chunks; ++chunk) {
        const loaded_images& images = load(chunk);
        m_scorer.run(paths, *m_calibration, images, [&](std::size_t p, const float* logits) {
            add_cross_entropy({logits, images.labels.size() * m_classes}, images.labels, 0, {}, sums[p]);
            scored();
        });
    }
    std::vector<double> values;
    for (const batch_loss& sum : sums) {
        values.insert(values.end(), {static_cast<double>(sum.correct), sum.loss});
    }
    return values;
}

FITNAS_LAZY_AGAIN std::vector<std::size_t> cut_paths(std::span<const network_path> paths, int processes) {
    const auto many = static_cast<std::size_t>(processes);
    const std::size_t n = paths.size();
    const std::size_t ranges =
        processes == 1 ? (std::min)(std::size_t{1}, n) : (std::min)({6 * many, (std::max)(many, n / 8), n});
    std::vector<std::size_t> cuts{0};
    for (std::size_t r = 1; r < ranges; ++r) {
        const std::size_t middle = n * r / ranges;
        const std::size_t about = n / ranges / 4;
        std::size_t best = middle;
        for (std::size_t p = middle - about; p <= middle + about; ++p) {
            best = shared_layers(paths[p - 1], paths[p]) < shared_layers(paths[best - 1], paths[best]) ? p
                                                                                                       : best;
        }
        cuts.push_back(best);
    }
    if (n > 0) {
        cuts.push_back(n);
    }
    return cuts;
}

FITNAS_LAZY_AGAIN std::vector<path_score> score_paths(const weights& w, std::span<const network_path> paths,
                                                      const dataset& data, const evaluate_options& o) {
    std::optional<range_scorer> scorer;
    do_agreed(o.peers, [&] { scorer.emplace(w, data, o); });
    const teller tell(o.observer, "evaluate", scorer->chunks() * paths.size());
    std::size_t done = 0;
    const std::vector<std::size_t> cuts = cut_paths(paths, o.peers == nullptr ? 1 : o.peers->count());
    const auto sums = share_out(o.peers, cuts.size() - 1, pieces::in_turn, [&](std::size_t i) {
        return scorer->score(paths.subspan(cuts[i], cuts[i + 1] - cuts[i]), [&] { tell(++done); });
    });
    // Divided once: shares of chunks, added up, would make equal counts unequal.
    const auto count = static_cast<double>(scorer->images());
    std::vector<path_score> scores;
    scores.reserve(paths.size());
    for (const std::vector<double>& range : sums) {
        for (std::size_t i = 0; i < range.size(); i += 2) {
            scores.push_back({range[i] / count, range[i + 1] / count});
        }
    }
    return scores;
}

} // namespace fitnas::detail

#endif

#endif
