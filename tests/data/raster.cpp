#include <string>

#include <doctest/doctest.h>

#include <fitnas/data/raster.hpp>

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
