/// @file
/// @brief A layer's part in the walk along a network.

#ifndef FITNAS_NN_LAYER_LINK_HPP
#define FITNAS_NN_LAYER_LINK_HPP

#include <cstddef>

#include <fitnas/nn/shape.hpp>

namespace fitnas::detail {

/// What a layer reads, and where what it gives goes. Values are counted by layers: value 0 is what comes in,
/// value i + 1 what the node of layer i has come to behind it.
struct layer_link {
    std::size_t reads = 0; ///< the value that comes in
    bool joins = false;    ///< whether value i is of the same node, and so is added or stands before
    bool appends = false;  ///< see `space_layer::appends`
    bool completes = true; ///< whether the node is complete behind this layer
    bool inside = false;   ///< whether it may come to nothing, see `space_layer::inside`
    shape value{};         ///< the shape of value i + 1

    /// Whether zeros stand where nothing came to the node.
    bool needs_value() const { return !inside && (completes || appends); }
};

} // namespace fitnas::detail

#endif
