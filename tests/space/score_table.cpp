#include <limits>

#include <doctest/doctest.h>

#include <fitnas/space/codes.hpp>
#include <fitnas/space/score_table.hpp>

using namespace fitnas;

namespace {
using space = codes<3, 2>;
}

TEST_CASE("rows of a table can be picked") {
    score_table<space> table;
    CHECK(table.empty());
    table.push_back({0, 1}, 0.5);
    table.push_back({2, 0}, 0.25);
    table.push_back({1, 1}, 0.75);
    CHECK(table.size() == 3);
    const std::size_t numbers[] = {2, 0};
    const score_table<space> part = table.rows(numbers);
    CHECK(part.architectures == std::vector<architecture<space>>{{1, 1}, {0, 1}});
    CHECK(part.scores == std::vector<double>{0.75, 0.5});
}

TEST_CASE("tables that nothing can be fitted to are refused") {
    score_table<space> table;
    CHECK_THROWS_WITH_AS(require_usable(table, "fit"), "[F0321] fit: the table of scores is empty",
                         shape_error);
    table.push_back({0, 1}, 0.5);
    CHECK_NOTHROW(require_usable(table, "fit"));
    table.push_back({2, 0}, 0.5);
    CHECK_THROWS_WITH_AS(require_usable(table, "fit"),
                         "[F0324] fit: all 2 scores are equal to 0.5, there is nothing to learn from them",
                         numeric_error);
    table.push_back({1, 0}, 0.75);
    CHECK_NOTHROW(require_usable(table, "fit"));
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        table.scores[1] = bad;
        CHECK_THROWS_WITH_AS(require_usable(table, "fit"),
                             "[F0323] fit: the score of architecture 20 (row 1) is not finite",
                             numeric_error);
    }
    table.scores[1] = 0.5;
    table.scores.pop_back();
    CHECK_THROWS_WITH_AS(require_usable(table, "fit"), "[F0322] fit: 3 architectures but 2 scores",
                         shape_error);
    table.push_back({0, 2}, 1);
    table.scores.push_back(2);
    CHECK_THROWS_AS(require_usable(table, "fit"), architecture_error);
}
