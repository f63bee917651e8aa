/// @file
/// @brief The stage `report`: a page of what a run's folder holds.

#ifndef FITNAS_STUDY_REPORT_HPP
#define FITNAS_STUDY_REPORT_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/space/spaces.hpp>
#include <fitnas/study/alone.hpp>
#include <fitnas/study/chain.hpp>
#include <fitnas/study/error.hpp>
#include <fitnas/study/page.hpp>
#include <fitnas/study/search.hpp>

namespace fitnas::study {

/// @brief How a report is made.
struct report_settings {
    double top = 0.25; ///< which share of a ranking is selected, above 0, up to 1
    std::string chart_js = "/usr/share/javascript/chart.js/chart.min.js"; ///< path of Chart.js 3
};

namespace detail {

/// A report being written. Each part looks for its files and says nothing where they are missing.
template <search_space_type Space>
class report_writer {
public:
    report_writer(const run_folder& folder, const report_settings& settings)
        : m_folder(folder),
          m_settings(settings),
          m_page("fitnas study: " + folder.manifest().value("space", std::string("?")) + ", " +
                 folder.manifest().value("data_source", std::string("no images"))) {}

    FITNAS_COLD bool write() {
        if (m_folder.manifest().value("quick", false)) {
            m_page.text("A quick run: short trainings, few images. It shows that everything works; its "
                        "numbers say less than those of a full run.");
        }
        ranking();
        error();
        training();
        search();
        final_table();
        segments();
        manifest();
        return m_page.write(m_folder.path(), "report.html", m_settings.chart_js);
    }

private:
    /// Columns of a file as they are shown.
    struct shown {
        std::string column;
        std::string title;
        int digits; ///< of a number behind its point; `as_it_stands`: the text itself
        double factor = 1;
    };

    static constexpr int as_it_stands = -1;

    static std::string number(const std::string& text, int digits, double factor = 1) {
        const auto value = fitnas::detail::read_number<double>(text);
        return digits == as_it_stands || !value ? text
                                                : fitnas::detail::fixed_point_text(factor * *value, digits);
    }

    /// A table of some columns of a file, of those that it has.
    FITNAS_COLD void table(const std::string& name, const std::vector<shown>& columns) {
        const csv_rows file = read_rows(m_folder.file(name));
        csv_rows table{.header = {}, .rows = std::vector<std::vector<std::string>>(file.rows.size())};
        for (const shown& c : columns) {
            const auto place = std::find(file.header.begin(), file.header.end(), c.column);
            if (place == file.header.end()) {
                continue;
            }
            table.header.push_back(c.title);
            for (std::size_t i = 0; i < file.rows.size(); ++i) {
                const std::string& text = file.rows[i][static_cast<std::size_t>(place - file.header.begin())];
                table.rows[i].push_back(number(text, c.digits, c.factor));
            }
        }
        m_page.table(table);
    }

    static std::string words(const estimate& e) {
        const auto text = [](double v) { return fitnas::detail::fixed_point_text(v, 3); };
        return text(e.value) + " (" + text(e.range.low) + " to " + text(e.range.high) + ")";
    }

    /// Rows (score, measure, value, low, high) with one line a score.
    FITNAS_COLD void rank_summary(const csv_rows& rows,
                                  const std::vector<std::pair<std::string, std::string>>& names) {
        const std::vector<std::string> measures{"tau", "tau_selected", "truth_of_first", "truth_of_top",
                                                "tau_gain"};
        csv_rows table{.header = {"ranked by", "tau-b with truth", "tau-b in its selected top",
                                  "truth of its first", "mean truth of its top", "tau gained on raw"}};
        for (const auto& [score, title] : names) {
            std::vector<std::string> line{title};
            for (const std::string& measure : measures) {
                std::string field;
                for (const auto& row : rows.rows) {
                    if (row[0] == score && row[1] == measure) {
                        const auto part = [&](std::size_t i) { return number(row[i], 3); };
                        field = part(2) + " (" + part(3) + " to " + part(4) + ")";
                    }
                }
                line.push_back(field);
            }
            table.rows.push_back(line);
        }
        m_page.table(table);
    }

    FITNAS_COLD void ranking() {
        if (!m_folder.has("scores.csv") || !m_folder.has("held_out.csv") || !m_folder.has("truth.csv") ||
            !m_folder.has("predictions.csv")) {
            return;
        }
        std::map<architecture<Space>, double> fitted;
        std::map<architecture<Space>, double> truth;
        fill(fitted, read_csv<Space>(m_folder.file("predictions.csv")));
        fill(truth, read_truth<Space>(m_folder)->scores);
        const csv_table<Space> held_out = read_csv_table<Space>(m_folder.file("held_out.csv"));
        csv_rows rows{.header = {"arch", "truth", "raw", "fitted", "held_out"}};
        std::vector<double> columns[6]; // truth, raw, fitted, held out, ridge, macs
        const auto line = ridge<Space>(held_out.scores);
        for (std::size_t i = 0; i < held_out.scores.size(); ++i) {
            const architecture<Space> a = canonical<Space>(held_out.scores.architectures[i]);
            if (truth.contains(a) && fitted.contains(a)) {
                const double values[] = {truth[a],        held_out.scores.scores[i],
                                         fitted[a],       held_out.columns.front().values[i],
                                         line.predict(a), static_cast<double>(cost::macs<Space>(a))};
                rows.rows.push_back({to_string<Space>(a)});
                for (std::size_t c = 0; c < 6; ++c) {
                    columns[c].push_back(values[c]);
                    if (c < 4) {
                        rows.rows.back().push_back(exact_text(values[c]));
                    }
                }
            }
        }
        if (rows.rows.size() < 10) {
            return;
        }
        rank_table ranks;
        std::vector<std::string> taus;
        const char* names[] = {"raw", "fitted", "held_out", "ridge", "macs"};
        for (std::size_t c = 0; c < 5; ++c) {
            const rank_quality q = judge({&columns[c + 1], 1}, columns[0], m_settings.top);
            ranks.add(names[c], q);
            taus.push_back(words(q.tau));
            if (c > 0) {
                ranks.add_gain(names[c], tau_gain({&columns[c + 1], 1}, {&columns[1], 1}, columns[0]));
            }
        }
        const std::string sure = truth_quality(ranks);
        write_rows(m_folder.file("ranking.csv"), ranks.rows);
        m_page.section("Raw scores and fitted scores against the truth");
        m_page.text(std::to_string(rows.rows.size()) +
                    " networks. Raw: the score with shared weights. Fitted: what the GCN, fitted to all raw "
                    "scores, says of the same networks. Held out: the same by a GCN that had not seen the "
                    "network's own score. In brackets: 95 % bootstrap intervals over networks." +
                    sure);
        m_page.data("ranking", rows);
        const auto [low, high] = range_of(columns[1], columns[2]);
        m_page.html("<div class=charts>");
        for (std::size_t c = 0; c < 2; ++c) {
            m_page.chart(
                {{"title", std::string(c == 0 ? "Raw" : "Fitted") + " score against truth: tau-b " + taus[c]},
                 {"data", "ranking"},
                 {"x", {{"title", "truth: trained by itself"}}},
                 {"y", {{"title", c == 0 ? "raw score" : "fitted score"}, {"min", low}, {"max", high}}},
                 {"series",
                  json::array({{{"label", names[c]}, {"x", "truth"}, {"y", names[c]}, {"colour", c}}})}});
        }
        m_page.html("</div>");
        rank_summary(ranks.rows, {{"raw", "raw score"},
                                  {"fitted", "fitted score"},
                                  {"held_out", "fitted, held out"},
                                  {"ridge", "ridge on one-hot codes"},
                                  {"macs", "macs alone"}});
    }

    /// How sure the truth is, where it was trained here from several seeds: a sentence, and a row.
    FITNAS_COLD std::string truth_quality(rank_table& ranks) {
        if (!m_folder.has("truth_runs.csv")) {
            return {};
        }
        std::map<std::uint64_t, std::vector<double>> by_seed;
        for (const auto& [job, result] : read_alone<Space>(m_folder.file("truth_runs.csv"))) {
            by_seed[job.seed].push_back(result.test_accuracy);
        }
        std::vector<std::vector<double>> takings;
        for (auto& [number, column] : by_seed) {
            takings.push_back(std::move(column));
        }
        const auto whole = [&](const auto& t) { return t.size() == takings.front().size(); };
        if (takings.size() < 2 || !std::all_of(takings.begin(), takings.end(), whole)) {
            return {};
        }
        const estimate tau = tau_between(takings);
        ranks.rows.rows.push_back(row_of("truth", "tau_between_seeds", tau));
        return " The truth is the mean of " + std::to_string(takings.size()) +
               " trainings; what one seed and another rank agrees at tau-b " + words(tau) + ".";
    }

    FITNAS_COLD void error() {
        if (!m_folder.has("error_parts.csv")) {
            return;
        }
        fitnas::detail::csv_reader file(m_folder.file("error_parts.csv"));
        const std::size_t of = file.place("score");
        const std::size_t named = file.place("part");
        const std::size_t number = file.place("variance");
        std::map<std::string, std::map<std::string, double>> variances;
        for (std::vector<std::string> fields; file.next(fields);) {
            variances[fields[of]][fields[named]] = fitnas::detail::csv_finite(fields[number], file, number);
        }
        csv_rows chart{.header = {"score", "images", "training", "bias"}};
        csv_rows table{.header = {"score", "images", "training of the supernet",
                                  "bias that changes the order", "all three", "quality"}};
        for (const auto& [score, title] :
             {std::pair("raw", "raw score"), std::pair("fitted", "fitted score")}) {
            std::map<std::string, double>& variance = variances[score];
            chart.rows.push_back({title});
            table.rows.push_back({title});
            for (const char* part : {"images", "training", "bias", "total", "quality"}) {
                const bool known = variance.contains(part);
                table.rows.back().push_back(
                    known ? fitnas::detail::fixed_point_text(std::sqrt(variance[part]), 4) : "not known");
                if (chart.rows.back().size() < chart.header.size()) {
                    chart.rows.back().push_back(exact_text(known ? variance[part] : 0));
                }
            }
        }
        m_page.section("What the error of a score is made of");
        m_page.text(
            "Supernets from several seeds scored the same networks on disjoint sets of images. What "
            "all networks share is left out: it does not change a ranking. Bias is the expected score "
            "less the truth, without what a line from truth to score explains.");
        m_page.data("error_parts", chart);
        m_page.html("<div class=charts>");
        m_page.chart({{"title", "Variance of a score, by its source"},
                      {"type", "bar"},
                      {"data", "error_parts"},
                      {"labels", "score"},
                      {"x", {{"title", ""}}},
                      {"y", {{"title", "variance"}}},
                      {"series", json::array({{{"label", "images"}, {"y", "images"}},
                                              {{"label", "training of the supernet"}, {"y", "training"}},
                                              {{"label", "bias"}, {"y", "bias"}}})}});
        m_page.html("<div><p>Standard deviations, in the unit of the score:</p>");
        m_page.table(table);
        m_page.html("</div></div>");
        if (m_folder.has("error_ranking.csv")) {
            m_page.text("Ranking by one score, mean over the seeds and sets of images:");
            rank_summary(read_rows(m_folder.file("error_ranking.csv")),
                         {{"raw", "raw score"},
                          {"fitted", "fitted score"},
                          {"raw_mean", "mean of all raw scores"},
                          {"fitted_mean", "mean of all fitted scores"}});
        }
    }

    FITNAS_COLD void training() {
        if (!m_folder.has("training.csv")) {
            return;
        }
        const csv_rows file = read_rows(m_folder.file("training.csv"));
        csv_rows rows{.header = {"epoch", "loss", "supernet", "winner"}};
        for (const auto& row : file.rows) {
            rows.rows.push_back({row[0], row[1], row[2], ""});
        }
        bool winner = false;
        if (m_folder.has("retrained.csv") && m_folder.has("retrained_runs.csv")) {
            const auto first = read_architectures<Space>(m_folder.file("retrained.csv"));
            const auto runs = read_alone<Space>(m_folder.file("retrained_runs.csv"));
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
        m_page.section("Training");
        m_page.data("training", rows);
        json accuracy = json::array(
            {{{"label", "supernet, mean of its paths"}, {"x", "epoch"}, {"y", "supernet"}, {"line", true}}});
        if (winner) {
            accuracy.push_back(
                {{"label", "winner, by itself"}, {"x", "epoch"}, {"y", "winner"}, {"line", true}});
        }
        const json epochs{{"title", "epoch"}, {"ticks", {{"precision", 0}}}};
        m_page.html("<div class=charts>");
        m_page.chart({{"title", "Accuracy on the training images, as they were seen"},
                      {"data", "training"},
                      {"x", epochs},
                      {"y", {{"title", "accuracy"}}},
                      {"series", accuracy}});
        m_page.chart(
            {{"title", "Loss of the supernet"},
             {"data", "training"},
             {"x", epochs},
             {"y", {{"title", "cross-entropy"}}},
             {"series",
              json::array({{{"label", "supernet"}, {"x", "epoch"}, {"y", "loss"}, {"line", true}}})}});
        m_page.html("</div>");
    }

    FITNAS_COLD void search() {
        if (m_folder.has("predictors.csv")) {
            m_page.section("Predictors");
            m_page.text("Rank correlation with scores that were held out, by cross-validation.");
            table("predictors.csv", {{"predictor", "predictor", as_it_stands},
                                     {"tau", "tau-b", 3},
                                     {"low", "95 % from", 3},
                                     {"high", "to", 3}});
        }
        if (!m_folder.has("candidates.csv") || !m_folder.has("front.csv")) {
            return;
        }
        const auto best = read_csv_candidates<Space>(m_folder.file("candidates.csv"));
        const auto front = read_csv_candidates<Space>(m_folder.file("front.csv"));
        csv_rows rows{.header = {"arch", "macs", "predicted", "front", "chosen"}};
        const auto add = [&](const architecture<Space>& a, double predicted, const char* on_front,
                             const char* chosen) {
            rows.rows.push_back({to_string<Space>(a),
                                 exact_text(1e-6 * static_cast<double>(cost::macs<Space>(a))),
                                 exact_text(predicted), on_front, chosen});
        };
        if (m_folder.has("predictions.csv")) {
            const auto all = read_csv<Space>(m_folder.file("predictions.csv"));
            const std::size_t step =
                all.size() / most_points + 1; // a page need not hold all of a large space
            for (std::size_t i = 0; i < all.size(); i += step) {
                add(all.architectures[i], all.scores[i], "0", "0");
            }
        }
        for (const auto& c : front) {
            add(c.architecture, c.predicted, "1", "0");
        }
        for (const auto& c : best) {
            add(c.architecture, c.predicted, "0", "1");
        }
        m_page.section("Search");
        m_page.data("search", rows);
        m_page.chart({{"title", "Predicted quality against cost: the exact front, and the chosen networks"},
                      {"data", "search"},
                      {"x", {{"title", "million multiply-accumulates"}}},
                      {"y", {{"title", "predicted score"}}},
                      {"series", json::array({{{"label", "chosen"},
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
                                              {{"label", "networks"},
                                               {"x", "macs"},
                                               {"y", "predicted"},
                                               {"radius", 2},
                                               {"colour", 4}}})}});
        table("candidates.csv", {{"arch", "code", as_it_stands},
                                 {"predicted", "predicted", 4},
                                 {"macs", "macs", 0},
                                 {"parameters", "parameters", 0}});
        if (!best.empty()) {
            m_page.section("The winner, " + to_string<Space>(best.front().architecture));
            m_page.html(chain_svg<Space>(best.front().architecture));
        }
    }

    FITNAS_COLD void final_table() {
        if (m_folder.has("retrained.csv")) {
            m_page.section("Trained by themselves, all the same way");
            table("retrained.csv", {{"name", "network", as_it_stands},
                                    {"arch", "code", as_it_stands, 1},
                                    {"validation_accuracy", "validation, %", 2, 100},
                                    {"test_accuracy", "test, %", 2, 100},
                                    {"deviation", "deviation between seeds", 2, 100},
                                    {"runs", "seeds", 0},
                                    {"macs", "macs", 0},
                                    {"parameters", "parameters", 0}});
        }
    }

    FITNAS_COLD void segments() {
        if (!m_folder.has("segments.csv")) {
            return;
        }
        m_page.section("The paper's scale: 6 to the power of 19, by segments");
        m_page.text("Scores are a made-up quality with noise, so that the true optimum is known. What a "
                    "segment keeps is one cell, a super-cell, of the next.");
        table("segments.csv", {{"cells", "cells", as_it_stands},
                               {"candidates", "candidates predicted", 0},
                               {"sampled", "sampled", 0},
                               {"scored", "scores", 0},
                               {"kept", "kept", as_it_stands}});
        table("segments_result.csv", {{"search", "search", as_it_stands},
                                      {"arch", "code", as_it_stands},
                                      {"quality", "true quality", 4},
                                      {"below_optimum", "below the optimum", 4},
                                      {"macs", "macs", 0},
                                      {"scores", "scores", 0}});
        const csv_rows found = read_rows(m_folder.file("segments_result.csv"));
        m_page.html(chain_svg<spaces::mobile_19x6>(parse<spaces::mobile_19x6>(found.rows.front()[1])));
    }

    FITNAS_COLD void manifest() {
        const json& all = m_folder.manifest();
        csv_rows run{.header = {"run", "value"}};
        csv_rows options{.header = {"option", "value"}};
        const auto text_of = [](const json& value) {
            return value.is_string() ? value.template get<std::string>() : value.dump();
        };
        for (const auto& [key, value] : all.items()) {
            if (key == "data_files") {
                for (const auto& [name, hash] : value.items()) {
                    run.rows.push_back({name, "sha256 " + text_of(hash)});
                }
            } else if (key == "stages") {
                for (const auto& [name, s] : value.items()) {
                    const std::string seconds =
                        fitnas::detail::fixed_point_text(s.value("seconds", 0.0), 1) + " s";
                    run.rows.push_back(
                        {"stage " + name, seconds + (s.value("finished", false) ? "" : ", not finished")});
                }
            } else if (key == "options") {
                for (const auto& [name, option] : value.items()) {
                    options.rows.push_back({"--" + name, text_of(option)});
                }
            } else {
                run.rows.push_back({key, text_of(value)});
            }
        }
        m_page.section("The run");
        m_page.table(run);
        m_page.html("<details><summary>All options</summary>");
        m_page.table(options);
        m_page.html("</details>\n");
    }

    static void fill(std::map<architecture<Space>, double>& by_network, const score_table<Space>& table) {
        for (std::size_t i = 0; i < table.size(); ++i) {
            by_network[canonical<Space>(table.architectures[i])] = table.scores[i];
        }
    }
    /// One range for both, a little wider than the values.
    static std::pair<double, double> range_of(const std::vector<double>& a, const std::vector<double>& b) {
        const double low =
            (std::min)(*std::min_element(a.begin(), a.end()), *std::min_element(b.begin(), b.end()));
        const double high =
            (std::max)(*std::max_element(a.begin(), a.end()), *std::max_element(b.begin(), b.end()));
        const double unit = std::pow(10.0, std::floor(std::log10((std::max)(high - low, 1e-9)))) / 2;
        return {std::floor(low / unit) * unit, std::ceil(high / unit) * unit};
    }

    static constexpr std::size_t most_points = 5000;
    const run_folder& m_folder;
    const report_settings& m_settings;
    page m_page;
};

} // namespace detail

/// @brief Writes `report.html`, one file that needs no network, `charts/*.csv`, and, where scores,
/// predictions and truth are there, `ranking.csv` (score, measure, value, low, high).
/// @return whether Chart.js was there; without it the page has no charts, and says so
/// @throws data_error where a file of the run is wrong
template <search_space_type Space>
bool report_stage(const run_folder& folder, const report_settings& settings) {
    return detail::report_writer<Space>(folder, settings).write();
}

} // namespace fitnas::study

#endif
