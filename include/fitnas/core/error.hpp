/// @file
/// @brief The exceptions of the library: one base, one class for each kind of bad input.

#ifndef FITNAS_CORE_ERROR_HPP
#define FITNAS_CORE_ERROR_HPP

#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fitnas/config.hpp>

namespace fitnas {

/// @brief Base of everything the library throws: the text names the operand, what was expected and what came.
class error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;

    /// @return the identifier at the head of the text, such as "F0301", which keeps its meaning while texts
    /// become better (docs/messages.md); empty where the text has none; valid as long as the error
    std::string_view id() const noexcept {
        const std::string_view text = what();
        return text.size() > 6 && text.substr(0, 2) == "[F" && text[6] == ']' ? text.substr(1, 5)
                                                                              : std::string_view();
    }
};

/// @brief An architecture code has the wrong length or names an operator that its cell does not have.
class architecture_error : public error {
public:
    using error::error;
};

/// @brief A tensor, table or batch has the wrong shape or size.
class shape_error : public error {
public:
    using error::error;
};

/// @brief An option is outside its range.
class option_error : public error {
public:
    using error::error;
};

/// @brief A file is missing, truncated, of another kind, or disagrees with its neighbour.
class data_error : public error {
public:
    using error::error;
};

namespace detail {
/// A number as messages print it: integers in full, others with six digits.
inline std::string number_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, value == std::floor(value) && std::abs(value) < 1e15 ? "%.0f" : "%.6g",
                  value);
    return text;
}
inline std::string number_text(float value) { return number_text(static_cast<double>(value)); }
} // namespace detail

/// @brief A loss, score or statistic is not finite, or carries no information.
class numeric_error : public error {
public:
    using error::error;
};

/// @brief No architecture meets the limits that were asked for.
class limit_error : public error {
public:
    using error::error;
};

/// @brief Work was stopped because its caller, or a signal, asked for it. An observer, a scorer or a fit
/// throws it to stop what it is called by; a search then throws `interrupted_with` what it has found
/// (core/progress.hpp), a training saves where it is kept.
class interrupted : public error {
public:
    using error::error;
};

} // namespace fitnas

#endif
