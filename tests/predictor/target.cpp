#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/target.hpp>

using namespace fitnas;

TEST_CASE("standardised targets by hand") {
    // Mean 5, variance (9 + 1 + 1 + 9) / 4 = 5.
    const std::vector<double> got = make_targets(target::standardised, std::vector<double>{2, 4, 6, 8});
    const double unit = std::sqrt(5.0);
    CHECK(got[0] == doctest::Approx(-3 / unit));
    CHECK(got[1] == doctest::Approx(-1 / unit));
    CHECK(got[3] == doctest::Approx(3 / unit));
}

TEST_CASE("ranks share the mean among equal scores, whatever the distances") {
    // Ranks 2.5, 0, 2.5, 1, 4: mean 2, variance (0.25 + 4 + 0.25 + 1 + 4) / 5 = 1.9.
    const std::vector<double> got = make_targets(target::ranks, std::vector<double>{90, -1e6, 90, 0, 90.001});
    const double unit = std::sqrt(1.9);
    CHECK(got[0] == doctest::Approx(0.5 / unit));
    CHECK(got[0] == got[2]);
    CHECK(got[1] == doctest::Approx(-2 / unit));
    CHECK(got[3] == doctest::Approx(-1 / unit));
    CHECK(got[4] == doctest::Approx(2 / unit));
}

TEST_CASE("fit_line is the least-squares line") {
    // x: mean 1, sum of squares 2; y: mean 4; sum of products (-1)(-3) + 0 + (1)(2) = 5.
    const line got = fit_line(std::vector<double>{0, 1, 2}, std::vector<double>{1, 5, 6});
    CHECK(got.slope == doctest::Approx(2.5));
    CHECK(got.offset == doctest::Approx(1.5));
    CHECK(got(10) == doctest::Approx(26.5));
}

TEST_CASE("fit_line always rises") {
    const line falling = fit_line(std::vector<double>{0, 1}, std::vector<double>{8, 2});
    CHECK(falling.slope == doctest::Approx(6)); // deviations 3 and 0.5
    CHECK(falling(0.5) == doctest::Approx(5));
    const line flat = fit_line(std::vector<double>{7, 7}, std::vector<double>{1, 2});
    CHECK(flat.slope > 0);
    CHECK(flat(7) == doctest::Approx(1.5));
    const line constant = fit_line(std::vector<double>{0, 1}, std::vector<double>{3, 3});
    CHECK(constant.slope > 0);
}

TEST_CASE("targets and lines are the same in any unit") {
    // Mean 4, variance (9 + 4 + 0 + 25) / 4 = 9.5.
    const double deviation = std::sqrt(9.5);
    for (const double unit : {1.0, 1e-200, 1e200, 1e-300, 1e300, -1e-300, 1.9e307}) {
        CAPTURE(unit);
        const std::vector<double> scores{1 * unit, 2 * unit, 4 * unit, 9 * unit};
        const std::vector<double> got = make_targets(target::standardised, scores);
        const double sign = unit < 0 ? -1 : 1;
        CHECK(got[0] == doctest::Approx(-3 * sign / deviation));
        CHECK(got[1] == doctest::Approx(-2 * sign / deviation));
        CHECK(got[2] == doctest::Approx(0));
        CHECK(got[3] == doctest::Approx(5 * sign / deviation));

        // By hand as above: slope 2.5, offset 1.5.
        const line found =
            fit_line(std::vector<double>{0, 1, 2}, std::vector<double>{1 * unit, 5 * unit, 6 * unit});
        if (unit > 0) {
            CHECK(found.slope / unit == doctest::Approx(2.5));
            CHECK(found.offset / unit == doctest::Approx(1.5));
        }
        const line of_outputs = fit_line(std::vector<double>{0, 1 * unit, 2 * unit},
                                         std::vector<double>{1 * unit, 5 * unit, 6 * unit});
        CHECK(of_outputs.slope == doctest::Approx(2.5));
    }
    // In a unit that is a power of two, to the bit.
    const std::vector<double> scores{0.3, 0.1, 0.9, -0.4};
    std::vector<double> small;
    for (const double v : scores) {
        small.push_back(std::ldexp(v, -900));
    }
    CHECK(make_targets(target::standardised, small) == make_targets(target::standardised, scores));
}

TEST_CASE("equal values and their mean differ by nothing") {
    const std::vector<double> got =
        make_targets(target::standardised, std::vector<double>{0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.7, -0.5});
    CHECK(got[0] == 0); // the mean is 0.1, as 0.7 and -0.5 are 0.6 above and below
    const line flat = fit_line(std::vector<double>{0.1, 0.1, 0.1}, std::vector<double>{0.1, 0.2, 0.6});
    CHECK(flat(0.1) == doctest::Approx(0.3));
}
