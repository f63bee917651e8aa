/// @file
/// @brief The section on the search: predictors, front, chosen networks, the winner.

#ifndef FITNAS_STUDY_REPORT_SEARCH_HPP
#define FITNAS_STUDY_REPORT_SEARCH_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/space/canonical.hpp>
#include <fitnas/space/nas_bench_201.hpp>
#include <fitnas/study/chain.hpp>
#include <fitnas/study/graph.hpp>
#include <fitnas/study/report/draft.hpp>
#include <fitnas/study/report/ranking.hpp>
#include <fitnas/study/report_run.hpp>
#include <fitnas/study/search.hpp>

namespace fitnas::study::detail {

/// Whether cells have the names of that benchmark.
template <class Space>
inline constexpr bool is_nas_bench_201 = false;
template <int N, int C>
inline constexpr bool is_nas_bench_201<spaces::nas_bench_201<N, C>> = true;

/// The predictions by which the fitted space was searched.
template <search_space_type Space>
struct search_basis {
    score_table<Space> predictions{}; ///< of all networks, or of those that were scored
    std::string says{};               ///< what a prediction is, a sentence's end
    std::string unit{};               ///< of predictions
};

/// The fit with truths where what it predicts of the chosen networks is what they were chosen by, else the
/// fit to the scores.
template <search_space_type Space>
FITNAS_COLD search_basis<Space> searched_by(const report_draft<Space>& r,
                                            const std::vector<search::candidate<Space>>& best) {
    if (auto both = read_two_fidelities<Space>(r.folder); both.known > 0) {
        const auto same = [&](const search::candidate<Space>& c) {
            const auto known = both.scores.find(canonical<Space>(c.architecture));
            // Searches add up in another order, what a GCN says in floats.
            return known != both.scores.end() &&
                   std::abs(known->second - c.predicted) <= 1e-6 * std::abs(c.predicted);
        };
        if (std::all_of(best.begin(), best.end(), same)) {
            score_table<Space> predictions;
            for (const auto& [a, score] : both.scores) {
                predictions.push_back(a, score);
            }
            return {std::move(predictions),
                    "what the fit to scores and " + std::to_string(both.known) +
                        " truths says, in the unit of the truths",
                    "in the unit of the truths"};
        }
    }
    search_basis<Space> basis{
        {}, "the fitted score, in the unit of the raw ones (" + r.scores.words() + ")", r.scores.words()};
    if (r.folder.has("predictions.csv")) {
        basis.predictions = read_csv<Space>(r.folder.file("predictions.csv"));
    }
    return basis;
}

/// Predicted quality against cost: all networks, the front and the chosen ones.
template <search_space_type Space>
FITNAS_COLD void search_chart(report_draft<Space>& r, const std::vector<search::candidate<Space>>& best,
                              const std::vector<search::candidate<Space>>& front) {
    constexpr std::size_t most_points = 5000;
    csv_rows rows{.header = {"arch", "macs", "predicted", "front", "chosen"}};
    const auto add = [&](const architecture<Space>& a, double predicted, const char* on_front,
                         const char* chosen) {
        rows.rows.push_back({to_string<Space>(a),
                             exact_text(1e-6 * static_cast<double>(cost::macs<Space>(a))),
                             exact_text(predicted), on_front, chosen});
    };
    const search_basis<Space> basis = searched_by<Space>(r, best);
    const auto& all = basis.predictions;
    const std::size_t step = all.size() / most_points + 1; // a page need not hold all of a large space
    for (std::size_t i = 0; i < all.size(); i += step) {
        add(all.architectures[i], all.scores[i], "0", "0");
    }
    for (const auto& c : front) {
        add(c.architecture, c.predicted, "1", "0");
    }
    for (const auto& c : best) {
        add(c.architecture, c.predicted, "0", "1");
    }
    r.page.section("Search");
    r.page.text("Predicted is " + basis.says + "; the front is the best for each cost, exactly.");
    r.page.data("search", rows);
    r.page.chart(
        {{"title", "Predicted quality against cost: the exact front, and the chosen networks"},
         {"data", "search"},
         {"x", {{"title", "million multiply-accumulates"}}},
         {"y", {{"title", "predicted (" + basis.unit + ")"}}},
         {"series",
          json::array(
              {{{"label", "chosen"},
                {"x", "macs"},
                {"y", "predicted"},
                {"where", "chosen"},
                {"radius", 6},
                {"shape", "triangle"},
                {"colour", 1}},
               {{"label", "front"},
                {"x", "macs"},
                {"y", "predicted"},
                {"where", "front"},
                {"line", true},
                {"stepped", true},
                {"colour", 2}},
               {{"label", "networks"}, {"x", "macs"}, {"y", "predicted"}, {"radius", 2}, {"colour", 4}}})}});
}

/// The chosen networks and what they cost.
template <search_space_type Space>
FITNAS_COLD void search_list(report_draft<Space>& r, const std::vector<search::candidate<Space>>& best) {
    csv_rows list{.header = {"code", "predicted", "macs", "parameters"}};
    const auto costs = best.empty() ? std::vector<search::cost_value>() : best.front().costs;
    for (const search::cost_value& c : costs) {
        list.header.push_back(c.name + (c.unit.empty() ? "" : ", " + c.unit));
    }
    if (!r.scores.accuracy.empty()) {
        list.header.push_back("accuracy with shared weights");
    }
    if (!r.truth.empty()) {
        list.header.push_back("truth");
    }
    for (const auto& c : best) {
        list.rows.push_back({to_string<Space>(c.architecture),
                             fitnas::detail::fixed_point_text(c.predicted, 4), std::to_string(c.macs),
                             std::to_string(c.parameters)});
        for (const search::cost_value& one : costs) {
            list.rows.back().push_back(fitnas::detail::general_text(c.cost(one.name), 6));
        }
        if (!r.scores.accuracy.empty()) {
            const auto known = r.scores.accuracy.find(canonical<Space>(c.architecture));
            list.rows.back().push_back(
                known == r.scores.accuracy.end() ? "" : fitnas::detail::fixed_point_text(known->second, 4));
        }
        if (!r.truth.empty()) {
            const auto known = r.truth.find(canonical<Space>(c.architecture));
            list.rows.back().push_back(
                known == r.truth.end() ? "" : fitnas::detail::fixed_point_text(known->second, 4));
        }
    }
    r.page.table(list);
}

/// Predictors, the fitted space, and the winner.
template <search_space_type Space>
FITNAS_COLD void search_section(report_draft<Space>& r) {
    if (r.folder.has("predictors.csv")) {
        r.page.section("Predictors");
        r.page.text("Kendall's tau-b with raw scores that were held out, by cross-validation, and its 95 "
                    "% bootstrap "
                    "interval over networks: how well scores are foretold, not the truth.");
        file_table(r.folder, r.page, "predictors.csv",
                   {{"predictor", "predictor", as_it_stands},
                    {"tau", "tau-b", 3},
                    {"low", "95 % from", 3},
                    {"high", "to", 3}});
    }
    if (!r.folder.has("candidates.csv") || !r.folder.has("front.csv")) {
        return;
    }
    const auto best = read_csv_candidates<Space>(r.folder.file("candidates.csv"));
    const auto front = read_csv_candidates<Space>(r.folder.file("front.csv"));
    search_chart<Space>(r, best, front);
    search_list<Space>(r, best);
    if (!best.empty()) {
        r.page.section("The winner, " + to_string<Space>(best.front().architecture));
        if constexpr (fitnas::detail::has_graphs<Space>) {
            r.page.html(graph_svg<Space>(best.front().architecture));
            if constexpr (is_nas_bench_201<Space>) {
                r.page.html("<p style=\"overflow-wrap: anywhere\">As the benchmark writes it: " +
                            html_text(nas_bench_201_text(best.front().architecture)) + "</p>\n");
            }
        } else {
            r.page.html(chain_svg<Space>(best.front().architecture));
        }
    }
}

} // namespace fitnas::study::detail

#endif
