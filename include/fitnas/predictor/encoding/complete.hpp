/// @file
/// @brief Encoding: every cell beside every other.

#ifndef FITNAS_PREDICTOR_ENCODING_COMPLETE_HPP
#define FITNAS_PREDICTOR_ENCODING_COMPLETE_HPP

#include <fitnas/predictor/encoding/cells.hpp>

namespace fitnas::encoding {

/// @brief A node for each cell, an edge between any two: one layer already sees all cells, and no order.
/// @tparam Space the code space
/// @tparam Feature what a node carries
template <code_space Space, class Feature>
struct complete : detail::cells<Space, Feature> {
    static constexpr auto adjacency =
        detail::normalised_edges<static_cast<std::size_t>(Space::cells* Space::cells)>(
            Space::cells, [](int, int) { return true; });
};

} // namespace fitnas::encoding

#endif
