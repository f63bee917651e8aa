/// @file
/// @brief Scores of networks that are kept in a table as they come, so that a stopped run goes on.

#ifndef FITNAS_STUDY_KEPT_SCORES_HPP
#define FITNAS_STUDY_KEPT_SCORES_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/peers.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/io/signal_guard.hpp>
#include <fitnas/space/canonical.hpp>
#include <fitnas/study/folder.hpp>
#include <fitnas/supernet/evaluate.hpp>

namespace fitnas::study {

/// @brief Scores some networks, each as if it were alone; calls the observer after each.
template <code_space Space>
using networks_scorer =
    std::function<evaluation<Space>(std::span<const architecture<Space>>, const observer&)>;

/// @brief The scores of a table that grows: a network that it has is not scored again. Scores do not depend
/// on which networks are scored together, so a run that was stopped comes to the same ones.
template <code_space Space>
class kept_scores {
public:
    /// @param path of the table (arch, accuracy, negative_loss), in the order of the codes; read where it is
    /// there
    /// @param seconds of scoring, about, from one writing to the next, from 0
    /// @param all processes that score together, of which the first writes; null: this process is alone
    /// @throws data_error where it cannot be read or written
    kept_scores(std::string path, networks_scorer<Space> score, double seconds = 20, peers* all = nullptr)
        : m_path(std::move(path)), m_score(std::move(score)), m_seconds(seconds), m_peers(all) {
        fitnas::detail::do_agreed(m_peers, [&] { read(); });
    }

    std::size_t size() const { return m_known.size(); } ///< networks that the table has

    /// @brief The scores of these networks; what is not in the table is scored, and written piece by piece.
    /// @param watch counts the networks that were missing
    /// @return one a network, in their order
    /// @throws interrupted after the first SIGINT, SIGTERM or SIGHUP: the pieces that are done are in the
    /// table; what the scorer throws; data_error where the table cannot be written
    evaluation<Space> operator()(std::span<const architecture<Space>> some, const observer& watch = {}) {
        std::vector<architecture<Space>> missing; // sorted: neighbours share their first layers
        for (const architecture<Space>& a : some) {
            if (!m_known.contains(canonical<Space>(a))) {
                missing.push_back(canonical<Space>(a));
            }
        }
        std::sort(missing.begin(), missing.end());
        missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
        score_all(missing, watch);
        evaluation<Space> found;
        found.accuracy.kind = score_kind::supernet;
        for (const architecture<Space>& a : some) {
            const auto& [accuracy, loss] = m_known.at(canonical<Space>(a));
            found.accuracy.push_back(a, accuracy);
            found.negative_loss.push_back(loss);
        }
        return found;
    }

private:
    void score_all(const std::vector<architecture<Space>>& missing, const observer& watch) {
        const signal_guard guard;
        const stopwatch clock;
        std::size_t together = 8 * static_cast<std::size_t>(m_peers == nullptr ? 1 : m_peers->count());
        for (std::size_t from = 0; from < missing.size();) {
            const auto piece = std::span(missing).subspan(from, (std::min)(together, missing.size() - from));
            const stopwatch own;
            const evaluation<Space> scored = m_score(piece, [&](const progress& p) {
                if (guard.seen() != 0) {
                    throw interrupted("[F1020] scoring networks: stopped; " + m_path + " has " +
                                      std::to_string(from) + " of the " + std::to_string(missing.size()) +
                                      " that were missing");
                }
                if (watch) {
                    watch(
                        {.stage = "scores",
                         .done = static_cast<long long>(from) +
                                 (p.total > 0 ? static_cast<long long>(piece.size()) * p.done / p.total : 0),
                         .total = static_cast<long long>(missing.size()),
                         .seconds = clock.seconds()});
                }
            });
            for (std::size_t i = 0; i < piece.size(); ++i) {
                m_known[piece[i]] = {scored.accuracy.scores[i], scored.negative_loss[i]};
            }
            write();
            from += piece.size();
            // All processes must come to the same pieces.
            const double took = fitnas::detail::of_first(m_peers, own.seconds());
            const double wanted = m_seconds * static_cast<double>(piece.size()) / (took + 1e-9);
            together =
                static_cast<std::size_t>((std::clamp)(wanted, 1.0, 2.0 * static_cast<double>(together)));
        }
    }

    void read() {
        if (!is_there(m_path)) {
            if (fitnas::detail::is_first(m_peers)) {
                fitnas::detail::require_writable(m_path);
            }
            return;
        }
        fitnas::detail::csv_reader file(m_path);
        const std::size_t code = file.place("arch");
        const std::size_t accuracy = file.place("accuracy");
        const std::size_t loss = file.place("negative_loss");
        for (std::vector<std::string> fields; file.next(fields);) {
            m_known[fitnas::detail::csv_code<Space>(fields[code], file, code)] = {
                fitnas::detail::csv_finite(fields[accuracy], file, accuracy),
                fitnas::detail::csv_finite(fields[loss], file, loss)};
        }
    }

    void write() const {
        fitnas::detail::do_agreed(m_peers, [&] {
            if (fitnas::detail::is_first(m_peers)) {
                write_table();
            }
        });
    }
    void write_table() const {
        csv_rows table{.header = {"arch", "accuracy", "negative_loss"}};
        for (const auto& [a, scores] : m_known) {
            table.rows.push_back({to_string<Space>(a), exact_text(scores.first), exact_text(scores.second)});
        }
        write_rows(m_path, table);
    }

    std::string m_path;
    networks_scorer<Space> m_score;
    double m_seconds;
    peers* m_peers;
    std::map<architecture<Space>, std::pair<double, double>> m_known; // accuracy, negative loss
};

} // namespace fitnas::study

#endif
