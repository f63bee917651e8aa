#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/rng.hpp>
#include <fitnas/metrics/kendall.hpp>

#include "golden.hpp"
#include "refusals.hpp"

using namespace fitnas;

namespace {

/// Tau-b from its definition, in O(n^2).
double by_definition(const std::vector<double>& x, const std::vector<double>& y) {
    std::int64_t concordant_less_discordant = 0;
    std::int64_t untied_x = 0;
    std::int64_t untied_y = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const int dx = (x[i] > x[j]) - (x[i] < x[j]);
            const int dy = (y[i] > y[j]) - (y[i] < y[j]);
            concordant_less_discordant += dx * dy;
            untied_x += dx * dx;
            untied_y += dy * dy;
        }
    }
    return static_cast<double>(concordant_less_discordant) /
           std::sqrt(static_cast<double>(untied_x) * static_cast<double>(untied_y));
}

} // namespace

TEST_CASE("kendall_tau equals SciPy's kendalltau") {
    for (const golden_case& c : read_golden("ranking.txt")) {
        CAPTURE(c.name);
        c.each("kendall", [&](const std::vector<double>& line) {
            CAPTURE(kendall_tau(c.x, c.y));
            CHECK(same(kendall_tau(c.x, c.y), line[0]));
            CHECK(same(kendall_tau(c.y, c.x), line[0]));
        });
    }
}

TEST_CASE("kendall_tau equals its definition for long columns and every kind of ties") {
    for (const std::uint32_t values : {2U, 3U, 10U, 1000U, 4000000000U}) {
        for (const std::size_t n : {2U, 3U, 31U, 32U, 33U, 1000U, 2047U}) {
            CAPTURE(values);
            CAPTURE(n);
            random_stream random(seed{values}, purpose::user, n);
            std::vector<double> x;
            std::vector<double> y;
            for (std::size_t i = 0; i < n; ++i) {
                x.push_back(random.below(values));
                y.push_back(random.uniform() < 0.6 ? x.back() : random.below(values) / 2);
            }
            CHECK(same(kendall_tau(x, y), by_definition(x, y)));
        }
    }
}

TEST_CASE("kendall_tau of a million pairs counts beyond 32 bits") {
    std::vector<double> x;
    std::vector<double> y;
    for (int i = 0; i < 1000000; ++i) {
        x.push_back(i);
        y.push_back(i < 500000 ? i + 500000 : i - 500000); // two rising halves, the second below the first
    }
    // 2 (5e5)^2 / 2 rising pairs less (5e5)^2 falling ones, of 1e6 (1e6 - 1) / 2.
    const double rising = 500000.0 * 499999.0;
    const double falling = 500000.0 * 500000.0;
    CHECK(same(kendall_tau(x, y), (rising - falling) / (1e6 * 999999.0 / 2)));
}

TEST_CASE("kendall_tau changes its sign with a column, and ignores what keeps the order") {
    const std::vector<double> x{3, 1, 4, 1, 5, 9, 2, 6};
    const std::vector<double> y{2, 7, 1, 8, 2, 8, 1, 8};
    std::vector<double> negative;
    std::vector<double> cubed;
    for (const double v : y) {
        negative.push_back(-v);
        cubed.push_back(v * v * v - 1000);
    }
    CHECK(kendall_tau(x, negative) == -kendall_tau(x, y));
    CHECK(kendall_tau(x, cubed) == kendall_tau(x, y));
    CHECK(kendall_tau(x, x) == 1);
    CHECK(kendall_tau(y, cubed) == 1);
    CHECK(kendall_tau(y, negative) == -1);
}

TEST_CASE("kendall_tau of a constant column is not a number, of bad columns an error") {
    const std::vector<double> constant{1, 1, 1};
    const std::vector<double> rising{1, 2, 3};
    CHECK(std::isnan(kendall_tau(constant, rising)));
    CHECK(std::isnan(kendall_tau(rising, constant)));
    check_refusals("kendall_tau", [](auto x, auto y) { return kendall_tau(x, y); });
}
