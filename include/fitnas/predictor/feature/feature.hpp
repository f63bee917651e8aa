/// @file
/// @brief What a node feature is.

#ifndef FITNAS_PREDICTOR_FEATURE_FEATURE_HPP
#define FITNAS_PREDICTOR_FEATURE_FEATURE_HPP

#include <concepts>

#include <fitnas/space/search_space.hpp>

namespace fitnas::feature {

/// @brief A node feature: how wide its vector is in a space, and how an operator in a cell fills it.
///
/// `F::write<Space>(cell, operator, out)` finds `out` (`F::width<Space>` floats) full of zeros and sets what
/// is not zero.
template <class F, class Space>
concept feature_of = requires(float* out) {
    { F::template width<Space> } -> std::convertible_to<int>;
    F::template write<Space>(0, 0, out);
};

} // namespace fitnas::feature

#endif
