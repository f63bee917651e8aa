/// @file
/// @brief CIFAR-10 and CIFAR-100 in their binary versions.

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

/// What the records of a binary version begin with.
struct cifar_labels {
    std::size_t bytes = 1;  ///< of labels in a record
    std::size_t chosen = 0; ///< which of them is the label
    int classes = 10;
};

/// @return what a file seems to be that is not of this version, to follow a message; empty where none is
/// known
FITNAS_LAZY FITNAS_COLD std::string not_this_cifar(std::span<const std::uint8_t> bytes,
                                                   const cifar_labels& of);

/// Records of labels and three planes of 32 x 32 pixels.
FITNAS_LAZY image_dataset read_cifar(std::span<const std::string> paths, const cifar_labels& of);

} // namespace detail

/// @brief Reads files of CIFAR-10's binary version one after the other: records of a label byte and three
/// planes (red, green, blue) of 32 x 32 pixels.
/// @param paths plain or compressed with gzip
/// @return N x 32 x 32 x 3, 10 classes with their names
/// @throws data_error where there is no file, or one is missing, empty, not a whole number of records, or
/// has a label above 9
FITNAS_API image_dataset read_cifar10(std::span<const std::string> paths);

/// @brief Which of the two labels of a CIFAR-100 image is read.
enum class cifar100_labels : std::uint8_t {
    fine,   ///< 100 classes
    coarse, ///< 20 superclasses of five classes
};

/// @brief Reads a file of CIFAR-100's binary version: records of a coarse label, a fine label and planes as
/// CIFAR-10 has them.
/// @param path plain or compressed with gzip
/// @return N x 32 x 32 x 3, 100 or 20 classes
/// @throws data_error as `read_cifar10`
FITNAS_API image_dataset read_cifar100(const std::string& path,
                                       cifar100_labels labels = cifar100_labels::fine);

namespace datasets {

/// @brief CIFAR-10 (Krizhevsky, 2009): 32 x 32 x 3, 10 classes; of its 50,000 training images 10,000 are held
/// out for validation unless `options` say otherwise; 10,000 test images.
/// @param directory with `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`, plain or `.gz`
/// @throws data_error where a file is missing or wrong
FITNAS_API dataset cifar10(const std::string& directory, const split_options& options = {});

/// @brief CIFAR-100 (Krizhevsky, 2009): 32 x 32 x 3, 100 classes or 20; of its 50,000 training images 10,000
/// are held out for validation unless `options` say otherwise; 10,000 test images.
/// @param directory with `train.bin` and `test.bin`, plain or `.gz`
/// @throws data_error where a file is missing or wrong
FITNAS_API dataset cifar100(const std::string& directory, const split_options& options = {},
                            cifar100_labels labels = cifar100_labels::fine);

} // namespace datasets

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

inline constexpr std::size_t cifar_pixels = 32 * 32;

FITNAS_LAZY_AGAIN std::string not_this_cifar(std::span<const std::uint8_t> bytes, const cifar_labels& of) {
    if (bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 8 && bytes[3] <= 4) {
        return ": seems to be an IDX file, which read_idx takes";
    }
    const bool hundred = of.bytes == 1; // where the other version is
    if (!bytes.empty() && bytes.size() % ((hundred ? 2 : 1) + 3 * cifar_pixels) == 0) {
        return hundred ? ": seems to be CIFAR-100, which read_cifar100 takes"
                       : ": seems to be CIFAR-10, which read_cifar10 takes";
    }
    return {};
}

FITNAS_LAZY_AGAIN image_dataset read_cifar(std::span<const std::string> paths, const cifar_labels& of) {
    const std::size_t record = of.bytes + 3 * cifar_pixels;
    std::vector<std::uint8_t> all;
    for (const std::string& path : paths) {
        byte_file file(path);
        const std::vector<std::uint8_t> bytes = file.read(UINT64_MAX);
        if (bytes.empty() || bytes.size() % record != 0) {
            throw data_error("[F0413] " + path + ": expected whole records of " + std::to_string(record) +
                             " bytes, got " + std::to_string(bytes.size()) + " bytes" +
                             not_this_cifar(bytes, of));
        }
        for (std::size_t i = of.chosen; i < bytes.size(); i += record) {
            if (bytes[i] >= of.classes) {
                throw data_error("[F0414] " + path + ": expected labels from 0 to " +
                                 std::to_string(of.classes - 1) + ", got " + std::to_string(bytes[i]) +
                                 " for image " + std::to_string(i / record));
            }
        }
        all.insert(all.end(), bytes.begin(), bytes.end());
    }
    if (all.empty()) {
        throw data_error("[F0415] read_cifar10: expected at least one file, got none");
    }
    const std::size_t n = all.size() / record;
    image_dataset data;
    data.classes = of.classes;
    data.images = pixel_tensor::from_shape({n, std::size_t{32}, std::size_t{32}, std::size_t{3}});
    data.labels.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint8_t* from = all.data() + i * record;
        std::uint8_t* to = data.images.data() + i * 3 * cifar_pixels;
        data.labels[i] = from[of.chosen];
        for (std::size_t p = 0; p < cifar_pixels; ++p) {
            for (std::size_t c = 0; c < 3; ++c) {
                to[p * 3 + c] = from[of.bytes + c * cifar_pixels + p];
            }
        }
    }
    return data;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API image_dataset read_cifar10(std::span<const std::string> paths) {
    image_dataset data = detail::read_cifar(paths, {});
    data.names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
    return data;
}

FITNAS_API image_dataset read_cifar100(const std::string& path, cifar100_labels labels) {
    const bool fine = labels == cifar100_labels::fine;
    return detail::read_cifar({&path, 1}, {2, fine ? std::size_t{1} : 0, fine ? 100 : 20});
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

FITNAS_API dataset cifar100(const std::string& directory, const split_options& options,
                            cifar100_labels labels) {
    const std::string train = detail::find_file(directory, "train.bin");
    const std::string test = detail::find_file(directory, "test.bin");
    const image_view all = read_cifar100(train, labels);
    return split(all, read_cifar100(test, labels), options);
}

} // namespace fitnas::datasets

#endif

#endif
