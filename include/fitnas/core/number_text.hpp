/// @file
/// @brief Numbers as text and text as numbers: the same in every locale, unlike `printf`, `strtod`,
/// `std::to_string` and streams, which take the decimal comma of a program that called `setlocale`.

#ifndef FITNAS_CORE_NUMBER_TEXT_HPP
#define FITNAS_CORE_NUMBER_TEXT_HPP

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fitnas/config.hpp>

namespace fitnas {

/// @return the shortest text that reads back as the same number
inline std::string exact_text(double value) {
    char text[32];
    const std::to_chars_result end = std::to_chars(text, text + sizeof text, value);
    return {text, end.ptr};
}

namespace detail {

/// `%.*f`.
/// @param digits behind the point, 0 to 40
FITNAS_LAZY std::string fixed_point_text(double value, int digits);

/// `%.*g`.
/// @param digits 1 to 40
FITNAS_LAZY std::string general_text(double value, int digits);

/// A number as messages print it: integers in full, others with six digits.
inline std::string number_text(double value) {
    return value == std::floor(value) && std::abs(value) < 1e15 ? fixed_point_text(value, 0)
                                                                : general_text(value, 6);
}
inline std::string number_text(float value) { return number_text(static_cast<double>(value)); }

/// Reads all of a text as a number; a plus sign may stand before it.
/// @return none where it is none, or too large or small for the type
template <class Number>
std::optional<Number> read_number(std::string_view text) {
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') {
        text.remove_prefix(1);
    }
    Number value{};
    const char* last = text.data() + text.size();
    const std::from_chars_result end = std::from_chars(text.data(), last, value);
    return end.ec == std::errc{} && end.ptr == last ? std::optional<Number>(value) : std::nullopt;
}

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::string fixed_point_text(double value, int digits) {
    char text[360]; // the largest double has 309 digits before the point
    const std::to_chars_result end =
        std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits);
    return {text, end.ptr};
}

FITNAS_LAZY_AGAIN std::string general_text(double value, int digits) {
    char text[64];
    const std::to_chars_result end =
        std::to_chars(text, text + sizeof text, value, std::chars_format::general, digits);
    return {text, end.ptr};
}

} // namespace fitnas::detail

#endif

#endif
