/// @file
/// @brief The section on networks trained by themselves: the winner beside others of its cost.

#ifndef FITNAS_STUDY_REPORT_FINAL_HPP
#define FITNAS_STUDY_REPORT_FINAL_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/io/csv_candidates.hpp>
#include <fitnas/space/cost.hpp>
#include <fitnas/study/report/draft.hpp>
#include <fitnas/study/report_run.hpp>
#include <fitnas/study/score_unit.hpp>

namespace fitnas::study::detail {

/// How many of the networks with known truth that cost no more than the winner are better, a sentence.
template <search_space_type Space>
FITNAS_COLD std::string known_better(const report_draft<Space>& r, const architecture<Space>& winner) {
    const auto own = r.truth.find(canonical<Space>(winner));
    if (own == r.truth.end()) {
        return {};
    }
    std::size_t within = 0;
    std::size_t better = 0;
    for (const auto& [a, t] : r.truth) {
        if (a != own->first && cost::macs<Space>(a) <= cost::macs<Space>(own->first)) {
            ++within;
            better += t > own->second ? 1U : 0U;
        }
    }
    return "Of the " + std::to_string(within) +
           " other networks that cost no more and whose truth is known, " + count_words(better) +
           (better < 2 ? " is better than its " : " are better than its ") +
           fitnas::detail::fixed_point_text(own->second, 4) + ".";
}

/// What a table of truths says of a winner that was not trained by itself.
template <search_space_type Space>
FITNAS_COLD void winner_by_truth(report_draft<Space>& r) {
    if (r.truth.empty() || !r.folder.has("candidates.csv")) {
        return;
    }
    const auto best = read_csv_candidates<Space>(r.folder.file("candidates.csv"));
    if (best.empty()) {
        return;
    }
    const std::string figures = known_better<Space>(r, best.front().architecture);
    if (!figures.empty()) {
        r.findings.insert(r.findings.begin(),
                          {"The winner is " + to_string<Space>(best.front().architecture) + ".", figures});
    }
}

/// The winner and others, trained all the same way.
template <search_space_type Space>
FITNAS_COLD void final_section(report_draft<Space>& r) {
    if (!r.folder.has("retrained.csv")) {
        winner_by_truth(r);
        return;
    }
    const std::string path = r.folder.file("retrained.csv");
    fitnas::detail::csv_reader file(path);
    const std::size_t name = file.place("name");
    const std::size_t code = file.place("arch");
    const std::size_t accuracy = file.place("test_accuracy");
    const std::size_t deviation = file.place("deviation");
    const std::size_t runs = file.place("runs");
    std::vector<trained_network> trained;
    for (std::vector<std::string> fields; file.next(fields);) {
        fitnas::detail::csv_code<Space>(fields[code], file, code);
        trained.push_back({fields[name], fields[code],
                           fitnas::detail::csv_finite(fields[accuracy], file, accuracy),
                           fitnas::detail::csv_finite(fields[deviation], file, deviation),
                           (std::max)(1, fitnas::detail::csv_number<int>(fields[runs], file, runs))});
    }
    if (auto found = winner_found(trained)) {
        const auto winner = std::find_if(trained.begin(), trained.end(),
                                         [](const trained_network& t) { return t.name == "winner"; });
        const std::string better = known_better<Space>(r, parse<Space>(winner->code));
        found->figures += better.empty() ? "" : " " + better;
        r.findings.insert(r.findings.begin(), std::move(*found));
    }
    r.page.section("Trained by themselves, all the same way");
    r.page.text("Accuracies are shares of the images, means over the seeds; the deviation is that of test "
                "accuracies between seeds; random networks have about the winner's macs.");
    file_table(r.folder, r.page, "retrained.csv",
               {{"name", "network", as_it_stands},
                {"arch", "code", as_it_stands},
                {"validation_accuracy", "validation accuracy", 4},
                {"test_accuracy", "test accuracy", 4},
                {"deviation", "deviation", 4},
                {"runs", "seeds", 0},
                {"macs", "macs", 0},
                {"parameters", "parameters", 0}});
}

} // namespace fitnas::study::detail

#endif
