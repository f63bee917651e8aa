/// @file
/// @brief Parts of a report that say what was run: training, the search by segments, the manifest.

#ifndef FITNAS_STUDY_REPORT_RUN_HPP
#define FITNAS_STUDY_REPORT_RUN_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/io/csv_rows.hpp>
#include <fitnas/io/json.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/study/alone.hpp>
#include <fitnas/study/chain.hpp>
#include <fitnas/study/page.hpp>
#include <fitnas/study/run_folder.hpp>
#include <fitnas/study/supernet.hpp>

namespace fitnas::study::detail {

/// Columns of a file as they are shown.
struct shown {
    std::string column;
    std::string title;
    int digits; ///< of a number behind its point; `as_it_stands`: the text itself
};

inline constexpr int as_it_stands = -1;

inline std::string number(const std::string& text, int digits) {
    const auto value = fitnas::detail::read_number<double>(text);
    return digits == as_it_stands || !value ? text : fitnas::detail::fixed_point_text(*value, digits);
}

/// A table of some columns of a file, of those that it has.
FITNAS_LAZY FITNAS_COLD void file_table(const run_folder& folder, page& out, const std::string& name,
                                        const std::vector<shown>& columns);

template <search_space_type Space>
FITNAS_COLD void training_part(const run_folder& folder, page& out) {
    if (!folder.has("training.csv")) {
        return;
    }
    fitnas::detail::csv_reader file(folder.file("training.csv"));
    const std::size_t epoch = file.place("epoch");
    const std::size_t loss = file.place("loss");
    const std::size_t accuracy = file.place("accuracy");
    csv_rows rows{.header = {"epoch", "loss", "supernet", "winner"}};
    for (std::vector<std::string> fields; file.next(fields);) {
        rows.rows.push_back({fields[epoch], fields[loss], fields[accuracy], ""});
    }
    bool winner = false;
    if (folder.has("retrained.csv") && folder.has("retrained_runs.csv")) {
        const auto first = read_architectures<Space>(folder.file("retrained.csv"));
        const auto runs = read_alone<Space>(folder.file("retrained_runs.csv"));
        for (const auto& [job, result] : runs) {
            if (!winner && !first.empty() && job.architecture == first.front()) {
                winner = true;
                for (std::size_t e = 0; e < result.curve.size(); ++e) {
                    if (e >= rows.rows.size()) {
                        rows.rows.push_back({std::to_string(e + 1), "", "", ""});
                    }
                    rows.rows[e][3] = exact_text(result.curve[e]);
                }
            }
        }
    }
    out.section("Training");
    out.text(
        "Of the supernet and, where it was trained by itself, of the winner: accuracy is the share of images "
        "that are right, loss the mean cross-entropy.");
    out.data("training", rows);
    json curves = json::array(
        {{{"label", "supernet, mean of its paths"}, {"x", "epoch"}, {"y", "supernet"}, {"line", true}}});
    if (winner) {
        curves.push_back({{"label", "winner, by itself"}, {"x", "epoch"}, {"y", "winner"}, {"line", true}});
    }
    const json epochs{{"title", "epoch"}, {"ticks", {{"precision", 0}}}};
    out.html("<div class=charts>");
    out.chart({{"title", "Accuracy on the training images, as they were seen"},
               {"data", "training"},
               {"x", epochs},
               {"y", {{"title", "accuracy"}}},
               {"series", curves}});
    out.chart(
        {{"title", "Loss of the supernet"},
         {"data", "training"},
         {"x", epochs},
         {"y", {{"title", "cross-entropy"}}},
         {"series", json::array({{{"label", "supernet"}, {"x", "epoch"}, {"y", "loss"}, {"line", true}}})}});
    out.html("</div>");
}

FITNAS_LAZY FITNAS_COLD void segments_part(const run_folder& folder, page& out);

/// What the manifest says of a stage. That of the report is finished where its page can be read.
FITNAS_LAZY FITNAS_COLD std::string stage_words(const std::string& name, const json& entry);

FITNAS_LAZY FITNAS_COLD void run_part(const run_folder& folder, page& out);

} // namespace fitnas::study::detail

#if FITNAS_DEFINITIONS

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN void file_table(const run_folder& folder, page& out, const std::string& name,
                                  const std::vector<shown>& columns) {
    const csv_rows file = read_rows(folder.file(name));
    csv_rows table{.header = {}, .rows = std::vector<std::vector<std::string>>(file.rows.size())};
    for (const shown& c : columns) {
        const auto place = std::find(file.header.begin(), file.header.end(), c.column);
        if (place == file.header.end()) {
            continue;
        }
        table.header.push_back(c.title);
        for (std::size_t i = 0; i < file.rows.size(); ++i) {
            const std::string& text = file.rows[i][static_cast<std::size_t>(place - file.header.begin())];
            table.rows[i].push_back(number(text, c.digits));
        }
    }
    out.table(table);
}

FITNAS_LAZY_AGAIN void segments_part(const run_folder& folder, page& out) {
    if (!folder.has("segments.csv") || !folder.has("segments_result.csv")) {
        return;
    }
    out.section("The paper's scale: 6 to the power of 19, by segments");
    out.text("Scores are a made-up quality with noise, so that the true optimum is known. What a "
             "segment keeps is one cell, a super-cell, of the next.");
    file_table(folder, out, "segments.csv",
               {{"cells", "cells", as_it_stands},
                {"candidates", "candidates predicted", 0},
                {"sampled", "sampled", 0},
                {"scored", "scores", 0},
                {"kept", "kept", as_it_stands}});
    file_table(folder, out, "segments_result.csv",
               {{"search", "search", as_it_stands},
                {"arch", "code", as_it_stands},
                {"quality", "true quality", 4},
                {"below_optimum", "below the optimum", 4},
                {"macs", "macs", 0},
                {"scores", "scores", 0}});
    const csv_rows found = read_rows(folder.file("segments_result.csv"));
    if (found.rows.empty() || found.header.size() < 4) {
        throw data_error("[F1080] " + folder.file("segments_result.csv") +
                         ": expected a row for each search, with search, arch, quality and below_optimum");
    }
    std::string lead = "<h2>What was found</h2>\n<p>Below the true optimum, in the unit of the quality: ";
    for (std::size_t i = 0; i + 1 < found.rows.size(); ++i) { // the last is the optimum itself
        lead += (i == 0 ? "" : "; ") + html_text(found.rows[i][0] + " " + number(found.rows[i][3], 4));
    }
    out.lead(lead + ".</p>\n");
    out.html(chain_svg<spaces::mobile_19x6>(parse<spaces::mobile_19x6>(found.rows.front()[1])));
}

FITNAS_LAZY_AGAIN std::string stage_words(const std::string& name, const json& entry) {
    if (name == "report") {
        return "finished, this page";
    }
    const auto seconds = entry.find("seconds");
    const auto finished = entry.find("finished");
    return (seconds != entry.end() && seconds->is_number()
                ? fitnas::detail::fixed_point_text(seconds->get<double>(), 1) + " s"
                : std::string("?")) +
           (finished != entry.end() && *finished == true ? "" : ", not finished");
}

FITNAS_LAZY_AGAIN void run_part(const run_folder& folder, page& out) {
    const json& all = folder.manifest();
    csv_rows run{.header = {"run", "value"}};
    csv_rows options{.header = {"option", "value"}};
    const auto text_of = [](const json& value) {
        return value.is_string() ? value.template get<std::string>() : value.dump();
    };
    for (const auto& [key, value] : all.items()) {
        if (key == "data_files" && value.is_object()) {
            for (const auto& [name, hash] : value.items()) {
                run.rows.push_back({name, "sha256 " + text_of(hash)});
            }
        } else if (key == "stages" && value.is_object()) {
            for (const auto& [name, s] : value.items()) {
                run.rows.push_back({"stage " + name, stage_words(name, s)});
            }
        } else if (key == "options" && value.is_object()) {
            for (const auto& [name, option] : value.items()) {
                options.rows.push_back({"--" + name, text_of(option)});
            }
        } else {
            run.rows.push_back({key, text_of(value)});
        }
    }
    out.section("The run");
    out.text("What the run's manifest.json holds: program, data with their hashes, and the seconds of each "
             "stage.");
    out.long_table(run);
    out.html("<details><summary>All options</summary>");
    out.long_table(options);
    out.html("</details>\n");
}

} // namespace fitnas::study::detail

#endif

#endif
