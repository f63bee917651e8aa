/// @file
/// @brief A JPEG or PNG file as an image.

#ifndef FITNAS_DATA_READ_IMAGE_HPP
#define FITNAS_DATA_READ_IMAGE_HPP

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// @brief The same of a file that is in memory.
/// @param bytes the whole file
/// @param name of the file, for messages
FITNAS_API raster decode_image(std::span<const std::uint8_t> bytes, const std::string& name,
                               std::uint64_t most_pixels = largest_image);

namespace detail {

/// @throws data_error which says what a file is in place of an image
FITNAS_LAZY [[noreturn]] FITNAS_COLD void refuse_no_image(const std::string& path, std::string_view got);

/// @return the bytes of a file that may be an image
FITNAS_LAZY std::vector<std::uint8_t> image_bytes(const std::string& path);

/// @return the size that `decode_image` gives, from the header alone; throws as that
FITNAS_LAZY image_size encoded_size(std::span<const std::uint8_t> bytes, const std::string& name,
                                    std::uint64_t most_pixels);

/// An image of fewer pixels than its file has, where its decoder can leave some out.
struct scaled_raster {
    raster image;
    image_size whole; ///< without that
};
/// @param eighths of the sides for a size, asked for JPEG images; others come whole, as all do where it is
/// null
FITNAS_LAZY scaled_raster decode_scaled(std::span<const std::uint8_t> bytes, const std::string& name,
                                        std::uint64_t most_pixels,
                                        const std::function<int(image_size)>& eighths);

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <array>
#include <utility>

#include <fitnas/data/byte_file.hpp>
#include <fitnas/data/jpeg.hpp>
#include <fitnas/data/png.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void refuse_no_image(const std::string& path, std::string_view got) {
    throw data_error("[F0488] " + path + ": expected a JPEG or PNG image, got " + std::string(got));
}

FITNAS_LAZY_AGAIN std::vector<std::uint8_t> image_bytes(const std::string& path) {
    constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30U;
    return byte_file(path, byte_file::content::any).read(most_bytes);
}

/// @return what the decoder of its format gives of an image
template <class Jpeg, class Png>
auto by_format(std::span<const std::uint8_t> bytes, const std::string& name, const Jpeg& jpeg,
               const Png& png) {
    constexpr std::array<std::uint8_t, 3> jpeg_begins = {0xFF, 0xD8, 0xFF};
    constexpr std::array<std::uint8_t, 8> png_begins = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    const auto begins_with = [&](const auto& signature) {
        return bytes.size() >= signature.size() &&
               std::equal(signature.begin(), signature.end(), bytes.begin());
    };
    if (begins_with(jpeg_begins)) {
        return jpeg();
    }
    if (begins_with(png_begins)) {
        return png();
    }
    const std::string_view format = foreign_format(bytes);
    refuse_no_image(name, bytes.empty()    ? "an empty file"
                          : format.empty() ? "a file that begins like neither"
                                           : format);
}

FITNAS_LAZY_AGAIN image_size encoded_size(std::span<const std::uint8_t> bytes, const std::string& name,
                                          std::uint64_t most_pixels) {
    return by_format(
        bytes, name, [&] { return jpeg_size(bytes, name, most_pixels); },
        [&] { return png_size(bytes, name, most_pixels); });
}

FITNAS_LAZY_AGAIN scaled_raster decode_scaled(std::span<const std::uint8_t> bytes, const std::string& name,
                                              std::uint64_t most_pixels,
                                              const std::function<int(image_size)>& eighths) {
    const auto whole = [](raster image) {
        const image_size size{image.height, image.width};
        return scaled_raster{std::move(image), size};
    };
    return by_format(
        bytes, name,
        [&]() -> scaled_raster {
            if (!eighths) {
                return whole(decode_jpeg(bytes, name, most_pixels));
            }
            const image_size size = jpeg_size(bytes, name, most_pixels);
            return {decode_jpeg(bytes, name, most_pixels, eighths(size)), size};
        },
        [&] { return whole(decode_png(bytes, name, most_pixels)); });
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API raster read_image(const std::string& path, std::uint64_t most_pixels) {
    return decode_image(detail::image_bytes(path), path, most_pixels);
}

FITNAS_API raster decode_image(std::span<const std::uint8_t> bytes, const std::string& name,
                               std::uint64_t most_pixels) {
    return detail::decode_scaled(bytes, name, most_pixels, {}).image;
}

} // namespace fitnas

#endif

#endif
