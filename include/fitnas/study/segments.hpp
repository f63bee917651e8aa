/// @file
/// @brief The stage `segments`: the paper's scale, searched segment by segment against a made-up quality of
/// which the optimum is known.

#ifndef FITNAS_STUDY_SEGMENTS_HPP
#define FITNAS_STUDY_SEGMENTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/gcn/model.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/search/segment.hpp>
#include <fitnas/study/predictor.hpp>

namespace fitnas::study {

/// @brief A quality that nobody measured: 0.7, plus a normal number of deviation 0.01 for each operator in
/// each cell, plus one of deviation 0.005 for each pair of operators in neighbouring cells. A sum over
/// windows, so that `search::exact` finds its true optimum.
template <code_space Space>
class synthetic_quality {
public:
    using space = Space;

    /// Drawn at random.
    explicit synthetic_quality(seed s) : m_sum(0.7) {
        for (int i = 0; i < Space::cells; ++i) {
            random_stream random(s, purpose::synthetic, static_cast<std::uint64_t>(i));
            m_sum.add(drawn(i, i + 1, 0.01, random));
            if (i + 1 < Space::cells) {
                m_sum.add(drawn(i, i + 2, 0.005, random));
            }
        }
    }

    /// The quality as a sum over windows of cells.
    window_sum<Space> contributions() const { return m_sum; }
    std::vector<double> predict(std::span<const architecture<Space>> many) const {
        return windows<Space>(m_sum).predict(many);
    }
    double predict(const architecture<Space>& one) const {
        return predict(std::span<const architecture<Space>>(&one, 1)).front();
    }

private:
    static window_term drawn(int first, int last, double deviation, random_stream& random) {
        window_term term{first, last, std::vector<double>(window_codes<Space>(first, last))};
        for (double& v : term.values) {
            v = deviation * random.normal();
        }
        return term;
    }

    window_sum<Space> m_sum;
};

/// @brief The GCN of each segment: two graph convolutions on the chain of cells; our choice.
template <code_space Space>
using segment_model = gcn::model<encoding::chain<Space, feature::cell_operator>, gcn::conv<64>, gcn::relu,
                                 gcn::conv<64>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;

/// @brief How the large space is searched.
struct segments_settings {
    std::size_t samples = 1000; ///< of each segment
    double noise = 0.01;        ///< deviation of a score from the quality, from 0
    cost::limit limit{};
    int epochs = 100; ///< of each GCN
    fitnas::seed seed{0};
};

namespace detail {

/// The table `segments.csv`.
/// @param agreement of each segment that has a GCN: its number, tau-b and its interval; none: not known
FITNAS_LAZY csv_rows segment_rows(const std::vector<search::segment_report>& segments,
                                  const std::vector<std::vector<std::string>>& agreement);

} // namespace detail

/// @brief Searches a large space by segments, each but the first behind a super-cell of 6, with scores that
/// are a `synthetic_quality` and noise (normal, always the same for one network). Writes `segments.csv`
/// (segment, cells, candidates, sampled, scored, kept) and `segments_result.csv` (search, arch, quality,
/// below_optimum, macs, scores): what the segments found, what an exact search finds by one GCN fitted to as
/// many scores, and the true optimum.
///
/// @code
/// segments_stage<spaces::mobile_19x6, search::segments<7, 6, 6>>(folder, {.samples = 1000});
/// @endcode
/// @throws option_error, limit_error
template <search_space_type Space, class Segments>
void segments_stage(const run_folder& folder, const segments_settings& settings, const watcher& w = {}) {
    using code = architecture<Space>;
    if (!(settings.noise >= 0)) {
        throw option_error("[F1013] segments: noise: expected 0 or more, got " +
                           fitnas::detail::number_text(settings.noise));
    }
    const windows<Space> quality(synthetic_quality<Space>{settings.seed});
    std::size_t asked = 0;
    const auto score = [&](std::span<const code> some) {
        std::vector<double> values = quality.predict(some);
        for (std::size_t i = 0; i < some.size(); ++i) {
            values[i] += settings.noise *
                         random_stream(settings.seed, purpose::user, index_of<Space>(some[i])).normal();
        }
        asked += some.size();
        return values;
    };
    int piece = 0;
    const auto fit_slots = [&]<class Slots>(const score_table<Slots>& table) {
        return windows(fit<segment_model<Slots>>(
            table, {.epochs = settings.epochs,
                    .seed = settings.seed,
                    .observer = watch(w, "fitting segment " + std::to_string(++piece))}));
    };
    const auto found = search::segment<Space, Segments>(
        score, fit_slots,
        {.samples = settings.samples, .limit = settings.limit, .seed = seed{settings.seed.value + 1}});

    write_rows(folder.file("segments.csv"), detail::segment_rows(found.segments, {}));

    const std::size_t by_segments = asked;
    score_table<Space> table;
    for (const code& a : sample<Space>(by_segments, settings.seed)) {
        table.push_back(a, 0);
    }
    table.scores = score(table.architectures);
    const auto model = fit<segment_model<Space>>(
        table, {.epochs = settings.epochs, .seed = settings.seed, .observer = watch(w, "fitting the whole")});
    const auto best_of = [&](const windows<Space>& tables) {
        return search::exact(tables, {.top = 1, .limit = settings.limit}).front().architecture;
    };
    const code optimum = best_of(quality);
    csv_rows results{.header = {"search", "arch", "quality", "below_optimum", "macs", "scores"}};
    const auto add = [&](const std::string& name, const code& a, std::size_t scores) {
        results.rows.push_back({name, to_string<Space>(a), exact_text(quality.predict(a)),
                                exact_text(quality.predict(optimum) - quality.predict(a)),
                                std::to_string(cost::macs<Space>(a)), std::to_string(scores)});
    };
    add("by segments", found.best.front().architecture, by_segments);
    add("exact, by one GCN", best_of(windows<Space>(model)), by_segments);
    add("true optimum", optimum, 0);
    write_rows(folder.file("segments_result.csv"), results);
}

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN csv_rows segment_rows(const std::vector<search::segment_report>& segments,
                                        const std::vector<std::vector<std::string>>& agreement) {
    csv_rows table{.header = {"segment", "cells", "candidates", "sampled", "scored", "kept"}};
    if (!agreement.empty()) {
        table.header.insert(table.header.end(), {"tau", "low", "high"});
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const search::segment_report& s = segments[i];
        std::string kept;
        for (const search::kept_part& k : s.kept) {
            kept += (kept.empty() ? "" : " ") + k.code;
        }
        std::vector<std::string> row{
            std::to_string(i + 1),        std::to_string(s.first + 1) + " to " + std::to_string(s.last),
            std::to_string(s.candidates), std::to_string(s.sampled),
            std::to_string(s.scored),     kept};
        const auto own = std::find_if(agreement.begin(), agreement.end(),
                                      [&](const auto& a) { return a.front() == row.front(); });
        for (std::size_t c = 1; !agreement.empty() && c < 4; ++c) {
            row.push_back(own == agreement.end() ? "" : (*own)[c]);
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

} // namespace fitnas::study::detail

#endif

#endif
