/// @file
/// @brief Where the images of each class are: a folder a class, as ImageNet and torchvision's `ImageFolder`
/// have it.

#ifndef FITNAS_DATA_CLASS_FOLDERS_HPP
#define FITNAS_DATA_CLASS_FOLDERS_HPP

#include <string>
#include <vector>

#include <fitnas/config.hpp>

namespace fitnas::detail {

/// The files of a folder of folders.
struct class_folders {
    std::vector<std::string> names;  ///< of the classes
    std::vector<std::string> files;  ///< class by class; in each by folder, then by name
    std::vector<int> labels;         ///< of each file
    std::vector<std::string> faults; ///< of each file: why it is none that can be read; mostly empty
};

/// Names that begin with a dot are left out, as are files whose names are not those of images. What has the
/// name of an image but is none that is read here gets a fault.
/// @param wanted the classes in the order of their labels; none: the folders that are there, by the bytes of
/// their names
/// @throws data_error where the folder is missing, has no folders, has one that is no class, or a class
/// without images while none are `wanted`
FITNAS_LAZY class_folders find_class_folders(const std::string& path, const std::vector<std::string>& wanted);

/// @return a folder as it stands at the beginning of the paths of its files, which have a slash behind it
FITNAS_LAZY std::string without_slashes(const std::string& path);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fitnas/core/error.hpp>
#include <fitnas/data/byte_file.hpp>

namespace fitnas::detail {

/// @return the ending of a file's name in lower case, with its dot
FITNAS_LAZY std::string ending_of(const std::filesystem::path& file) {
    std::string text = file.extension().string();
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

/// @return the entries of a folder, in no order, without those whose names begin with a dot
FITNAS_LAZY std::vector<std::filesystem::path> entries_of(const std::string& folder) {
    std::vector<std::filesystem::path> all;
    std::error_code failure;
    for (std::filesystem::directory_iterator it(folder, failure), end; !failure && it != end;
         it.increment(failure)) {
        if (it->path().filename().string().front() != '.') {
            all.push_back(it->path());
        }
    }
    if (failure) {
        throw data_error("[F0491] " + folder + ": expected a folder that can be read: " + failure.message());
    }
    return all;
}

/// A file, by the folder and then by the name, so that they sort as torchvision sorts them.
struct found_file {
    std::string folder;
    std::string name;
    std::string fault;
    friend bool operator<(const found_file& a, const found_file& b) {
        return std::pair(a.folder, a.name) < std::pair(b.folder, b.name);
    }
};

/// All images below a folder.
/// @param outer the folders that lead here, without links: a link back to one of them is not followed
FITNAS_LAZY void walk_class_folder(const std::string& folder, std::vector<std::filesystem::path>& outer,
                                   std::vector<found_file>& found) {
    std::error_code ignored;
    const std::filesystem::path here = std::filesystem::canonical(folder, ignored);
    if (std::find(outer.begin(), outer.end(), here) != outer.end()) {
        return;
    }
    outer.push_back(here);
    for (const std::filesystem::path& entry : entries_of(folder)) {
        const std::string ending = ending_of(entry);
        const bool read_here = ending == ".jpg" || ending == ".jpeg" || ending == ".png";
        const bool image = read_here || ending == ".ppm" || ending == ".pgm" || ending == ".bmp" ||
                           ending == ".tif" || ending == ".tiff" || ending == ".webp" || ending == ".gif";
        const bool is_folder = std::filesystem::is_directory(entry, ignored);
        // Nobody may ever write into a pipe.
        const bool waits = std::filesystem::exists(entry, ignored) && !is_folder &&
                           !std::filesystem::is_regular_file(entry, ignored);
        if (image) {
            found.push_back({folder, entry.filename().string(),
                             is_folder    ? "a folder with the name of an image"
                             : waits      ? "a pipe or a device with the name of an image"
                             : !read_here ? "one whose name says another format: convert it to PNG or JPEG"
                                          : ""});
        } else if (is_folder) {
            walk_class_folder(entry.string(), outer, found);
        }
    }
    outer.pop_back();
}

FITNAS_LAZY_AGAIN std::string without_slashes(const std::string& path) {
    std::string at = path;
    while (at.size() > 1 && at.back() == '/') {
        at.pop_back();
    }
    return at;
}

FITNAS_LAZY_AGAIN class_folders find_class_folders(const std::string& path,
                                                   const std::vector<std::string>& wanted) {
    const std::string at = without_slashes(path);
    class_folders result;
    std::vector<std::string> there;
    std::error_code ignored;
    for (const std::filesystem::path& entry : entries_of(path)) {
        if (std::filesystem::is_directory(entry, ignored)) {
            there.push_back(entry.filename().string());
        }
    }
    std::sort(there.begin(), there.end());
    if (there.empty()) {
        throw data_error("[F0492] " + path +
                         ": expected a folder for each class with its images in it, got a folder without "
                         "folders");
    }
    result.names = wanted.empty() ? there : wanted;
    for (const std::string& name : there) {
        if (std::find(result.names.begin(), result.names.end(), name) == result.names.end()) {
            throw data_error("[F0493] " + path + ": expected folders of the " +
                             std::to_string(wanted.size()) + " classes from \"" + wanted.front() +
                             "\" to \"" + wanted.back() + "\", got one of \"" + name + "\"");
        }
    }
    for (std::size_t c = 0; c < result.names.size(); ++c) {
        const std::string& name = result.names[c];
        std::vector<found_file> found;
        if (std::binary_search(there.begin(), there.end(), name)) {
            std::vector<std::filesystem::path> outer;
            walk_class_folder(at + "/" + name, outer, found);
        }
        if (found.empty() && wanted.empty()) {
            throw data_error("[F0494] " + at + "/" + name +
                             ": expected images of this class, .jpg, .jpeg or .png, got none");
        }
        std::sort(found.begin(), found.end());
        for (found_file& file : found) {
            result.files.push_back(file.folder + "/" + file.name);
            result.labels.push_back(static_cast<int>(c));
            result.faults.push_back(std::move(file.fault));
        }
    }
    return result;
}

} // namespace fitnas::detail

#endif

#endif
