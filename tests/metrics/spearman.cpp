#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/rng.hpp>
#include <fitnas/metrics/spearman.hpp>

#include "golden.hpp"
#include "refusals.hpp"

using namespace fitnas;

TEST_CASE("spearman equals SciPy's spearmanr") {
    for (const golden_case& c : read_golden("ranking.txt")) {
        CAPTURE(c.name);
        c.each("spearman", [&](const std::vector<double>& line) {
            CAPTURE(spearman(c.x, c.y));
            CHECK(same(spearman(c.x, c.y), line[0]));
            CHECK(same(spearman(c.y, c.x), line[0]));
        });
    }
}

TEST_CASE("average_ranks equals SciPy's rankdata") {
    for (const golden_case& c : read_golden("ranking.txt")) {
        CAPTURE(c.name);
        c.each("ranks", [&](const std::vector<double>& line) { CHECK(average_ranks(c.x) == line); });
    }
    CHECK(average_ranks({}).empty());
    const double infinity = std::numeric_limits<double>::infinity();
    const std::vector<double> values{infinity, 0, -infinity};
    CHECK(average_ranks(values) == std::vector<double>{3, 2, 1});
    const std::vector<double> bad{1, std::numeric_limits<double>::quiet_NaN()};
    CHECK(thrown<numeric_error>([&] { average_ranks(bad); }) ==
          "[F0809] average_ranks: value 1 is not a number");
}

TEST_CASE("without ties spearman equals the formula of squared rank differences") {
    constexpr std::size_t n = 20000;
    random_stream random(seed{6}, purpose::user);
    std::vector<double> x;
    std::vector<double> y;
    for (std::size_t i = 0; i < n; ++i) {
        x.push_back(random.normal());
        y.push_back(x.back() + random.normal());
    }
    const std::vector<double> a = average_ranks(x);
    const std::vector<double> b = average_ranks(y);
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
        squares += (a[i] - b[i]) * (a[i] - b[i]);
    }
    const auto count = static_cast<double>(n);
    CHECK(same(spearman(x, y), 1 - 6 * squares / (count * (count * count - 1))));
}

TEST_CASE("spearman of equal and of opposite orders is exactly 1 and -1") {
    std::vector<double> x;
    std::vector<double> opposite;
    for (int n = 2; n < 60; ++n) {
        x = {0};
        opposite = {0};
        for (int i = 1; i < n; ++i) {
            x.push_back(i / 2 + i);
            opposite.push_back(-x.back());
        }
        CHECK(spearman(x, x) == 1);
        CHECK(spearman(x, opposite) == -1);
    }
}

TEST_CASE("spearman of a constant column is not a number, of bad columns an error") {
    const std::vector<double> constant{1, 1, 1};
    const std::vector<double> rising{1, 2, 3};
    CHECK(std::isnan(spearman(constant, rising)));
    CHECK(std::isnan(spearman(rising, constant)));
    check_refusals("spearman", [](auto x, auto y) { return spearman(x, y); });
}
