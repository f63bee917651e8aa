#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/png.hpp>

#include "../support/thrown.hpp"
#include "golden_images.hpp"

using namespace fitnas;

namespace {

std::string refusal(const std::vector<std::uint8_t>& bytes, std::uint64_t most = largest_image) {
    return thrown<data_error>([&] { decode_png(bytes, "a.png", most); });
}

} // namespace

#if FITNAS_HAS_PNG

TEST_CASE("PNG images have the pixels that Pillow reads: all depths, palettes, alpha, interlaced, turned") {
    int count = 0;
    for (const auto& golden : golden_pixels("pixels.txt")) {
        if (contains(golden.first, ".png")) {
            CAPTURE(golden.first);
            CHECK(decode_png(golden_bytes(golden.first), golden.first) == golden.second);
            ++count;
        }
    }
    CHECK(count == 20);
}

TEST_CASE("a PNG image that ends anywhere before its end is truncated") {
    for (const char* name : {"colour.png", "interlaced.png", "palette_transparent.png", "exif_6.png"}) {
        const std::vector<std::uint8_t> whole = golden_bytes(name);
        REQUIRE(whole.size() > 100);
        int wrong = 0;
        for (std::size_t n = 0; n < whole.size(); ++n) {
            const std::string text = refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)});
            wrong += contains(text, "[F0483] a.png: ") && contains(text, "truncated") ? 0 : 1;
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE("a PNG image of which any byte of the pixels changed is refused") {
    const std::vector<std::uint8_t> whole = golden_bytes("grey.png");
    int taken = 0;
    for (std::size_t i = 8; i < whole.size(); ++i) {
        std::vector<std::uint8_t> bytes = whole;
        bytes[i] ^= 0x41U; // also where the name of a chunk says that it must be known
        taken += contains(refusal(bytes), "[F0483] a.png: is no PNG image that can be decoded: ") ? 0 : 1;
    }
    CHECK(taken == 0);
    CHECK(contains(refusal(golden_bytes("grey.jpg")), "[F0483]"));
}

TEST_CASE("a part of a PNG image that says it is 800 MB long is refused") {
    std::vector<std::uint8_t> bytes = golden_bytes("exif_6.png");
    const std::string name = "eXIf";
    const auto at = std::search(bytes.begin(), bytes.end(), name.begin(), name.end());
    REQUIRE(at != bytes.end());
    *(at - 4) = 0x32;
    CHECK(contains(refusal(bytes), "it is truncated"));
}

TEST_CASE("a PNG header cannot ask for more pixels than are allowed") {
    CHECK(contains(refusal(golden_bytes("grey.png"), 116),
                   "[F0487] a.png: expected an image of at most 116 pixels, the header says 9 x 13"));
    CHECK(refusal(golden_bytes("grey.png"), 117) == "nothing was thrown");
}

#else

TEST_CASE("without libpng its images are refused by a sentence that names it") {
    CHECK(contains(refusal(golden_bytes("grey.png")), "[F0485] a.png: is a PNG image"));
    CHECK(contains(refusal({}), "libpng-dev"));
}

#endif
