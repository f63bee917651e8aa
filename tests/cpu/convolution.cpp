// Full convolutions against their definition, forward and backward, with what is pending on the input.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/rng.hpp>
#include <fitnas/cpu/convolution.hpp>

using namespace fitnas;
using detail::geometry;

namespace {

std::size_t u(long long i) { return static_cast<std::size_t>(i); }

std::vector<float> normal(long long n, std::uint64_t key) {
    std::vector<float> values(u(n));
    random_stream random(seed{key}, purpose::user);
    for (float& v : values) {
        v = static_cast<float>(random.normal());
    }
    return values;
}

// Calls `each(output value, weight, input value)` for every product of the definition, by their offsets.
template <class Each>
void for_products(const geometry& g, Each&& each) {
    for (long long row = 0; row < g.rows(); ++row) {
        const long long n = row / g.out.pixels();
        const long long oy = row % g.out.pixels() / g.out.width;
        const long long ox = row % g.out.width;
        for (int o = 0; o < g.out.channels; ++o) {
            for (int k = 0; k < g.taps(); ++k) {
                const long long y = oy * g.stride + k / g.kernel - g.padding();
                const long long x = ox * g.stride + k % g.kernel - g.padding();
                for (int c = 0; c < g.in.channels && y >= 0 && y < g.in.height && x >= 0 && x < g.in.width;
                     ++c) {
                    each(u(row * g.out.channels + o), u((o * g.taps() + k) * g.in.channels + c),
                         u(((n * g.in.height + y) * g.in.width + x) * g.in.channels + c));
                }
            }
        }
    }
}

double worst(const std::vector<float>& got, const std::vector<double>& expected) {
    double most = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        most = std::fmax(most,
                         std::abs(static_cast<double>(got[i]) - expected[i]) / (1 + std::abs(expected[i])));
    }
    return most;
}

} // namespace

TEST_CASE("convolutions equal their definition, forward and backward") {
    for (const geometry& g :
         {geometry{{7, 6, 3}, {7, 6, 20}, 3, 1, 2}, geometry{{9, 12, 18}, {5, 6, 5}, 5, 2, 3},
          geometry{{4, 5, 33}, {2, 2, 37}, 1, 3, 2}, geometry{{3, 20, 5}, {3, 20, 16}, 7, 1, 1},
          geometry{{8, 14, 16}, {8, 14, 16}, 3, 1, 3}, geometry{{5, 7, 18}, {5, 7, 37}, 3, 1, 2},
          geometry{{1, 1, 64}, {1, 1, 32}, 3, 1, 1}, geometry{{13, 12, 33}, {13, 12, 17}, 3, 1, 2}}) {
        CAPTURE(g.kernel);
        CAPTURE(g.stride);
        const int padded = simd::padded(g.in.channels);
        const std::vector<float> z = normal(g.rows_in() * g.in.channels, 1);
        const std::vector<float> weights = normal(1LL * g.taps() * g.in.channels * g.out.channels, 2);
        const std::vector<float> scale = normal(padded, 3);
        const std::vector<float> shift = normal(padded, 4);
        const std::vector<float> dy = normal(g.rows() * g.out.channels, 5);
        detail::workspace shared;
        shared.sums.start(g.out.channels);
        std::vector<float> y(dy.size());
        detail::convolution_forward(g, {z.data(), scale.data(), shift.data(), nullptr, activation::relu},
                                    weights.data(), y.data(), &shared.sums, shared);
        std::vector<double> expected(y.size());
        for_products(g, [&](std::size_t out, std::size_t w, std::size_t in) {
            const std::size_t c = in % u(g.in.channels);
            const double x =
                static_cast<double>(scale[c]) * static_cast<double>(z[in]) + static_cast<double>(shift[c]);
            expected[out] += static_cast<double>(weights[w]) * std::fmax(x, 0.0);
        });
        CHECK(worst(y, expected) < 1e-4);
        shared.sums.add_up();
        double sum = 0;
        double squares = 0;
        for (std::size_t i = 0; i < y.size(); i += u(g.out.channels)) { // of channel 0
            sum += expected[i];
            squares += expected[i] * expected[i];
        }
        CHECK(shared.sums.first(0)[0] == doctest::Approx(sum).epsilon(1e-4));
        CHECK(shared.sums.second(0)[0] == doctest::Approx(squares).epsilon(1e-4));

        std::vector<float> dw(weights.size(), 0.5F);
        std::vector<float> dx(z.size(), -7.0F);
        const std::vector<float> shortcut = normal(g.rows_in() * g.in.channels, 6);
        detail::convolution_backward(g, {.du = dy.data()}, {.z = z.data()}, weights.data(), dw.data(),
                                     {dx.data(), shortcut.data()}, shared.sums, shared);
        std::vector<double> expected_dw(dw.size(), 0.5);
        std::vector<double> expected_dx(shortcut.begin(), shortcut.end());
        for_products(g, [&](std::size_t out, std::size_t w, std::size_t in) {
            expected_dw[w] += static_cast<double>(dy[out]) * static_cast<double>(z[in]);
            expected_dx[in] += static_cast<double>(dy[out]) * static_cast<double>(weights[w]);
        });
        CHECK(worst(dw, expected_dw) < 1e-4);
        CHECK(worst(dx, expected_dx) < 1e-4);
    }
}
