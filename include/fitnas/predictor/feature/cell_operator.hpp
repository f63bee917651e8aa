/// @file
/// @brief Node feature: which operator in which cell.

#ifndef FITNAS_PREDICTOR_FEATURE_CELL_OPERATOR_HPP
#define FITNAS_PREDICTOR_FEATURE_CELL_OPERATOR_HPP

#include <array>
#include <cstddef>

#include <fitnas/predictor/feature/feature.hpp>

namespace fitnas::feature {

namespace detail {

/// One-hot of the pair (group of cells, operator), where a group is neighbouring cells that have equally many
/// operators.
/// @tparam Groups `Groups::template joins<Space>(cell)`: whether a cell is in the group of the one before
template <class Groups>
struct group_operator {
    /// The place of the first operator of each cell's group, and behind the last cell the width.
    template <code_space Space>
    static constexpr auto offsets = [] {
        std::array<int, static_cast<std::size_t>(Space::cells) + 1> first{};
        for (int i = 1; i <= Space::cells; ++i) {
            const auto here = static_cast<std::size_t>(i);
            const bool same = i < Space::cells && Groups::template joins<Space>(i);
            first[here] = first[here - 1] + (same ? 0 : Space::operator_counts[here - 1]);
        }
        return first;
    }();

    template <code_space Space>
    static constexpr int width = offsets<Space>[static_cast<std::size_t>(Space::cells)];

    template <code_space Space>
    static constexpr void write(int cell, int operator_index, float* out) {
        out[offsets<Space>[static_cast<std::size_t>(cell)] + operator_index] = 1;
    }
};

struct single_cells {
    template <code_space Space>
    static constexpr bool joins(int /*cell*/) {
        return false;
    }
};

} // namespace detail

/// @brief One-hot of the pair (cell, operator): as wide as all cells have operators together.
struct cell_operator : detail::group_operator<detail::single_cells> {};

} // namespace fitnas::feature

#endif
