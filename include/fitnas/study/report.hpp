/// @file
/// @brief The stage `report`: a page of what a run's folder holds.

#ifndef FITNAS_STUDY_REPORT_HPP
#define FITNAS_STUDY_REPORT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fitnas/space/spaces.hpp>
#include <fitnas/study/alone.hpp>
#include <fitnas/study/chain.hpp>
#include <fitnas/study/error.hpp>
#include <fitnas/study/findings.hpp>
#include <fitnas/study/page.hpp>
#include <fitnas/study/report_run.hpp>
#include <fitnas/study/score_unit.hpp>
#include <fitnas/study/search.hpp>
#include <fitnas/study/watch.hpp>

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
          m_page("fitnas study: " + text_of("space", "?") + ", " + text_of("data_source", "no images")) {}

    FITNAS_COLD bool write(const observer& watch) {
        if (const json& all = m_folder.manifest(); all.contains("quick") && all["quick"] == true) {
            m_page.lead("<p>A quick run: short trainings, few images. It shows that everything works; its "
                        "numbers say less than those of a full run.</p>\n");
        }
        const std::size_t parts = 8;
        const fitnas::detail::teller tell(watch, "report", parts);
        std::size_t done = 0;
        const auto part = [&](auto&& write_part) {
            write_part();
            tell(++done);
        };
        part([&] { m_scores = read_score_unit<Space>(m_folder); });
        part([&] { ranking(); });
        part([&] { error(); });
        part([&] { training_part<Space>(m_folder, m_page); });
        part([&] { search(); });
        part([&] { final_table(); });
        part([&] {
            findings();
            segments_part(m_folder, m_page);
        });
        part([&] { run_part(m_folder, m_page); });
        return m_page.write(m_folder.path(), "report.html", m_settings.chart_js);
    }

private:
    /// Rows (score, measure, value, low, high) with one line a score, of those that are there.
    FITNAS_COLD void rank_summary(const rank_table& ranks,
                                  const std::vector<std::pair<std::string, std::string>>& names) {
        const std::string top = "top " + fitnas::detail::number_text(m_settings.top);
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
        m_page.table(table);
    }

    FITNAS_COLD void ranking() {
        if (!m_folder.has("held_out.csv") || !m_folder.has("truth.csv") || !m_folder.has("predictions.csv")) {
            return;
        }
        auto fitted = by_network(read_csv<Space>(m_folder.file("predictions.csv")));
        m_truth = by_network(read_truth<Space>(m_folder)->scores);
        const csv_table<Space> held_out = read_csv_table<Space>(m_folder.file("held_out.csv"));
        const bool accuracies = m_scores.unit == score_unit::loss;
        csv_rows rows{.header = {"arch", "truth", "raw", "fitted", "held_out"}};
        if (accuracies) {
            rows.header.push_back("accuracy");
        }
        std::vector<double> truths;
        std::vector<study::ranking> all;
        for (const char* name : {"raw", "fitted", "held_out", "ridge", "macs", "accuracy"}) {
            all.push_back({name, {{}}});
        }
        const auto line = ridge<Space>(held_out.scores);
        for (std::size_t i = 0; i < held_out.scores.size(); ++i) {
            const architecture<Space> a = canonical<Space>(held_out.scores.architectures[i]);
            if (!m_truth.contains(a) || !fitted.contains(a) ||
                (accuracies && !m_scores.accuracy.contains(a))) {
                continue;
            }
            const double values[] = {held_out.scores.scores[i],
                                     fitted[a],
                                     held_out.columns.front().values[i],
                                     line.predict(a),
                                     static_cast<double>(cost::macs<Space>(a)),
                                     accuracies ? m_scores.accuracy[a] : 0};
            truths.push_back(m_truth[a]);
            rows.rows.push_back({to_string<Space>(a), exact_text(truths.back())});
            for (std::size_t c = 0; c < all.size(); ++c) {
                all[c].takings.front().push_back(values[c]);
                if (c < 3 || (c == 5 && accuracies)) {
                    rows.rows.back().push_back(exact_text(values[c]));
                }
            }
        }
        if (rows.rows.size() < 10) {
            return;
        }
        if (!accuracies) {
            all.pop_back();
        }
        rank_table ranks;
        ranks.add_all(all, truths, all[4].takings.front(), m_settings.top);
        const std::string sure = truth_quality(ranks);
        write_rows(m_folder.file("ranking.csv"), ranks.rows);
        compare(ranks, "");
        m_page.section("Raw scores and fitted scores against the truth");
        m_page.text(
            std::to_string(rows.rows.size()) +
            " networks. Truth: the accuracy of each trained by itself, or a number of a table. Raw: the "
            "score with shared weights, here " +
            m_scores.words() +
            ". Fitted: what the GCN, fitted to all raw scores, says of the same "
            "networks. Held out: the same by a GCN that had not seen the network's own score. Ridge: a sum "
            "of a number for each cell's operator, fitted to the raw scores. Macs alone: the network "
            "with more multiply-accumulates ranks higher. Its top " +
            fitnas::detail::number_text(m_settings.top) +
            ": that share of the networks, which the ranking itself puts first." + sure);
        m_page.data("ranking", rows);
        const auto [low, high] = range_of(all[0].takings.front(), all[1].takings.front());
        m_page.html("<div class=charts>");
        for (std::size_t c = 0; c < 2; ++c) {
            const std::string name = c == 0 ? "raw" : "fitted";
            const auto tau = ranks.find(name, "tau");
            m_page.chart(
                {{"title", std::string(c == 0 ? "Raw" : "Fitted") + " score against truth" +
                               (tau ? ": tau-b " + words(*tau) : "")},
                 {"data", "ranking"},
                 {"x", {{"title", "truth"}}},
                 {"y", {{"title", name + " score (" + m_scores.words() + ")"}, {"min", low}, {"max", high}}},
                 {"series", json::array({{{"label", name}, {"x", "truth"}, {"y", name}, {"colour", c}}})}});
        }
        m_page.html("</div>");
        rank_summary(ranks, {{"raw", "raw score"},
                             {"accuracy", "raw accuracy, same images"},
                             {"fitted", "fitted score"},
                             {"held_out", "fitted, held out"},
                             {"ridge", "ridge"},
                             {"macs", "macs alone"}});
    }

    /// What a table says of the fit beside what it is compared with, as findings.
    FITNAS_COLD void compare(const rank_table& ranks, const std::string& which) {
        for (const auto& [other, name] :
             {std::pair("raw", "raw scores"), std::pair("ridge", "ridge"), std::pair("macs", "macs alone")}) {
            if (auto found = compared(ranks, "fitted", "Fitted scores" + which, other, name)) {
                m_findings.push_back(std::move(*found));
            }
        }
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
        ranks.add("truth", "tau_between_seeds", tau);
        return " The truth is the mean of " + std::to_string(takings.size()) +
               " trainings; the orders of one seed and another agree at tau-b " + words(tau) + ".";
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
        csv_rows table{
            .header = {"score", "images", "training of the supernet", "bias", "all three", "quality"}};
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
        m_page.text("Supernets from several seeds scored the same networks on disjoint sets of images. The "
                    "variance of one "
                    "score is what the images do, what the seed of the supernet's training does, and a bias, "
                    "the same for "
                    "all: the expected score less the truth, without what a line from truth to score "
                    "explains. What all "
                    "networks share is left out: it does not change a ranking. Quality is what differs "
                    "between networks "
                    "over all seeds and images.");
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
            const rank_table ranks{read_rows(m_folder.file("error_ranking.csv"))};
            compare(ranks, ", mean over several supernets and sets of images,");
            m_page.text(
                "How one score ranks, in the mean over those seeds and sets of images; and how the mean of "
                "all of a network's scores does.");
            rank_summary(ranks, {{"raw", "raw score"},
                                 {"fitted", "fitted score"},
                                 {"ridge", "ridge"},
                                 {"macs", "macs alone"},
                                 {"raw_mean", "mean of all raw scores"},
                                 {"fitted_mean", "mean of all fitted scores"}});
        }
    }

    FITNAS_COLD void search() {
        if (m_folder.has("predictors.csv")) {
            m_page.section("Predictors");
            m_page.text("Kendall's tau-b with raw scores that were held out, by cross-validation, and its 95 "
                        "% bootstrap "
                        "interval over networks: how well scores are foretold, not the truth.");
            file_table(m_folder, m_page, "predictors.csv",
                       {{"predictor", "predictor", as_it_stands},
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
        m_page.text("Predicted is the fitted score, in the unit of the raw ones (" + m_scores.words() +
                    "); the front is the best for each cost, exactly.");
        m_page.data("search", rows);
        m_page.chart({{"title", "Predicted quality against cost: the exact front, and the chosen networks"},
                      {"data", "search"},
                      {"x", {{"title", "million multiply-accumulates"}}},
                      {"y", {{"title", "predicted score (" + m_scores.words() + ")"}}},
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
        csv_rows list{.header = {"code", "predicted", "macs", "parameters"}};
        const auto costs = best.empty() ? std::vector<search::cost_value>() : best.front().costs;
        for (const search::cost_value& c : costs) {
            list.header.push_back(c.name + (c.unit.empty() ? "" : ", " + c.unit));
        }
        if (!m_scores.accuracy.empty()) {
            list.header.push_back("accuracy with shared weights");
        }
        for (const auto& c : best) {
            list.rows.push_back({to_string<Space>(c.architecture),
                                 fitnas::detail::fixed_point_text(c.predicted, 4), std::to_string(c.macs),
                                 std::to_string(c.parameters)});
            for (const search::cost_value& one : costs) {
                list.rows.back().push_back(fitnas::detail::general_text(c.cost(one.name), 6));
            }
            if (!m_scores.accuracy.empty()) {
                const auto known = m_scores.accuracy.find(canonical<Space>(c.architecture));
                list.rows.back().push_back(known == m_scores.accuracy.end()
                                               ? ""
                                               : fitnas::detail::fixed_point_text(known->second, 4));
            }
        }
        m_page.table(list);
        if (!best.empty()) {
            m_page.section("The winner, " + to_string<Space>(best.front().architecture));
            m_page.html(chain_svg<Space>(best.front().architecture));
        }
    }

    FITNAS_COLD void final_table() {
        if (!m_folder.has("retrained.csv")) {
            return;
        }
        const std::string path = m_folder.file("retrained.csv");
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
            found->figures += known_better(trained);
            m_findings.insert(m_findings.begin(), std::move(*found));
        }
        m_page.section("Trained by themselves, all the same way");
        m_page.text(
            "Accuracies are shares of the images, means over the seeds; the deviation is that of test "
            "accuracies between seeds; random networks have about the winner's macs.");
        file_table(m_folder, m_page, "retrained.csv",
                   {{"name", "network", as_it_stands},
                    {"arch", "code", as_it_stands},
                    {"validation_accuracy", "validation accuracy", 4},
                    {"test_accuracy", "test accuracy", 4},
                    {"deviation", "deviation", 4},
                    {"runs", "seeds", 0},
                    {"macs", "macs", 0},
                    {"parameters", "parameters", 0}});
    }

    /// How many of the networks with known truth that cost no more than the winner are better, a sentence.
    FITNAS_COLD std::string known_better(const std::vector<trained_network>& trained) const {
        const auto winner = std::find_if(trained.begin(), trained.end(),
                                         [](const trained_network& t) { return t.name == "winner"; });
        const auto own = m_truth.find(canonical<Space>(parse<Space>(winner->code)));
        if (own == m_truth.end()) {
            return {};
        }
        std::size_t within = 0;
        std::size_t better = 0;
        for (const auto& [a, t] : m_truth) {
            if (a != own->first && cost::macs<Space>(a) <= cost::macs<Space>(own->first)) {
                ++within;
                better += t > own->second ? 1U : 0U;
            }
        }
        return " Of the " + std::to_string(within) +
               " other networks that cost no more and whose truth is known, " + count_words(better) +
               (better < 2 ? " is better than its " : " are better than its ") +
               fitnas::detail::fixed_point_text(own->second, 4) + ".";
    }

    /// The first lines.
    FITNAS_COLD void findings() {
        if (m_findings.empty()) {
            if (!m_folder.has("segments.csv")) {
                m_page.lead("<h2>What was found</h2>\n<p>Nothing yet of how well scores rank or whether the "
                            "winner is "
                            "good: that takes the stages truth and retrain.</p>\n");
            }
            return;
        }
        std::string list = "<h2>What was found</h2>\n<ul class=found>\n";
        for (const finding& f : m_findings) {
            list += "<li><b>" + html_text(f.verdict) + "</b> " + html_text(f.figures) + "</li>\n";
        }
        m_page.lead(list + "</ul>\n");
        m_page.lead(
            "<p>Tau-b is Kendall's: 1 where an order agrees with the order by truth, about 0 for an order by "
            "chance, -1 for the opposite one. Loss of the picks is the regret under limits: what is lost in "
            "truth by taking, of the networks within a limit on multiply-accumulates (macs), the one that "
            "ranks first; a mean over 8 limits, from the cheapest twentieth of the networks to all of them. "
            "In "
            "brackets: 95 % bootstrap intervals over networks, which say how far other networks of the "
            "space would move a figure, not what another seed of the supernet would. Better and worse say "
            "that the interval of the gain leaves out "
            "0.</p>\n");
    }

    /// A text of the manifest.
    std::string text_of(const char* key, const char* otherwise) const {
        const json& all = m_folder.manifest();
        const auto found = all.find(key);
        if (found == all.end()) {
            return otherwise;
        }
        if (!found->is_string()) {
            throw data_error("[F1081] " + m_folder.file("manifest.json") + ": " + key +
                             ": expected a text, got a JSON " + found->type_name());
        }
        return found->template get<std::string>();
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
    std::vector<finding> m_findings;
    std::map<architecture<Space>, double> m_truth;
    known_scores<Space> m_scores;
};

} // namespace detail

/// @brief Writes `report.html`, one file that needs no network, `charts/*.csv`, and, where scores,
/// predictions and truth are there, `ranking.csv` (score, measure, value, low, high).
/// @return whether Chart.js was there; without it the page has no charts, and says so
/// @throws data_error where a file of the run is wrong
template <search_space_type Space>
bool report_stage(const run_folder& folder, const report_settings& settings, const watcher& w = {}) {
    return detail::report_writer<Space>(folder, settings).write(watch(w, "writing the page"));
}

} // namespace fitnas::study

#endif
