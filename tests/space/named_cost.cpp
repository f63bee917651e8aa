#include <limits>

#include <doctest/doctest.h>

#include <fitnas/space/codes.hpp>
#include <fitnas/space/latency_table.hpp>
#include <fitnas/space/limit.hpp>

#include "spaces_for_tests.hpp"

using namespace fitnas;

namespace {

using bare = codes<2, 3>;
const std::vector<std::vector<double>> values{{0.1, 0.2}, {1, 0.25, 4}};
named_cost energy() { return cost::table<bare>("energy", "mJ", values, 0.5); }

} // namespace

TEST_CASE("a cost is a sum over the cells, the fixed part first") {
    CHECK(energy().name() == "energy");
    CHECK(energy().unit() == "mJ");
    for (std::uint8_t i = 0; i < 2; ++i) {
        for (std::uint8_t j = 0; j < 3; ++j) {
            CHECK(energy().of<bare>({i, j}) == (0.5 + values[0][i]) + values[1][j]);
        }
    }
    // 0.1 + 0.2 is above 0.3 in doubles: the order of addition can be seen.
    const auto order = cost::table<codes<1, 1, 1>>("order", "", {{0.1}, {0.2}, {0.3}});
    CHECK(order.of<codes<1, 1, 1>>({0, 0, 0}) == (0.1 + 0.2) + 0.3);
    CHECK((0.1 + 0.2) + 0.3 != 0.1 + (0.2 + 0.3));
}

TEST_CASE("a cost by a function, of integers too, also for a space with layers") {
    const auto bytes = cost::table<mixed_space>(
        "bytes", "B", [](int cell, int o) { return 1000LL * cell + o; }, 7);
    CHECK(bytes.of<mixed_space>({2, 1, 1, 3}) == 7 + 2 + 1001 + 2001 + 3003);
    CHECK(bytes.text(41.25) == "41.25 B");
    CHECK(bytes.text(60'000'000) == "60000000 B");
}

TEST_CASE("macs, parameters and latency are such costs") {
    std::vector<double> milliseconds;
    for (std::size_t i = 0; i < mixed_space::layout().blocks.size(); ++i) {
        milliseconds.push_back(1.0 / static_cast<double>(3 + i));
    }
    const latency_table table(mixed_space::layout(), milliseconds);
    for_each_architecture<mixed_space>([&](const architecture<mixed_space>& a) {
        CHECK(cost::macs().of<mixed_space>(a) == static_cast<double>(cost::macs<mixed_space>(a)));
        CHECK(cost::parameters().of<mixed_space>(a) == static_cast<double>(cost::parameters<mixed_space>(a)));
        double sum = 0;
        for (const space_layer& l : mixed_space::tables.layers) {
            sum += milliseconds[static_cast<std::size_t>(mixed_space::layout().block_index(l, a))];
        }
        CHECK(cost::latency(table).of<mixed_space>(a) == sum);
        CHECK(table.milliseconds<mixed_space>(a) == sum);
    });
    const named_cost converted = table;
    CHECK(converted == cost::latency(table));
    CHECK(converted.name() == "latency");
    CHECK(converted.unit() == "ms");
    CHECK(converted != cost::latency(table, "latency_phone"));
}

TEST_CASE("costs are equal where name, unit and all values are") {
    CHECK(energy() == energy());
    CHECK(energy() != cost::table<bare>("energy", "J", values, 0.5));
    CHECK(energy() != cost::table<bare>("energy", "mJ", values, 0.25));
    CHECK(cost::macs() == cost::macs());
    CHECK(cost::macs() != cost::parameters());
}

TEST_CASE("bare codes keep a limit on a cost of their own, and have no macs") {
    const cost::limit limit = energy().at_most(1.0);
    CHECK(limit.meets<bare>({0, 1}));
    CHECK_FALSE(limit.meets<bare>({0, 0}));
    CHECK(limit.text() == "energy <= 1 mJ");
    CHECK((energy().at_most(3) && energy().at_most(2)).text() == "energy <= 2 mJ");
    CHECK(energy().at_most(std::numeric_limits<double>::infinity()).text() == "no limit");
    CHECK_THROWS_WITH_AS(check_of<bare>(energy().at_most(0.5)).require_possible("exact"),
                         "[F0313] exact: no architecture meets energy <= 0.5 mJ; the least is 0.85 mJ",
                         limit_error);
    CHECK_THROWS_WITH_AS(
        cost::macs().of<bare>({0, 0}),
        "[F0315] cost: the space has no layout, so its codes have no macs; a cost of your own is "
        "made by cost::table<space>(name, unit, values)",
        option_error);
}

TEST_CASE("costs that are none are refused") {
    CHECK_THROWS_WITH_AS(cost::table<bare>("energy", "mJ", {{1, 2}}),
                         "[F0393] cost energy: expected values of the 2 cells of the space, got 1",
                         shape_error);
    CHECK_THROWS_WITH_AS(cost::table<bare>("energy", "mJ", {{1, 2}, {1, 2}}),
                         "[F0394] cost energy: cell 1: expected a value for each of its 3 operators, got 2",
                         shape_error);
    for (const double bad :
         {-0.1, std::numeric_limits<double>::quiet_NaN(), 1.1e300, std::numeric_limits<double>::infinity()}) {
        CHECK_THROWS_AS(cost::table<bare>("energy", "mJ", {{1, 2}, {1, 2, bad}}), numeric_error);
        CHECK_THROWS_AS(cost::table<bare>("energy", "mJ", values, bad), numeric_error);
    }
    CHECK_THROWS_WITH_AS(
        cost::table<mixed_space>("energy", "mJ", [](int i, int o) { return i == 3 && o == 2 ? -1 : 1; }),
        "[F0391] cost energy: cell 3, operator 2 (mb2_k3): expected a value from 0 to 1e300, got -1",
        numeric_error);
    for (const char* name : {"", "macs", "arch", "score", "a[b", " a", "a\n"}) {
        CHECK_THROWS_AS(cost::table<bare>(name, "mJ", values), option_error);
    }
    CHECK_THROWS_AS(cost::table<bare>("energy", "[mJ]", values), option_error);
    CHECK_THROWS_AS(energy().at_most(-1), option_error);
    CHECK_THROWS_AS(energy().at_most(std::numeric_limits<double>::quiet_NaN()), option_error);
    CHECK_THROWS_AS((energy().of<codes<3, 2>>({0, 0})), shape_error);
    CHECK_THROWS_AS(energy().of<bare>({0, 3}), architecture_error);
    CHECK_THROWS_AS(energy().at_most(1) && cost::table<bare>("energy", "J", values).at_most(1), option_error);
}
