/// @file
/// @brief Node feature: which operator, the same in every cell.

#ifndef FITNAS_PREDICTOR_FEATURE_OPERATORS_HPP
#define FITNAS_PREDICTOR_FEATURE_OPERATORS_HPP

#include <fitnas/predictor/feature/feature.hpp>

namespace fitnas::feature {

/// @brief One-hot of the operator's number.
///
/// The graph of a space is the same for all its architectures, so with mean pooling a model of these features
/// sees which operators there are, but hardly where: on NAS-Bench-Macro its rank correlation stays near 0.66
/// where `cell_operator` passes 0.91. For spaces whose cells are alike, and for comparison.
struct operators {
    template <code_space Space>
    static constexpr int width = [] {
        int largest = 0;
        for (const int count : Space::operator_counts) {
            largest = count > largest ? count : largest;
        }
        return largest;
    }();

    template <code_space Space>
    static constexpr void write(int /*cell*/, int operator_index, float* out) {
        out[operator_index] = 1;
    }
};

} // namespace fitnas::feature

#endif
