#include <limits>

#include <doctest/doctest.h>

#include <fitnas/space/latency_table.hpp>

#include "spaces_for_tests.hpp"

using namespace fitnas;

TEST_CASE("a latency is the sum over the layers' blocks") {
    // 1 stem, 3 + 3, 1 fixed, 2, 4, 1 head: block i takes 2^i ms.
    std::vector<double> milliseconds;
    for (int i = 0; i < 15; ++i) {
        milliseconds.push_back(static_cast<double>(1 << i));
    }
    const latency_table table(mixed_space::layout(), milliseconds);
    CHECK(table.blocks() == milliseconds);
    const auto bit = [](int i) { return 1 << i; };
    CHECK(table.milliseconds<mixed_space>({0, 0, 0, 0}) ==
          bit(0) + bit(1) + bit(4) + bit(7) + bit(8) + bit(10) + bit(14));
    CHECK(cost::latency<mixed_space>(table, {2, 1, 1, 3}) ==
          bit(0) + bit(3) + bit(5) + bit(7) + bit(9) + bit(13) + bit(14));
    CHECK_THROWS_AS(table.milliseconds<mixed_space>({3, 0, 0, 0}), architecture_error);
}

TEST_CASE("tables that do not fit are refused") {
    const space_layout layout = mixed_space::layout();
    CHECK_THROWS_WITH_AS(
        latency_table(layout, std::vector<double>(14, 1.0)),
        "[F0308] latency_table: expected one value for each of the 15 blocks of the space, got 14",
        shape_error);
    CHECK_THROWS_AS(latency_table(layout, {}), shape_error);
    CHECK_THROWS_AS(latency_table().milliseconds<mixed_space>({0, 0, 0, 0}), shape_error);

    using other = search_space<image<8, 8, 1>, stem<4>, stage<wide_ops, 2, 4>, head<8, 2>>;
    const latency_table table(layout, std::vector<double>(15, 1.0));
    CHECK_THROWS_WITH_AS(
        table.milliseconds<other>({0, 0}),
        doctest::Contains("[F0336] cost latency: of another space: expected the fingerprint"), shape_error);

    std::vector<double> negative(15, 1.0);
    negative[2] = -0.5;
    CHECK_THROWS_WITH_AS(
        latency_table(layout, negative),
        "[F0307] latency_table: block 2 (mb2_k3): expected milliseconds from 0 to 1e300, got "
        "-0.5",
        numeric_error);
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1.1e300}) {
        std::vector<double> values(15, 1.0);
        values[14] = bad;
        CHECK_THROWS_AS(latency_table(layout, values), numeric_error);
    }
    CHECK_NOTHROW(latency_table(layout, std::vector<double>(15, 1e300)));
}
