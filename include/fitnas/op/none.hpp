/// @file
/// @brief The operator that leaves an edge out.

#ifndef FITNAS_OP_NONE_HPP
#define FITNAS_OP_NONE_HPP

#include <fitnas/op/operator.hpp>

namespace fitnas::op {

/// @brief Zeros. In a `cell_graph` the edge is left out, see there; in a stage the cell gives zeros.
/// @note At stride 2 or another width: zeros of the shape that goes out.
struct none {
    static constexpr std::string_view name = "none";
    static constexpr recipe build(cell c) { return {zero(c.width, c.stride)}; }
};

} // namespace fitnas::op

#endif
