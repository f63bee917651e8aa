/// Files of predictors: the schema, files that others wrote, what is refused.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/io/predictor.hpp>
#include <fitnas/space/codes.hpp>

#include "../nn/golden_file.hpp"
#include "../predictor/fixtures.hpp"
#include "../support/file_size_limit.hpp"
#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

using two = codes<2, 3>;
using linear_model = ridge<two>;

// Written by Python: struct, zlib and the FNV-1a of core/hash.hpp over "codes", 2 and 3. Predictions by hand:
// 02 is 0.5 + 1 - 4.
constexpr const char* by_python = R"({
  "fitnas": "none",
  "format": "fitnas predictor",
  "version": 1,
  "arithmetic": "exact",
  "space": {"operators": [2, 3], "fingerprint": "01531b2ddc4102f4"},
  "model": {"terms": "cells", "kind": "ridge"},
  "values": {"offset": 0.5, "weights": [1, -2, 0.25, 0.125, -4], "lambda": 1.5, "leave_one_out_error": 0.0625},
  "golden": [{"arch": "02", "predicted": -2.5}, {"predicted": -1.25, "arch": "10"}],
  "checksum": 2741378130
})";

template <class Model = linear_model>
std::string refusal(const json& file) {
    return thrown<data_error>([&] { predictor_from_json<Model>(file, "m.json"); });
}

/// What a file with a change is told.
template <class Change>
std::string changed(Change&& change) {
    json file = json::parse(by_python);
    change(file);
    return refusal(file);
}

} // namespace

TEST_CASE("a file that Python wrote is loaded, and predicts what was worked out by hand") {
    const temporary_folder folder;
    const auto model = load_predictor<linear_model>(folder.write("m.json", by_python));
    CHECK(model.predict(parse<two>("00")) == 1.75);
    CHECK(model.predict(parse<two>("01")) == 1.625);
    CHECK(model.predict(parse<two>("02")) == -2.5);
    CHECK(model.predict(parse<two>("10")) == -1.25);
    CHECK(model.predict(parse<two>("11")) == -1.375);
    CHECK(model.predict(parse<two>("12")) == -5.5);
    CHECK(model.weight(1, 2) == -4);
    CHECK(model.lambda() == 1.5);
    CHECK(model.leave_one_out_error() == 0.0625);

    // Weight i is i: 120 has the operators 1, 2 + 2 and 5 + 0, the pairs 7 + (0 + 1) 3 + 2 of the cells 0 and
    // 1, 13 + (0 + 1) 2 + 0 of 0 and 2, 13 + (2 + 2) 2 + 0 of 1 and 2; 001 has 0, 2, 6, 7, 14 and 18.
    json pairs = json::parse(by_python);
    pairs["space"] = {{"fingerprint", "813a24edc3422cef"}, {"operators", {2, 3, 2}}};
    pairs["model"]["terms"] = "pairs";
    std::vector<int> weights;
    for (int i = 0; i < 23; ++i) {
        weights.push_back(i);
    }
    pairs["values"] = {
        {"offset", 0.25}, {"weights", weights}, {"lambda", 0}, {"leave_one_out_error", nullptr}};
    pairs["golden"] =
        json::array({{{"arch", "120"}, {"predicted", 58.25}}, {{"arch", "001"}, {"predicted", 47.25}}});
    pairs.erase("checksum"); // what is written by hand needs none
    using pair_model = ridge<codes<2, 3, 2>, ridge_terms::pairs>;
    const auto of_pairs = predictor_from_json<pair_model>(pairs, "m.json");
    CHECK(of_pairs.predict(parse<codes<2, 3, 2>>("120")) == 58.25);
    CHECK(std::isinf(of_pairs.leave_one_out_error()));
}

TEST_CASE("a GCN that PyTorch computed is loaded") {
    const golden::file torch("chain", "predictor");
    json rows = json::array();
    for (std::size_t i = 0; i < torch["outputs"].values.size(); ++i) {
        std::string code;
        for (const double digit : torch["codes"].row(i)) {
            code += static_cast<char>('0' + static_cast<int>(digit));
        }
        rows.push_back({{"arch", code}, {"predicted", torch["outputs"].values[i]}});
    }
    const json layers = json::parse(R"([{"name": "conv", "nodes": 4, "width": 8, "parameters": 96},
        {"name": "relu", "nodes": 4, "width": 8, "parameters": 0},
        {"name": "conv", "nodes": 4, "width": 6, "parameters": 54},
        {"name": "relu", "nodes": 4, "width": 6, "parameters": 0},
        {"name": "mean_pool", "nodes": 1, "width": 6, "parameters": 0},
        {"name": "linear", "nodes": 1, "width": 1, "parameters": 7}])");
    const json graph =
        json::parse(R"({"name": "chain<cell_operator>", "nodes": 4, "features": 11, "edges": 10})");
    json file{{"format", "fitnas predictor"},
              {"version", 1},
              {"fitnas", "none"},
              {"arithmetic", "PyTorch"},
              {"space", {{"fingerprint", "c74ea4c7f89145ce"}, {"operators", {3, 2, 4, 2}}}},
              {"model", {{"kind", "fitted"}, {"encoding", graph}, {"layers", layers}}},
              {"golden", rows},
              {"values", {{"offset", 0}, {"slope", 1}, {"parameters", torch["parameters"].values}}}};
    using net = fitted<fixtures::chain_net>;
    const net model = predictor_from_json<net>(file, "torch.json");
    CHECK(model.predict(parse<fixtures::tiny>(rows[3]["arch"].get<std::string>())) ==
          doctest::Approx(torch["outputs"].values[3]).epsilon(1e-4));

    // Rounding is at most 1e-4 of the spread of the golden predictions, and only where arithmetic differs.
    const auto spread = [&] {
        double low = 1e9;
        double high = -1e9;
        for (const json& row : rows) {
            low = std::min(low, row["predicted"].get<double>());
            high = std::max(high, row["predicted"].get<double>());
        }
        return high - low;
    }();
    json off = file;
    off["golden"][5]["predicted"] = rows[5]["predicted"].get<double>() + 0.9e-4 * spread;
    CHECK(refusal<net>(off) == "nothing was thrown");
    off["golden"][5]["predicted"] = rows[5]["predicted"].get<double>() + 1.1e-4 * spread;
    CHECK(
        contains(refusal<net>(off), "[F0974] m.json: the model does not give the predictions that were saved "
                                    "with it: of " +
                                        rows[5]["arch"].get<std::string>() + " expected "));
    CHECK(contains(refusal<net>(off), " apart is rounding; saved by fitnas none (PyTorch), this is "));
    json own = to_json(model);
    CHECK(refusal<net>(own) == "nothing was thrown");
    const double first = own["golden"][0]["predicted"].get<double>();
    own["golden"][0]["predicted"] = std::nextafter(first, 2 * first);
    if (!contains(own["arithmetic"].get<std::string>(), "contracted")) {
        CHECK(contains(refusal<net>(own), "[F0974] m.json"));
    }
    own["arithmetic"] = "vectors of another width";
    CHECK(refusal<net>(own) == "nothing was thrown");
}

TEST_CASE("the schema of a file") {
    const temporary_folder folder;
    const std::string path = folder.path("m.json");
    save_predictor(path, linear_model(0.5, {1, -2, 0.25, 0.125, -4}, 1.5, 0.0625));
    json file = read_json(path);
    CHECK(contains(file.at("arithmetic").get<std::string>(),
                   "vectors of " + std::to_string(FITNAS_SIMD_WIDTH)));
    std::vector<std::string> codes;
    for (const json& row : file.at("golden")) {
        codes.push_back(row.at("arch").get<std::string>());
    }
    REQUIRE(codes.size() == 11); // each operator, and 8 drawn
    CHECK(std::vector<std::string>(codes.begin(), codes.begin() + 3) ==
          std::vector<std::string>{"00", "11", "02"});
    file.erase("golden");
    file.erase("arithmetic");
    CHECK(
        file.dump() ==
        R"({"format":"fitnas predictor","version":1,"fitnas":")" FITNAS_VERSION_STRING
        R"(","space":{"fingerprint":"01531b2ddc4102f4","operators":[2,3]},"model":{"kind":"ridge","terms":"cells"},)"
        R"("values":{"offset":0.5,"weights":[1.0,-2.0,0.25,0.125,-4.0],"lambda":1.5,"leave_one_out_error":0.0625},)"
        R"("checksum":2741378130})");
    CHECK(contains(folder.read("m.json"), "\n    \"weights\": [1.0,-2.0,0.25,0.125,-4.0],\n"));
}

TEST_CASE("files of something else are refused with a sentence") {
    CHECK(refusal(json::array()) ==
          R"([F0965] m.json: not a predictor: expected an object with "format": "fitnas predictor")");
    CHECK(contains(changed([](json& f) { f.erase("format"); }), "[F0965] m.json: not a predictor"));
    CHECK(contains(changed([](json& f) { f["format"] = 7; }), "[F0965] m.json: not a predictor"));
    CHECK(contains(changed([](json& f) { f["version"] = 2; }),
                   "[F0966] m.json: of another version: expected the format 1, got 2; this is fitnas "));
    CHECK(changed([](json& f) { f["version"] = "1"; }) ==
          R"([F0938] m.json: "version": expected a number, got "1")");
    CHECK(refusal<ridge<codes<2, 4>>>(json::parse(by_python)) ==
          "[F0967] m.json: of another space: expected the fingerprint " + space_fingerprint<codes<2, 4>>() +
              " and cells with [2,4] operators, got 01531b2ddc4102f4 and [2,3]");
    CHECK(contains(changed([](json& f) { f["space"]["fingerprint"] = "0153"; }), "[F0967]"));
    CHECK(contains(changed([](json& f) {
                       f["space"]["operators"] = {2, 3, 1};
                   }),
                   "got 01531b2ddc4102f4 and [2,3,1]"));
    CHECK(refusal<ridge<two, ridge_terms::pairs>>(json::parse(by_python)) ==
          R"([F0968] m.json: of another model: expected {"kind":"ridge","terms":"pairs"}, )"
          R"(got {"terms":"cells","kind":"ridge"})");
    CHECK(refusal<ensemble<linear_model>>(json::parse(by_python)) ==
          R"([F0968] m.json: of another model: kind: expected "ensemble", got "ridge")");
    CHECK(
        refusal<windows<two>>(json::parse(by_python)) ==
        R"([F0968] m.json: of another model: expected {"kind":"windows"}, got {"terms":"cells","kind":"ridge"})");
    CHECK(
        refusal<linear_model>(to_json(ensemble<linear_model>({linear_model(0, std::vector<double>(5))}))) ==
        R"([F0968] m.json: of another model: expected {"kind":"ridge","terms":"cells"}, got a JSON object of 2)");
}

TEST_CASE("damaged files are refused with the place") {
    CHECK(changed([](json& f) { f.erase("values"); }) ==
          R"([F0938] m.json: "values": expected an object, got nothing)");
    CHECK(changed([](json& f) {
              f["values"].erase("lambda");
              f.erase("checksum");
          }) == R"([F0938] m.json: values: "lambda": expected a finite number, got nothing)");
    CHECK(changed([](json& f) { f["more"] = 1; }) == "[F0960] m.json: expected the members format, version, "
                                                     "fitnas, arithmetic, space, model, golden, values, "
                                                     "checksum, got also \"more\"");
    CHECK(changed([](json& f) { f["values"]["b"] = nullptr; }) ==
          "[F0960] m.json: values: expected the members offset, weights, lambda, leave_one_out_error, got "
          "also \"b\"");
    CHECK(changed([](json& f) { f["space"]["cells"] = 2; }) ==
          "[F0960] m.json: space: expected the members fingerprint, operators, got also \"cells\"");
    CHECK(changed([](json& f) { f["model"]["b"] = 2; }) ==
          R"([F0968] m.json: of another model: expected {"kind":"ridge","terms":"cells"}, )"
          R"(got {"terms":"cells","kind":"ridge","b":2})");
    CHECK(changed([](json& f) {
              f["values"]["weights"] = {1, 2};
              f.erase("checksum");
          }) == R"([F0961] m.json: values: "weights": expected 5 numbers, got 2)");
    CHECK(changed([](json& f) {
              f["values"]["weights"][3] = "1";
              f.erase("checksum");
          }) == R"([F0962] m.json: values: "weights": number 3: expected a finite number, got "1")");
    CHECK(changed([](json& f) {
              f["values"]["weights"] = 1;
              f.erase("checksum");
          }) == R"([F0938] m.json: values: "weights": expected a list, got 1)");
    CHECK(changed([](json& f) { f["values"]["weights"][3] = 0.1250000001; }) ==
          "[F0973] m.json: damaged: expected values with the checksum 2741378130, they have " +
              std::to_string(
                  to_json(linear_model(0.5, {1, -2, 0.25, 0.1250000001, -4}, 1.5, 0.0625))["checksum"]
                      .get<std::uint32_t>()));
    CHECK(changed([](json& f) { f["checksum"] = -1; }) ==
          R"([F0938] m.json: "checksum": expected an integer of 0 or more, got -1)");
    CHECK(changed([](json& f) { f["golden"] = json::array(); }) ==
          R"([F0938] m.json: "golden": expected a list that is not empty, got a JSON array)");
    CHECK(changed([](json& f) { f["golden"][1] = 1; }) ==
          "[F0937] m.json: golden: row 1: expected an object, got a JSON number");
    CHECK(changed([](json& f) { f["golden"][1]["arch"] = "03"; }) ==
          "[F0939] m.json: golden[1]: \"arch\": [F0302] architecture code \"03\": cell 1 has the operators 0 "
          "to 2, "
          "got '3'");
    CHECK(contains(
        changed([](json& f) { f["golden"][1]["predicted"] = -1.26; }),
        "[F0974] m.json: the model does not give the predictions that were saved with it: of 10 expected "
        "-1.26, got -1.25"));

    using net = fitted<fixtures::chain_net>;
    json large = to_json(net(fixtures::chain_net::initial_parameters(seed{1})));
    large.erase("checksum");
    large["values"]["parameters"][2] = 1e39;
    CHECK(refusal<net>(large) ==
          R"([F0963] m.json: values: "parameters": number 2: expected a finite float, got 1e+39)");

    const named_cost mass = cost::table<two>("mass", "g", {{1, 2}, {3, 4, 5}}, 7);
    const json costs = to_json(cost_baseline<two>(mass));
    const auto cost_refusal = [&](auto&& change) {
        json file = costs;
        file.erase("checksum");
        change(file["values"]["terms"]);
        return refusal<cost_baseline<two>>(file);
    };
    CHECK(cost_refusal([](json& t) { t[1]["values"][1] = -2; }) ==
          "[F0978] m.json: [F0391] m.json: values.terms[1]: expected a value from 0 to 1e300, got -2");
    CHECK(cost_refusal([](json& t) { t[1]["cell"] = 2; }) ==
          R"([F0938] m.json: values.terms[1]: "cell": expected an integer from -1 to 1, got 2)");
    CHECK(cost_refusal([](json& t) { t[1]["cell"] = 0.5; }) ==
          R"([F0938] m.json: values.terms[1]: "cell": expected an integer from -1 to 1, got 0.5)");
    json renamed = costs;
    renamed.erase("checksum");
    renamed["values"]["name"] = "macs";
    CHECK(contains(refusal<cost_baseline<two>>(renamed),
                   "[F0978] m.json: [F0390] cost: expected a name other"));
    json empty = to_json(ensemble<linear_model>({linear_model(0, std::vector<double>(5))}));
    empty["values"]["members"] = json::array();
    empty.erase("checksum");
    CHECK(refusal<ensemble<linear_model>>(empty) ==
          "[F0978] m.json: [F0607] ensemble: expected at least 1 member, got 0");
}

TEST_CASE("a file that is cut off anywhere, or has another digit anywhere, is refused by name") {
    const temporary_folder folder;
    const std::string path = folder.path("m.json");
    save_predictor(path, linear_model(0.5, {1.1, -2.03, 0.25, 0.125, -4e-5}, 1.5, 0.0625));
    const std::string good = folder.read("m.json");
    const auto said = [&](const std::string& bytes) {
        folder.write("m.json", bytes);
        return thrown<data_error>([&] { load_predictor<linear_model>(path); });
    };
    for (std::size_t size = 0; size + 1 < good.size(); size += 7) { // without the line's end it is whole
        CHECK(contains(said(good.substr(0, size)), path));
    }
    CHECK(contains(said(good + "{}"), path));
    const std::size_t values = good.find("\"values\"");
    int digits = 0;
    for (std::size_t i = values; i < good.size(); ++i) {
        if (good[i] >= '0' && good[i] <= '9') {
            std::string bytes = good;
            bytes[i] = bytes[i] == '9' ? '8' : static_cast<char>(bytes[i] + 1);
            CAPTURE(i);
            CHECK(contains(said(bytes), path));
            ++digits;
        }
    }
    CHECK(digits > 30);
    CHECK(contains(said(std::string(300, '[')), path));
    CHECK(contains(said(R"({"format": "fitnas predictor", "format": "fitnas predictor"})"), "twice"));
    CHECK(said(good) == "nothing was thrown");
}

TEST_CASE("where writing fails the file stays as it was") {
    const temporary_folder folder;
    const std::string path = folder.path("m.json");
    save_predictor(path, linear_model(0.5, {1, -2, 0.25, 0.125, -4}));
    const std::string before = folder.read("m.json");
    {
        const file_size_limit limit(300);
        CHECK(contains(thrown<data_error>([&] {
                           save_predictor(path, linear_model(1, {1, 2, 3, 4, 5}));
                       }),
                       path + ": cannot be written"));
    }
    CHECK(folder.read("m.json") == before);
    CHECK(folder.names() == std::vector<std::string>{"m.json"});
    CHECK(contains(thrown<data_error>([&] {
                       save_predictor(folder.path(), linear_model(1, {1, 2, 3, 4, 5}));
                   }),
                   "got a folder"));
    CHECK(contains(thrown<data_error>([&] { load_predictor<linear_model>(folder.path("none.json")); }),
                   "No such file"));
    CHECK(thrown<shape_error>([] {
              linear_model(1, {1, 2, 3, 4});
          }) == "[F0690] ridge: expected 5 weights, got 4");
    CHECK(thrown<shape_error>([] {
              dense_table<two>({1, 2, 3, 4});
          }) == "[F0691] dense_table: expected a prediction for each of the 6 codes, got 4");
}
