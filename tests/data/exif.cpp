#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/exif.hpp>

using fitnas::detail::exif_orientation;

namespace {

// Two entries, the width and the orientation; numbers little-endian.
std::vector<std::uint8_t> two_entries(std::uint8_t orientation, std::uint8_t type = 3) {
    return {'I',  'I',  42,   0, 8, 0, 0, 0, 2,           0,        // header, where the directory is, entries
            0x00, 0x01, 3,    0, 1, 0, 0, 0, 99,          0, 0, 0,  // ImageWidth: short, 1 value, 99
            0x12, 0x01, type, 0, 1, 0, 0, 0, orientation, 0, 0, 0}; // Orientation
}

} // namespace

TEST_CASE("EXIF says how an image is turned, in either order of bytes") {
    for (std::uint8_t value = 1; value <= 8; ++value) {
        CHECK(exif_orientation(two_entries(value)) == value);
        CHECK(exif_orientation(two_entries(value, 4)) == value);                   // as a long
        const std::vector<std::uint8_t> big = {'M', 'M',  0, 42, 0, 0, 0, 8, 0, 1, //
                                               1,   0x12, 0, 3,  0, 0, 0, 1, 0, value, 0, 0};
        CHECK(exif_orientation(big) == value);
    }
}

TEST_CASE("EXIF that makes no sense leaves an image as it is") {
    CHECK(exif_orientation(two_entries(0)) == 1);
    CHECK(exif_orientation(two_entries(9)) == 1);
    CHECK(exif_orientation({}) == 1);
    const std::vector<std::uint8_t> whole = two_entries(6);
    for (std::size_t n = 0; n < whole.size() - 3; ++n) { // up to the value itself
        CHECK(exif_orientation({whole.data(), n}) == 1);
    }
    std::vector<std::uint8_t> lying = whole;
    lying[4] = lying[5] = lying[6] = lying[7] = 0xFF; // a directory far behind the end
    CHECK(exif_orientation(lying) == 1);
    lying = two_entries(6);
    lying[8] = lying[9] = 0xFF; // entries behind the end, before which the orientation stands
    CHECK(exif_orientation(lying) == 6);
    lying[0] = 'M';
    CHECK(exif_orientation(lying) == 1);
    lying[1] = 'M';
    CHECK(exif_orientation(lying) == 1);
}
