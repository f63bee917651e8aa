#include <limits>

#include <doctest/doctest.h>

#include <fitnas/predictor/distinct.hpp>
#include <fitnas/space/spaces.hpp>

using namespace fitnas;
using space = spaces::nas_bench_macro;

namespace {

score_table<space> with_equal_networks() {
    score_table<space> table;
    // Cells 2 to 4 and 5 to 7 are stages of three: where the identity stands in their last two is all one.
    table.push_back(parse<space>("11101111"), 90);
    table.push_back(parse<space>("22222222"), 50);
    table.push_back(parse<space>("11110111"), 92);
    table.push_back(parse<space>("11011111"), 70); // the first cell of a stage changes the shape
    return table;
}

} // namespace

TEST_CASE("equal networks have one number") {
    CHECK(network_numbers(with_equal_networks()) == std::vector<std::size_t>{0, 1, 0, 2});
}

TEST_CASE("equal networks become one row with the mean score") {
    const score_table<space> merged = merge_equal_networks(with_equal_networks(), "test");
    REQUIRE(merged.size() == 3);
    CHECK(merged.architectures[0] == canonical<space>(parse<space>("11101111")));
    CHECK(merged.architectures[0] == canonical<space>(merged.architectures[0]));
    CHECK(merged.scores == std::vector<double>{91, 50, 70});
}

TEST_CASE("tables that nothing can be fitted to are refused by name") {
    score_table<space> table;
    CHECK_THROWS_WITH_AS(merge_equal_networks(table, "fit"), "[F0321] fit: the table of scores is empty",
                         shape_error);
    table.push_back(parse<space>("11101111"), 1);
    table.push_back(parse<space>("11110111"), 2);
    CHECK_THROWS_WITH_AS(merge_equal_networks(table, "fit"),
                         "[F0604] fit: the table has 1 different network, at least 2 are needed",
                         shape_error);
    table.push_back(parse<space>("22222222"), 1.5); // the mean of the others: nothing is left to learn
    CHECK_THROWS_AS(merge_equal_networks(table, "fit"), numeric_error);
    table.scores[2] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(merge_equal_networks(table, "fit"),
                         "[F0323] fit: the score of architecture 22222222 (row 2) is not finite",
                         numeric_error);
    table.scores.pop_back();
    CHECK_THROWS_AS(merge_equal_networks(table, "fit"), shape_error);
    table.scores.push_back(7);
    table.architectures[2][0] = 3;
    CHECK_THROWS_AS(merge_equal_networks(table, "fit"), architecture_error);
}

TEST_CASE("a mean does not tell how often a network was scored, nor in which order") {
    score_table<space> table;
    for (int i = 0; i < 3; ++i) {
        table.push_back(parse<space>("00000000"), 0.1); // 0.1 + 0.1 + 0.1 is not 3 x 0.1
    }
    for (const double v : {0.1, 0.7, 0.2}) {
        table.push_back(parse<space>("11111111"), v);
    }
    for (const double v : {0.7, 0.2, 0.1}) {
        table.push_back(parse<space>("22222222"), v);
    }
    const score_table<space> merged = merge_equal_networks(table, "test");
    CHECK(merged.scores[0] == 0.1);
    CHECK(merged.scores[1] == merged.scores[2]);
    CHECK(merged.scores[1] == 0x1.5555555555555p-2); // 1 / 3, by Python's fractions

    score_table<space> equal;
    for (int i = 0; i < 3; ++i) {
        equal.push_back(parse<space>("00000000"), 0.1);
    }
    equal.push_back(parse<space>("11111111"), 0.2);
    equal.push_back(parse<space>("11111111"), 0.0);
    CHECK_THROWS_WITH_AS(merge_equal_networks(equal, "fit"),
                         "[F0324] fit: all 2 scores are equal to 0.1, there is nothing to learn from them",
                         numeric_error);
    // Near the largest double a sum would overflow.
    const double most = (std::numeric_limits<double>::max)();
    score_table<space> large;
    large.push_back(parse<space>("00000000"), most);
    large.push_back(parse<space>("00000000"), most);
    large.push_back(parse<space>("11111111"), -most);
    CHECK(merge_equal_networks(large, "test").scores == std::vector<double>{most, -most});
}
