#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/io/csv_candidates.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"
#include "candidates.hpp"

using namespace fitnas;

namespace {

const std::string header = "arch,predicted,macs,parameters,score\n";

std::string refusal(const temporary_folder& folder, const std::string& bytes) {
    return thrown<data_error>([&] { read_csv_candidates<space>(folder.write("bad.csv", bytes)); });
}

} // namespace

TEST_CASE("candidates come back from CSV bit by bit, in their order") {
    const temporary_folder folder;
    write_csv(folder.path("c.csv"), some_candidates());
    CHECK(folder.names() == std::vector<std::string>{"c.csv"});
    CHECK(folder.read("c.csv") == "arch,predicted,macs,parameters,score,latency [ms],count []\n"
                                  "21012,0.1,123456789012,42,0.9,2.5,3\n00000,-0.3333333333333333,0,0,,,\n");
    CHECK(equal(read_csv_candidates<space>(folder.path("c.csv")), some_candidates()));

    write_csv(folder.path("none.csv"), std::vector<search::candidate<space>>{});
    CHECK(folder.read("none.csv") == header);
    CHECK(read_csv_candidates<space>(folder.path("none.csv")).empty());
}

TEST_CASE("columns of candidates may stand in any order, beside others") {
    const temporary_folder folder;
    const std::string path =
        folder.write("c.csv", "rank,score,latency [ms],parameters,macs,predicted, count [],arch,x]\n"
                              "first,0.9,2.5,42,123456789012,0.1,3,21012,y\n"
                              "second,,,0,0,-0.3333333333333333, ,00000,z\n");
    CHECK(equal(read_csv_candidates<space>(path), some_candidates()));
}

TEST_CASE("malformed candidates are refused with path, line and column") {
    const temporary_folder folder;
    const std::string bad = folder.path("bad.csv");
    CHECK(refusal(folder, "arch,predicted,macs,parameters\n") ==
          "[F0923] " + bad +
              ":1: expected a header with the column \"score\", got arch, predicted, macs, parameters");
    CHECK(refusal(folder, header + "00000,1,2,3\n") == "[F0924] " + bad + ":2: expected 5 fields, got 4");
    CHECK(refusal(folder, header + "00000,1,2,3,\n00000,,2,3,\n") ==
          "[F0928] " + bad + ":3: column predicted: expected a number, got \"\"");
    CHECK(refusal(folder, header + "00000,nan,2,3,\n") ==
          "[F0916] " + bad + ":2: column predicted: expected a finite number, got \"nan\"");
    CHECK(refusal(folder, header + "00000,1,2.5,3,\n") ==
          "[F0928] " + bad + ":2: column macs: expected an integer, got \"2.5\"");
    CHECK(refusal(folder, header + "00000,1,99999999999999999999,3,\n") ==
          "[F0928] " + bad + ":2: column macs: expected an integer, got \"99999999999999999999\"");
    CHECK(refusal(folder, header + "00000,1,2,-3,\n") ==
          "[F0920] " + bad + ":2: column parameters: expected 0 or more, got -3");
    const std::string with_cost = "arch,predicted,macs,parameters,score,energy [mJ]\n";
    CHECK(refusal(folder, with_cost + "00000,1,2,3,,inf\n") ==
          "[F0916] " + bad + ":2: column energy [mJ]: expected a finite number, got \"inf\"");
    CHECK(refusal(folder, with_cost + "00000,1,2,3,,-0.5\n") ==
          "[F0920] " + bad + ":2: column energy [mJ]: expected 0 or more, got -0.5");
    CHECK(refusal(folder, header + "00000,1,2,3,x\n") ==
          "[F0928] " + bad + ":2: column score: expected a number, got \"x\"");
    CHECK(contains(refusal(folder, header + "00000000,1,2,3,\n"),
                   bad + ":2: column arch: [F0301] architecture code \"00000000\": expected 5 characters"));
}

TEST_CASE("candidates that make no sense are not written") {
    const temporary_folder folder;
    for (const broken_candidate& broken : broken_candidates()) {
        CAPTURE(broken.says);
        CHECK(contains(thrown<error>([&] { write_csv(folder.path("c.csv"), broken.list); }), broken.says));
    }
    CHECK(folder.names().empty());
}
