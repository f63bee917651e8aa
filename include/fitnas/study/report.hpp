/// @file
/// @brief The stage `report`: a page of what a run's folder holds.

#ifndef FITNAS_STUDY_REPORT_HPP
#define FITNAS_STUDY_REPORT_HPP

#include <cstddef>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/space/search_space.hpp>
#include <fitnas/study/findings.hpp>
#include <fitnas/study/page.hpp>
#include <fitnas/study/report/draft.hpp>
#include <fitnas/study/report/error.hpp>
#include <fitnas/study/report/final.hpp>
#include <fitnas/study/report/ranking.hpp>
#include <fitnas/study/report/search.hpp>
#include <fitnas/study/report/segments.hpp>
#include <fitnas/study/report_run.hpp>
#include <fitnas/study/score_unit.hpp>
#include <fitnas/study/watch.hpp>

namespace fitnas::study {

namespace detail {

/// A text of the manifest.
FITNAS_LAZY FITNAS_COLD std::string manifest_text(const run_folder& folder, const char* key,
                                                  const char* otherwise);

/// The first lines.
template <search_space_type Space>
FITNAS_COLD void lead_with_findings(report_draft<Space>& r) {
    if (r.findings.empty()) {
        if (!r.folder.has("segments.csv")) {
            r.page.lead("<h2>What was found</h2>\n<p>Nothing yet of how well scores rank or whether the "
                        "winner is "
                        "good: that takes the stages truth and retrain.</p>\n");
        }
        return;
    }
    std::string list = "<h2>What was found</h2>\n<ul class=found>\n";
    for (const finding& f : r.findings) {
        list += "<li><b>" + html_text(f.verdict) + "</b> " + html_text(f.figures) + "</li>\n";
    }
    r.page.lead(list + "</ul>\n");
    if (has_supernet_segments(r.folder)) {
        r.page.lead("<p>Tau-b is Kendall's: 1 where two orders agree, about 0 by chance, -1 for the opposite "
                    "one. In brackets: 95 % bootstrap intervals over the candidates.</p>\n");
        return;
    }
    r.page.lead(
        "<p>Tau-b is Kendall's: 1 where an order agrees with the order by truth, about 0 for an order by "
        "chance, -1 for the opposite one. Loss of the picks is the regret under limits: what is lost in "
        "truth by taking, of the networks within a limit on multiply-accumulates (macs), the one that "
        "ranks first; a mean over 8 limits, from the cheapest twentieth of the networks to all of them. "
        "In brackets: 95 % bootstrap intervals over networks, which say how far other networks of the "
        "space would move a figure, not what another seed of the supernet would. An interval of a loss may "
        "leave out the loss itself: networks drawn again lack some that rank first or are the best. "
        "Better and worse say that the interval of the gain leaves out 0.</p>\n");
}

template <search_space_type Space>
FITNAS_COLD bool write_report(const run_folder& folder, const report_settings& settings,
                              const observer& watch) {
    report_draft<Space> r{folder, settings,
                          page("fitnas study: " + manifest_text(folder, "space", "?") + ", " +
                               manifest_text(folder, "data_source", "no images"))};
    if (const json& all = folder.manifest(); all.contains("quick") && all["quick"] == true) {
        r.page.lead("<p>A quick run: short trainings, few images. It shows that everything works; its "
                    "numbers say less than those of a full run.</p>\n");
    }
    if (const std::string note = manifest_text(folder, "note", ""); !note.empty()) {
        r.page.lead("<p>" + html_text(note) + "</p>\n");
    }
    const std::size_t parts = 8;
    const fitnas::detail::teller tell(watch, "report", parts);
    std::size_t done = 0;
    const auto part = [&](auto&& write_part) {
        write_part();
        tell(++done);
    };
    part([&] { r.scores = read_score_unit<Space>(folder); });
    part([&] { ranking_section(r); });
    part([&] { error_section(r); });
    part([&] { training_part<Space>(folder, r.page); });
    part([&] {
        search_section(r);
        supernet_segments_section(r);
    });
    part([&] { final_section(r); });
    part([&] {
        published_part(folder, r.page);
        lead_with_findings(r);
        segments_part(folder, r.page);
    });
    part([&] { run_part(folder, r.page); });
    return r.page.write(folder.path(), "report.html", settings.chart_js);
}

} // namespace detail

/// @brief Writes `report.html`, one file that needs no network, `charts/*.csv`, and, where scores,
/// predictions and truth are there, `ranking.csv` (score, measure, value, low, high).
/// @return whether Chart.js was there; without it the page has no charts, and says so
/// @throws data_error where a file of the run is wrong
template <search_space_type Space>
bool report_stage(const run_folder& folder, const report_settings& settings, const watcher& w = {}) {
    return detail::write_report<Space>(folder, settings, watch(w, "writing the page"));
}

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN std::string manifest_text(const run_folder& folder, const char* key,
                                            const char* otherwise) {
    const json& all = folder.manifest();
    const auto found = all.find(key);
    if (found == all.end()) {
        return otherwise;
    }
    if (!found->is_string()) {
        throw data_error("[F1081] " + folder.file("manifest.json") + ": " + key +
                         ": expected a text, got a JSON " + found->type_name());
    }
    return found->template get<std::string>();
}

} // namespace fitnas::study::detail

#endif

#endif
