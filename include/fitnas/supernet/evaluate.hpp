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
    /// Bytes, see `evaluation_bytes`; 0: what the machine has. Small networks are scored one a thread where
    /// that fits (without a limit, half of what the machine has), others one on all threads.
    std::uint64_t memory_limit = 0;
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

    /// Where there are many paths, threads take branches of them, each goes along its own by itself.
    /// @param paths sorted
    /// @param scored called after each path, for each chunk of the images, from several threads; false: no
    /// more are wanted
    /// @return of each path how many images are right, and the sum of their losses
    /// @throws what the first path throws that fails
    FITNAS_LAZY std::vector<double> score(std::span<const network_path> paths,
                                          const std::function<bool()>& scored);
    std::size_t images() const { return m_scored.size(); }
    std::size_t chunks() const { return m_chunks; }

private:
    /// Chunks of nearly the same size: statistics of a small rest would be poor.
    FITNAS_LAZY const loaded_images& load(std::size_t chunk);

    const weights& m_weights;
    const dataset& m_data;
    std::size_t m_classes;
    bool m_calibrated;
    std::uint64_t m_room; ///< bytes that paths which go along at once may take
    normalisation m_norm{};
    std::vector<std::size_t> m_scored; ///< image numbers
    std::size_t m_chunks = 1;
    std::optional<loaded_images> m_calibration;
    std::optional<loaded_images> m_loaded; ///< kept until another chunk is needed
    std::size_t m_loaded_chunk = 0;
    std::vector<path_scorer> m_scorers; ///< of each thread, or one of all
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

#include <atomic>
#include <exception>
#include <mutex>

#include <fitnas/core/parallel.hpp>
#include <fitnas/core/share_out.hpp>
#include <fitnas/core/shared_observer.hpp>
#include <fitnas/supernet/memory_use.hpp>

namespace fitnas::detail {

/// What the first piece that fails throws, whichever thread has it: pieces are begun in order.
class first_failure {
public:
    explicit first_failure(std::size_t pieces) : m_end(pieces) {}

    /// Does a piece, unless one before it has failed or no more are wanted.
    /// @param work false: no more are
    template <class Work>
    void unless_failed(std::size_t piece, Work&& work) {
        try {
            if (piece < m_end && !work()) {
                m_end = 0;
            }
        } catch (...) {
            const std::lock_guard lock(m_mutex);
            if (piece < m_end) {
                m_end = piece;
                m_failure = std::current_exception();
            }
        }
    }
    bool stopped() const { return m_end == 0; }
    void rethrow() const {
        if (m_failure) {
            std::rethrow_exception(m_failure);
        }
    }

private:
    std::atomic<std::size_t> m_end; ///< pieces from here on are left out
    std::mutex m_mutex;
    std::exception_ptr m_failure;
};

FITNAS_LAZY_AGAIN void take_scores(const std::vector<std::size_t>& number_of,
                                   const std::vector<path_score>& scores, std::vector<double>& accuracy,
                                   std::vector<double>& negative_loss) {
    for (const std::size_t i : number_of) {
        accuracy.push_back(scores[i].accuracy);
        negative_loss.push_back(-scores[i].loss);
    }
}

FITNAS_LAZY_AGAIN range_scorer::range_scorer(const weights& w, const dataset& data, const evaluate_options& o)
    : m_weights(w),
      m_data(data),
      m_classes(static_cast<std::size_t>(w.classes())),
      m_calibrated(o.statistics == statistics::calibrated),
      m_room(o.memory_limit != 0 ? o.memory_limit
                                 : memory_there_is() / 2 /
                                       (o.peers == nullptr ? 1U : static_cast<unsigned>(o.peers->count()))) {
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
    const std::size_t statistics_of = m_calibrated ? (std::min)(o.calibration, data.train.size()) : 0;
    m_chunks = (count - 1) / o.batch + 1;
    const std::size_t together = (count - 1) / m_chunks + 1;
    require_scoring_fits(w, together, statistics_of, o.memory_limit, "evaluate",
                         "smaller evaluate_options::batch and calibration need less");
    m_norm = normalisation_of(data.train);
    m_calibration.emplace(data.train, stratified_indices(data.train, statistics_of, o.seed), m_norm);
    m_scored = stratified_indices(data.validation, count, o.seed);
    if (m_calibrated) { // the order plays no part; otherwise every chunk must have every class
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
                                                          const std::function<bool()>& scored) {
    const std::size_t together = (images() - 1) / m_chunks + 1;
    const std::size_t statistics_of = m_calibrated ? m_calibration->labels.size() : 0;
    const selection& part = m_weights.part();
    const std::size_t at_once = paths_at_once(part, together, statistics_of, m_room, paths.size());
    if (m_scorers.size() != at_once) {
        const std::size_t floats = scoring_floats(part, together, statistics_of).value();
        m_scorers.clear();
        for (std::size_t i = 0; i < at_once; ++i) {
            m_scorers.emplace_back(m_weights, m_calibrated, floats);
        }
    }
    const std::vector<std::size_t> cuts = cut_branches(paths, at_once);
    std::vector<batch_loss> sums(paths.size());
    first_failure failure(paths.size());
    for (std::size_t chunk = 0; chunk < m_chunks; ++chunk) {
        const loaded_images& images = load(chunk);
        std::atomic<std::size_t> next{0};
        parallel_for(static_cast<std::ptrdiff_t>(at_once), [&](std::ptrdiff_t i) {
            path_scorer& own = m_scorers[static_cast<std::size_t>(i)];
            own.start(*m_calibration, images);
            for (std::size_t branch = next++; branch + 1 < cuts.size(); branch = next++) {
                for (std::size_t p = cuts[branch]; p < cuts[branch + 1]; ++p) {
                    failure.unless_failed(p, [&] {
                        // Behind a branch too: with later paths this one shares at most as much.
                        const std::span<const int> behind =
                            p + 1 < paths.size() ? paths[p + 1] : std::span<const int>();
                        const std::span<const float> logits(own.run(paths[p], behind),
                                                            images.labels.size() * m_classes);
                        add_cross_entropy(logits, images.labels, 0, {}, sums[p]);
                        return scored();
                    });
                }
            }
        });
        failure.rethrow();
        if (failure.stopped()) {
            break;
        }
    }
    std::vector<double> values;
    for (const batch_loss& sum : sums) {
        values.insert(values.end(), {static_cast<double>(sum.correct), sum.loss});
    }
    return values;
}

FITNAS_LAZY_AGAIN std::vector<path_score> score_paths(const weights& w, std::span<const network_path> paths,
                                                      const dataset& data, const evaluate_options& o) {
    std::optional<range_scorer> scorer;
    do_agreed(o.peers, [&] { scorer.emplace(w, data, o); });
    shared_observer shared(o.observer);
    const stopwatch clock;
    std::mutex counting; // so that each number is told
    long long done = 0;
    const auto total = static_cast<long long>(scorer->chunks() * paths.size());
    const auto scored = [&] {
        const std::lock_guard lock(counting);
        return shared({.stage = "evaluate", .done = ++done, .total = total, .seconds = clock.seconds()});
    };
    const std::vector<std::size_t> cuts = cut_paths(paths, o.peers == nullptr ? 1 : o.peers->count());
    const auto sums = share_out(o.peers, cuts.size() - 1, pieces::in_turn, [&](std::size_t i) {
        auto values = scorer->score(paths.subspan(cuts[i], cuts[i + 1] - cuts[i]), scored);
        shared.rethrow();
        return values;
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
