/// @file
/// @brief Node feature: which operator in which stage.

#ifndef FITNAS_PREDICTOR_FEATURE_STAGE_OPERATOR_HPP
#define FITNAS_PREDICTOR_FEATURE_STAGE_OPERATOR_HPP

#include <fitnas/predictor/feature/cell_operator.hpp>

namespace fitnas::feature {

namespace detail {

struct stages {
    template <code_space Space>
    static constexpr bool joins(int cell) {
        const auto here = static_cast<std::size_t>(cell);
        bool same = Space::operator_counts[here - 1] == Space::operator_counts[here];
        if constexpr (search_space_type<Space>) {
            same = same && Space::layer_of(cell - 1).place.output() == Space::layer_of(cell).place.output();
        }
        return same;
    }
};

} // namespace detail

/// @brief One-hot of the pair (stage, operator). Neighbouring cells are one stage where their outputs have
/// one shape and they have equally many operators; a space of bare `codes` has no shapes, there the number of
/// operators alone decides.
///
/// Beside `cell_operator` it lets a model learn what cells of a stage have in common from few scores.
struct stage_operator : detail::group_operator<detail::stages> {};

} // namespace fitnas::feature

#endif
