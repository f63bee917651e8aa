/// @file
/// @brief Cells that are graphs: nodes, and edges that carry operators.

#ifndef FITNAS_SPACE_CELL_GRAPH_HPP
#define FITNAS_SPACE_CELL_GRAPH_HPP

#include <array>
#include <cstddef>
#include <type_traits>

#include <fitnas/config.hpp>

namespace fitnas {

/// @brief An edge of a `cell_graph`: from one node to a later one.
template <int From, int To>
struct edge {
    static_assert(From >= 0 && From < To, "[F0340] edge<From, To>: expected 0 <= From < To");
    static constexpr int from = From; ///< the node that it reads
    static constexpr int to = To;     ///< the node that it leads to
};

namespace detail {

template <class T>
struct is_edge : std::false_type {};
template <int From, int To>
struct is_edge<edge<From, To>> : std::true_type {};

/// The ends of an edge.
struct edge_ends {
    int from = 0;
    int to = 0;
    friend constexpr bool operator==(const edge_ends&, const edge_ends&) = default;
};

/// The edges in the order of a code's digits: by the node they lead to, then by the node they come from.
template <int Nodes, class... Edges>
constexpr auto edges_in_order() {
    constexpr std::size_t count =
        sizeof...(Edges) > 0 ? sizeof...(Edges) : static_cast<std::size_t>(Nodes) * (Nodes - 1) / 2;
    std::array<edge_ends, count> all{};
    std::size_t at = 0;
    for (int to = 1; to < Nodes; ++to) {
        for (int from = 0; from < to; ++from) {
            const edge_ends ends{from, to};
            for (int same = sizeof...(Edges) == 0 ? 1
                                                  : ((ends == edge_ends{Edges::from, Edges::to}) + ... + 0);
                 same > 0 && at < count; --same) {
                all[at++] = ends;
            }
        }
    }
    return all;
}

} // namespace detail

namespace detail {

/// What `cell_graph` and `concat_graph` share.
template <class Operators, int Nodes, bool Concatenates, class... Edges>
struct any_graph {
    static_assert(Nodes >= 2, "[F0341] cell_graph<Operators, Nodes, ...>: expected at least 2 nodes");
    static_assert((is_edge<Edges>::value && ...),
                  "[F0342] cell_graph<Operators, Nodes, Edges...>: behind the nodes come edge<From, To>");
    static_assert(
        ((Edges::to < Nodes) && ...),
        "[F0343] cell_graph<Operators, Nodes, Edges...>: an edge leads to a node that is not there");

    using operators = Operators;        ///< the candidates of each edge
    static constexpr int nodes = Nodes; ///< with the one that reads the input
    static constexpr bool concatenates = Concatenates;
    /// In the order of the digits.
    static constexpr auto edges = edges_in_order<Nodes, Edges...>();
    static constexpr int edge_count = static_cast<int>(edges.size()); ///< how many edges a graph has

private:
    static constexpr bool different() {
        for (std::size_t e = 1; e < edges.size(); ++e) {
            if (edges[e] == edges[e - 1]) {
                return false;
            }
        }
        return true;
    }
    /// Whether each node between is left and reached; each but the first is reached, each but the last left.
    static constexpr bool each_node(int first, int last, int edge_ends::*end) {
        for (int node = first; node <= last; ++node) {
            bool found = false;
            for (const edge_ends& e : edges) {
                found = found || e.*end == node;
            }
            if (!found) {
                return false;
            }
        }
        return true;
    }
    static_assert(different(), "[F0344] cell_graph<...>: an edge is there twice");
    static_assert(each_node(1, Nodes - 1, &edge_ends::to),
                  "[F0345] cell_graph<...>: there is a node that no edge leads to");
    static_assert(Concatenates || each_node(0, Nodes - 2, &edge_ends::from),
                  "[F0346] cell_graph<...>: there is a node that no edge leaves, so it plays no part in what "
                  "comes out");
};

} // namespace detail

/// @brief A cell that is a graph: node 0 is what comes in, each other node the sum of the edges that lead to
/// it, the last node what comes out. Each edge has one of the operators: a digit of the code. Digits come in
/// the order 0>1, 0>2, 1>2, 0>3, 1>3, 2>3, ..., as in NAS-Bench-201 (Dong and Yang, arXiv 2001.00326).
///
/// Edges with `op::none` are left out, and so is every edge that reads a node to which nothing comes; where
/// nothing comes to the last node, it is zeros.
/// @tparam Operators an `operator_set`
/// @tparam Nodes from 2
/// @tparam Edges some `edge<From, To>`; none of them: all from each node to each later one
template <class Operators, int Nodes, class... Edges>
struct cell_graph : detail::any_graph<Operators, Nodes, false, Edges...> {};

/// @brief The same, but what comes out are the channels of all nodes but node 0, one behind the other, as in
/// DARTS (Liu et al., arXiv 1806.09055). A node to which nothing comes is zeros there.
template <class Operators, int Nodes, class... Edges>
struct concat_graph : detail::any_graph<Operators, Nodes, true, Edges...> {};

} // namespace fitnas

#endif
