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
