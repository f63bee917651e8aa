/// @file
/// @brief Text files that are there whole or not at all.

#ifndef FITNAS_IO_TEXT_FILE_HPP
#define FITNAS_IO_TEXT_FILE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fitnas/config.hpp>
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

/// @return "UTF-16" or "UTF-32" where a text begins as one of them does, with ASCII or a byte order mark;
/// otherwise nothing
FITNAS_LAZY std::string_view wide_encoding(std::string_view text);

/// @return where a text has a byte of zeros, behind which a reader might see nothing; empty: nowhere
FITNAS_LAZY std::string nul_in(std::string_view text);

/// Reads a file of text in UTF-8, or anything else in which ASCII is ASCII.
/// @throws data_error as `read_text`, and where the file is in UTF-16 or UTF-32
FITNAS_LAZY std::string read_plain_text(const std::string& path);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::string_view wide_encoding(std::string_view text) {
    const std::string_view head = text.substr(0, 4);
    std::string zeros; // which bytes are zero
    for (const char c : head) {
        zeros += c == '\0' ? '0' : 'x';
    }
    if (zeros == "x000" || zeros == "000x" || (head.starts_with("\xFF\xFE") && zeros == "xx00") ||
        (head.ends_with("\xFE\xFF") && zeros == "00xx")) {
        return "UTF-32";
    }
    const bool marked = head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF");
    return marked || zeros == "x0x0" || zeros == "0x0x" ? "UTF-16" : "";
}

FITNAS_LAZY_AGAIN std::string nul_in(std::string_view text) {
    const std::size_t at = text.find('\0');
    return at == std::string_view::npos
               ? ""
               : "a byte of zeros (NUL) at byte " + std::to_string(at) + ", line " +
                     std::to_string(
                         1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

FITNAS_LAZY_AGAIN std::string read_plain_text(const std::string& path) {
    std::string text = read_text(path);
    if (const std::string_view encoding = wide_encoding(text); !encoding.empty()) {
        throw data_error("[F0976] " + path + ": expected text in UTF-8, the file is in " +
                         std::string(encoding));
    }
    return text;
}

} // namespace fitnas::detail

#endif

#endif
