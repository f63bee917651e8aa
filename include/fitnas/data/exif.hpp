/// @file
/// @brief The orientation that a camera notes beside an image.

#ifndef FITNAS_DATA_EXIF_HPP
#define FITNAS_DATA_EXIF_HPP

#include <cstddef>
#include <cstdint>
#include <span>

#include <fitnas/config.hpp>

namespace fitnas::detail {

/// @param tiff EXIF data (JEITA CP-3451) from its TIFF header on: byte order, 42, where the first directory
/// is; directories are a count and entries of 12 bytes: tag, type, count, value
/// @return 1 to 8; 1, as it is stored, where nothing else is said or what is said makes no sense
FITNAS_LAZY int exif_orientation(std::span<const std::uint8_t> tiff);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN int exif_orientation(std::span<const std::uint8_t> tiff) {
    if (tiff.size() < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) {
        return 1;
    }
    // 0 past the end, which is no orientation.
    const auto number = [&](std::size_t at, std::size_t bytes) {
        std::size_t value = 0;
        for (std::size_t i = 0; at + bytes <= tiff.size() && i < bytes; ++i) {
            value = value << 8U | tiff[tiff[0] == 'M' ? at + i : at + bytes - 1 - i];
        }
        return value;
    };
    const std::size_t directory = number(4, 4);
    const std::size_t entries = number(directory, 2);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t entry = directory + 2 + 12 * i;
        constexpr std::size_t orientation_tag = 0x0112;
        constexpr std::size_t type_long = 4; // else 3: short
        if (number(entry, 2) == orientation_tag) {
            const std::size_t value = number(entry + 8, number(entry + 2, 2) == type_long ? 4 : 2);
            return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
        }
    }
    return 1;
}

} // namespace fitnas::detail

#endif

#endif
