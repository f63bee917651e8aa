/// @file
/// @brief The IDX format of MNIST and its followers: big-endian header, then bytes.

#ifndef FITNAS_DATA_IDX_HPP
#define FITNAS_DATA_IDX_HPP

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <fitnas/data/byte_file.hpp>
#include <fitnas/data/image_dataset.hpp>

namespace fitnas {

namespace detail {

inline constexpr std::uint32_t idx_images_magic = 2051; ///< unsigned bytes, three dimensions
inline constexpr std::uint32_t idx_labels_magic = 2049; ///< unsigned bytes, one dimension

/// Reads the magic number and `dimensions` sizes.
inline std::vector<std::uint32_t> read_idx_header(byte_file& file, std::uint32_t magic,
                                                  std::size_t dimensions, const std::string& kind) {
    const std::vector<std::uint8_t> bytes = file.read(4 * (dimensions + 1));
    std::vector<std::uint32_t> words;
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
        words.push_back(std::uint32_t{bytes[i]} << 24U | std::uint32_t{bytes[i + 1]} << 16U |
                        std::uint32_t{bytes[i + 2]} << 8U | std::uint32_t{bytes[i + 3]});
    }
    if (!words.empty() && words[0] != magic) {
        throw data_error("[F0416] " + file.path() + ": not an IDX file of " + kind +
                         ": expected the magic number " + std::to_string(magic) + ", got " +
                         std::to_string(words[0]));
    }
    if (words.size() != dimensions + 1) {
        throw data_error("[F0417] " + file.path() + ": truncated: expected an IDX header of " +
                         std::to_string(4 * (dimensions + 1)) + " bytes, got " +
                         std::to_string(bytes.size()));
    }
    return words;
}

} // namespace detail

/// @brief Reads IDX images.
/// @param path a plain file, or one compressed with gzip (needs `FITNAS_HAS_ZLIB=1`)
/// @return N x H x W x 1
/// @throws data_error where the file is missing, foreign, truncated or too long
inline pixel_tensor read_idx_images(const std::string& path) {
    detail::byte_file file(path);
    const auto header = detail::read_idx_header(file, detail::idx_images_magic, 3, "images");
    constexpr std::uint32_t largest_side = 1U << 15U;
    if (header[2] < 1 || header[2] > largest_side || header[3] < 1 || header[3] > largest_side) {
        throw data_error("[F0418] " + path + ": expected images of 1 to " + std::to_string(largest_side) +
                         " pixels a side, the header says " + std::to_string(header[2]) + " x " +
                         std::to_string(header[3]));
    }
    const std::string said = std::to_string(header[1]) + " images of " + std::to_string(header[2]) + " x " +
                             std::to_string(header[3]) + " pixels";
    // At most 2^62: no overflow.
    const std::uint64_t size = std::uint64_t{header[1]} * header[2] * header[3];
    const std::vector<std::uint8_t> bytes = file.read_exactly(size, said);
    file.require_end(said);
    pixel_tensor images = pixel_tensor::from_shape(
        {std::size_t{header[1]}, std::size_t{header[2]}, std::size_t{header[3]}, std::size_t{1}});
    std::copy(bytes.begin(), bytes.end(), images.data());
    return images;
}

/// @brief Reads IDX labels.
/// @param path as for images
/// @return N labels, 0 to 255
/// @throws data_error where the file is missing, foreign, truncated or too long
inline std::vector<int> read_idx_labels(const std::string& path) {
    detail::byte_file file(path);
    const auto header = detail::read_idx_header(file, detail::idx_labels_magic, 1, "labels");
    const std::string said = std::to_string(header[1]) + " labels";
    const std::vector<std::uint8_t> bytes = file.read_exactly(header[1], said);
    file.require_end(said);
    return {bytes.begin(), bytes.end()};
}

/// @brief Reads a pair of IDX files.
/// @param classes labels must be below it
/// @throws data_error which also names the pair where their counts disagree or a label is out of range
inline image_dataset read_idx(const std::string& images_path, const std::string& labels_path, int classes) {
    image_dataset data{read_idx_images(images_path), read_idx_labels(labels_path), classes};
    require_consistent(data, images_path + " with " + labels_path);
    return data;
}

} // namespace fitnas

#endif
