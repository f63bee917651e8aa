/// @file
/// @brief A search space as tables: what the engine reads, without knowing the space's type.

#ifndef FITNAS_SPACE_LAYOUT_HPP
#define FITNAS_SPACE_LAYOUT_HPP

#include <span>
#include <string_view>

#include <fitnas/nn/recipe.hpp>

namespace fitnas {

/// @brief One operator in one layer: its recipe there, its costs, and where its parameters stand in the flat
/// buffer.
struct space_block {
    std::string_view name;
    recipe steps;             ///< what it computes
    shape input;              ///< what comes in
    shape output;             ///< what goes out
    long long offset = 0;     ///< of its first parameter in the supernet's buffer
    long long parameters = 0; ///< trainable values
    long long macs = 0;       ///< multiply-accumulates for one image
};

/// @brief One layer of the network: the stem, a fixed layer, a cell, an edge of a graph, or the head.
///
/// A layer leads from one node to another. Node 0 is the images; the others come to the sum of the layers
/// that lead to them, or to their channels one behind the other. These layers are neighbours in the list, and
/// stand behind all that lead to the node they read. In a chain layer i leads from node i to node i + 1.
struct space_layer {
    cell place;          ///< what its operators are built for
    int first_block = 0; ///< its candidates are neighbours in the list of blocks
    int candidates = 1;  ///< operators to choose from
    /// The place of its digit in an architecture code, which several layers may read; -1 where nothing is
    /// chosen. Cells come in the order of the layers that read them first.
    int cell_index = -1;
    int from = 0; ///< the node that it reads
    int to = 1;   ///< the node that it leads to
    /// Whether node `to` lies inside a graph: where only zeros come to it, layers that read it are left out,
    /// and it may be that nothing comes to it. Other nodes then come to zeros.
    bool inside = false;
    /// Where it is an edge of a graph, the first of the cells that this graph reads; -1 elsewhere.
    int graph = -1;
    /// Whether its channels stand behind those of the layers before it to the same node, and are not added.
    bool appends = false;
};

/// @brief The tables of a space: layers in the order in which they can be computed, blocks in the order of
/// the parameters.
struct space_layout {
    shape input;                         ///< one image
    int classes = 0;                     ///< of the head
    int cells = 0;                       ///< digits of an architecture code
    long long parameters = 0;            ///< of the whole supernet
    std::span<const space_layer> layers; ///< in the order in which they can be computed
    std::span<const space_block> blocks; ///< in the order of the parameters

    /// @brief The block that an architecture uses in a layer.
    /// @param code one operator number a cell
    constexpr const space_block& block(const space_layer& layer, std::span<const std::uint8_t> code) const {
        return blocks[static_cast<std::size_t>(block_index(layer, code))];
    }
    /// @return whether a layer before this one reads the same cell
    constexpr bool reads_again(const space_layer& layer) const {
        for (const space_layer& l : layers) {
            if (l.cell_index >= 0 && l.cell_index == layer.cell_index) {
                return &l != &layer;
            }
        }
        return false;
    }
    /// @return behind how many layers a node is complete
    constexpr std::size_t layers_to(int node) const {
        std::size_t count = layers.size();
        while (count > 0 && layers[count - 1].to != node) {
            --count;
        }
        return count;
    }
    /// @return whether the layer before one leads to the same node
    constexpr bool joins(std::size_t layer) const {
        return layer > 0 && layer < layers.size() && layers[layer - 1].to == layers[layer].to;
    }
    /// @return the same as an index into `blocks`
    constexpr int block_index(const space_layer& layer, std::span<const std::uint8_t> code) const {
        return layer.first_block +
               (layer.cell_index < 0 ? 0 : code[static_cast<std::size_t>(layer.cell_index)]);
    }
};

} // namespace fitnas

#endif
