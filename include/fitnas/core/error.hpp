/// @file
/// @brief The exceptions of the library: one base, one class for each kind of bad input.

#ifndef FITNAS_CORE_ERROR_HPP
#define FITNAS_CORE_ERROR_HPP

#include <stdexcept>
#include <string>
#include <string_view>

#include <fitnas/config.hpp>
#include <fitnas/core/number_text.hpp>

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
