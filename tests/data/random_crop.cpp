#include <cstdint>
#include <fstream>
#include <limits>
#include <locale>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/batch.hpp>
#include <fitnas/data/image_dataset.hpp>
#include <fitnas/data/image_view.hpp>
#include <fitnas/data/random_crop.hpp>

#include "../support/thrown.hpp"

using namespace fitnas;

TEST_CASE("parts are those of torchvision's RandomResizedCrop with these draws") {
    std::ifstream file(FITNAS_TEST_DIR "/data/golden/crop.txt");
    file.imbue(std::locale::classic()); // numbers have points
    std::uint64_t seed_value = 0;
    std::uint64_t epoch = 0;
    std::uint64_t image = 0;
    int height = 0;
    int width = 0;
    random_resized_crop o;
    image_part expected;
    int lines = 0;
    while (file >> seed_value >> epoch >> image >> height >> width >> o.min_area >> o.max_area >>
           o.min_ratio >> o.max_ratio >> expected.top >> expected.left >> expected.height >> expected.width) {
        CAPTURE(lines);
        const drawn_crop crop(o, random_stream(seed{seed_value}, purpose::crop, epoch, image));
        CHECK(crop.of(height, width) == expected);
        CHECK(crop.of(height, width) == expected); // also when asked again
        ++lines;
    }
    CHECK(lines == 12);
}

TEST_CASE("parts lie inside of images of any size, and reach all of it") {
    for (const auto& [height, width] :
         {std::pair(1, 1), std::pair(1, 50), std::pair(50, 1), std::pair(8, 8)}) {
        int largest = 0;
        int rows = 0;
        for (std::uint64_t i = 0; i < 300; ++i) {
            const image_part p =
                drawn_crop({}, random_stream(seed{1}, purpose::crop, 0, i)).of(height, width);
            REQUIRE(p.height >= 1);
            REQUIRE(p.width >= 1);
            REQUIRE(p.top >= 0);
            REQUIRE(p.left >= 0);
            REQUIRE(p.top + p.height <= height);
            REQUIRE(p.left + p.width <= width);
            largest = (std::max)(largest, p.height * p.width);
            rows |= 1 << (p.top % 8);
        }
        CHECK(largest >= (height == 8 ? 49 : 1));
        CHECK(rows == (height == 8 ? 0x7F | (rows & 0x80) : rows));
    }
}

namespace {

/// Image i has the value 10 i + 20 y + 3 x in row y and column x.
image_dataset slopes(std::size_t count) {
    image_dataset data;
    data.images = pixel_tensor::from_shape({count, 4, 6, 1});
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t y = 0; y < 4; ++y) {
            for (std::size_t x = 0; x < 6; ++x) {
                data.images(i, y, x, 0) = static_cast<std::uint8_t>(10 * i + 20 * y + 3 * x);
            }
        }
    }
    data.labels.assign(count, 0);
    data.classes = 1;
    return data;
}

std::vector<float> batch_of(const image_source& data, const std::vector<std::size_t>& numbers,
                            const augmentation& augment, std::uint64_t epoch) {
    std::vector<float> out(numbers.size() * 24);
    load_batch(data, numbers, {{0.0F}, {255.0F}}, out.data(), nullptr, augment, seed{3}, epoch);
    return out;
}

} // namespace

TEST_CASE("images in memory are cropped at their size, by (seed, epoch, image)") {
    const image_dataset data = slopes(9);
    const augmentation augment{.resized_crop = random_resized_crop{}};
    const std::vector<float> together = batch_of(data, {4, 7}, augment, 2);
    const std::vector<float> alone = batch_of(data, {7}, augment, 2);
    CHECK(std::equal(alone.begin(), alone.end(), together.begin() + 24));
    CHECK(alone != batch_of(data, {7}, augment, 3));
    for (const float v : together) { // of a part only smaller spans are left
        CHECK(v >= 40);
        CHECK(v <= 70 + 75);
    }
    // A part of all of it is all of it.
    CHECK(batch_of(data, {5}, {.resized_crop = random_resized_crop{1, 1, 1.5, 1.5}}, 0) ==
          batch_of(data, {5}, {}, 0));
    // A view draws by its own numbers, and cuts out of the image behind them.
    const std::vector<std::size_t> turned = {8, 7};
    std::vector<float> shifted = batch_of(data, {1}, augment, 2);
    for (float& v : shifted) {
        v += 60;
    }
    CHECK(batch_of(subset(data, turned), {1}, augment, 2) == shifted);
}

TEST_CASE("bounds of parts outside their ranges are refused") {
    const image_dataset data = slopes(2);
    const auto text = [&](const random_resized_crop& o) {
        return thrown<option_error>([&] { batch_of(data, {0}, {.resized_crop = o}, 0); });
    };
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    for (const random_resized_crop& o :
         {random_resized_crop{0, 1}, random_resized_crop{0.5, 0.4}, random_resized_crop{0.5, 1.1},
          random_resized_crop{nan, 1}, random_resized_crop{0.5, nan}}) {
        CHECK(contains(text(o), "[F0432] random_resized_crop: expected 0 < min_area <= max_area <= 1"));
    }
    for (const random_resized_crop& o :
         {random_resized_crop{0.1, 1, 0, 1}, random_resized_crop{0.1, 1, 2, 1},
          random_resized_crop{0.1, 1, 1, std::numeric_limits<double>::infinity()}}) {
        CHECK(contains(text(o), "[F0433] random_resized_crop: expected 0 < min_ratio <= max_ratio"));
    }
}
