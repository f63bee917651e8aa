/// @file
/// @brief One image of any size, as decoders give it.

#ifndef FITNAS_DATA_RASTER_HPP
#define FITNAS_DATA_RASTER_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>

#if (0 - FITNAS_HAS_JPEG - 1 != -1 && 0 - FITNAS_HAS_JPEG - 1 != -2) ||                                      \
    (0 - FITNAS_HAS_PNG - 1 != -1 && 0 - FITNAS_HAS_PNG - 1 != -2)
#error "[F0481] FITNAS_HAS_JPEG and FITNAS_HAS_PNG must be 1, 0 or not defined"
#endif

namespace fitnas {

/// @brief One image in memory.
struct raster {
    int height = 0;                   ///< in pixels
    int width = 0;                    ///< in pixels
    int channels = 0;                 ///< 1: grey; 3: red, green, blue
    std::vector<std::uint8_t> pixels; ///< H x W x C, 0 to 255

    friend bool operator==(const raster&, const raster&) = default;
};

/// @brief The most pixels of an image that is decoded unless more are allowed: where Pillow refuses, too.
/// A header may promise any number of them in a few bytes.
inline constexpr std::uint64_t largest_image = 178'956'970;

/// @brief An image in grey or in colour.
/// @param image of 1 or 3 channels
/// @param channels 1: the luma of ITU-R 601, 0.299 R + 0.587 G + 0.114 B, in the integers of Pillow's
/// `convert("L")`; 3: grey is repeated
/// @throws shape_error where one of these is another number, or the image has not height x width x channels
/// bytes
FITNAS_API raster with_channels(raster image, int channels);

namespace detail {

/// @throws shape_error where an image has not as many bytes as its sizes say
FITNAS_LAZY void require_pixels(const char* caller, const raster& image);

/// @throws data_error where a header promises more pixels than `most`
FITNAS_LAZY void require_size(const std::string& name, std::uint64_t height, std::uint64_t width,
                              std::uint64_t most);

/// Sides of an image as it is to be looked at.
struct image_size {
    int height = 0;
    int width = 0;
};
/// @param height,width of the stored image
/// @param orientation of EXIF
/// @throws data_error where that has more pixels than `most`
FITNAS_LAZY image_size upright_size(const std::string& name, std::uint64_t height, std::uint64_t width,
                                    std::uint64_t most, int orientation);

/// @throws data_error which says why a file cannot be decoded
FITNAS_LAZY [[noreturn]] FITNAS_COLD void refuse_damaged(const std::string& name, const char* format,
                                                         const char* reason);

/// @throws data_error which says how to have the library that decodes a file
FITNAS_LAZY [[noreturn]] FITNAS_COLD void refuse_undecoded(const std::string& name, const char* format,
                                                           const char* library, const char* how);

/// An image as it is to be looked at.
/// @param orientation of EXIF, 1 to 8: where the first row and the first column of the stored image belong
FITNAS_LAZY raster upright(raster image, int orientation);

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API raster with_channels(raster image, int channels) {
    if ((image.channels != 1 && image.channels != 3) || (channels != 1 && channels != 3)) {
        throw shape_error("[F0479] with_channels: expected 1 or 3 channels, got " +
                          std::to_string(image.channels) + " to become " + std::to_string(channels));
    }
    detail::require_pixels("with_channels", image);
    if (image.channels == channels) {
        return image;
    }
    raster other{image.height, image.width, channels, {}};
    const std::size_t count = image.pixels.size() / static_cast<std::size_t>(image.channels);
    other.pixels.resize(count * static_cast<std::size_t>(channels));
    const std::uint8_t* from = image.pixels.data();
    std::uint8_t* to = other.pixels.data();
    for (std::size_t i = 0; i < count; ++i) {
        if (channels == 1) {
            // The weights in 1/65536.
            to[i] = static_cast<std::uint8_t>(
                (19595U * from[3 * i] + 38470U * from[3 * i + 1] + 7471U * from[3 * i + 2] + 32768U) >> 16U);
        } else {
            to[3 * i] = to[3 * i + 1] = to[3 * i + 2] = from[i];
        }
    }
    return other;
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_pixels(const char* caller, const raster& image) {
    const auto size = [](int side) { return static_cast<std::size_t>(side); };
    if (image.height < 0 || image.width < 0 || image.channels < 1 ||
        image.pixels.size() != size(image.height) * size(image.width) * size(image.channels)) {
        throw shape_error("[F0478] " + std::string(caller) +
                          ": expected an image of height x width x channels bytes, got " +
                          std::to_string(image.height) + " x " + std::to_string(image.width) + " x " +
                          std::to_string(image.channels) + " with " + std::to_string(image.pixels.size()));
    }
}

FITNAS_LAZY_AGAIN void require_size(const std::string& name, std::uint64_t height, std::uint64_t width,
                                    std::uint64_t most) {
    if (height * width > most) {
        throw data_error("[F0487] " + name + ": expected an image of at most " + std::to_string(most) +
                         " pixels, the header says " + std::to_string(height) + " x " +
                         std::to_string(width));
    }
}

FITNAS_LAZY_AGAIN image_size upright_size(const std::string& name, std::uint64_t height, std::uint64_t width,
                                          std::uint64_t most, int orientation) {
    require_size(name, height, width, most);
    const image_size stored{static_cast<int>(height), static_cast<int>(width)};
    const bool swapped = orientation >= 5 && orientation <= 8;
    return swapped ? image_size{stored.width, stored.height} : stored;
}

FITNAS_LAZY_AGAIN void refuse_damaged(const std::string& name, const char* format, const char* reason) {
    throw data_error("[F0483] " + name + ": is no " + format + " image that can be decoded: " + reason);
}

FITNAS_LAZY_AGAIN void refuse_undecoded(const std::string& name, const char* format, const char* library,
                                        const char* how) {
    throw data_error("[F0485] " + name + ": is a " + format + " image, and this program is built without " +
                     library + ": install it " + how);
}

FITNAS_LAZY_AGAIN raster upright(raster image, int orientation) {
    if (orientation < 2 || orientation > 8) {
        return image;
    }
    const bool swapped = orientation >= 5;
    const bool rows_turned = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const bool columns_turned = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    raster turned{swapped ? image.width : image.height, swapped ? image.height : image.width, image.channels,
                  std::vector<std::uint8_t>(image.pixels.size())};
    std::uint8_t* to = turned.pixels.data();
    for (int y = 0; y < turned.height; ++y) {
        for (int x = 0; x < turned.width; ++x) {
            const int row = swapped ? x : y;
            const int column = swapped ? y : x;
            const std::ptrdiff_t from_y = rows_turned ? image.height - 1 - row : row;
            const std::ptrdiff_t from_x = columns_turned ? image.width - 1 - column : column;
            const std::uint8_t* from = image.pixels.data() + (from_y * image.width + from_x) * image.channels;
            for (int c = 0; c < image.channels; ++c) {
                *to++ = from[c];
            }
        }
    }
    return turned;
}

} // namespace fitnas::detail

#endif

#endif
