/// @file
/// @brief Formats that users bring in place of those that are read here, known by their first bytes.

#ifndef FITNAS_DATA_FILE_FORMAT_HPP
#define FITNAS_DATA_FILE_FORMAT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <fitnas/config.hpp>

namespace fitnas::detail {

/// Bytes that `foreign_format` looks at.
inline constexpr std::size_t longest_signature = 262;

/// @param first bytes of a file
/// @return what it seems to be and what to do, to follow "seems to be"; empty where it is none of those that
/// are known. No text, and nothing that the readers of this library take, begins like any of them.
FITNAS_LAZY FITNAS_COLD std::string_view foreign_format(std::span<const std::uint8_t> first);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::string_view foreign_format(std::span<const std::uint8_t> first) {
    using namespace std::string_view_literals;
    struct signature {
        std::string_view bytes;
        std::string_view format;
        std::size_t offset = 0;
    };
    static constexpr std::string_view unpack_tar =
        "a tar archive: unpack it with tar -xf, and name the files that were in it";
    static constexpr std::string_view image =
        "a single image, which read_image_folder takes in a folder for each class";
    static constexpr std::string_view pickle = "a Python pickle, as of CIFAR-10's version for Python: of "
                                               "CIFAR-10 the binary version is read, of other "
                                               "data IDX files";
    static constexpr std::string_view page =
        "a web page, as a download that failed leaves: download it again";
    static constexpr signature known[] = {
        {"PK\x03\x04"sv, "a zip archive, as NumPy's .npz and PyTorch's .pt files are: unpack or convert it"},
        {"\xFD"
         "7zXZ\0"sv,
         "an xz file: unpack it with unxz"},
        {"\x28\xB5\x2F\xFD"sv, "a Zstandard file: unpack it with unzstd"},
        {"7z\xBC\xAF\x27\x1C"sv, "a 7z archive: unpack it"},
        {"Rar!\x1A\x07"sv, "a RAR archive: unpack it"},
        {"1AY&SY"sv, "a bzip2 file: unpack it with bunzip2", 4},
        {"ustar"sv, unpack_tar, 257},
        {"\x93NUMPY"sv, "a NumPy array (.npy), which read_npy takes"},
        {"\x89HDF\r\n\x1A\n"sv, "an HDF5 file: convert what is in it"},
        {"MATLAB 5.0 MAT-file"sv, "a MATLAB file: convert what is in it"},
        {"PAR1"sv, "a Parquet file: convert what is in it"},
        {"\x89PNG\r\n\x1A\n"sv, image},
        {"\xFF\xD8\xFF"sv, image},
        {"GIF8"sv, image},
        {"WEBP"sv, image, 8},
        {"II*\0"sv, image},
        {"MM\0*"sv, image},
        {"\x80\x02}"sv, pickle},
        {"\x80\x03}"sv, pickle},
        {"\x80\x04\x95"sv, pickle},
        {"\x80\x05\x95"sv, pickle},
        {"\x80\x02\x8A\nl\xFC"sv, "a PyTorch file: convert what is in it"},
        {"version https://git-lfs"sv, "a pointer of Git LFS: fetch the file itself with git lfs pull"},
        {"<!DOCTYPE html"sv, page},
        {"<!doctype html"sv, page},
        {"<html"sv, page},
    };
    // Safetensors files begin with a length of eight bytes, whose upper four are 0 and could be of no other
    // file here.
    const bool length = first.size() >= 8 && std::count(first.begin() + 4, first.begin() + 8, 0) == 4;
    for (const signature& s : known) {
        if (!(length && s.offset == 0) && first.size() >= s.offset + s.bytes.size() &&
            std::equal(s.bytes.begin(), s.bytes.end(), first.begin() + static_cast<std::ptrdiff_t>(s.offset),
                       [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; })) {
            return s.format;
        }
    }
    return {};
}

} // namespace fitnas::detail

#endif

#endif
