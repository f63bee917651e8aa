#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/io/json.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"
#include "candidates.hpp"

using namespace fitnas;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

score_table<space> small_table() {
    score_table<space> table;
    table.push_back(parse<space>("00000"), 0.1);
    table.push_back(parse<space>("21012"), -1.0 / 3);
    table.push_back(parse<space>("22222"), 5e-324);
    table.push_back(parse<space>("22222"), 1.7976931348623157e308);
    table.push_back(parse<space>("11111"), 7); // an integer in JSON
    return table;
}

std::string table_refusal(const std::string& text) {
    return thrown<data_error>([&] { score_table_from_json<space>(json::parse(text), "a.json"); });
}
std::string candidates_refusal(const std::string& text) {
    return thrown<data_error>([&] { candidates_from_json<space>(json::parse(text), "a.json"); });
}

} // namespace

TEST_CASE("what stands behind a byte of zeros is not left out, and UTF-16 is named") {
    const temporary_folder folder;
    const auto said = [&](const std::string& bytes) {
        return thrown<data_error>([&] { read_json(folder.write("t.json", bytes)); });
    };
    const std::string path = folder.path("t.json");
    const std::string nul = "[F0933] " + path + ": expected JSON: a byte of zeros (NUL) at byte ";
    CHECK(said(std::string("[1]\0,2]garbage", 14)) == nul + "3, line 1");
    CHECK(said(std::string("[1,\n2]\0", 7)) == nul + "6, line 2");
    CHECK(said(std::string("[\"a\0b\"]", 7)) == nul + "3, line 1");
    CHECK(said(std::string("[\0\"\0a\0\"\0]\0", 10)) ==
          "[F0976] " + path + ": expected text in UTF-8, the file is in UTF-16");
    CHECK(contains(said("[1] 2"), "[F0933]"));
    CHECK(contains(said("[1]]"), "[F0933]"));
    CHECK(contains(said(R"([{"b": {"a": 1}, "a": 2, "c": {"a": 1}}, {"a": 3, "a": 3}])"),
                   path + ": expected JSON: an object has the key \"a\" twice"));
    CHECK(contains(said(R"({"a": {"b": 1, "\u0062": 2}})"), "the key \"b\" twice"));
    CHECK(read_json(folder.write("t.json", "\xEF\xBB\xBF[1]\n \n")).dump() == "[1]");
    CHECK(read_json(folder.write("t.json", R"(["\u0000"])"))[0].get<std::string>() == std::string(1, '\0'));
}

TEST_CASE("a table of scores comes back from JSON bit by bit") {
    const temporary_folder folder;
    const score_table<space> table = small_table();
    write_json(folder.path("t.json"), to_json(table));
    const score_table<space> back = score_table_from_json<space>(read_json(folder.path("t.json")), "t.json");
    CHECK(back.architectures == table.architectures);
    CHECK(back.scores == table.scores);
    CHECK(to_json(table)[0].dump() == R"({"arch":"00000","score":0.1})");
    CHECK(to_json(score_table<space>{}).dump() == "[]");
    CHECK(score_table_from_json<space>(json::array(), "a").empty());
}

TEST_CASE("candidates come back from JSON bit by bit, in their order") {
    const temporary_folder folder;
    const json value = to_json(some_candidates());
    CHECK(
        value[0].dump() ==
        R"({"arch":"21012","predicted":0.1,"macs":123456789012,"parameters":42,"score":0.9,"costs":{"latency":{"value":2.5,"unit":"ms"},"count":{"value":3.0,"unit":""}}})");
    CHECK(value[1]["costs"].empty());
    CHECK(value[1]["score"].is_null());
    write_json(folder.path("c.json"), value);
    CHECK(equal(candidates_from_json<space>(read_json(folder.path("c.json")), "c.json"), some_candidates()));
    CHECK(candidates_from_json<space>(json::array(), "a").empty());
}

TEST_CASE("objects keep the order of their keys") {
    const temporary_folder folder;
    write_json(folder.path("o.json"), json{{"z", 1}, {"a", {1, 2}}, {"m", "text"}});
    CHECK(folder.read("o.json") == "{\n  \"z\": 1,\n  \"a\": [\n    1,\n    2\n  ],\n  \"m\": \"text\"\n}\n");
    CHECK(read_json(folder.path("o.json")).dump() == R"({"z":1,"a":[1,2],"m":"text"})");
}

TEST_CASE("files that are no JSON are refused with path and line") {
    const temporary_folder folder;
    for (const std::string bytes :
         {"", "{", "[1,\n2,\n", "{\"a\":}", "arch,score\n", "[NaN]", "[1e999]", "[1] x", "\"\xFF\""}) {
        CAPTURE(bytes);
        const std::string text = thrown<data_error>([&] { read_json(folder.write("bad.json", bytes)); });
        CHECK(contains(text, folder.path("bad.json") + ": expected JSON: "));
    }
    CHECK(contains(thrown<data_error>([&] { read_json(folder.write("bad.json", "[1,\n2,\n}")); }), "line 3"));
}

TEST_CASE("rows that are no scores are refused with their number") {
    CHECK(table_refusal("{}") == "[F0936] a.json: expected a list of rows, got a JSON object");
    CHECK(table_refusal("[1]") == "[F0937] a.json: row 0: expected an object, got a JSON number");
    const std::string good = R"([{"arch": "00000", "score": 1}, )";
    CHECK(table_refusal(good + R"({"score": 1}])") ==
          R"([F0938] a.json: row 1: "arch": expected a text, got nothing)");
    CHECK(table_refusal(good + R"({"arch": 0, "score": 1}])") ==
          R"([F0938] a.json: row 1: "arch": expected a text, got 0)");
    CHECK(table_refusal(good + R"({"arch": "00000"}])") ==
          R"([F0938] a.json: row 1: "score": expected a finite number, got nothing)");
    CHECK(table_refusal(good + R"({"arch": "00000", "score": null}])") ==
          R"([F0938] a.json: row 1: "score": expected a finite number, got null)");
    CHECK(table_refusal(good + R"({"arch": "00000", "score": "1"}])") ==
          R"([F0938] a.json: row 1: "score": expected a finite number, got "1")");
    CHECK(contains(table_refusal(good + R"({"arch": "00000000", "score": 1}])"),
                   R"(a.json: row 1: "arch": [F0301] architecture code "00000000": expected 5 characters)"));
    CHECK(contains(table_refusal(good + R"({"arch": "00003", "score": 1}])"),
                   "cell 4 has the operators 0 to 2"));
}

TEST_CASE("a value that is not finite does not come in as a score") {
    json rows = to_json(small_table());
    rows[2]["score"] = not_a_number;
    CHECK(
        contains(thrown<data_error>([&] { score_table_from_json<space>(rows, "memory"); }), "memory: row 2"));
}

TEST_CASE("rows that are no candidates are refused with their number") {
    const auto changed = [](const char* key, const std::string& value) {
        json rows = to_json(some_candidates());
        rows[1][key] = json::parse(value);
        return candidates_refusal(rows.dump());
    };
    CHECK(candidates_refusal("3") == "[F0936] a.json: expected a list of rows, got a JSON number");
    CHECK(candidates_refusal("[{}]") == R"([F0938] a.json: row 0: "arch": expected a text, got nothing)");
    CHECK(changed("predicted", "null") ==
          R"([F0938] a.json: row 1: "predicted": expected a finite number, got null)");
    CHECK(changed("macs", "1.5") ==
          R"([F0938] a.json: row 1: "macs": expected an integer of 0 or more, got 1.5)");
    CHECK(changed("macs", "-1") ==
          R"([F0938] a.json: row 1: "macs": expected an integer of 0 or more, got -1)");
    CHECK(
        changed("parameters", "18446744073709551615") ==
        R"([F0938] a.json: row 1: "parameters": expected an integer of 0 or more, got 18446744073709551615)");
    CHECK(changed("costs", "2") == R"([F0938] a.json: row 1: "costs": expected an object, got 2)");
    CHECK(changed("costs", R"({"energy": 2})") ==
          R"([F0938] a.json: row 1: "costs": "energy": expected an object, got 2)");
    CHECK(changed("costs", R"({"energy": {"value": -1, "unit": "mJ"}})") ==
          R"([F0938] a.json: row 1: "energy": "value": expected a number of 0 or more, got -1)");
    CHECK(changed("costs", R"({"energy": {"value": 1}})") ==
          R"([F0938] a.json: row 1: "energy": "unit": expected a text, got nothing)");
    CHECK(changed("score", "[]") ==
          R"([F0938] a.json: row 1: "score": expected a finite number or null, got a JSON array)");
    CHECK(contains(changed("arch", "\"0000\""),
                   R"(a.json: row 1: "arch": [F0301] architecture code "0000": expected 5 characters)"));
}

TEST_CASE("what makes no sense does not become JSON") {
    score_table<space> table = small_table();
    table.scores[1] = not_a_number;
    CHECK(thrown<numeric_error>([&] { to_json(table); }) ==
          "[F0935] to_json: the score of architecture 21012 (row 1) is not finite");
    table = small_table();
    table.scores.pop_back();
    CHECK(thrown<shape_error>([&] { to_json(table); }) == "[F0934] to_json: 5 architectures but 4 scores");
    table = small_table();
    table.architectures[0][1] = 3;
    CHECK(contains(thrown<architecture_error>([&] { to_json(table); }),
                   "cell 1 has the operators 0 to 2, got 3"));
    for (const broken_candidate& broken : broken_candidates()) {
        CAPTURE(broken.says);
        CHECK(contains(thrown<error>([&] { to_json(broken.list); }), broken.says));
    }
    const temporary_folder folder;
    CHECK(contains(thrown<data_error>([&] { write_json(folder.path("a.json"), json("\xFF")); }),
                   "a.json: cannot be written as JSON"));
    CHECK(folder.names().empty());
}

TEST_CASE("JSON nested deeper than a stack is refused, not printed") {
    const temporary_folder folder;
    const std::size_t depth = 1000000;
    const std::string path = folder.write("deep.json", "[{\"arch\":" + std::string(depth, '[') +
                                                           std::string(depth, ']') + ",\"score\":1}]");
    CHECK(contains(thrown<data_error>([&] { read_json(path); }),
                   path + ": expected JSON nested at most 256 deep, got 1000002"));
    CHECK(read_json(folder.write("text.json", R"(["[[\"{{"])")).size() ==
          1); // brackets in a text do not count
}
