/// @file
/// @brief Encoding: the choices of a network as the nodes of its line graph.

#ifndef FITNAS_PREDICTOR_ENCODING_LINE_GRAPH_HPP
#define FITNAS_PREDICTOR_ENCODING_LINE_GRAPH_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include <fitnas/predictor/encoding/cells.hpp>
#include <fitnas/space/cell_graph.hpp>
#include <fitnas/space/search_space.hpp>

namespace fitnas::encoding {

namespace detail {

/// Where the choices of a network stand: each between two places; and the places that graphs begin or end at.
template <int Cells>
struct choice_places {
    std::array<fitnas::detail::edge_ends, static_cast<std::size_t>(Cells)> cells{};
    /// `beyond[cell]`: the concatenation that the cell's end is a part of; where there is none, that end.
    std::array<int, static_cast<std::size_t>(Cells)> beyond{};
    std::array<int, static_cast<std::size_t>(Cells) + 1> bounds{};
    int bound_count = 0;

    constexpr void add_bound(int place) {
        for (int b = 0; b < bound_count; ++b) {
            if (bounds[static_cast<std::size_t>(b)] == place) {
                return;
            }
        }
        bounds[static_cast<std::size_t>(bound_count++)] = place;
    }
};

/// The places of a space: the nodes of its layers, two of them one place where the layer between them chooses
/// nothing, or chooses again.
template <class Space>
constexpr auto places_of_space() {
    constexpr auto& layers = Space::tables.layers;
    std::array<int, layers.size() + 1> place{};
    for (std::size_t n = 0; n < place.size(); ++n) {
        place[n] = static_cast<int>(n);
    }
    const auto at = [&](int node) { return place[static_cast<std::size_t>(node)]; };
    const auto chooses = [&](const space_layer& l) {
        return l.cell_index >= 0 && &l == &Space::layer_of(l.cell_index);
    };
    for (const space_layer& l : layers) {
        if (!chooses(l) && !l.appends && at(l.to) != at(l.from)) {
            const int old = at(l.to);
            const int joined = at(l.from);
            for (int& p : place) {
                p = p == old ? joined : p;
            }
        }
    }
    choice_places<Space::cells> found;
    for (const space_layer& l : layers) {
        if (!chooses(l)) {
            continue;
        }
        int beyond = at(l.to);
        bool ends = l.graph >= 0 && !l.inside;
        for (const space_layer& part : layers) {
            if (part.appends && part.from == l.to) {
                beyond = at(part.to);
                ends = true;
            }
        }
        found.cells[static_cast<std::size_t>(l.cell_index)] = {at(l.from), at(l.to)};
        found.beyond[static_cast<std::size_t>(l.cell_index)] = beyond;
        if (l.graph == l.cell_index) {
            found.add_bound(at(l.from));
        }
        if (ends) {
            found.add_bound(beyond);
        }
    }
    return found;
}

template <class Graph>
constexpr auto places_of_graph() {
    choice_places<Graph::edge_count> found;
    found.cells = Graph::edges;
    found.add_bound(0);
    for (std::size_t e = 0; e < found.cells.size(); ++e) {
        found.beyond[e] = Graph::concatenates ? Graph::nodes : found.cells[e].to;
    }
    found.add_bound(Graph::concatenates ? Graph::nodes : Graph::nodes - 1);
    return found;
}

template <class Space, class Graph>
constexpr auto places() {
    if constexpr (std::is_void_v<Graph>) {
        return places_of_space<Space>();
    } else {
        static_assert(
            Graph::edge_count == Space::cells,
            "[F0663] encoding::line_graph<Space, Feature, Graph>: expected a graph with an edge for "
            "each cell of the space");
        return places_of_graph<Graph>();
    }
}

} // namespace detail

/// @brief A node for each cell, joined where what one gives the other reads: the edges of a `cell_graph` as
/// nodes. Two nodes more stand for where a graph begins and where it ends; each is joined with the edges that
/// meet there. Fixed layers, and layers that choose again, are passed over; on a space without graphs it is
/// the chain.
/// @tparam Space the code space
/// @tparam Feature what the node of a cell carries
/// @tparam Graph for bare codes the `cell_graph` whose edges they are; void: the graphs of the space
template <code_space Space, class Feature, class Graph = void>
struct line_graph {
    static_assert(feature::feature_of<Feature, Space>,
                  "[F0665] encoding::line_graph<Space, Feature>: Feature must be a node feature such as "
                  "feature::cell_operator");
    static_assert(search_space_type<Space> || !std::is_void_v<Graph>,
                  "[F0664] encoding::line_graph<Space, Feature, Graph>: bare codes need the cell_graph whose "
                  "edges they are");
    using space = Space;

private:
    static constexpr auto places = detail::places<Space, Graph>();

    struct joined {
        constexpr bool operator()(int i, int j) const {
            if (i >= Space::cells && j >= Space::cells) {
                return false;
            }
            if (i >= Space::cells || j >= Space::cells) {
                const int bound =
                    places.bounds[static_cast<std::size_t>((i >= Space::cells ? i : j) - Space::cells)];
                const auto cell = static_cast<std::size_t>(i >= Space::cells ? j : i);
                return places.cells[cell].from == bound || places.cells[cell].to == bound ||
                       places.beyond[cell] == bound;
            }
            const auto a = static_cast<std::size_t>(i);
            const auto b = static_cast<std::size_t>(j);
            return leads_to(a, places.cells[b].from) || leads_to(b, places.cells[a].from);
        }
    };
    static constexpr bool leads_to(std::size_t cell, int place) {
        return places.cells[cell].to == place || places.beyond[cell] == place;
    }
    static constexpr int own = Feature::template width<Space>;

public:
    static constexpr int nodes = Space::cells + places.bound_count;
    static constexpr int features = own + (places.bound_count > 0 ? 1 : 0);
    static constexpr auto adjacency =
        detail::normalised_edges<detail::count_edges(nodes, joined{})>(nodes, joined{});

    static constexpr int cell_of(int node) { return node < Space::cells ? node : -1; }
    static void write_node(int node, int operator_index, float* out) {
        if (node < Space::cells) {
            Feature::template write<Space>(node, operator_index, out);
        } else {
            out[own] = 1;
        }
    }
    static void encode(const architecture<Space>& a, float* out) {
        std::fill(out, out + nodes * features, 0.0F);
        for (int i = 0; i < nodes; ++i) {
            write_node(i, i < Space::cells ? a[static_cast<std::size_t>(i)] : 0, out + i * features);
        }
    }
};

} // namespace fitnas::encoding

#endif
