/// @file
/// @brief Node feature: which operator in which cell.

#ifndef FITNAS_PREDICTOR_FEATURE_CELL_OPERATOR_HPP
#define FITNAS_PREDICTOR_FEATURE_CELL_OPERATOR_HPP

#include <array>
#include <cstddef>

#include <fitnas/predictor/feature/feature.hpp>

namespace fitnas::feature {

/// @brief One-hot of the pair (cell, operator): as wide as all cells have operators together.
struct cell_operator {
    /// The place of each cell's first operator, and behind the last cell the width.
    template <code_space Space>
    static constexpr auto offsets = [] {
        std::array<int, static_cast<std::size_t>(Space::cells) + 1> first{};
        for (std::size_t i = 0; i + 1 < first.size(); ++i) {
            first[i + 1] = first[i] + Space::operator_counts[i];
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

} // namespace fitnas::feature

#endif
