#include <string>

#include <doctest/doctest.h>

#include <fitnas/space/spaces.hpp>
#include <fitnas/study/report.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/test_locale.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

using space = spaces::fashion_tiny;

// A folder as the stages leave it, with scores that are the truth and a little more.
void fill(const study::run_folder& folder) {
    score_table<space> scores;
    score_table<space> truth;
    csv_column predicted{"predicted", {}};
    for (const auto& a : sample<space>(40, seed{1})) {
        double quality = 0.5;
        for (std::size_t i = 0; i < a.size(); ++i) {
            quality += 0.01 * static_cast<double>((i + 1) * a[i]);
        }
        truth.push_back(a, quality);
        scores.push_back(a, quality + 1e-3 * static_cast<double>(a[0] * a[3]));
        predicted.values.push_back(quality + 1e-4);
    }
    write_csv(folder.file("scores.csv"), scores);
    write_csv(folder.file("held_out.csv"), scores, std::span<const csv_column>(&predicted, 1));
    write_csv(folder.file("predictions.csv"), truth);
    write_csv(folder.file("truth.csv"), truth);
    write_rows(folder.file("training.csv"), {.header = {"epoch", "loss", "accuracy"},
                                             .rows = {{"1", "1.25", "0.5"}, {"2", "0.75", "0.7"}}});
    write_rows(folder.file("predictors.csv"),
               {.header = {"predictor", "tau", "low", "high"}, .rows = {{"GCN", "0.9704", "0.95", "+0.99"}}});
    write_rows(folder.file("error_parts.csv"), {.header = {"score", "part", "variance", "deviation"},
                                                .rows = {{"raw", "images", "0.0625", "0.25"}}});
    const std::vector<search::candidate<space>> best{
        search::candidate_of<space>(truth.architectures[0], 0.61234, {})};
    write_csv(folder.file("candidates.csv"), best);
    write_csv(folder.file("front.csv"), best);
}

std::string report_of(const temporary_folder& folder) {
    study::run_folder run(folder.path("run"));
    fill(run);
    study::report_stage<space>(run, {.chart_js = folder.path("none")});
    return folder.read("run/report.html") + folder.read("run/ranking.csv") +
           folder.read("run/charts/ranking.csv") + folder.read("run/charts/search.csv");
}

} // namespace

TEST_CASE("a report is the same in a program with a decimal comma") {
    const temporary_folder folder;
    const std::string here = report_of(folder);
    CHECK(contains(here, "<td class=n>0.970</td><td class=n>0.950</td><td class=n>0.990</td>"));
    CHECK(contains(here, "<td class=n>0.6123</td>"));
    CHECK(contains(here, "<td class=n>0.2500</td>"));
    const german_program now;
    CHECK(report_of(folder) == here);
}

TEST_CASE("a report shows what is no number as it stands, and refuses it where it must count") {
    const temporary_folder folder;
    study::run_folder run(folder.path("run"));
    fill(run);
    write_rows(run.file("predictors.csv"),
               {.header = {"predictor", "tau", "low", "high"}, .rows = {{"mine", "unknown", "", "0.5"}}});
    study::report_stage<space>(run, {.chart_js = folder.path("none")});
    CHECK(contains(folder.read("run/report.html"), ">unknown</td>"));
    write_rows(run.file("error_parts.csv"),
               {.header = {"score", "part", "variance"}, .rows = {{"raw", "images", "big"}}});
    CHECK(contains(
        thrown<data_error>([&] { study::report_stage<space>(run, {.chart_js = folder.path("none")}); }),
        "error_parts.csv:2: column variance: expected a number, got \"big\""));
}

TEST_CASE("the first lines of a report say what was found, and its own stage is finished") {
    const temporary_folder folder;
    study::run_folder run(folder.path("run"));
    fill(run);
    const auto write_page = [&] {
        study::report_stage<space>(run, {.chart_js = folder.path("none")});
        return folder.read("run/report.html");
    };
    write_rows(run.file("retrained.csv"),
               {.header = {"name", "arch", "validation_accuracy", "test_accuracy", "deviation", "runs"},
                .rows = {{"winner", "3210", "0.9", "0.88", "0.003", "9"},
                         {"random 1", "0123", "0.9", "0.874", "0.003", "9"},
                         {"random 2", "0000", "0.9", "0.876", "0.003", "9"}}});
    write_rows(run.file("error_ranking.csv"), {.header = {"score", "measure", "value", "low", "high"},
                                               .rows = {{"raw", "tau", "0.5", "0.4", "0.6"},
                                                        {"fitted", "tau", "0.7", "0.65", "0.75"},
                                                        {"fitted", "tau_over_raw", "0.2", "0.1", "0.3"}}});
    run.perform({"report", {}, {}, {"report.html"}, {}}, true, [&] { write_page(); });
    const std::string html = folder.read("run/report.html");
    const auto at = [&](const std::string& text) { return html.find(text); };
    CHECK(at("What was found") < at("The winner, 3210, is better than random networks of its cost."));
    CHECK(at("The winner, 3210, is") < at("Fitted scores against raw scores: better order"));
    CHECK(at("Fitted scores against ridge: ") < at("Fitted scores against macs alone: better order"));
    CHECK(at("Fitted scores, mean over several supernets and sets of images, against raw scores: better "
             "order.") < at("<h2>Raw scores and fitted scores"));
    CHECK(contains(html, "stage report</td><td>finished"));
    CHECK_FALSE(contains(html, "not finished"));
    CHECK(contains(html, "<td class=n>0.8800</td>")); // as a fraction, as everywhere
    CHECK(contains(folder.read("run/ranking.csv"), "fitted,regret_below_macs,"));
    CHECK(contains(folder.read("run/ranking.csv"), "raw,regret,"));
}

TEST_CASE("a report says in which unit scores are, and shows accuracies beside losses") {
    const temporary_folder folder;
    study::run_folder run(folder.path("run"));
    fill(run);
    score_table<space> scores = read_csv<space>(run.file("scores.csv"));
    const std::vector<csv_column> columns{{"accuracy", std::vector<double>(scores.size(), 0.4375)},
                                          {"negative_loss", scores.scores}};
    write_csv(run.file("scores.csv"), scores, columns);
    study::report_stage<space>(run, {.chart_js = folder.path("none")});
    const std::string html = folder.read("run/report.html");
    CHECK(contains(html, "minus the loss (cross-entropy)"));
    CHECK(contains(html, "accuracy with shared weights"));
    CHECK(contains(html, "<td class=n>0.4375</td>"));
    CHECK(contains(folder.read("run/charts/ranking.csv"), "held_out,accuracy"));
    const std::vector<csv_column> other{{"accuracy", scores.scores}};
    write_csv(run.file("scores.csv"), scores, other);
    study::report_stage<space>(run, {.chart_js = folder.path("none")});
    CHECK_FALSE(contains(folder.read("run/report.html"), "cross-entropy)"));
}

TEST_CASE("a report says by which fit the space was searched") {
    const temporary_folder folder;
    study::run_folder run(folder.path("run"));
    fill(run);
    const auto truth = read_csv<space>(run.file("truth.csv"));
    score_table<space> both = truth;
    for (double& score : both.scores) {
        score *= 100;
    }
    csv_column known{"known", std::vector<double>(both.size(), 0.0)};
    known.values[3] = known.values[5] = 1;
    write_csv(run.file("two_fidelities.csv"), both, std::span<const csv_column>(&known, 1));
    const auto searched = [&](double predicted) {
        const std::vector<search::candidate<space>> best{
            search::candidate_of<space>(truth.architectures[0], predicted, {})};
        write_csv(run.file("candidates.csv"), best);
        study::report_stage<space>(run, {.chart_js = folder.path("none")});
        return folder.read("run/report.html");
    };
    const std::string with = "Predicted is what the fit to scores and 2 truths says";
    const std::string beside = "Fitted with 2 truths against "; // its scores are the truths themselves
    const std::string without = "Predicted is the fitted score";
    const auto of_both = searched(both.scores[0] * (1 + 1e-8));
    CHECK(contains(of_both, with));
    CHECK_FALSE(contains(of_both, without));
    CHECK(contains(of_both, beside + "raw scores: better order"));
    CHECK(contains(of_both, beside + "ridge: better order"));
    CHECK(contains(of_both, beside + "macs alone: better order"));
    CHECK(contains(of_both, "Truth: a number of the table of truths"));
    CHECK(contains(folder.read("run/charts/search.csv"), "," + exact_text(both.scores[1]) + ",0,0"));
    const auto of_scores = searched(truth.scores[0]);
    CHECK(contains(of_scores, without));
    CHECK_FALSE(contains(of_scores, with));
    CHECK(contains(folder.read("run/charts/search.csv"), "," + exact_text(truth.scores[1]) + ",0,0"));
}

TEST_CASE("a manifest with other types than a run's is refused or shown, never an exception of the parser") {
    const temporary_folder folder;
    { const study::run_folder made(folder.path("run")); }
    for (const char* key : {"space", "data_source"}) {
        folder.write("run/manifest.json", std::string("{\"") + key + "\": 7}");
        const study::run_folder run(folder.path("run"));
        CHECK(contains(
            thrown<data_error>([&] { study::report_stage<space>(run, {.chart_js = folder.path("none")}); }),
            std::string("manifest.json: ") + key + ": expected a text, got a JSON number"));
    }
    folder.write("run/manifest.json",
                 "{\"quick\": \"yes\", \"stages\": {\"fit\": 7, \"search\": {\"seconds\": "
                 "\"1\", \"finished\": 2}}, \"options\": [], \"data_files\": 3}");
    const study::run_folder run(folder.path("run"));
    study::report_stage<space>(run, {.chart_js = folder.path("none")});
    CHECK(contains(folder.read("run/report.html"), "stage fit</td><td>?, not finished"));
}
