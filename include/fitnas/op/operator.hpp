/// @file
/// @brief What a candidate operator is: a name and a constexpr recipe for every cell it may stand in.

#ifndef FITNAS_OP_OPERATOR_HPP
#define FITNAS_OP_OPERATOR_HPP

#include <concepts>
#include <string_view>

#include <fitnas/nn/recipe.hpp>

namespace fitnas {

/// @brief The type has a static `name` that is a text.
template <class T>
concept has_name = requires {
    { T::name } -> std::convertible_to<std::string_view>;
};

/// @brief The type has a static constexpr function `build` from a `cell` to a `recipe`.
template <class T>
concept has_build = requires(cell c) {
    { T::build(c) } -> std::same_as<recipe>;
};

/// @brief A candidate operator: `has_name` and `has_build`. Nothing else is asked: no base class, no
/// registration.
///
/// `build` must be a constant expression and return a recipe whose output is `c.output()`.
///
/// @code
/// struct dw5 {
///     static constexpr std::string_view name = "dw5";
///     static constexpr recipe build(cell c) {
///         return {depthwise(5, c.stride), batch_norm(), relu(), pointwise(c.width), batch_norm(),
///                 residual_if_same_shape()};
///     }
/// };
/// @endcode
template <class T>
concept candidate_operator = has_name<T> && has_build<T>;

namespace detail {

/// A text put together at compile time, for the names of operator templates.
struct fixed_text {
    char characters[32]{};
    int length = 0;

    constexpr fixed_text& operator<<(std::string_view text) {
        for (const char c : text) {
            characters[length++] = c;
        }
        return *this;
    }
    constexpr fixed_text& operator<<(int number) {
        if (number >= 10) {
            *this << number / 10;
        }
        characters[length++] = static_cast<char>('0' + number % 10);
        return *this;
    }
    constexpr std::string_view view() const {
        return {characters, static_cast<std::string_view::size_type>(length)};
    }
};

} // namespace detail

} // namespace fitnas

#endif
