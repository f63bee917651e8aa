/// @file
/// @brief Node feature: another feature, and what the operator costs in its cell.

#ifndef FITNAS_PREDICTOR_FEATURE_WITH_COSTS_HPP
#define FITNAS_PREDICTOR_FEATURE_WITH_COSTS_HPP

#include <algorithm>

#include <fitnas/predictor/feature/feature.hpp>

namespace fitnas::feature {

/// @brief `Feature`, then the block's multiply-accumulates and parameters, each divided by the largest of any
/// block in a cell of the space: numbers in [0, 1].
/// @tparam Feature another node feature
template <class Feature>
struct with_costs {
    template <code_space Space>
    static constexpr int width = [] {
        static_assert(search_space_type<Space>,
                      "[F0611] feature::with_costs<Feature>: the space must be a search_space, which "
                      "knows what its operators cost");
        return Feature::template width<Space> + 2;
    }();

    template <code_space Space>
    static constexpr void write(int cell, int operator_index, float* out) {
        Feature::template write<Space>(cell, operator_index, out);
        if constexpr (search_space_type<Space>) {
            const space_block& block = Space::block_of(cell, operator_index);
            out[width<Space> - 2] = static_cast<float>(block.macs) / static_cast<float>(largest<Space>.macs);
            out[width<Space> - 1] =
                static_cast<float>(block.parameters) / static_cast<float>(largest<Space>.parameters);
        }
    }

private:
    struct costs {
        long long macs = 1;
        long long parameters = 1;
    };
    template <code_space Space>
    static constexpr costs largest = [] {
        costs most;
        for (int cell = 0; cell < Space::cells; ++cell) {
            const space_layer& layer = Space::layer_of(cell);
            for (int o = 0; o < layer.candidates; ++o) {
                const space_block& block =
                    Space::tables.blocks[static_cast<std::size_t>(layer.first_block + o)];
                most.macs = (std::max)(most.macs, block.macs);
                most.parameters = (std::max)(most.parameters, block.parameters);
            }
        }
        return most;
    }();
};

} // namespace fitnas::feature

#endif
