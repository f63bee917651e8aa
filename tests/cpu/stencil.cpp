// Stencils against their definition, for tap rows of every length with a stencil of its own or without.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/rng.hpp>
#include <fitnas/cpu/stencil.hpp>

using namespace fitnas;
using detail::output_tile;

TEST_CASE("a stencil gives every pixel of every plane once, as its definition does") {
    constexpr int lanes = simd::lanes;
    constexpr int planes = 3;
    const auto u = [](int i) { return static_cast<std::size_t>(i); };
    random_stream random(seed{1}, purpose::user);
    for (const int taps : {1, 2, 3, 4, 5, 6, 7, 9}) {
        for (const int stride : {1, 2, 3}) {
            for (const int width : {1, 3, 6, 9, 17}) {
                CAPTURE(taps);
                CAPTURE(stride);
                CAPTURE(width);
                constexpr int height = 5;
                constexpr int tap_rows = 2;
                const detail::stencil_kernel kernel(taps, stride, width);
                const int plane_width = (width - 1) * stride + taps + kernel.excess_columns(width);
                const int plane_height = (height - 1) * stride + tap_rows + kernel.excess_rows(height);
                const auto normal = [&](int n) {
                    std::vector<float> values(u(n * lanes));
                    for (float& v : values) {
                        v = static_cast<float>(random.normal());
                    }
                    return values;
                };
                const std::vector<float> in = normal(planes * plane_width * plane_height);
                const std::vector<float> weights = normal(planes * tap_rows * taps);
                const detail::stencil_input from{in.data(),
                                                 u(plane_width * plane_height * lanes),
                                                 plane_width,
                                                 weights.data(),
                                                 u(tap_rows * taps * lanes),
                                                 tap_rows,
                                                 planes};
                std::vector<int> seen(u(planes * height * width));
                double worst = 0;
                int written = 0;
                const auto use = [&](int plane, const output_tile& tile, const float* values) {
                    for (int i = 0; i < tile.rows * tile.columns; ++i) {
                        const int y = tile.y + i / tile.columns;
                        const int x = tile.x + i % tile.columns;
                        ++seen.at(u((plane * height + y) * width + x));
                        const int lane = (x + y) % lanes;
                        double sum = 0;
                        for (int k = 0; k < tap_rows * taps; ++k) {
                            const int row = y * stride + k / taps;
                            const int column = x * stride + k % taps;
                            sum +=
                                static_cast<double>(
                                    weights[u((plane * tap_rows * taps + k) * lanes + lane)]) *
                                static_cast<double>(in[u(
                                    ((plane * plane_height + row) * plane_width + column) * lanes + lane)]);
                        }
                        const int at = i / tile.columns * kernel.columns + i % tile.columns;
                        worst =
                            std::fmax(worst, std::abs(sum - static_cast<double>(values[at * lanes + lane])));
                    }
                };
                kernel.for_tiles(from, height, width, use, [&](const output_tile& tile, const float*) {
                    written += tile.rows * tile.columns;
                });
                CHECK(worst < 1e-5);
                CHECK(seen == std::vector<int>(seen.size(), 1));
                CHECK(written == height * width);
            }
        }
    }
}

TEST_CASE("a stencil leaves out the zeros around a small image, and gives the same bits") {
    constexpr int lanes = simd::lanes;
    const auto u = [](int i) { return static_cast<std::size_t>(i); };
    random_stream random(seed{1}, purpose::user);
    for (const int taps : {2, 3, 5, 7}) {
        for (const int width : {4, 8, 9}) {
            for (const int height : {1, 4, 5, 8}) {
                CAPTURE(taps);
                CAPTURE(width);
                CAPTURE(height);
                const int margin = (taps - 1) / 2;
                const detail::stencil_kernel kernel(taps, 1, width);
                const int plane_width = width + taps - 1 + kernel.excess_columns(width);
                const int plane_height = height + taps - 1 + kernel.excess_rows(height);
                std::vector<float> in(u(plane_width * plane_height * lanes));
                for (int y = 0; y < height; ++y) {
                    for (int i = 0; i < width * lanes; ++i) {
                        in[u(((y + margin) * plane_width + margin) * lanes + i)] =
                            static_cast<float>(random.normal());
                    }
                }
                std::vector<float> weights(u(taps * taps * lanes));
                for (float& w : weights) {
                    w = static_cast<float>(random.normal());
                }
                detail::stencil_input from{.plane = in.data(),
                                           .plane_size = in.size(),
                                           .plane_width = plane_width,
                                           .taps = weights.data(),
                                           .taps_size = weights.size(),
                                           .tap_rows = taps,
                                           .planes = 1};
                const auto run = [&] {
                    std::vector<float> out(u(height * width * lanes));
                    kernel.for_tiles(
                        from, height, width,
                        [&](int, const output_tile& tile, const float* values) {
                            for (int r = 0; r < tile.rows; ++r) {
                                for (int i = 0; i < tile.columns * lanes; ++i) {
                                    out[u(((tile.y + r) * width + tile.x) * lanes + i)] =
                                        values[r * kernel.columns * lanes + i];
                                }
                            }
                        },
                        [](const output_tile&, const float*) {});
                    return out;
                };
                const std::vector<float> with_zeros = run();
                from.above = margin;
                from.left = margin;
                from.height = height;
                from.width = width;
                CHECK(run() == with_zeros);
                if (kernel.whole_image != nullptr && height == 4 && width == 4) { // nothing there is read
                    for (int i = 0; i < plane_width * plane_height; ++i) {
                        const int y = i / plane_width - margin;
                        const int x = i % plane_width - margin;
                        if (y < 0 || y >= height || x < 0 || x >= width) {
                            std::fill_n(in.begin() + i * lanes, lanes, NAN);
                        }
                    }
                    CHECK(run() == with_zeros);
                }
            }
        }
    }
}
