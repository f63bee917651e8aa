/// @file
/// @brief Folders and files of a study: there or not, made, removed.

#ifndef FITNAS_STUDY_FOLDER_HPP
#define FITNAS_STUDY_FOLDER_HPP

#include <filesystem>
#include <string>
#include <system_error>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>

namespace fitnas::study {

/// @return whether there is anything at the path; false where it cannot be known
inline bool is_there(const std::string& path) {
    std::error_code unknown;
    return std::filesystem::exists(path, unknown);
}

/// @brief Makes a folder, with those around it, unless it is there.
/// @throws data_error where it cannot be made, or something else has its name
FITNAS_API void make_folder(const std::string& path);

/// @brief Removes a file, if it is there.
/// @throws data_error where it stays
FITNAS_API void remove_file(const std::string& path);

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study {

FITNAS_API void make_folder(const std::string& path) {
    std::error_code failed;
    std::filesystem::create_directories(path, failed);
    if (!failed && !std::filesystem::is_directory(path, failed) && !failed) {
        failed = std::make_error_code(std::errc::not_a_directory);
    }
    if (failed) {
        throw data_error("[F1010] " + path + ": cannot be made: " + failed.message());
    }
}

FITNAS_API void remove_file(const std::string& path) {
    std::error_code failed;
    std::filesystem::remove(path, failed);
    if (failed) {
        throw data_error("[F1070] " + path + ": cannot be removed: " + failed.message());
    }
}

} // namespace fitnas::study

#endif

#endif
