/// @file
/// @brief The section on the parts of a score's error.

#ifndef FITNAS_STUDY_REPORT_ERROR_HPP
#define FITNAS_STUDY_REPORT_ERROR_HPP

#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/study/error.hpp>
#include <fitnas/study/report/draft.hpp>

namespace fitnas::study::detail {

/// What the error of a score is made of, and how one score ranks.
template <search_space_type Space>
FITNAS_COLD void error_section(report_draft<Space>& r) {
    if (!r.folder.has("error_parts.csv")) {
        return;
    }
    fitnas::detail::csv_reader file(r.folder.file("error_parts.csv"));
    const std::size_t of = file.place("score");
    const std::size_t named = file.place("part");
    const std::size_t number = file.place("variance");
    std::map<std::string, std::map<std::string, double>> variances;
    for (std::vector<std::string> fields; file.next(fields);) {
        variances[fields[of]][fields[named]] = fitnas::detail::csv_finite(fields[number], file, number);
    }
    csv_rows chart{.header = {"score", "images", "training", "bias"}};
    csv_rows table{.header = {"score", "images", "training of the supernet", "bias", "all three", "quality"}};
    for (const auto& [score, title] : {std::pair("raw", "raw score"), std::pair("fitted", "fitted score")}) {
        std::map<std::string, double>& variance = variances[score];
        chart.rows.push_back({title});
        table.rows.push_back({title});
        for (const char* part : {"images", "training", "bias", "total", "quality"}) {
            const bool known = variance.contains(part);
            table.rows.back().push_back(known ? fitnas::detail::fixed_point_text(std::sqrt(variance[part]), 4)
                                              : "not known");
            if (chart.rows.back().size() < chart.header.size()) {
                chart.rows.back().push_back(exact_text(known ? variance[part] : 0));
            }
        }
    }
    r.page.section("What the error of a score is made of");
    r.page.text("Supernets from several seeds scored the same networks on disjoint sets of images. The "
                "variance of one "
                "score is what the images do, what the seed of the supernet's training does, and a bias, "
                "the same for "
                "all: the expected score less the truth, without what a line from truth to score "
                "explains. What all "
                "networks share is left out: it does not change a ranking. Quality is what differs "
                "between networks "
                "over all seeds and images.");
    r.page.data("error_parts", chart);
    r.page.html("<div class=charts>");
    r.page.chart({{"title", "Variance of a score, by its source"},
                  {"type", "bar"},
                  {"data", "error_parts"},
                  {"labels", "score"},
                  {"x", {{"title", ""}}},
                  {"y", {{"title", "variance"}}},
                  {"series", json::array({{{"label", "images"}, {"y", "images"}},
                                          {{"label", "training of the supernet"}, {"y", "training"}},
                                          {{"label", "bias"}, {"y", "bias"}}})}});
    r.page.html("<div><p>Standard deviations, in the unit of the score:</p>");
    r.page.table(table);
    r.page.html("</div></div>");
    if (r.folder.has("error_ranking.csv")) {
        const rank_table ranks{read_rows(r.folder.file("error_ranking.csv"))};
        compare<Space>(r, ranks, "fitted", "Fitted scores, mean over several supernets and sets of images,");
        r.page.text(
            "How one score ranks, in the mean over those seeds and sets of images; and how the mean of "
            "all of a network's scores does.");
        rank_summary<Space>(r, ranks,
                            {{"raw", "raw score"},
                             {"fitted", "fitted score"},
                             {"ridge", "ridge"},
                             {"macs", "macs alone"},
                             {"raw_mean", "mean of all raw scores"},
                             {"fitted_mean", "mean of all fitted scores"}});
    }
}

} // namespace fitnas::study::detail

#endif
