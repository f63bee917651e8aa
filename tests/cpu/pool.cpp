// Pools against their definition, with equal maxima and windows cut at the border.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/rng.hpp>
#include <fitnas/cpu/pool.hpp>

using namespace fitnas;
using detail::geometry;

namespace {

std::size_t u(long long i) { return static_cast<std::size_t>(i); }

// Few different values, so that maxima are often equal.
std::vector<float> quarters(long long n, std::uint64_t key) {
    std::vector<float> values(u(n));
    random_stream random(seed{key}, purpose::user);
    for (float& v : values) {
        v = 0.25F * static_cast<float>(static_cast<int>(random.uniform() * 7) - 3);
    }
    return values;
}

// The offsets of the input values in an output value's window, row by row.
std::vector<std::size_t> window(const geometry& g, long long out) {
    std::vector<std::size_t> offsets;
    const long long row = out / g.out.channels;
    const long long n = row / g.out.pixels();
    for (int k = 0; k < g.taps(); ++k) {
        const long long y = row % g.out.pixels() / g.out.width * g.stride + k / g.kernel - g.padding();
        const long long x = row % g.out.width * g.stride + k % g.kernel - g.padding();
        if (y >= 0 && y < g.in.height && x >= 0 && x < g.in.width) {
            offsets.push_back(
                u(((n * g.in.height + y) * g.in.width + x) * g.in.channels + out % g.out.channels));
        }
    }
    return offsets;
}

} // namespace

TEST_CASE("pools equal their definition, and the first of equal maxima takes the gradient") {
    detail::group_sums sums;
    for (const geometry& g :
         {geometry{{6, 5, 3}, {6, 5, 3}, 3, 1, 2}, geometry{{7, 8, 21}, {4, 4, 21}, 3, 2, 3},
          geometry{{5, 5, 16}, {2, 2, 16}, 5, 3, 9}}) {
        CAPTURE(g.kernel);
        const std::vector<float> x = quarters(g.rows_in() * g.in.channels, 1);
        const std::vector<float> dy = quarters(g.rows() * g.out.channels, 2);
        for (const bool maximum : {true, false}) {
            CAPTURE(maximum);
            std::vector<double> expected(dy.size());
            std::vector<double> expected_dx(x.size());
            for (std::size_t i = 0; i < dy.size(); ++i) {
                const std::vector<std::size_t> at = window(g, static_cast<long long>(i));
                const auto top = std::max_element(at.begin(), at.end(),
                                                  [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
                const double share = 1.0 / static_cast<double>(at.size());
                for (const std::size_t a : at) {
                    expected[i] += share * static_cast<double>(x[a]);
                    expected_dx[a] += (maximum ? (a == *top ? 1 : 0) : share) * static_cast<double>(dy[i]);
                }
                expected[i] = maximum ? static_cast<double>(x[*top]) : expected[i];
            }
            std::vector<float> y(dy.size());
            std::vector<float> dx(x.size(), std::numeric_limits<float>::quiet_NaN());
            detail::pool_forward(maximum, g, {.z = x.data()}, nullptr, y.data());
            detail::pool_backward(maximum, g, {.du = dy.data(), .z = y.data()}, {.z = x.data()}, {dx.data()},
                                  sums);
            std::vector<float> sums_with_dy = dy; // in its place
            detail::pool_forward(maximum, g, {.z = x.data()}, sums_with_dy.data(), sums_with_dy.data());
            for (std::size_t i = 0; i < y.size(); ++i) {
                REQUIRE(y[i] == doctest::Approx(expected[i]).epsilon(1e-5));
                REQUIRE(sums_with_dy[i] == y[i] + dy[i]);
            }
            for (std::size_t i = 0; i < dx.size(); ++i) {
                REQUIRE(dx[i] == doctest::Approx(expected_dx[i]).epsilon(1e-5));
            }
        }
    }
}

TEST_CASE("a global pool is the mean over pixels, and its gradient the same for each") {
    const shape in{3, 4, 19};
    const std::vector<float> x = quarters(2 * in.size(), 1);
    const std::vector<float> dy = quarters(2 * in.channels, 2);
    std::vector<float> y(dy.size());
    std::vector<float> dx(x.size());
    detail::group_sums sums;
    detail::global_pool_forward(in, 2, {.z = x.data()}, y.data());
    detail::global_pool_backward(in, 2, {.du = dy.data(), .z = y.data()}, {.z = x.data()}, {dx.data()}, sums);
    std::vector<double> expected(dy.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t out = i / u(in.size()) * u(in.channels) + i % u(in.channels);
        const double share = 1.0 / static_cast<double>(in.pixels());
        expected[out] += share * static_cast<double>(x[i]);
        CHECK(dx[i] == doctest::Approx(share * static_cast<double>(dy[out])));
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
        CHECK(y[i] == doctest::Approx(expected[i]).epsilon(1e-5));
    }
}
