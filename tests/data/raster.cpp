#include <string>

#include <doctest/doctest.h>

#include <fitnas/data/raster.hpp>

#include "../support/thrown.hpp"
#include "golden_images.hpp"

using namespace fitnas;

TEST_CASE("colour becomes grey as Pillow makes it, grey becomes three equal channels") {
    const auto colour = golden_pixels("pixels.txt");
    for (const auto& golden : golden_pixels("grey.txt")) {
        CAPTURE(golden.first);
        CHECK(with_channels(colour.at(golden.first), 1) == golden.second);
    }
    CHECK(with_channels({1, 2, 1, {7, 250}}, 3) == raster{1, 2, 3, {7, 7, 7, 250, 250, 250}});
    CHECK(with_channels({1, 2, 1, {7, 250}}, 1) == raster{1, 2, 1, {7, 250}});
    CHECK(with_channels({1, 2, 3, {255, 255, 255, 0, 0, 0}}, 1) == raster{1, 2, 1, {255, 0}});
}

TEST_CASE("images of other channels, or of fewer bytes than their sizes say, are refused") {
    const auto refused = [](const raster& image, int channels) {
        return thrown<shape_error>([&] { with_channels(image, channels); });
    };
    CHECK(contains(refused({1, 1, 3, {1, 2, 3}}, 2), "expected 1 or 3 channels, got 3 to become 2"));
    CHECK(contains(refused({1, 1, 3, {1, 2, 3}}, -1), "got 3 to become -1"));
    CHECK(contains(refused({1, 1, 2, {1, 2}}, 2), "got 2 to become 2"));
    CHECK(contains(refused({}, 3), "got 0 to become 3"));
    CHECK(contains(
        refused({2, 2, 3, {1, 2, 3}}, 1),
        "with_channels: expected an image of height x width x channels bytes, got 2 x 2 x 3 with 3"));
    CHECK(contains(refused({-1, -3, 1, {1, 2, 3}}, 1), "got -1 x -3 x 1 with 3"));
}
