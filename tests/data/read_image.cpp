#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <fitnas/data/read_image.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"
#include "golden_images.hpp"

using namespace fitnas;

namespace {

std::string refusal(const std::string& path) {
    return thrown<data_error>([&] { read_image(path); });
}

} // namespace

#if FITNAS_HAS_JPEG && FITNAS_HAS_PNG
TEST_CASE("an image is known by its first bytes, whatever its name") {
    const temporary_folder folder;
    for (const auto& [name, expected] : golden_pixels("pixels.txt")) {
        CHECK(read_image(golden_image(name)) == expected);
    }
    const auto bytes = golden_bytes("grey.png");
    CHECK(read_image(folder.write("a.jpg", {bytes.begin(), bytes.end()})) ==
          golden_pixels("pixels.txt").at("grey.png"));
    CHECK(contains(thrown<data_error>([] { read_image(golden_image("grey.png"), 5); }),
                   "grey.png: expected an image of at most 5 pixels"));
}
#endif

TEST_CASE("files that are no images are refused by what they are") {
    const temporary_folder folder;
    CHECK(contains(refusal(folder.write("a.jpg", "")),
                   "a.jpg: expected a JPEG or PNG image, got an empty file"));
    CHECK(contains(refusal(folder.write("b.png", "hello")), "got a file that begins like neither"));
    CHECK(contains(refusal(folder.write("c.jpg", "<html>not found")), "got a web page"));
    CHECK(contains(refusal(folder.path("none.jpg")), "[F0405]"));
    std::filesystem::create_directories(folder.path("d.jpg"));
    CHECK(contains(refusal(folder.path("d.jpg")), "d.jpg: cannot be read: Is a directory"));
}
