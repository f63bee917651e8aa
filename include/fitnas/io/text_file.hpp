/// @file
/// @brief Text files that are there whole or not at all.

#ifndef FITNAS_IO_TEXT_FILE_HPP
#define FITNAS_IO_TEXT_FILE_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fitnas/data/byte_file.hpp>
#include <fitnas/io/whole_file.hpp>

namespace fitnas::detail {

/// @throws data_error with the system's reason; then what stood at `path` stays
inline void write_text(const std::string& path, std::string_view text) {
    whole_file file(path);
    file.append(text.data(), text.size());
    file.commit();
}

/// @throws data_error where the file is missing or cannot be read
inline std::string read_text(const std::string& path) {
    const std::vector<std::uint8_t> bytes = byte_file(path).read(UINT64_MAX);
    return {bytes.begin(), bytes.end()};
}

} // namespace fitnas::detail

#endif
