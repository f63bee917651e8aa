#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/io/csv_scores.hpp>
#include <fitnas/space/spaces.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"
#include "candidates.hpp"

using namespace fitnas;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

score_table<space> small_table() {
    score_table<space> table;
    table.push_back(parse<space>("00000"), 0.1);
    table.push_back(parse<space>("21012"), -1.0 / 3);
    table.push_back(parse<space>("22222"), 5e-324);
    table.push_back(parse<space>("00000"), 1.7976931348623157e308); // a code may come again
    return table;
}

std::string refusal(const temporary_folder& folder, const std::string& bytes) {
    return thrown<data_error>([&] { read_csv<space>(folder.write("bad.csv", bytes)); });
}

} // namespace

TEST_CASE("a table of scores comes back bit by bit") {
    const temporary_folder folder;
    const score_table<space> table = small_table();
    write_csv(folder.path("t.csv"), table);
    CHECK(folder.names() == std::vector<std::string>{"t.csv"});
    CHECK(folder.read("t.csv").starts_with("arch,score\n00000,0.1\n21012,-0.3333333333333333\n"));
    const score_table<space> back = read_csv<space>(folder.path("t.csv"));
    CHECK(back.architectures == table.architectures);
    CHECK(back.scores == table.scores);

    write_csv(folder.path("empty.csv"), score_table<space>{});
    CHECK(folder.read("empty.csv") == "arch,score\n");
    CHECK(read_csv<space>(folder.path("empty.csv")).empty());
}

TEST_CASE("numbers may have spaces around them and a plus sign, names and codes too") {
    const temporary_folder folder;
    const csv_table<space> read = read_csv_table<space>(
        folder.write("t.csv", "arch, score ,\tmacs\n00000, +0.5,1\n 21012 ,0.25\t, +2 \n\n"));
    CHECK(read.scores.architectures == std::vector{parse<space>("00000"), parse<space>("21012")});
    CHECK(read.scores.scores == std::vector<double>{0.5, 0.25});
    REQUIRE(read.columns.size() == 1);
    CHECK(read.columns[0].name == "macs");
    CHECK(read.columns[0].values == std::vector<double>{1, 2});
    for (const char* none : {"+", "+-1", "- 1", "1 2", "0,5", "1e", "0x1"}) {
        CAPTURE(std::string(none));
        CHECK(contains(refusal(folder, "arch,score\n00000,\"" + std::string(none) + "\"\n"),
                       ":2: column score"));
    }
}

TEST_CASE("an empty field of a further column is a number that is not there") {
    const temporary_folder folder;
    const std::string path = folder.write("t.csv", "arch,macs,score,note\n00000,,0.5,\n21012,2,0.25, \n");
    CHECK(read_csv<space>(path).scores == std::vector<double>{0.5, 0.25});
    const csv_table<space> read = read_csv_table<space>(path);
    REQUIRE(read.columns.size() == 2);
    CHECK(std::isnan(read.columns[0].values[0]));
    CHECK(read.columns[0].values[1] == 2);
    CHECK(std::isnan(read.columns[1].values[0]));
    CHECK(std::isnan(read.columns[1].values[1]));
    CHECK(contains(refusal(folder, "arch,score\n00000,\n"), ":2: column score: expected a number, got \"\""));
    CHECK(contains(refusal(folder, "arch,score\n,0.5\n"), ":2: column arch"));
}

TEST_CASE("comments are an option of a table") {
    const temporary_folder folder;
    const std::string path = folder.write("t.csv", "% of a run\narch,score,macs\n% no row\n00000,0.5,\n");
    CHECK(read_csv<space>(path, {.comment = '%'}).scores == std::vector<double>{0.5});
    CHECK(read_csv_table<space>(path, {.comment = '%'}).columns.size() == 1);
    CHECK(contains(thrown<data_error>([&] { read_csv<space>(path); }),
                   "expected a header with the column \"arch\""));
}

TEST_CASE("further columns come back, finite or not") {
    const temporary_folder folder;
    const std::vector<csv_column> columns = {{"macs", {1, 2, 3, 4}},
                                             {"latency, ms", {0.1, -infinity, not_a_number, infinity}}};
    write_csv<space>(folder.path("t.csv"), small_table(), columns);
    const csv_table<space> back = read_csv_table<space>(folder.path("t.csv"));
    CHECK(back.scores.scores == small_table().scores);
    REQUIRE(back.columns.size() == 2);
    CHECK(back.columns[0].name == "macs");
    CHECK(back.columns[0].values == columns[0].values);
    CHECK(back.columns[1].name == "latency, ms");
    CHECK(back.columns[1].values[0] == 0.1);
    CHECK(back.columns[1].values[1] == -infinity);
    CHECK(std::isnan(back.columns[1].values[2]));
    CHECK(back.columns[1].values[3] == infinity);
}

TEST_CASE("columns may stand in any order, be quoted, and have other names") {
    const temporary_folder folder;
    const std::string path =
        folder.write("t.csv", "note,mean_acc,\"code\"\r\n\"good, they say\",91.5,\"01201\"\r\n"
                              "none,9e1,\"22222\"\r\n");
    const score_table<space> table = read_csv<space>(path, {.architecture = "code", .score = "mean_acc"});
    CHECK(table.scores == std::vector<double>{91.5, 90});
    CHECK(to_string<space>(table.architectures[0]) == "01201");
    // All columns as numbers: the notes are none.
    CHECK(contains(thrown<data_error>(
                       [&] { read_csv_table<space>(path, {.architecture = "code", .score = "mean_acc"}); }),
                   "t.csv:2: column note: expected a number, got \"good, they say\""));
}

TEST_CASE("codes may be written in another form, and are refused with path and line in that one too") {
    const temporary_folder folder;
    const auto code_of = [](const std::string& words) { // "a" for each 2, behind it zeros
        if (words.find_first_not_of('a') != std::string::npos) {
            throw architecture_error("expected letters a, got " + words);
        }
        return std::string(words.size(), '2') + std::string(5 - words.size(), '0');
    };
    const std::string text = "arch,score\n aa ,0.5\naaaaa,0.25\n";
    const auto read = read_csv<space>(folder.write("t.csv", text), {.code_of = code_of});
    CHECK(read.architectures == std::vector{parse<space>("22000"), parse<space>("22222")});
    CHECK(read_csv_table<space>(folder.path("t.csv"), {.code_of = code_of}).scores.architectures ==
          read.architectures);
    folder.write("t.csv", text + "ab,0.5\n");
    const auto message =
        thrown<data_error>([&] { read_csv<space>(folder.path("t.csv"), {.code_of = code_of}); });
    CHECK(contains(message, "t.csv:4: column arch: expected letters a, got ab"));
}

TEST_CASE("malformed tables are refused with path and line") {
    const temporary_folder folder;
    const std::string bad = folder.path("bad.csv");
    CHECK(refusal(folder, "arch,acc\n00000,1\n") ==
          "[F0923] " + bad + ":1: expected a header with the column \"score\", got arch, acc");
    CHECK(refusal(folder, "code,score\n00000,1\n") ==
          "[F0923] " + bad + ":1: expected a header with the column \"arch\", got code, score");
    CHECK(refusal(folder, "arch,score\n00000,1\n00001\n") ==
          "[F0924] " + bad + ":3: expected 2 fields, got 1");
    CHECK(refusal(folder, "arch,score,score\n00000,1,2\n") ==
          "[F0922] " + bad + ":1: the header names the column \"score\" twice");
    for (const std::string field : {"", "abc", "1.5x", "+-1", "0x10", "1e999", "1,5"}) {
        CAPTURE(field);
        const std::string text = refusal(folder, "arch,score\n00000,1\n00001,\"" + field + "\"\n");
        CHECK(text == "[F0928] " + bad + ":3: column score: expected a number, got \"" + field + "\"");
    }
    for (const std::string field : {"nan", "inf", "-inf"}) {
        CHECK(refusal(folder, "arch,score\n00000," + field + "\n") ==
              "[F0916] " + bad + ":2: column score: expected a finite number, got \"" + field + "\"");
    }
    CHECK(contains(thrown<data_error>([&] { read_csv<space>(folder.path("absent.csv")); }),
                   folder.path("absent.csv")));
}

TEST_CASE("codes of another space are refused with path and line") {
    const temporary_folder folder;
    const std::string bad = folder.path("bad.csv");
    const std::string length =
        refusal(folder, "arch,score\n00000,1\n00000000,2\n"); // NAS-Bench-Macro has 8 cells
    CHECK(contains(length,
                   bad + ":3: column arch: [F0301] architecture code \"00000000\": expected 5 characters"));
    const std::string digit = refusal(folder, "arch,score\n00030,1\n");
    CHECK(contains(digit, bad + ":2: column arch: [F0302] architecture code \"00030\": cell 3 has the "
                                "operators 0 to 2, got '3'"));
    CHECK(contains(refusal(folder, "arch,score\n,1\n"), "expected 5 characters, one a cell, got 0"));
    CHECK(contains(refusal(folder, "arch,score\n0-000,1\n"), "got '-'"));
}

TEST_CASE("tables that nobody could read back are not written, and leave what stood there") {
    const temporary_folder folder;
    const std::string path = folder.write("t.csv", "old");
    score_table<space> table = small_table();
    table.scores[2] = not_a_number;
    CHECK(thrown<numeric_error>([&] { write_csv(path, table); }) ==
          "[F0919] write_csv: the score of architecture 22222 (row 2) is not finite");
    table = small_table();
    table.scores.pop_back();
    CHECK(thrown<shape_error>([&] { write_csv(path, table); }) ==
          "[F0917] write_csv: 4 architectures but 3 scores");
    table = small_table();
    table.architectures[1][0] = 3;
    CHECK(contains(thrown<architecture_error>([&] { write_csv(path, table); }),
                   "cell 0 has the operators 0 to 2"));
    const auto with_column = [&](const csv_column& column) {
        write_csv<space>(path, small_table(), std::vector<csv_column>{column});
    };
    CHECK(thrown<shape_error>([&] {
              with_column({"a", {1}});
          }) == "[F0918] write_csv: column a: expected 4 values, got 1");
    for (const std::string name : {"", "arch", "score"}) {
        CHECK(contains(thrown<option_error>([&] {
                           with_column({name, {1, 2, 3, 4}});
                       }),
                       "expected a header"));
    }
    CHECK(folder.read("t.csv") == "old");
    CHECK(folder.names() == std::vector<std::string>{"t.csv"});
}

TEST_CASE("the table of NAS-Bench-Macro is read whole") {
    const char* directory = std::getenv("FITNAS_DATA_DIR");
    const std::string path =
        std::string(directory == nullptr ? "" : directory) + "/nas_bench_macro_cifar10.csv";
    if (!std::filesystem::exists(path)) {
        MESSAGE("skipped: FITNAS_DATA_DIR does not lead to nas_bench_macro_cifar10.csv");
        return;
    }
    const auto table = read_csv_table<spaces::nas_bench_macro>(path, {.score = "mean_acc"});
    CHECK(table.scores.size() == 6561);
    CHECK(table.columns.size() == 5);
    const temporary_folder folder;
    write_csv<spaces::nas_bench_macro>(folder.path("copy.csv"), table.scores, table.columns);
    const auto copy = read_csv_table<spaces::nas_bench_macro>(folder.path("copy.csv"));
    CHECK(copy.scores.architectures == table.scores.architectures);
    CHECK(copy.scores.scores == table.scores.scores);
    CHECK(copy.columns[4].values == table.columns[4].values);
    CHECK(contains(thrown<data_error>([&] { read_csv<space>(path, {.score = "mean_acc"}); }), ":2: "));
}
