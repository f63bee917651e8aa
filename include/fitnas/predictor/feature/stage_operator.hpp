/// @file
/// @brief Node feature: which operator in which stage.

#ifndef FITNAS_PREDICTOR_FEATURE_STAGE_OPERATOR_HPP
#define FITNAS_PREDICTOR_FEATURE_STAGE_OPERATOR_HPP

#include <array>
#include <cstddef>

#include <fitnas/predictor/feature/feature.hpp>

namespace fitnas::feature {

namespace detail {

/// Whether neighbouring cells are of one stage.
template <code_space Space>
constexpr bool one_stage(int a, int b) {
    bool same = Space::operator_counts[static_cast<std::size_t>(a)] ==
                Space::operator_counts[static_cast<std::size_t>(b)];
    if constexpr (search_space_type<Space>) {
        same = same && Space::layer_of(a).place.output() == Space::layer_of(b).place.output();
    }
    return same;
}

} // namespace detail

/// @brief One-hot of the pair (stage, operator). Neighbouring cells are one stage where their outputs have
/// one shape and they have equally many operators; a space of bare `codes` has no shapes, there the number of
/// operators alone decides.
///
/// Beside `cell_operator` it lets a model learn what cells of a stage have in common from few scores.
struct stage_operator {
    /// The place of the first operator of each cell's stage, and behind the last cell the width.
    template <code_space Space>
    static constexpr auto offsets = [] {
        std::array<int, static_cast<std::size_t>(Space::cells) + 1> first{};
        for (int i = 1; i <= Space::cells; ++i) {
            const auto here = static_cast<std::size_t>(i);
            const bool same = i < Space::cells && detail::one_stage<Space>(i - 1, i);
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

} // namespace fitnas::feature

#endif
