/// @file
/// @brief Costs of an architecture, constexpr: multiply-accumulates and parameters.

#ifndef FITNAS_SPACE_COST_HPP
#define FITNAS_SPACE_COST_HPP

#include <fitnas/space/architecture.hpp>

namespace fitnas::cost {

/// @brief A cost that adds up over the layers: `block_cost(block)` for each block that the architecture uses.
template <search_space_type Space, class BlockCost>
constexpr auto sum(const architecture<Space>& a, BlockCost&& block_cost) {
    require_valid<Space>(a);
    decltype(block_cost(Space::tables.blocks[0])) total{};
    for (const space_layer& l : Space::tables.layers) {
        total += block_cost(Space::layout().block(l, a));
    }
    return total;
}

/// @brief Multiply-accumulates of convolutions and linear layers for one image (what papers on mobile
/// networks print as FLOPs). Batch norm, activations, additions, pools and biases are not counted.
template <search_space_type Space>
constexpr long long macs(const architecture<Space>& a) {
    return sum<Space>(a, [](const space_block& b) { return b.macs; });
}

/// @brief Trainable values: weights, batch norm scales and shifts, the linear layer's biases.
template <search_space_type Space>
constexpr long long parameters(const architecture<Space>& a) {
    return sum<Space>(a, [](const space_block& b) { return b.parameters; });
}

} // namespace fitnas::cost

#endif
