#include <string>

#include <doctest/doctest.h>

#include <fitnas/io/csv.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/latency_table.hpp>

#include "../space/spaces_for_tests.hpp"
#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

using bare = codes<2, 3>;
const std::string header = "cost,unit,cell,operator,value\n";

std::string refusal(const std::string& rows) {
    const temporary_folder folder;
    const std::string path = folder.write("e.csv", header + rows);
    const std::string text = thrown<data_error>([&] { read_csv_cost<bare>(path); });
    const std::size_t at = text.find(path);
    return at == std::string::npos ? text : text.substr(0, at) + text.substr(at + path.size());
}

} // namespace

TEST_CASE("a cost comes back from CSV to the bit") {
    const temporary_folder folder;
    const auto energy = cost::table<bare>("energy", "mJ", {{0.1, 1.0 / 3}, {1, 0, 2e-7}}, 0.25);
    write_csv<bare>(folder.path("e.csv"), energy);
    CHECK(folder.read("e.csv") ==
          header + "energy,mJ,,,0.25\nenergy,mJ,0,0,0.1\nenergy,mJ,0,1,0.3333333333333333\n"
                   "energy,mJ,1,0,1\nenergy,mJ,1,1,0\nenergy,mJ,1,2,2e-07\n");
    CHECK(read_csv_cost<bare>(folder.path("e.csv")) == energy);

    std::vector<double> milliseconds;
    for (std::size_t i = 0; i < mixed_space::layout().blocks.size(); ++i) {
        milliseconds.push_back(1.0 / static_cast<double>(3 + i));
    }
    const latency_table table(mixed_space::layout(), milliseconds);
    write_csv<mixed_space>(folder.path("l.csv"), table);
    CHECK(read_csv_cost<mixed_space>(folder.path("l.csv")) == cost::latency(table));
}

TEST_CASE("rows may come in any order, with names of operators and comments") {
    const temporary_folder folder;
    const std::string path =
        folder.write("l.csv", "# a phone\nvalue,operator,cell,unit,cost,by\n"
                              "4,sep_k3,2,ms,latency,me\n5,max_k3,2,ms,latency,me\n"
                              "1,identity,0,ms,latency,\n2,mb2_k3,0,ms,latency,\n"
                              "3,conv_k3, 0 ,ms,latency,\n6,2,1,ms,latency,\n7,1,1,ms,latency,\n"
                              "8,0,1,ms,latency,\n9,identity,3,ms,latency,\n"
                              "10,1,3,ms,latency,\n11,2,3,ms,latency,\n12,3,3,ms,latency,\n"
                              "100,stem and head,,ms,latency,\n");
    const named_cost latency = read_csv_cost<mixed_space>(path, '#');
    CHECK(latency.name() == "latency");
    CHECK(latency.of<mixed_space>({1, 2, 0, 3}) == 2 + 6 + 4 + 12 + 100);
    // Two operators of the last cell have one name.
    const std::string twice = folder.write("t.csv", header + "latency,ms,3,mb2_k3,1\n");
    CHECK(contains(thrown<data_error>([&] { read_csv_cost<mixed_space>(twice); }),
                   "t.csv:2: cell \"3\", operator \"mb2_k3\": expected a cell from 0 to 3"));
}

TEST_CASE("files that are no cost of the space are refused by line, cell and operator") {
    CHECK(refusal("") == "[F0989] : cell 0, operator 0: expected a row, got none");
    CHECK(refusal("e,mJ,0,0,1\ne,mJ,0,1,1\ne,mJ,1,0,1\ne,mJ,1,2,1\n") ==
          "[F0989] : cell 1, operator 1: expected a row, got none");
    CHECK(refusal("e,mJ,0,0,1\ne,mJ,0,0,1\n") == "[F0988] :3: cell 0, operator 0: has a row before");
    CHECK(refusal("e,mJ,0,0,1\ne,J,0,1,1\n") ==
          "[F0985] :3: expected the cost \"e\" in \"mJ\" as in the row before, got \"e\" in \"J\"");
    const std::string expected =
        ": expected a cell from 0 to 1 and one of its operators, by its number from 0 or a name "
        "that no other of them has";
    CHECK(refusal("e,mJ,2,0,1\n") == "[F0986] :2: cell \"2\", operator \"0\"" + expected);
    CHECK(refusal("e,mJ,x,0,1\n") == "[F0986] :2: cell \"x\", operator \"0\"" + expected);
    CHECK(refusal("e,mJ,0,2,1\n") == "[F0986] :2: cell \"0\", operator \"2\"" + expected);
    CHECK(refusal("e,mJ,0,conv,1\n") == "[F0986] :2: cell \"0\", operator \"conv\"" + expected);
    CHECK(refusal("e,mJ,0,-1,1\n") == "[F0986] :2: cell \"0\", operator \"-1\"" + expected);
    for (const std::string bad : {"nan", "-1", "inf", "1e301", "", "fast"}) {
        CHECK(refusal("e,mJ,0,0,1\ne,mJ,0,1," + bad + "\n") ==
              "[F0987] :3: cell 0, operator 1: expected a value from 0 to 1e300, got \"" + bad + "\"");
        CHECK(refusal("e,mJ,,head," + bad + "\n") ==
              "[F0987] :2: fixed part head: expected a value from 0 to 1e300, got \"" + bad + "\"");
    }
    CHECK(contains(refusal("e,mJ,0,0\n"), "expected 5 fields, got 4"));
}
