/// @file
/// @brief CIFAR-10 in its binary version.

#ifndef FITNAS_DATA_CIFAR_HPP
#define FITNAS_DATA_CIFAR_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/data/byte_file.hpp>
#include <fitnas/data/split.hpp>

namespace fitnas {

namespace detail {

/// @return what a file seems to be that is not of CIFAR-10, to follow a message; empty where none is known
FITNAS_LAZY FITNAS_COLD std::string not_cifar10(std::span<const std::uint8_t> bytes);

} // namespace detail

/// @brief Reads files of CIFAR-10's binary version one after the other: records of a label byte and three
/// planes (red, green, blue) of 32 x 32 pixels.
/// @param paths plain or compressed with gzip
/// @return N x 32 x 32 x 3, 10 classes
/// @throws data_error where there is no file, or one is missing, empty, not a whole number of records, or
/// has a label above 9
FITNAS_API image_dataset read_cifar10(std::span<const std::string> paths);

namespace datasets {

/// @brief CIFAR-10 (Krizhevsky, 2009): 32 x 32 x 3, 10 classes; of its 50,000 training images 10,000 are held
/// out for validation unless `options` say otherwise; 10,000 test images.
/// @param directory with `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`, plain or `.gz`
/// @throws data_error where a file is missing or wrong
FITNAS_API dataset cifar10(const std::string& directory, const split_options& options = {});

} // namespace datasets

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::string not_cifar10(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t cifar100 = 2 + 3 * 32 * 32;
    if (bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 8 && bytes[3] <= 4) {
        return ": seems to be an IDX file, which read_idx takes";
    }
    if (!bytes.empty() && bytes.size() % cifar100 == 0) {
        return ": seems to be CIFAR-100, whose records of " + std::to_string(cifar100) +
               " bytes begin with two labels, and which is not read here: write its images and one of the "
               "labels as IDX files, for read_idx";
    }
    return {};
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API image_dataset read_cifar10(std::span<const std::string> paths) {
    constexpr std::size_t side = 32;
    constexpr std::size_t pixels = side * side;
    constexpr std::size_t record = 1 + 3 * pixels;
    std::vector<std::uint8_t> all;
    for (const std::string& path : paths) {
        detail::byte_file file(path);
        const std::vector<std::uint8_t> bytes = file.read(UINT64_MAX);
        if (bytes.empty() || bytes.size() % record != 0) {
            throw data_error("[F0413] " + path + ": expected whole records of " + std::to_string(record) +
                             " bytes, got " + std::to_string(bytes.size()) + " bytes" +
                             detail::not_cifar10(bytes));
        }
        for (std::size_t i = 0; i < bytes.size(); i += record) {
            if (bytes[i] > 9) {
                throw data_error("[F0414] " + path + ": expected labels from 0 to 9, got " +
                                 std::to_string(bytes[i]) + " for image " + std::to_string(i / record));
            }
        }
        all.insert(all.end(), bytes.begin(), bytes.end());
    }
    if (all.empty()) {
        throw data_error("[F0415] read_cifar10: expected at least one file, got none");
    }
    const std::size_t n = all.size() / record;
    image_dataset data;
    data.classes = 10;
    data.images = pixel_tensor::from_shape({n, side, side, std::size_t{3}});
    data.labels.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint8_t* from = all.data() + i * record;
        std::uint8_t* to = data.images.data() + i * 3 * pixels;
        data.labels[i] = from[0];
        for (std::size_t p = 0; p < pixels; ++p) {
            for (std::size_t c = 0; c < 3; ++c) {
                to[p * 3 + c] = from[1 + c * pixels + p];
            }
        }
    }
    return data;
}

} // namespace fitnas

namespace fitnas::datasets {

FITNAS_API dataset cifar10(const std::string& directory, const split_options& options) {
    std::vector<std::string> paths;
    for (int i = 1; i <= 5; ++i) {
        paths.push_back(detail::find_file(directory, "data_batch_" + std::to_string(i) + ".bin"));
    }
    const std::string test_path = detail::find_file(directory, "test_batch.bin");
    const image_view all = read_cifar10(paths);
    return split(all, read_cifar10({&test_path, 1}), options);
}

} // namespace fitnas::datasets

#endif

#endif
