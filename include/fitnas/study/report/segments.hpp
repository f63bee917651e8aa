/// @file
/// @brief The section on a search by segments with the scores of a supernet.

#ifndef FITNAS_STUDY_REPORT_SEGMENTS_HPP
#define FITNAS_STUDY_REPORT_SEGMENTS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/io/csv_candidates.hpp>
#include <fitnas/space/cost.hpp>
#include <fitnas/study/chain.hpp>
#include <fitnas/study/report/draft.hpp>
#include <fitnas/study/report_run.hpp>

namespace fitnas::study::detail {

/// Whether the folder has such a search, and not one against a made-up quality.
inline bool has_supernet_segments(const run_folder& folder) {
    return folder.has("segments.csv") && folder.has("segment_kept.csv") && folder.has("candidates.csv") &&
           !folder.has("segments_result.csv");
}

/// What the GCNs of the segments foretell, as a finding.
FITNAS_LAZY FITNAS_COLD finding segments_finding(const run_folder& folder);

/// Segments, what they kept, and scores that were held out.
FITNAS_LAZY FITNAS_COLD void segments_tables(const run_folder& folder, page& out);

/// The winner beside networks of a file that the user writes.
FITNAS_LAZY FITNAS_COLD void published_part(const run_folder& folder, page& out);

/// Segments, the best networks, and the winner.
template <search_space_type Space>
FITNAS_COLD void supernet_segments_section(report_draft<Space>& r) {
    if (!has_supernet_segments(r.folder)) {
        return;
    }
    segments_tables(r.folder, r.page);
    const auto best = read_csv_candidates<Space>(r.folder.file("candidates.csv"));
    if (best.empty()) {
        return;
    }
    const auto& winner = best.front();
    r.findings.push_back({"The winner of the search is " + to_string<Space>(winner.architecture) + ".",
                          "It has " + short_count(winner.macs) + " multiply-accumulates and " +
                              short_count(winner.parameters) + " parameters, and the best score of the " +
                              std::to_string(best.size()) +
                              " whole networks that the last segment scored again."});
    r.findings.push_back(segments_finding(r.folder));
    csv_rows list{.header = {"code", "predicted", "score", "macs", "parameters"}};
    for (std::size_t i = 0; i < best.size() && i < 10; ++i) {
        list.rows.push_back({to_string<Space>(best[i].architecture),
                             fitnas::detail::fixed_point_text(best[i].predicted, 4),
                             fitnas::detail::fixed_point_text(best[i].score, 4), std::to_string(best[i].macs),
                             std::to_string(best[i].parameters)});
    }
    r.page.section("The best whole networks");
    r.page.text("Of the last segment, by the supernet's score; super-cells are replaced by what they stand "
                "for. The first is the winner.");
    r.page.table(list);
    r.page.section("The winner, " + to_string<Space>(winner.architecture));
    r.page.html(chain_svg<Space>(winner.architecture));
}

} // namespace fitnas::study::detail

#if FITNAS_DEFINITIONS

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN finding segments_finding(const run_folder& folder) {
    fitnas::detail::csv_reader file(folder.file("segments.csv"));
    const std::size_t cells = file.place("cells");
    const std::size_t candidates = file.place("candidates");
    const std::size_t sampled = file.place("sampled");
    const std::size_t tau = file.place("tau");
    const std::size_t low = file.place("low");
    const std::size_t high = file.place("high");
    std::size_t all = 0;
    std::size_t sure = 0;
    std::string figures;
    for (std::vector<std::string> fields; file.next(fields);) {
        if (fields[tau].empty()) {
            continue;
        }
        ++all;
        sure += fitnas::detail::csv_finite(fields[low], file, low) > 0 ? 1U : 0U;
        figures += (figures.empty() ? "" : "; ") + std::string("cells ") + fields[cells] + " " +
                   number(fields[tau], 3) + " (" + number(fields[low], 3) + " to " + number(fields[high], 3) +
                   "), fitted to " + fields[sampled] + " scores for " + fields[candidates] + " candidates";
    }
    if (all == 0) {
        return {"No segment needed a GCN.", "Each had few enough candidates to score them all."};
    }
    const std::string of = " of the " + std::to_string(all) + " GCNs of segments ";
    const std::string subject = sure == all ? "The GCN of each segment orders"
                                : sure == 0 ? "None" + of + "orders"
                                            : std::to_string(sure) + of + (sure == 1 ? "orders" : "order");
    return {subject + " scores that it was not fitted to clearly better than chance.",
            "Tau-b of its predictions and the supernet's raw scores, by cross-validation: " + figures + "."};
}

FITNAS_LAZY_AGAIN void segments_tables(const run_folder& folder, page& out) {
    out.section("Search by segments, scored by the supernet");
    out.text("Of each segment some candidates are scored with the supernet's weights, with cells drawn at "
             "random behind the segment; a GCN is fitted to the scores and predicts all candidates; the best "
             "are scored again, on equal cells behind, and the six best of these are kept: one super-cell "
             "of the next segment. Tau-b is that of the GCN with raw scores it was not fitted to. A raw "
             "score has the noise of the cells behind and of shared weights, which no GCN can foretell.");
    file_table(folder, out, "segments.csv",
               {{"cells", "cells", as_it_stands},
                {"candidates", "candidates predicted", 0},
                {"sampled", "scores of the GCN", 0},
                {"scored", "scores in all", 0},
                {"tau", "tau-b, held out", 3},
                {"low", "95 % from", 3},
                {"high", "to", 3}});
    out.text("What each segment kept, best first: from the first cell to the last of the segment.");
    file_table(folder, out, "segment_kept.csv",
               {{"segment", "segment", 0},
                {"part", "kept", as_it_stands},
                {"predicted", "by the GCN", 4},
                {"score", "scored again", 4}});
    if (!folder.has("segment_held_out.csv")) {
        return;
    }
    const csv_rows held_out = read_rows(folder.file("segment_held_out.csv"));
    csv_rows points{.header = {"arch", "score", "predicted", "first", "second", "third"}};
    for (const auto& row : held_out.rows) {
        if (row.size() < 4) {
            throw data_error("[F1022] " + folder.file("segment_held_out.csv") +
                             ": expected segment, slots, score and predicted in each row");
        }
        points.rows.push_back({row[1], row[2], row[3], row[0] == "1" ? "1" : "0", row[0] == "2" ? "1" : "0",
                               row[0] == "3" ? "1" : "0"});
    }
    out.data("segments", points);
    json series = json::array();
    for (const auto& [column, label] : {std::pair("first", "segment 1"), std::pair("second", "segment 2"),
                                        std::pair("third", "segment 3")}) {
        series.push_back(
            {{"label", label}, {"x", "score"}, {"y", "predicted"}, {"where", column}, {"radius", 3}});
    }
    out.chart({{"title", "Raw scores, and what a GCN that had not seen them foretold"},
               {"data", "segments"},
               {"x", {{"title", "raw score"}}},
               {"y", {{"title", "predicted score"}}},
               {"series", series}});
}

FITNAS_LAZY_AGAIN void published_part(const run_folder& folder, page& out) {
    if (!has_supernet_segments(folder) || !folder.has("retrained.csv")) {
        return;
    }
    out.section("Beside published networks");
    const std::string file = folder.file("published.csv");
    if (!folder.has("published.csv")) {
        out.text("Left to you: a table network,test_accuracy,macs,parameters,source in " + file +
                 " is shown here by `study report`. Accuracies compare only where data, image size, epochs "
                 "and augmentation are the same.");
        return;
    }
    out.text("As given in " + file +
             ", beside the winner above. Accuracies compare only where data, image "
             "size, epochs and augmentation are the same.");
    file_table(folder, out, "published.csv",
               {{"network", "network", as_it_stands},
                {"test_accuracy", "test accuracy", 4},
                {"macs", "macs", 0},
                {"parameters", "parameters", 0},
                {"source", "source", as_it_stands}});
}

} // namespace fitnas::study::detail

#endif

#endif
