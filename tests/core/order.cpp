#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/order.hpp>

using namespace fitnas::detail;

TEST_CASE("rows stand in the order of their values, equal ones in their own order") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    CHECK(rows_in_order(std::vector<double>{}).empty());
    CHECK(rows_in_order(std::vector<double>{3, -1, 3, infinity, 0.0, -0.0, -infinity, -1}) ==
          std::vector<std::size_t>{6, 1, 7, 4, 5, 0, 2, 3});
    // Many equal values, which a sort that is not stable would mix.
    std::vector<double> values;
    for (int i = 0; i < 100; ++i) {
        values.push_back(i % 3);
    }
    const std::vector<std::size_t> rows = rows_in_order(values);
    for (std::size_t i = 0; i < 100; ++i) {
        CHECK(rows[i] == (i < 34 ? 3 * i : i < 67 ? 3 * (i - 34) + 1 : 3 * (i - 67) + 2));
    }
}

TEST_CASE("equal values share the mean of their ranks") {
    CHECK(mean_ranks(std::vector<double>{}).empty());
    CHECK(mean_ranks(std::vector<double>{5, 1, 5, 9, 1, 5}) == std::vector<double>{3, 0.5, 3, 5, 0.5, 3});
}
