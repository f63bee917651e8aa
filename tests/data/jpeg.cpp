#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/jpeg.hpp>

#include "../support/thrown.hpp"
#include "golden_images.hpp"

using namespace fitnas;

namespace {

std::string refusal(const std::vector<std::uint8_t>& bytes, std::uint64_t most = largest_image) {
    return thrown<data_error>([&] { decode_jpeg(bytes, "a.jpg", most); });
}

} // namespace

#if FITNAS_HAS_JPEG

TEST_CASE("JPEG images have the pixels that Pillow reads: colour, grey, progressive, CMYK, turned by EXIF") {
    int count = 0;
    for (const auto& golden : golden_pixels("pixels.txt")) {
        if (contains(golden.first, ".jpg")) {
            CAPTURE(golden.first);
            CHECK(decode_jpeg(golden_bytes(golden.first), golden.first) == golden.second);
            ++count;
        }
    }
    CHECK(count == 7);
}

TEST_CASE("a JPEG image that ends anywhere before its end is truncated") {
    for (const char* name : {"colour.jpg", "progressive.jpg", "cmyk.jpg", "exif_6.jpg"}) {
        const std::vector<std::uint8_t> whole = golden_bytes(name);
        REQUIRE(whole.size() > 100);
        int wrong = 0;
        for (std::size_t n = 0; n < whole.size(); ++n) {
            const std::string text = refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)});
            wrong += contains(text, "[F0483] a.jpg: ") && contains(text, "truncated") ? 0 : 1;
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE("a damaged JPEG image is refused, one with bytes between its parts is not") {
    const std::vector<std::uint8_t> whole = golden_bytes("colour.jpg");
    // Bytes that belong to nothing, before the end; and behind it.
    std::vector<std::uint8_t> more = whole;
    more.insert(more.end() - 2, {0x12, 0x34});
    CHECK(decode_jpeg(more, "a.jpg") == golden_pixels("pixels.txt").at("colour.jpg"));
    more = whole;
    more.insert(more.end(), 100, 0xFF);
    CHECK(decode_jpeg(more, "a.jpg") == golden_pixels("pixels.txt").at("colour.jpg"));
    // Half of what is coded is not there.
    std::vector<std::uint8_t> less = whole;
    less.erase(less.end() - 22, less.end() - 2);
    CHECK(contains(refusal(less), "Corrupt JPEG data: premature end of data segment"));
    CHECK(contains(refusal(golden_bytes("grey.png")), "Not a JPEG file: starts with 0x89 0x50"));
    CHECK(contains(refusal(golden_bytes("two_components.jpg")), "expected 1, 3 or 4 components, got 2"));
}

TEST_CASE("a JPEG header cannot ask for more pixels than are allowed") {
    std::vector<std::uint8_t> bytes = golden_bytes("grey.jpg");
    CHECK(contains(refusal(bytes, 116),
                   "[F0487] a.jpg: expected an image of at most 116 pixels, the header says 9 x 13"));
    CHECK(refusal(bytes, 117) == "nothing was thrown");
    const std::uint8_t frame[] = {0xFF, 0xC0};
    const auto at = std::search(bytes.begin(), bytes.end(), frame, frame + 2);
    REQUIRE(at != bytes.end());
    std::fill(at + 5, at + 9, std::uint8_t{0xF0}); // height and width
    CHECK(contains(refusal(bytes), "at most 178956970 pixels, the header says 61680 x 61680"));
}

TEST_CASE("a JPEG image of a thousand scans is refused before they are decoded") {
    // The first scan once more and again: each passes over the whole image.
    const std::vector<std::uint8_t> whole = golden_bytes("progressive.jpg");
    const std::uint8_t scan[] = {0xFF, 0xDA};
    const std::uint8_t table[] = {0xFF, 0xC4};
    const auto first = std::search(whole.begin(), whole.end(), scan, scan + 2);
    const auto next = std::search(first, whole.end(), table, table + 2);
    REQUIRE(next != whole.end());
    const auto repeated = [&](int times) {
        std::vector<std::uint8_t> bytes(whole.begin(), first);
        for (int i = 0; i < times; ++i) {
            bytes.insert(bytes.end(), first, next);
        }
        bytes.insert(bytes.end(), next, whole.end());
        return bytes;
    };
    CHECK(decode_jpeg(repeated(2), "a.jpg") == golden_pixels("pixels.txt").at("progressive.jpg"));
    CHECK(contains(refusal(repeated(1000)), "more than 500 scans"));
}

#else

TEST_CASE("without libjpeg its images are refused by a sentence that names it") {
    CHECK(contains(refusal(golden_bytes("grey.jpg")), "[F0485] a.jpg: is a JPEG image"));
    CHECK(contains(refusal({}), "libjpeg62-turbo-dev"));
}

#endif
