/// @file
/// @brief The candidates of a cell.

#ifndef FITNAS_SPACE_OPERATOR_SET_HPP
#define FITNAS_SPACE_OPERATOR_SET_HPP

#include <array>
#include <cstddef>
#include <string_view>

#include <fitnas/op/operator.hpp>

namespace fitnas {

/// @brief The candidate operators of a cell; their places in the list are the digits of an architecture code.
/// @tparam Operators 1 to 36 types, each a `candidate_operator`
template <class... Operators>
struct operator_set {
    static_assert(sizeof...(Operators) >= 1, "[F0316] operator_set<...> needs at least one operator");
    static_assert(
        sizeof...(Operators) <= 36,
        "[F0317] operator_set<...> takes at most 36 operators: a code has one digit or letter a cell");
    static_assert((has_name<Operators> && ...),
                  "[F0318] operator_set<...>: every operator needs `static constexpr std::string_view name`");
    static_assert((has_build<Operators> && ...),
                  "[F0319] operator_set<...>: every operator needs `static constexpr recipe build(cell)`");

    static constexpr int size = static_cast<int>(sizeof...(Operators)); ///< how many operators there are

    /// @return the names, in order
    static constexpr std::array<std::string_view, sizeof...(Operators)> names() {
        return {Operators::name...};
    }
    /// @return the recipes for one cell, in order
    static constexpr std::array<recipe, sizeof...(Operators)> build(cell c) {
        return {Operators::build(c)...};
    }
};

} // namespace fitnas

#endif
