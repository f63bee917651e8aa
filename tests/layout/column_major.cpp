// Programs that make xtensor's defaults column-major get the same values from the same elements: our types
// name their layout, and tensors of the user's are converted. A program of its own, as the macros hold for
// all of it.
#define XTENSOR_DEFAULT_LAYOUT xt::layout_type::column_major
#define XTENSOR_DEFAULT_TRAVERSAL xt::layout_type::column_major

#include <cstdint>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/linalg.hpp>
#include <fitnas/core/xtensor.hpp>
#include <fitnas/cpu/block.hpp>
#include <fitnas/data/image_dataset.hpp>
#include <fitnas/data/split.hpp>

using namespace fitnas;

namespace {
// What a user writes who does not think of layouts: column-major here.
using user_pixels = xt::xtensor<std::uint8_t, 4>;
using user_images = xt::xtensor<float, 4>;
using user_matrix = xt::xtensor<double, 2>;
static_assert(!std::is_same_v<user_images, tensor4> && !std::is_same_v<user_matrix, matrix>);
} // namespace

TEST_CASE("parts of a data set keep their pixels where xtensor's default is column-major") {
    image_dataset all;
    all.classes = 2;
    all.labels = {0, 1};
    user_pixels pixels = user_pixels::from_shape({2, 2, 3, 1});
    for (std::size_t n = 0; n < 2; ++n) {
        for (std::size_t y = 0; y < 2; ++y) {
            for (std::size_t x = 0; x < 3; ++x) {
                pixels(n, y, x, 0) = static_cast<std::uint8_t>(100 * n + 10 * y + x);
            }
        }
    }
    all.images = pixels;
    const image_dataset second(subset(all, std::vector<std::size_t>{1}));
    for (std::size_t y = 0; y < 2; ++y) {
        for (std::size_t x = 0; x < 3; ++x) {
            CHECK(second.images(0, y, x, 0) == 100 + 10 * y + x);
        }
    }
}

TEST_CASE("a block reads and writes images where xtensor's default is column-major") {
    // The maximum of 3 x 3 pixels, those outside left out.
    block pool({max_pool(3)}, {3, 4, 2});
    user_images x = user_images::from_shape({2, 3, 4, 2});
    float value = 0;
    for (std::size_t n = 0; n < 2; ++n) {
        for (std::size_t row = 0; row < 3; ++row) {
            for (std::size_t column = 0; column < 4; ++column) {
                for (std::size_t c = 0; c < 2; ++c) {
                    x(n, row, column, c) = value++;
                }
            }
        }
    }
    const user_images y = pool.forward(x);
    for (std::size_t n = 0; n < 2; ++n) {
        for (std::size_t row = 0; row < 3; ++row) {
            for (std::size_t column = 0; column < 4; ++column) {
                for (std::size_t c = 0; c < 2; ++c) {
                    // Values grow with rows and columns: the largest is at the last of the window.
                    CHECK(y(n, row, column, c) ==
                          x(n, row == 2 ? 2 : row + 1, column == 3 ? 3 : column + 1, c));
                }
            }
        }
    }
}

TEST_CASE("solve where xtensor's default is column-major") {
    user_matrix a = {{2, 1}, {0, 4}};
    user_matrix b = {{4, 1}, {8, 0}};
    const user_matrix x = solve(matrix(a), matrix(b)); // by hand: (1, 2), (0.5, 0)
    CHECK(x(0, 0) == doctest::Approx(1));
    CHECK(x(1, 0) == doctest::Approx(2));
    CHECK(x(0, 1) == doctest::Approx(0.5));
    CHECK(x(1, 1) == doctest::Approx(0));
}
