#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include <fitnas/data/resize.hpp>

#include "../support/thrown.hpp"
#include "golden_images.hpp"

using namespace fitnas;

namespace {

raster pattern(int height, int width, int channels) {
    raster image{height, width, channels, {}};
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            for (int c = 0; c < channels; ++c) {
                image.pixels.push_back(static_cast<std::uint8_t>((37 * y + 101 * x + 59 * c + x * y) % 256));
            }
        }
    }
    return image;
}

} // namespace

TEST_CASE("images are resized as Pillow and torchvision do it") {
    std::ifstream file(golden_image("resize.txt"));
    std::string kind;
    std::string hex;
    int height = 0;
    int width = 0;
    int channels = 0;
    int to_height = 0;
    int to_width = 0;
    int count = 0;
    while (file >> kind >> height >> width >> channels >> to_height >> to_width >> hex) {
        CAPTURE(kind);
        CAPTURE(height);
        CAPTURE(width);
        CAPTURE(to_height);
        CAPTURE(to_width);
        const raster out = resize(pattern(height, width, channels), to_height, to_width,
                                  kind == "stretch" ? resizing::stretch : resizing::centre_crop);
        const std::vector<std::uint8_t> expected = bytes_of_hex(hex);
        CHECK(out.height == to_height);
        CHECK(out.width == to_width);
        CHECK(out.channels == channels);
        REQUIRE(out.pixels.size() == expected.size());
        int largest = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            largest = (std::max)(largest, std::abs(int{out.pixels[i]} - int{expected[i]}));
        }
        CHECK(largest == 0);
        ++count;
    }
    CHECK(count == 18);
}

TEST_CASE("white and black stay so at any size, and sizes below 1 are refused") {
    for (const std::uint8_t value : {std::uint8_t{0}, std::uint8_t{255}}) {
        const raster image{5, 7, 3, std::vector<std::uint8_t>(105, value)};
        for (int side = 1; side < 20; ++side) {
            const raster out = resize(image, side, 20 - side);
            CHECK(std::count(out.pixels.begin(), out.pixels.end(), value) == side * (20 - side) * 3);
        }
    }
    CHECK(contains(thrown<shape_error>([] { resize(raster{1, 1, 1, {0}}, 0, 5); }), "got 1 x 1 to 0 x 5"));
    CHECK(contains(thrown<shape_error>([] { resize(raster{}, 3, 5); }), "got 0 x 0 to 3 x 5"));
}

TEST_CASE("an image is refused that has not its bytes, or that resizing::none would have to change") {
    const raster image{2, 3, 1, {1, 2, 3, 4, 5, 6}};
    CHECK(resize(image, 2, 3, resizing::none) == image);
    CHECK(contains(thrown<shape_error>([&] { resize(image, 3, 2, resizing::none); }),
                   "resizing::none changes no size: expected an image of 3 x 2, got 2 x 3"));
    const raster torn{4, 4, 3, {1, 2, 3}};
    for (const resizing how : {resizing::stretch, resizing::centre_crop}) {
        CHECK(contains(thrown<shape_error>([&] { resize(torn, 2, 2, how); }),
                       "resize: expected an image of height x width x channels bytes, got 4 x 4 x 3 with 3"));
        CHECK(contains(thrown<shape_error>([&] { resize(raster{}, 2, 2, how); }), "got 0 x 0 to 2 x 2"));
        CHECK(contains(thrown<shape_error>([&] { resize(image, 2, -1, how); }), "got 2 x 3 to 2 x -1"));
    }
}

TEST_CASE("of a very long image only the middle is computed") {
    // One row whose left half is 0 and whose right half is 200: scaled to a height of 224, 13,440,000 pixels.
    raster image{1, 60000, 1, std::vector<std::uint8_t>(60000)};
    std::fill(image.pixels.begin() + 30000, image.pixels.end(), std::uint8_t{200});
    const raster out = resize(image, 224, 224, resizing::centre_crop);
    REQUIRE(out.pixels.size() == std::size_t{224} * 224);
    for (std::size_t y = 0; y < 224; y += 50) {
        for (std::size_t x = 0; x < 224; ++x) { // from the centre of the last 0 to that of the first 200
            const double expected = 200 * (static_cast<double>(x) + 0.5) / 224;
            CHECK(std::abs(out.pixels[y * 224 + x] - expected) <= 0.51);
        }
    }
    // Of 60,000 x 65,535 pixels there would be more than an int counts.
    const raster high = resize(image, 65535, 2, resizing::centre_crop);
    CHECK(high.height == 65535);
    CHECK(high.pixels[0] == 100);
    std::swap(image.height, image.width);
    CHECK(resize(image, 2, 65535, resizing::centre_crop).pixels[65535] == 100);
}
