/// @file
/// @brief The IDX format of MNIST and its followers: big-endian header, then bytes.

#ifndef FITNAS_DATA_IDX_HPP
#define FITNAS_DATA_IDX_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/data/byte_file.hpp>
#include <fitnas/data/image_dataset.hpp>

namespace fitnas {

namespace detail {

inline constexpr std::uint32_t idx_labels_magic = 0x00000801; ///< unsigned bytes, one dimension
inline constexpr std::uint32_t idx_images_magic = 0x00000803; ///< unsigned bytes, three dimensions
inline constexpr std::uint32_t idx_colour_magic = 0x00000804; ///< unsigned bytes, four dimensions

/// @return what a file with another magic number is, to follow the number; empty where it is no IDX file
FITNAS_LAZY FITNAS_COLD std::string idx_kind(std::uint32_t magic);

/// Reads the next `count` words.
FITNAS_LAZY std::vector<std::uint32_t> read_idx_words(byte_file& file, std::size_t count);

/// Reads the magic number.
/// @param expected the numbers that are taken, for the message
FITNAS_LAZY std::uint32_t read_idx_magic(byte_file& file, std::initializer_list<std::uint32_t> taken,
                                         const std::string& expected);

} // namespace detail

/// @brief Reads IDX images.
/// @param path a plain file, or one compressed with gzip (needs `FITNAS_HAS_ZLIB=1`): unsigned bytes in three
/// dimensions, N x H x W, or in four, N x H x W x C
/// @return N x H x W x C; C is 1 where there are three dimensions
/// @throws data_error where the file is missing, foreign, truncated or too long
FITNAS_API pixel_tensor read_idx_images(const std::string& path);

/// @brief Reads IDX labels.
/// @param path as for images
/// @return N labels, 0 to 255
/// @throws data_error where the file is missing, foreign, truncated or too long
FITNAS_API std::vector<int> read_idx_labels(const std::string& path);

/// @brief Reads a pair of IDX files.
/// @param classes labels must be below it
/// @throws data_error which also names the pair where their counts disagree or a label is out of range
inline image_dataset read_idx(const std::string& images_path, const std::string& labels_path, int classes) {
    image_dataset data{read_idx_images(images_path), read_idx_labels(labels_path), classes};
    require_consistent(data, images_path + " with " + labels_path);
    return data;
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::string idx_kind(std::uint32_t magic) {
    const auto dimensions = static_cast<int>(magic & 0xFFU);
    const auto of = [&](const char* type) {
        return ", an IDX file of " + std::string(type) + " in " + std::to_string(dimensions) +
               (dimensions == 1 ? " dimension" : " dimensions");
    };
    switch (magic >> 8U) {
    case 0x08:
        return of("unsigned bytes");
    case 0x09:
        return of("signed bytes");
    case 0x0B:
        return of("16-bit integers");
    case 0x0C:
        return of("32-bit integers");
    case 0x0D:
        return of("32-bit floats");
    case 0x0E:
        return of("64-bit floats");
    default:
        return {};
    }
}

FITNAS_LAZY_AGAIN std::vector<std::uint32_t> read_idx_words(byte_file& file, std::size_t count) {
    const std::vector<std::uint8_t> bytes = file.read_exactly(4 * count, "an IDX header");
    std::vector<std::uint32_t> words;
    for (std::size_t i = 0; i < bytes.size(); i += 4) {
        words.push_back(std::uint32_t{bytes[i]} << 24U | std::uint32_t{bytes[i + 1]} << 16U |
                        std::uint32_t{bytes[i + 2]} << 8U | std::uint32_t{bytes[i + 3]});
    }
    return words;
}

FITNAS_LAZY_AGAIN std::uint32_t read_idx_magic(byte_file& file, std::initializer_list<std::uint32_t> taken,
                                               const std::string& expected) {
    const std::uint32_t magic = read_idx_words(file, 1).front();
    if (std::find(taken.begin(), taken.end(), magic) == taken.end()) {
        throw data_error("[F0416] " + file.path() + ": not an IDX file of " + expected + ", got " +
                         std::to_string(magic) + idx_kind(magic));
    }
    return magic;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API pixel_tensor read_idx_images(const std::string& path) {
    detail::byte_file file(path);
    const std::uint32_t magic =
        detail::read_idx_magic(file, {detail::idx_images_magic, detail::idx_colour_magic},
                               "images: expected the magic number 2051 (N x H x W) or 2052 (N x H x W x C)");
    const bool colour = magic == detail::idx_colour_magic;
    std::vector<std::uint32_t> sizes = detail::read_idx_words(file, colour ? 4 : 3);
    const std::string pixels = std::to_string(sizes[1]) + " x " + std::to_string(sizes[2]) +
                               (colour ? " x " + std::to_string(sizes[3]) : "");
    sizes.resize(4, 1);
    constexpr std::uint32_t largest_side = 1U << 15U;
    for (std::size_t i = 1; i < 4; ++i) {
        if (sizes[i] < 1 || sizes[i] > largest_side) {
            throw data_error("[F0418] " + path + ": expected images of 1 to " + std::to_string(largest_side) +
                             (colour ? " pixels a side and as many channels" : " pixels a side") +
                             ", the header says " + pixels);
        }
    }
    // So that all of them are below 2^63.
    const std::uint64_t image = std::uint64_t{sizes[1]} * sizes[2] * sizes[3];
    if (image > std::uint64_t{1} << 31U) {
        throw data_error("[F0467] " + path + ": expected images of at most 2^31 values, the header says " +
                         pixels);
    }
    const std::string said = std::to_string(sizes[0]) + " images of " + pixels + (colour ? "" : " pixels");
    const std::vector<std::uint8_t> bytes = file.read_exactly(sizes[0] * image, said);
    file.require_end(said);
    pixel_tensor images = pixel_tensor::from_shape(
        {std::size_t{sizes[0]}, std::size_t{sizes[1]}, std::size_t{sizes[2]}, std::size_t{sizes[3]}});
    std::copy(bytes.begin(), bytes.end(), images.data());
    return images;
}

FITNAS_API std::vector<int> read_idx_labels(const std::string& path) {
    detail::byte_file file(path);
    detail::read_idx_magic(file, {detail::idx_labels_magic}, "labels: expected the magic number 2049 (N)");
    const std::uint32_t count = detail::read_idx_words(file, 1).front();
    const std::string said = std::to_string(count) + " labels";
    const std::vector<std::uint8_t> bytes = file.read_exactly(count, said);
    file.require_end(said);
    return {bytes.begin(), bytes.end()};
}

} // namespace fitnas

#endif

#endif
