#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/mean.hpp>

using namespace fitnas::detail;

namespace {

double sum_of(const std::vector<double>& values) {
    exact_sum sum;
    for (const double v : values) {
        sum.add(v);
    }
    return sum.value();
}

constexpr double smallest = std::numeric_limits<double>::denorm_min();
constexpr double largest = (std::numeric_limits<double>::max)();

} // namespace

TEST_CASE("the mean of equal numbers is that number") {
    for (const double v : {0.1, 0.3, -0.7, 1e300, largest, smallest, 3 * smallest, 1e-310, 0.0}) {
        for (std::size_t n = 1; n < 100; ++n) {
            CHECK(exact_mean(std::vector<double>(n, v)) == v);
            exact_sum sum; // without looking whether all are equal
            for (std::size_t i = 0; i < n; ++i) {
                sum.add(v);
            }
            CHECK(sum.mean() == v);
        }
    }
}

TEST_CASE("a mean does not depend on the order, and is rounded once") {
    std::vector<double> values{0.1, 0.7, 0.2, 1e16, -1e16, 0.3};
    std::sort(values.begin(), values.end());
    const double mean = exact_mean(values);
    do {
        CHECK(exact_mean(values) == mean);
    } while (std::next_permutation(values.begin(), values.end()));

    // Doubles next to the exact fractions, worked out with Python's fractions.
    CHECK(exact_mean(std::vector<double>{0.1, 0.2, 0.4}) == 0x1.ddddddddddddep-3);
    CHECK(exact_mean(std::vector<double>{1e100, 1.0, -1e100}) == 0x1.5555555555555p-2);
    CHECK(exact_mean(std::vector<double>{1, 1, -1, 0.5, 1e-300, -1e-300, 0.25}) == 0x1p-2);
    CHECK(exact_mean(std::vector<double>{-1, -1, 0}) == -0x1.5555555555555p-1);
    // Between two doubles the even one, and above the middle the upper.
    CHECK(sum_of({1, 0x1p-53}) == 1);
    CHECK(sum_of({1, 0x1p-53, 0x1p-1000}) == 1 + 0x1p-52);
    CHECK(sum_of({1 + 0x1p-52, 0x1p-53}) == 1 + 0x1p-51);
}

TEST_CASE("sums neither overflow on the way nor lose the smallest doubles") {
    CHECK(exact_mean(std::vector<double>{largest, largest, -largest, largest / 2}) == largest * 0.375);
    CHECK(sum_of({largest, largest, -largest}) == largest);
    CHECK(sum_of({largest, largest}) == std::numeric_limits<double>::infinity());
    CHECK(sum_of({largest, smallest, -largest}) == smallest);
    CHECK(exact_mean(std::vector<double>{smallest, 2 * smallest}) == 2 * smallest);     // 1.5: to even
    CHECK(exact_mean(std::vector<double>{2 * smallest, 3 * smallest}) == 2 * smallest); // 2.5: to even
    CHECK(exact_mean(std::vector<double>{smallest, 0, 0}) == 0);
    CHECK(std::isnan(exact_mean({})));
    CHECK(std::isnan(exact_mean(std::vector<double>{1, NAN})));
    CHECK(exact_mean(std::vector<double>{1, INFINITY}) == INFINITY);
    CHECK(std::isnan(exact_mean(std::vector<double>{-INFINITY, INFINITY})));
}

TEST_CASE("the common exponent brings the largest magnitude below 1") {
    CHECK(common_exponent(std::vector<double>{1, -3, 2}) == 2);
    CHECK(common_exponent(std::vector<double>{0, 0.25}) == -1);
    CHECK(common_exponent(std::vector<double>{0, 0}) == 0);
    CHECK(common_exponent({}) == 0);
    CHECK(common_exponent(std::vector<double>{smallest}) == -1073);
    CHECK(common_exponent(std::vector<double>{-largest}) == 1024);
}
