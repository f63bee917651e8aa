/// @file
/// @brief Encoding: cells in a row.

#ifndef FITNAS_PREDICTOR_ENCODING_CHAIN_HPP
#define FITNAS_PREDICTOR_ENCODING_CHAIN_HPP

#include <fitnas/predictor/encoding/cells.hpp>

namespace fitnas::encoding {

namespace detail {
struct neighbours {
    constexpr bool operator()(int i, int j) const { return i - j == 1 || j - i == 1; }
};
} // namespace detail

/// @brief A node for each cell, an edge between neighbouring cells: the order in which data passes them.
/// @tparam Space the code space
/// @tparam Feature what a node carries
template <code_space Space, class Feature>
struct chain : detail::cells<Space, Feature> {
    static constexpr auto adjacency =
        detail::normalised_edges<static_cast<std::size_t>(3 * Space::cells - 2)>(Space::cells,
                                                                                 detail::neighbours{});
};

} // namespace fitnas::encoding

#endif
