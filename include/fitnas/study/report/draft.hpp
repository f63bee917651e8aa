/// @file
/// @brief What the sections of a report write to, and what they share.

#ifndef FITNAS_STUDY_REPORT_DRAFT_HPP
#define FITNAS_STUDY_REPORT_DRAFT_HPP

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fitnas/study/error.hpp>
#include <fitnas/study/findings.hpp>
#include <fitnas/study/page.hpp>
#include <fitnas/study/rank_table.hpp>
#include <fitnas/study/run_folder.hpp>
#include <fitnas/study/score_unit.hpp>

namespace fitnas::study {

/// @brief How a report is made.
struct report_settings {
    double top = 0.25; ///< which share of a ranking is selected, above 0, up to 1
    std::string chart_js = "/usr/share/javascript/chart.js/chart.min.js"; ///< path of Chart.js 3
};

namespace detail {

/// A report being written: each section looks for its files and says nothing where they are missing.
template <search_space_type Space>
struct report_draft {
    const run_folder& folder;
    const report_settings& settings;
    study::page page;
    std::vector<finding> findings{};
    std::map<architecture<Space>, double> truth{};
    known_scores<Space> scores{};
};

/// Rows (score, measure, value, low, high) with one line a score, of those that are there.
template <search_space_type Space>
FITNAS_COLD void rank_summary(report_draft<Space>& r, const rank_table& ranks,
                              const std::vector<std::pair<std::string, std::string>>& names) {
    const std::string top = "top " + fitnas::detail::number_text(r.settings.top);
    csv_rows table{.header = {"ranked by", "tau-b", "tau-b in its " + top, "loss of its picks",
                              "truth of its first", "mean truth of its " + top}};
    for (const auto& [score, title] : names) {
        std::vector<std::string> line{title};
        for (const char* measure : {"tau", "tau_selected", "regret", "truth_of_first", "truth_of_top"}) {
            const auto e = ranks.find(score, measure);
            line.push_back(e ? words(*e, std::string_view(measure).starts_with("tau") ? 3 : 4) : "");
        }
        if (!line[1].empty()) {
            table.rows.push_back(line);
        }
    }
    r.page.table(table);
}

/// What a table says of a fit beside what it is compared with, as findings.
/// @param own its name in the table
/// @param own_words the same in sentences
template <search_space_type Space>
FITNAS_COLD void compare(report_draft<Space>& r, const rank_table& ranks, const std::string& own,
                         const std::string& own_words) {
    for (const auto& [other, name] :
         {std::pair("raw", "raw scores"), std::pair("ridge", "ridge"), std::pair("macs", "macs alone")}) {
        if (auto found = compared(ranks, own, own_words, other, name)) {
            r.findings.push_back(std::move(*found));
        }
    }
}

} // namespace detail

} // namespace fitnas::study

#endif
