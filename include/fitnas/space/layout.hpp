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
    recipe steps;
    shape input;
    shape output;
    long long offset = 0;     ///< of its first parameter in the supernet's buffer
    long long parameters = 0; ///< trainable values
    long long macs = 0;       ///< multiply-accumulates for one image
};

/// @brief One layer of the network: the stem, a fixed layer, a cell, or the head.
struct space_layer {
    cell place;
    int first_block = 0; ///< its candidates are neighbours in the list of blocks
    int candidates = 1;
    /// The place of its digit in an architecture code, which several layers may read; -1 where nothing is
    /// chosen. Cells come in the order of the layers that read them first.
    int cell_index = -1;
};

/// @brief The tables of a space: layers in the order of the data, blocks in the order of the parameters.
struct space_layout {
    shape input;
    int classes = 0;
    int cells = 0;
    long long parameters = 0; ///< of the whole supernet
    std::span<const space_layer> layers;
    std::span<const space_block> blocks;

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
    /// @return the same as an index into `blocks`
    constexpr int block_index(const space_layer& layer, std::span<const std::uint8_t> code) const {
        return layer.first_block +
               (layer.cell_index < 0 ? 0 : code[static_cast<std::size_t>(layer.cell_index)]);
    }
};

} // namespace fitnas

#endif
