#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>
#include <set>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/metrics/bootstrap.hpp>
#include <fitnas/metrics/kendall.hpp>

#include "golden.hpp"
#include "refusals.hpp"

using namespace fitnas;

namespace {

using column = std::span<const double>;

double mean(column x, column) {
    double sum = 0;
    for (const double v : x) {
        sum += v;
    }
    return sum / static_cast<double>(x.size());
}

double pearson(column x, column y) {
    const double mx = mean(x, y);
    const double my = mean(y, x);
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        xy += (x[i] - mx) * (y[i] - my);
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
    }
    return xy / std::sqrt(xx * yy);
}

} // namespace

TEST_CASE("intervals equal SciPy's percentile bootstrap, up to chance") {
    for (const golden_case& c : read_golden("bootstrap.txt")) {
        CAPTURE(c.name);
        double (*statistic)(column, column) = c.name == "mean"      ? mean
                                              : c.name == "pearson" ? pearson
                                                                    : kendall_tau;
        c.each("interval", [&](const std::vector<double>& line) {
            const interval found =
                bootstrap_interval(c.x, c.y, statistic, {.draws = 20000, .level = line[0]});
            const double width = line[2] - line[1];
            // Both sides drew 20,000 times: five standard errors of the ends are about 4 % of the width.
            CHECK(std::abs(found.low - line[1]) < 0.04 * width);
            CHECK(std::abs(found.high - line[2]) < 0.04 * width);
        });
    }
}

TEST_CASE("a statistic with a known distribution gives its quantiles") {
    const std::vector<double> x{0, 1};
    // The sum of two draws is 0, 1 or 2 with the probabilities 1/4, 1/2, 1/4.
    const auto sum = [](column a, column) { return a[0] + a[1]; };
    const interval wide = bootstrap_interval(x, x, sum, {.level = 0.9});
    CHECK(wide.low == 0);
    CHECK(wide.high == 2);
    const interval narrow = bootstrap_interval(x, x, sum, {.level = 0.3});
    CHECK(narrow.low == 1);
    CHECK(narrow.high == 1);
}

TEST_CASE("rows are drawn as pairs") {
    const std::vector<double> x{1, 2, 3, 4, 5};
    const std::vector<double> y{10, 20, 30, 40, 50};
    const interval found = bootstrap_interval(x, y, [](column a, column b) {
        double wrong = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            wrong += b[i] == 10 * a[i] ? 0 : 1;
        }
        return wrong + (a.size() == 5 ? 0 : 1);
    });
    CHECK(found.low == 0);
    CHECK(found.high == 0);
}

TEST_CASE("an interval depends on the seed alone") {
    const std::vector<double> x{3, 1, 4, 1, 5, 9, 2, 6};
    const std::vector<double> y{2, 7, 1, 8, 2, 8, 1, 9};
    std::set<std::pair<double, double>> found;
#if FITNAS_HAS_OPENMP
    const int before = omp_get_max_threads();
    for (const int threads : {1, 2, 4}) {
        omp_set_num_threads(threads);
        const interval i = bootstrap_interval(x, y, mean, {.draws = 500, .seed = seed{1}});
        found.insert({i.low, i.high});
    }
    omp_set_num_threads(before);
#endif
    const interval again = bootstrap_interval(x, y, mean, {.draws = 500, .seed = seed{1}});
    found.insert({again.low, again.high});
    CHECK(found.size() == 1);
    // A sum over distinct irrational steps: two seeds hardly ever give the same ends.
    const std::vector<double> roots{1, std::sqrt(2), std::sqrt(3), 2, std::sqrt(5), std::sqrt(6)};
    const interval one = bootstrap_interval(roots, roots, mean, {.draws = 200, .seed = seed{1}});
    const interval two = bootstrap_interval(roots, roots, mean, {.draws = 200, .seed = seed{2}});
    CHECK((one.low != two.low || one.high != two.high));
}

TEST_CASE("draws without a finite statistic are left out") {
    const std::vector<double> x{1, 2, 3};
    const std::vector<double> y{1, 3, 2};
    // One draw of nine has three equal rows, whose tau is not a number.
    const interval found = bootstrap_interval(x, y, kendall_tau, {.draws = 2000});
    CHECK(found.low == -1);
    CHECK(found.high == 1);
    const std::vector<double> constant{1, 1, 1};
    CHECK(contains(thrown<numeric_error>([&] { bootstrap_interval(x, constant, kendall_tau); }),
                   "finite on none of 1000 draws"));
}

TEST_CASE("one draw is an interval of one point, and a statistic is called once a draw") {
    const std::vector<double> x{1, 2, 3, 4};
    std::atomic<int> calls = 0;
    const interval found = bootstrap_interval(x, x,
                                              [&](column a, column b) {
                                                  ++calls;
                                                  return mean(a, b);
                                              },
                                              {.draws = 1});
    CHECK(found.low == found.high);
    CHECK(calls == 1);
}

TEST_CASE("what the statistic throws comes out") {
    const std::vector<double> x{1, 2};
    CHECK_THROWS_AS(
        bootstrap_interval(x, x, [](column, column) -> double { throw std::logic_error("mine"); }),
        std::logic_error);
}

TEST_CASE("bad columns and options are refused") {
    check_refusals("bootstrap_interval", [](auto x, auto y) { return bootstrap_interval(x, y, mean); });
    const std::vector<double> x{1, 2};
    CHECK(thrown<option_error>([&] { bootstrap_interval(x, x, mean, {.draws = 0}); }) ==
          "[F0801] bootstrap_options::draws: expected at least 1, got 0");
    for (const double level : {0.0, 1.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
        CHECK(contains(thrown<option_error>([&] { bootstrap_interval(x, x, mean, {.level = level}); }),
                       "bootstrap_options::level: expected a number between 0 and 1"));
    }
}

TEST_CASE("ends of an interval lie between the values, however far these are apart") {
    const double most = (std::numeric_limits<double>::max)();
    const std::vector<double> sorted{-most, most};
    CHECK(detail::quantile(sorted, 0) == -most);
    CHECK(detail::quantile(sorted, 1) == most);
    CHECK(detail::quantile(sorted, 0.5) == 0);
    CHECK(detail::quantile(sorted, 0.75) / most == doctest::Approx(0.5));
    CHECK(detail::quantile(std::vector<double>(5, 0.1), 0.3) == 0.1);
}
