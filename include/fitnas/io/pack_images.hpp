/// @file
/// @brief A folder of images as one file, which `read_image_pack` (fitnas/data/image_pack.hpp) reads.

#ifndef FITNAS_IO_PACK_IMAGES_HPP
#define FITNAS_IO_PACK_IMAGES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/data/raster.hpp>

namespace fitnas {

/// @brief Which images of a folder are packed; each as in `image_folder_options`.
struct pack_options {
    bool skip_damaged = false;                 ///< leave files out that cannot be read, and list them
    std::vector<std::string> classes{};        ///< by their labels; none: the folders there are
    std::uint64_t most_pixels = largest_image; ///< what the header of a file may promise
    fitnas::observer observer{};               ///< called after each file that was tried
};

/// @brief What was packed.
struct pack_report {
    std::size_t images = 0;           ///< that are in the file
    std::vector<std::string> skipped; ///< why, for each file that was left out; the text names it
};

/// @brief Packs a folder of images, such as `read_image_folder` takes, into one file, as they are encoded.
/// Each is decoded once, so that the file holds none that is damaged. The file is there whole or not at all,
/// and the same for any number of threads.
/// @param folder of a folder for each class
/// @param path of the file
/// @throws data_error where the folder is not as it should be, an image cannot be read, or changes
/// meanwhile, or the file cannot be written; what the observer throws
FITNAS_API pack_report pack_images(const std::string& folder, const std::string& path,
                                   const pack_options& options = {});

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <utility>

#include <fitnas/core/error.hpp>
#include <fitnas/data/class_folders.hpp>
#include <fitnas/data/image_folder.hpp>
#include <fitnas/data/image_pack.hpp>
#include <fitnas/data/lazy_images.hpp>
#include <fitnas/data/read_image.hpp>
#include <fitnas/io/whole_file.hpp>

namespace fitnas {

FITNAS_API pack_report pack_images(const std::string& folder, const std::string& path,
                                   const pack_options& options) {
    image_folder_options o;
    o.skip_damaged = options.skip_damaged;
    o.classes = options.classes;
    o.observer = options.observer;
    detail::whole_file file(path);
    detail::check_folder_options(o);
    const detail::class_folders found = detail::find_class_folders(folder, options.classes);
    std::vector<std::uint64_t> bytes(found.files.size());
    const std::vector<std::string> faults = detail::try_files(found, o, [&](std::size_t i) {
        const std::vector<std::uint8_t> all = detail::image_bytes(found.files[i]);
        decode_image(all, found.files[i], options.most_pixels);
        bytes[i] = all.size();
    });
    pack_report report;
    detail::image_pack_table table{found.names, {}};
    std::vector<std::size_t> packed;
    std::uint64_t first = 0;
    const std::size_t root = detail::without_slashes(folder).size() + 1;
    for (std::size_t i = 0; i < found.files.size(); ++i) {
        if (!faults[i].empty()) {
            report.skipped.push_back(faults[i]);
            continue;
        }
        table.images.push_back(
            {first, bytes[i], static_cast<std::uint32_t>(found.labels[i]), found.files[i].substr(root)});
        packed.push_back(i);
        first += bytes[i];
    }
    if (packed.empty()) {
        throw data_error("[F0996] " + folder + ": expected at least one image that can be read, got none");
    }
    const std::string head = table.text();
    file.append(head.data(), head.size());
    for (const std::size_t i : packed) {
        const std::vector<std::uint8_t> all = detail::image_bytes(found.files[i]);
        if (all.size() != bytes[i]) {
            throw data_error("[F0997] " + found.files[i] + ": expected " + std::to_string(bytes[i]) +
                             " bytes, as it had when it was tried, got " + std::to_string(all.size()));
        }
        file.append(all.data(), all.size());
    }
    file.commit();
    report.images = packed.size();
    return report;
}

} // namespace fitnas

#endif

#endif
