#include <cmath>
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
    CHECK(flat.slope == 1);
    CHECK(flat(7) == doctest::Approx(1.5));
    const line constant = fit_line(std::vector<double>{0, 1}, std::vector<double>{3, 3});
    CHECK(constant.slope > 0);
}
