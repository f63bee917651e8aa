/// @file
/// @brief The section on rankings: raw scores and fitted scores against the truth.

#ifndef FITNAS_STUDY_REPORT_RANKING_HPP
#define FITNAS_STUDY_REPORT_RANKING_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/space/cost.hpp>
#include <fitnas/study/alone.hpp>
#include <fitnas/study/report/draft.hpp>
#include <fitnas/study/truth.hpp>

namespace fitnas::study::detail {

/// How sure the truth is, where it was trained here from several seeds: a sentence, and a row.
template <search_space_type Space>
FITNAS_COLD std::string truth_quality(const report_draft<Space>& r, rank_table& ranks) {
    if (!r.folder.has("truth_runs.csv")) {
        return {};
    }
    std::map<std::uint64_t, std::vector<double>> by_seed;
    for (const auto& [job, result] : read_alone<Space>(r.folder.file("truth_runs.csv"))) {
        by_seed[job.seed].push_back(result.test_accuracy);
    }
    std::vector<std::vector<double>> replicates;
    for (auto& [number, column] : by_seed) {
        replicates.push_back(std::move(column));
    }
    const auto whole = [&](const auto& t) { return t.size() == replicates.front().size(); };
    if (replicates.size() < 2 || !std::all_of(replicates.begin(), replicates.end(), whole)) {
        return {};
    }
    const estimate tau = tau_between(replicates);
    ranks.add("truth", "tau_between_seeds", tau);
    return " The truth is the mean of " + std::to_string(replicates.size()) +
           " trainings; the orders of one seed and another agree at tau-b " + words(tau) + ".";
}

/// What the stage `fidelities` wrote.
template <search_space_type Space>
struct two_fidelity_scores {
    std::map<architecture<Space>, double> scores{};
    std::size_t known = 0; ///< how many truths it has seen; 0 where it was left out
};
template <search_space_type Space>
FITNAS_COLD two_fidelity_scores<Space> read_two_fidelities(const run_folder& folder) {
    two_fidelity_scores<Space> found;
    if (folder.has("two_fidelities.csv")) {
        const csv_table<Space> table = read_csv_table<Space>(folder.file("two_fidelities.csv"));
        found.scores = by_network(table.scores);
        for (const csv_column& c : table.columns) {
            if (c.name == "known") {
                found.known = static_cast<std::size_t>(std::count(c.values.begin(), c.values.end(), 1.0));
            }
        }
    }
    return found;
}

/// One range for both, a little wider than the values.
FITNAS_LAZY FITNAS_COLD std::pair<double, double> range_of(const std::vector<double>& a,
                                                           const std::vector<double>& b);

/// What was compared, as text, charts and a table.
/// @param rows of the charts: arch, truth, raw, fitted ...
/// @param range of both charts' scores
/// @param sure how sure the truth is
/// @param known how many truths the fit of two fidelities has seen; 0 where there is none
template <search_space_type Space>
FITNAS_COLD void write_ranking(report_draft<Space>& r, const csv_rows& rows, const rank_table& ranks,
                               std::pair<double, double> range, const std::string& sure, std::size_t known) {
    r.page.section("Raw scores and fitted scores against the truth");
    r.page.text(
        std::to_string(rows.rows.size()) + " networks. Truth: " +
        (r.folder.has("truth_runs.csv")
             ? "the share of the test images on which each is right, trained by itself"
             : "a number of the table of truths, in whose unit the loss of the picks is too") +
        ". Raw: the score with shared weights, here " + r.scores.words() +
        ". Fitted: what the GCN, fitted to all raw scores, says of the same "
        "networks. Held out: the same by a GCN that had not seen the network's own score. Ridge: a sum "
        "of a number for each cell's operator, fitted to the raw scores. Macs alone: the network "
        "with more multiply-accumulates ranks higher. Its top " +
        fitnas::detail::number_text(r.settings.top) +
        ": that share of the networks, which the ranking itself puts first." + sure +
        (known > 0 ? " Fitted with " + std::to_string(known) +
                         " truths: scores and the truths of so many networks, drawn at random, in one fit "
                         "(fit_two_fidelities); these networks are among those ranked."
                   : ""));
    r.page.data("ranking", rows);
    const auto [low, high] = range;
    r.page.html("<div class=charts>");
    for (std::size_t c = 0; c < 2; ++c) {
        const std::string name = c == 0 ? "raw" : "fitted";
        const auto tau = ranks.find(name, "tau");
        r.page.chart(
            {{"title", std::string(c == 0 ? "Raw" : "Fitted") + " score against truth" +
                           (tau ? ": tau-b " + words(*tau) : "")},
             {"data", "ranking"},
             {"x", {{"title", "truth"}}},
             {"y", {{"title", name + " score (" + r.scores.words() + ")"}, {"min", low}, {"max", high}}},
             {"series", json::array({{{"label", name}, {"x", "truth"}, {"y", name}, {"colour", c}}})}});
    }
    r.page.html("</div>");
    rank_summary<Space>(r, ranks,
                        {{"raw", "raw score"},
                         {"accuracy", "raw accuracy, same images"},
                         {"fitted", "fitted score"},
                         {"held_out", "fitted, held out"},
                         {"two_fidelities", "fitted with " + std::to_string(known) + " truths"},
                         {"ridge", "ridge"},
                         {"macs", "macs alone"}});
}

/// Raw and fitted scores against the truth.
template <search_space_type Space>
FITNAS_COLD void ranking_section(report_draft<Space>& r) {
    if (!r.folder.has("held_out.csv") || !r.folder.has("truth.csv") || !r.folder.has("predictions.csv")) {
        return;
    }
    auto fitted = by_network(read_csv<Space>(r.folder.file("predictions.csv")));
    const auto both = read_two_fidelities<Space>(r.folder);
    r.truth = by_network(read_truth<Space>(r.folder)->scores);
    const csv_table<Space> held_out = read_csv_table<Space>(r.folder.file("held_out.csv"));
    const bool accuracies = r.scores.unit == score_unit::loss;
    csv_rows rows{.header = {"arch", "truth", "raw", "fitted", "held_out"}};
    if (accuracies) {
        rows.header.push_back("accuracy");
    }
    std::vector<double> truths;
    std::vector<study::ranking> all;
    for (const char* name : {"raw", "fitted", "held_out", "ridge", "macs", "accuracy", "two_fidelities"}) {
        all.push_back({name, {{}}});
    }
    const auto line = ridge<Space>(held_out.scores);
    for (std::size_t i = 0; i < held_out.scores.size(); ++i) {
        const architecture<Space> a = canonical<Space>(held_out.scores.architectures[i]);
        if (!r.truth.contains(a) || !fitted.contains(a) || (accuracies && !r.scores.accuracy.contains(a)) ||
            (both.known > 0 && !both.scores.contains(a))) {
            continue;
        }
        const double values[] = {held_out.scores.scores[i],
                                 fitted[a],
                                 held_out.columns.front().values[i],
                                 line.predict(a),
                                 static_cast<double>(cost::macs<Space>(a)),
                                 accuracies ? r.scores.accuracy[a] : 0,
                                 both.known > 0 ? both.scores.at(a) : 0};
        truths.push_back(r.truth[a]);
        rows.rows.push_back({to_string<Space>(a), exact_text(truths.back())});
        for (std::size_t c = 0; c < all.size(); ++c) {
            all[c].replicates.front().push_back(values[c]);
            if (c < 3 || (c == 5 && accuracies)) {
                rows.rows.back().push_back(exact_text(values[c]));
            }
        }
    }
    if (rows.rows.size() < 10) {
        return;
    }
    if (both.known == 0) {
        all.pop_back();
    }
    if (!accuracies) {
        all.erase(all.begin() + 5);
    }
    rank_table ranks;
    ranks.add_all(all, truths, all[4].replicates.front(), r.settings.top);
    if (both.known > 0) {
        for (const std::size_t baseline : {3U, 4U}) { // ridge, macs
            ranks.add_gains(all.back(), all[baseline], truths, all[4].replicates.front());
        }
    }
    const std::string sure = truth_quality<Space>(r, ranks);
    write_rows(r.folder.file("ranking.csv"), ranks.rows);
    compare<Space>(r, ranks, "fitted", "Fitted scores");
    compare<Space>(r, ranks, "two_fidelities", "Fitted with " + std::to_string(both.known) + " truths");
    write_ranking<Space>(r, rows, ranks, range_of(all[0].replicates.front(), all[1].replicates.front()), sure,
                         both.known);
}

} // namespace fitnas::study::detail

#if FITNAS_DEFINITIONS

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN std::pair<double, double> range_of(const std::vector<double>& a,
                                                     const std::vector<double>& b) {
    const double low =
        (std::min)(*std::min_element(a.begin(), a.end()), *std::min_element(b.begin(), b.end()));
    const double high =
        (std::max)(*std::max_element(a.begin(), a.end()), *std::max_element(b.begin(), b.end()));
    const double unit = std::pow(10.0, std::floor(std::log10((std::max)(high - low, 1e-9)))) / 2;
    return {std::floor(low / unit) * unit, std::ceil(high / unit) * unit};
}

} // namespace fitnas::study::detail

#endif

#endif
