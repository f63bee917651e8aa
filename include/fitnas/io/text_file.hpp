/// @file
/// @brief Text files that are there whole or not at all.

#ifndef FITNAS_IO_TEXT_FILE_HPP
#define FITNAS_IO_TEXT_FILE_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <fitnas/core/error.hpp>
#include <fitnas/data/byte_file.hpp>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

namespace fitnas::detail {

/// Writes `path` by way of `path.tmp`, which is flushed and then renamed: a reader never sees half a file,
/// and what stood at `path` stays where writing fails.
/// @throws data_error with the system's reason
inline void write_text(const std::string& path, std::string_view text) {
    const std::string temporary = path + ".tmp";
    const auto refuse = [&](const std::string& what) {
        const std::string reason = std::strerror(errno);
        std::remove(temporary.c_str());
        throw data_error(path + ": cannot be " + what + ": " + reason);
    };
    std::FILE* file = std::fopen(temporary.c_str(), "wb");
    if (file == nullptr) {
        throw data_error(path + ": cannot be written: " + temporary + ": " + std::strerror(errno));
    }
    bool good = std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
#if __has_include(<unistd.h>)
    good = good && fsync(fileno(file)) == 0;
#endif
    good = std::fclose(file) == 0 && good;
    if (!good) {
        refuse("written");
    }
    if (std::rename(temporary.c_str(), path.c_str()) != 0) {
        refuse("put in place");
    }
}

/// @throws data_error where the file is missing or cannot be read
inline std::string read_text(const std::string& path) {
    const std::vector<std::uint8_t> bytes = byte_file(path).read(UINT64_MAX);
    return {bytes.begin(), bytes.end()};
}

} // namespace fitnas::detail

#endif
