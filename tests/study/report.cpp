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
