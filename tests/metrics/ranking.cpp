#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/metrics/ranking.hpp>

#include "golden.hpp"
#include "refusals.hpp"

using namespace fitnas;

TEST_CASE("regret, precision and tau in the top equal their golden values") {
    for (const golden_case& c : read_golden("ranking.txt")) {
        CAPTURE(c.name);
        c.each("regret", [&](const std::vector<double>& line) {
            CAPTURE(line[0]);
            CHECK(regret(c.x, c.y, static_cast<std::size_t>(line[0])) == line[1]);
        });
        c.each("precision", [&](const std::vector<double>& line) {
            CAPTURE(line[0]);
            CHECK(precision_at(c.x, c.y, line[0]) == line[1]);
        });
        c.each("tau_in_top", [&](const std::vector<double>& line) {
            CAPTURE(line[0]);
            CHECK(same(tau_in_top(c.x, c.y, line[0]), line[1]));
        });
    }
}

TEST_CASE("by hand: a ranking that swaps the two best") {
    const std::vector<double> truth{10, 9, 8, 1, 2, 3, 4, 5, 6, 7};
    const std::vector<double> predicted{0.8, 0.9, 0.7, 0, 0, 0, 0, 0, 0, 0};
    CHECK(regret(predicted, truth) == 1);
    CHECK(regret(predicted, truth, 2) == 0);
    CHECK(precision_at(predicted, truth) == 0);       // the best one
    CHECK(precision_at(predicted, truth, 0.2) == 1);  // the best two
    CHECK(precision_at(predicted, truth, 0.11) == 1); // ceil(1.1) = 2
    CHECK(tau_in_top(predicted, truth, 0.2) == -1);
    CHECK(tau_in_top(predicted, truth, 0.3) == doctest::Approx(1.0 / 3)); // 2 pairs right, 1 wrong
    // The top is that of the truth: what is predicted for the others does not matter.
    const std::vector<double> fooled{0.8, 0.9, 0.7, 5, 5, 5, 5, 5, 5, 5};
    CHECK(tau_in_top(fooled, truth, 0.3) == tau_in_top(predicted, truth, 0.3));
    CHECK(regret(fooled, truth) == 9);
}

TEST_CASE("a fraction that is a whole number of rows is not rounded up") {
    std::vector<double> truth;
    std::vector<double> predicted;
    for (int i = 0; i < 100; ++i) {
        truth.push_back(-i);
        predicted.push_back(i < 7 ? -i : i == 50 ? 1 : -100 - i); // row 50 comes before the seven best
    }
    // 0.07 * 100 is 7.000000000000001 in binary. Of 7 picks 6 are right; of 8 it would be 7.
    CHECK(precision_at(predicted, truth, 0.07) == doctest::Approx(6.0 / 7));
}

TEST_CASE("among equal predictions the earlier row is picked") {
    const std::vector<double> constant{1, 1, 1, 1};
    const std::vector<double> truth{3, 1, 4, 2};
    CHECK(regret(constant, truth) == 1);
    CHECK(regret(constant, truth, 2) == 1);
    CHECK(regret(constant, truth, 3) == 0);
    CHECK(precision_at(constant, truth, 0.5) == 0.5);
    CHECK(std::isnan(tau_in_top(constant, truth, 1.0)));
}

TEST_CASE("bad columns, counts and fractions are refused") {
    check_refusals("regret", [](auto x, auto y) { return regret(x, y); });
    check_refusals("precision_at", [](auto x, auto y) { return precision_at(x, y); });
    check_refusals("tau_in_top", [](auto x, auto y) { return tau_in_top(x, y); });
    const std::vector<double> x{1, 2, 3};
    CHECK(thrown<option_error>([&] { regret(x, x, 0); }) == "[F0808] regret: expected k from 1 to 3, got 0");
    CHECK(thrown<option_error>([&] { regret(x, x, 4); }) == "[F0808] regret: expected k from 1 to 3, got 4");
    for (const double fraction : {0.0, -0.1, 1.01, std::numeric_limits<double>::quiet_NaN()}) {
        CHECK(
            contains(thrown<option_error>([&] { precision_at(x, x, fraction); }), "precision_at: expected"));
        CHECK(contains(thrown<option_error>([&] { tau_in_top(x, x, fraction); }), "tau_in_top: expected"));
    }
    CHECK(precision_at(x, x, 1e-12) == 1); // at least one row
    CHECK(tau_in_top(x, x, 1e-12) == 1);   // at least two
}

TEST_CASE("regret is in the unit of the truth, or refused where that is too large") {
    const std::vector<double> predicted{3, 2, 1};
    for (const double unit : {1e-300, 1.0, 1e300}) {
        CHECK(regret(predicted, std::vector<double>{1 * unit, 4 * unit, 9 * unit}) == 9 * unit - 1 * unit);
    }
    const double most = (std::numeric_limits<double>::max)();
    CHECK_THROWS_WITH_AS(regret(predicted, std::vector<double>{-most, 0, most}),
                         doctest::Contains("[F0860] regret: from"), numeric_error);
}

TEST_CASE("regrets under limits by hand: the limit is the interpolated quantile, ties are averaged") {
    const std::vector<double> cost{50, 10, 40, 20, 30};
    const std::vector<double> truth{90, 70, 75, 88, 80};
    const std::vector<double> predicted{1, 2, 4, 2, 3};
    // Limits 10, 20, 28, 30, 40, 50. Within 28 are those of 10 and 20, which tie: 88 - (70 + 88) / 2.
    const std::vector<double> quantiles{0, 0.25, 0.45, 0.5, 0.75, 1};
    CHECK(regrets_under_limits(predicted, truth, cost, quantiles) ==
          std::vector<double>{0, 9, 9, 88 - 80, 88 - 75, 90 - 75});
    CHECK(regret_under_limits(predicted, truth, cost, quantiles) == 9);
    // By default: limits 12, 14, 18, 24, 30, 36, 42, 50.
    CHECK(regrets_under_limits(predicted, truth, cost) == std::vector<double>{0, 0, 0, 9, 8, 8, 13, 15});
    CHECK(regret_under_limits(predicted, truth, cost) == 53.0 / 8);
    CHECK(regret_under_limits(truth, truth, cost) == 0);
    // All of one cost: every limit takes all.
    CHECK(regrets_under_limits(predicted, truth, std::vector<double>(5, 7.0)) ==
          std::vector<double>(limit_quantiles.size(), 15.0));
}

TEST_CASE("limits are numpy's quantiles, for whole places too") {
    // What a loop in Python gives; 0.29 * 100 is 28.999999999999996 in binary, where
    // network 29 is meant to be within the limit.
    std::vector<double> cost;
    std::vector<double> truth;
    std::vector<double> predicted;
    for (int i = 0; i <= 100; ++i) {
        cost.push_back((i * 37) % 101);
        truth.push_back((i * 53) % 97);
        predicted.push_back((i * i) % 89);
    }
    CHECK(regrets_under_limits(predicted, truth, cost) ==
          std::vector<double>{39, 40, 74, 85, 64.5, 65.5, 65.5, 65.5});
    std::vector<double> ascending;
    for (int i = 0; i <= 100; ++i) {
        ascending.push_back(i);
    }
    std::vector<double> descending(ascending.rbegin(), ascending.rend());
    CHECK(regret_under_limits(descending, ascending, ascending, std::vector<double>{0.29}) == 29);
    CHECK(regret_under_limits(descending, ascending, ascending, std::vector<double>{0.2899}) == 28);
}

TEST_CASE("regrets under limits are in the unit of the truth, and in no unit of cost or prediction") {
    const std::vector<double> cost{50, 10, 40, 20, 30};
    const std::vector<double> truth{90, 70, 75, 88, 80};
    const std::vector<double> predicted{1, 2, 4, 2, 3};
    const auto times = [](std::vector<double> values, double unit) {
        for (double& v : values) {
            v *= unit;
        }
        return values;
    };
    for (const int exponent : {-1070, -1000, 0, 1017}) {
        const double unit = std::ldexp(1.0, exponent);
        CHECK(regret_under_limits(predicted, times(truth, unit), cost) == doctest::Approx(53.0 / 8 * unit));
        CHECK(regret_under_limits(times(predicted, unit), truth, times(cost, unit)) == 53.0 / 8);
    }
    const double most = (std::numeric_limits<double>::max)();
    // Costs whose difference a double does not hold, and a mean of ties whose sum it does not hold.
    CHECK(regret_under_limits(std::vector<double>{1, 1, 1}, std::vector<double>{most, most, most},
                              std::vector<double>{-most, 0, most}) == 0);
    CHECK_THROWS_WITH_AS(regret_under_limits(std::vector<double>{3, 2, 1},
                                             std::vector<double>{-most, 0, most},
                                             std::vector<double>{1, 2, 3}),
                         doctest::Contains("[F0887] regret_under_limits: from"), numeric_error);
}

TEST_CASE("regret under limits refuses bad columns and quantiles") {
    check_refusals("regret_under_limits: predicted and truth",
                   [](auto x, auto y) { return regret_under_limits(x, y, y); });
    const std::vector<double> x{1, 2, 3};
    CHECK(thrown<shape_error>([&] {
              regret_under_limits(x, x, std::vector<double>{1, 2});
          }) == "[F0804] regret_under_limits: cost and truth: expected two columns of one length, got 2 and "
                "3 values");
    CHECK(contains(
        thrown<numeric_error>([&] {
            regret_under_limits(x, x, std::vector<double>{1, std::numeric_limits<double>::infinity(), 3});
        }),
        "[F0806] regret_under_limits: cost and truth: expected finite values"));
    CHECK(thrown<option_error>([&] { regret_under_limits(x, x, x, std::vector<double>{}); }) ==
          "[F0885] regret_under_limits: quantiles: expected at least one, got none");
    for (const double q : {-0.1, 1.01, std::numeric_limits<double>::quiet_NaN()}) {
        CHECK(contains(thrown<option_error>([&] {
                           regret_under_limits(x, x, x, std::vector<double>{0.5, q});
                       }),
                       "[F0886] regret_under_limits: quantiles: expected numbers from 0 to 1, got"));
    }
}
