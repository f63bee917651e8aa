/// @file
/// @brief Node feature: several features, one behind the other.

#ifndef FITNAS_PREDICTOR_FEATURE_BESIDE_HPP
#define FITNAS_PREDICTOR_FEATURE_BESIDE_HPP

#include <fitnas/predictor/feature/feature.hpp>

namespace fitnas::feature {

/// @brief The vectors of several features, one behind the other.
/// @tparam Features node features, at least one
template <class... Features>
struct beside {
    static_assert(sizeof...(Features) >= 1,
                  "[F0609] feature::beside<Features...>: there must be at least one feature");

    template <code_space Space>
    static constexpr int width = [] {
        static_assert((feature_of<Features, Space> && ...),
                      "[F0610] feature::beside<Features...>: every argument must be a node feature such as "
                      "feature::cell_operator");
        return (Features::template width<Space> + ...);
    }();

    template <code_space Space>
    static constexpr void write(int cell, int operator_index, float* out) {
        ((Features::template write<Space>(cell, operator_index, out), out += Features::template width<Space>),
         ...);
    }
};

} // namespace fitnas::feature

#endif
