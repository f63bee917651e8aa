/// @file
/// @brief A JPEG or PNG file as an image.

#ifndef FITNAS_DATA_READ_IMAGE_HPP
#define FITNAS_DATA_READ_IMAGE_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include <fitnas/config.hpp>
#include <fitnas/data/raster.hpp>

namespace fitnas {

/// @brief Reads a JPEG or PNG image; its first bytes say which it is, whatever its name.
/// @param path of the file
/// @param most_pixels what its header may promise
/// @return upright, of 1 or 3 channels
/// @throws data_error where the file is missing, empty, of another kind, truncated, damaged or too large, or
/// this program is built without the library that decodes it
FITNAS_API raster read_image(const std::string& path, std::uint64_t most_pixels = largest_image);

namespace detail {
/// @throws data_error which says what a file is in place of an image
FITNAS_LAZY [[noreturn]] FITNAS_COLD void refuse_no_image(const std::string& path, std::string_view got);
} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <array>
#include <vector>

#include <fitnas/data/byte_file.hpp>
#include <fitnas/data/jpeg.hpp>
#include <fitnas/data/png.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void refuse_no_image(const std::string& path, std::string_view got) {
    throw data_error("[F0488] " + path + ": expected a JPEG or PNG image, got " + std::string(got));
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API raster read_image(const std::string& path, std::uint64_t most_pixels) {
    constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30U;
    const std::vector<std::uint8_t> bytes =
        detail::byte_file(path, detail::byte_file::content::any).read(most_bytes);
    constexpr std::array<std::uint8_t, 3> jpeg = {0xFF, 0xD8, 0xFF};
    constexpr std::array<std::uint8_t, 8> png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    const auto begins_with = [&](const auto& signature) {
        return bytes.size() >= signature.size() &&
               std::equal(signature.begin(), signature.end(), bytes.begin());
    };
    if (begins_with(jpeg)) {
        return decode_jpeg(bytes, path, most_pixels);
    }
    if (begins_with(png)) {
        return decode_png(bytes, path, most_pixels);
    }
    const std::string_view format = detail::foreign_format(bytes);
    detail::refuse_no_image(path, bytes.empty()    ? "an empty file"
                                  : format.empty() ? "a file that begins like neither"
                                                   : format);
}

} // namespace fitnas

#endif

#endif
