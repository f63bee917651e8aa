/// @file
/// @brief What encodings with one node a cell share.

#ifndef FITNAS_PREDICTOR_ENCODING_CELLS_HPP
#define FITNAS_PREDICTOR_ENCODING_CELLS_HPP

#include <algorithm>

#include <fitnas/predictor/encoding/graph.hpp>

namespace fitnas::encoding::detail {

/// Node i is cell i and carries the feature of the operator that was chosen there.
template <code_space Space, class Feature>
struct cells {
    static_assert(
        feature::feature_of<Feature, Space>,
        "[F0605] encoding<Space, Feature>: Feature must be a node feature such as feature::cell_operator");
    using space = Space;
    static constexpr int nodes = Space::cells;
    static constexpr int features = Feature::template width<Space>;

    static constexpr int cell_of(int node) { return node; }
    static void write_node(int node, int operator_index, float* out) {
        Feature::template write<Space>(node, operator_index, out);
    }

    static void encode(const architecture<Space>& a, float* out) {
        std::fill(out, out + nodes * features, 0.0F);
        for (int i = 0; i < nodes; ++i) {
            write_node(i, a[static_cast<std::size_t>(i)], out + i * features);
        }
    }
};

} // namespace fitnas::encoding::detail

#endif
