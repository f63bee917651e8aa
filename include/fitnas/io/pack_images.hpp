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
    std::size_t images_a_file = 0;             ///< cut into files of so many images, in a folder; 0: one file
    fitnas::observer observer{};               ///< called after each file that was tried
};

/// @brief What was packed.
struct pack_report {
    std::size_t images = 0;           ///< that are in the file, or in all files
    std::size_t files = 1;            ///< that were written
    std::vector<std::string> skipped; ///< why, for each file that was left out; the text names it
};

/// @brief Packs a folder of images, such as `read_image_folder` takes, into one file, as they are encoded.
/// Each is decoded once, so that the file holds none that is damaged. The file is there whole or not at all,
/// and the same for any number of threads.
/// @param folder of a folder for each class
/// @param path of the file; with `images_a_file` of the folder of the files, `0000-of-0012.pack` and so on,
/// which is made where it is missing: each file is a pack, together they are the one that would be without
/// @throws data_error where the folder is not as it should be, an image cannot be read, or changes
/// meanwhile, or the file cannot be written; what the observer throws
FITNAS_API pack_report pack_images(const std::string& folder, const std::string& path,
                                   const pack_options& options = {});

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include <fitnas/core/error.hpp>
#include <fitnas/data/class_folders.hpp>
#include <fitnas/data/image_folder.hpp>
#include <fitnas/data/image_pack.hpp>
#include <fitnas/data/lazy_images.hpp>
#include <fitnas/data/read_image.hpp>
#include <fitnas/io/whole_file.hpp>

namespace fitnas::detail {

/// A file that will be packed.
struct image_to_pack {
    std::string file;
    image_pack_table::image entry; ///< without its place
};

FITNAS_LAZY void write_pack(const std::string& path, const std::vector<std::string>& classes,
                            std::span<const image_to_pack> images) {
    whole_file file(path);
    image_pack_table table{classes, {}};
    std::uint64_t first = 0;
    for (const image_to_pack& i : images) {
        table.images.push_back(i.entry);
        table.images.back().first = first;
        first += i.entry.bytes;
    }
    const std::string head = table.text();
    file.append(head.data(), head.size());
    for (const image_to_pack& i : images) {
        const std::vector<std::uint8_t> all = image_bytes(i.file);
        if (all.size() != i.entry.bytes) {
            throw data_error("[F0997] " + i.file + ": expected " + std::to_string(i.entry.bytes) +
                             " bytes, as it had when it was tried, got " + std::to_string(all.size()));
        }
        file.append(all.data(), all.size());
    }
    file.commit();
}

/// @throws data_error where the folder cannot be made, or has packs that others would be mixed with
FITNAS_LAZY void make_pack_folder(const std::string& path) {
    std::error_code failed;
    std::filesystem::create_directories(path, failed);
    std::filesystem::directory_iterator it;
    if (!failed) {
        it = std::filesystem::directory_iterator(path, failed);
    }
    if (failed) {
        throw data_error("[F0994] " + path + ": expected a folder for packs: " + failed.message());
    }
    for (const std::filesystem::directory_entry& entry : it) {
        if (entry.path().extension() == ".pack") {
            throw data_error("[F0995] " + path + ": expected a folder without packs, got one with " +
                             entry.path().filename().string() + ": remove them, or give another folder");
        }
    }
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API pack_report pack_images(const std::string& folder, const std::string& path,
                                   const pack_options& options) {
    image_folder_options o;
    o.skip_damaged = options.skip_damaged;
    o.classes = options.classes;
    o.observer = options.observer;
    if (options.images_a_file == 0) {
        detail::require_writable(path);
    } else {
        detail::make_pack_folder(path);
    }
    detail::check_folder_options(o);
    const detail::class_folders found = detail::find_class_folders(folder, options.classes);
    std::vector<std::uint64_t> bytes(found.files.size());
    const std::vector<std::string> faults = detail::try_files(found, o, [&](std::size_t i) {
        const std::vector<std::uint8_t> all = detail::image_bytes(found.files[i]);
        decode_image(all, found.files[i], options.most_pixels);
        bytes[i] = all.size();
    });
    pack_report report;
    std::vector<detail::image_to_pack> packed;
    const std::size_t root = detail::without_slashes(folder).size() + 1;
    for (std::size_t i = 0; i < found.files.size(); ++i) {
        if (!faults[i].empty()) {
            report.skipped.push_back(faults[i]);
            continue;
        }
        packed.push_back(
            {found.files[i],
             {0, bytes[i], static_cast<std::uint32_t>(found.labels[i]), found.files[i].substr(root)}});
    }
    if (packed.empty()) {
        throw data_error("[F0996] " + folder + ": expected at least one image that can be read, got none");
    }
    report.images = packed.size();
    const std::size_t each = options.images_a_file == 0 ? packed.size() : options.images_a_file;
    report.files = (packed.size() - 1) / each + 1;
    for (std::size_t f = 0; f < report.files; ++f) {
        detail::write_pack(
            options.images_a_file == 0 ? path : path + "/" + detail::pack_name(f, report.files), found.names,
            std::span<const detail::image_to_pack>(packed).subspan(
                f * each, (std::min)(each, packed.size() - f * each)));
    }
    return report;
}

} // namespace fitnas

#endif

#endif
