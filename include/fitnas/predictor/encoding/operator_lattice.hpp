/// @file
/// @brief Encoding: every operator of every cell.

#ifndef FITNAS_PREDICTOR_ENCODING_OPERATOR_LATTICE_HPP
#define FITNAS_PREDICTOR_ENCODING_OPERATOR_LATTICE_HPP

#include <algorithm>

#include <fitnas/predictor/encoding/graph.hpp>

namespace fitnas::encoding {

namespace detail {

/// The nodes of all operators of all cells.
template <code_space Space>
struct lattice {
    static constexpr int nodes = [] {
        int sum = 0;
        for (const int count : Space::operator_counts) {
            sum += count;
        }
        return sum;
    }();
    static constexpr auto cell_of = [] {
        std::array<int, static_cast<std::size_t>(nodes)> cells{};
        std::size_t node = 0;
        for (int i = 0; i < Space::cells; ++i) {
            for (int o = 0; o < Space::operator_counts[static_cast<std::size_t>(i)]; ++o) {
                cells[node++] = i;
            }
        }
        return cells;
    }();
    struct joined {
        constexpr bool operator()(int i, int j) const {
            const int step = cell_of[static_cast<std::size_t>(i)] - cell_of[static_cast<std::size_t>(j)];
            return step == 1 || step == -1;
        }
    };
};

} // namespace detail

/// @brief A node for each operator of each cell, an edge between any two operators of neighbouring cells: the
/// supernet itself as a graph. Chosen operators carry their feature, the others zeros.
/// @tparam Space the code space
/// @tparam Feature what a chosen node carries
template <code_space Space, class Feature>
struct operator_lattice {
    static_assert(
        feature::feature_of<Feature, Space>,
        "[F0606] encoding<Space, Feature>: Feature must be a node feature such as feature::cell_operator");
    using space = Space;
    static constexpr int nodes = detail::lattice<Space>::nodes;
    static constexpr int features = Feature::template width<Space>;
    static constexpr auto adjacency =
        detail::normalised_edges<detail::count_edges(nodes, typename detail::lattice<Space>::joined{})>(
            nodes, typename detail::lattice<Space>::joined{});

    static constexpr int cell_of(int node) {
        return detail::lattice<Space>::cell_of[static_cast<std::size_t>(node)];
    }
    static void write_node(int node, int operator_index, float* out) {
        int first = 0;
        for (int cell = 0; cell < cell_of(node); ++cell) {
            first += Space::operator_counts[static_cast<std::size_t>(cell)];
        }
        if (node == first + operator_index) {
            Feature::template write<Space>(cell_of(node), operator_index, out);
        }
    }

    static void encode(const architecture<Space>& a, float* out) {
        std::fill(out, out + nodes * features, 0.0F);
        int first = 0;
        for (int i = 0; i < Space::cells; ++i) {
            const auto here = static_cast<std::size_t>(i);
            Feature::template write<Space>(i, a[here], out + (first + a[here]) * features);
            first += Space::operator_counts[here];
        }
    }
};

} // namespace fitnas::encoding

#endif
