/// @file
/// @brief The graph of an encoding: a normalised adjacency as a constexpr list, and what an encoding is.

#ifndef FITNAS_PREDICTOR_ENCODING_GRAPH_HPP
#define FITNAS_PREDICTOR_ENCODING_GRAPH_HPP

#include <array>
#include <concepts>
#include <cstddef>

#include <fitnas/predictor/feature/feature.hpp>
#include <fitnas/space/architecture.hpp>

namespace fitnas::encoding {

/// @brief One entry of a sparse matrix.
struct edge {
    int row = 0;      ///< of the node that receives
    int column = 0;   ///< of the node that sends
    float weight = 0; ///< the entry of the matrix
};

namespace detail {

/// Square root at compile time (Newton), of x >= 1.
constexpr double root(double x) {
    double guess = x;
    for (int i = 0; i < 64; ++i) {
        guess = 0.5 * (guess + x / guess);
    }
    return guess;
}

/// How many entries A + I has, where `joined(i, j)` says whether two different nodes have an edge.
template <class Joined>
constexpr std::size_t count_edges(int nodes, Joined joined) {
    std::size_t count = 0;
    for (int i = 0; i < nodes; ++i) {
        for (int j = 0; j < nodes; ++j) {
            count += i == j || joined(i, j);
        }
    }
    return count;
}

/// D^-1/2 (A + I) D^-1/2, row by row, where D has the row sums of A + I.
template <std::size_t Count, class Joined>
constexpr std::array<edge, Count> normalised_edges(int nodes, Joined joined) {
    std::array<edge, Count> edges{};
    std::array<double, Count> degree{};
    std::size_t at = 0;
    for (int i = 0; i < nodes; ++i) {
        for (int j = 0; j < nodes; ++j) {
            if (i == j || joined(i, j)) {
                edges[at++] = {i, j, 0};
                degree[static_cast<std::size_t>(i)] += 1;
            }
        }
    }
    for (edge& e : edges) {
        e.weight = static_cast<float>(
            1 / root(degree[static_cast<std::size_t>(e.row)] * degree[static_cast<std::size_t>(e.column)]));
    }
    return edges;
}

} // namespace detail

/// @brief An encoding: architectures of a space as features on the nodes of one graph.
///
/// - `nodes`, `features`: how many nodes there are, and how wide a node's feature vector is;
/// - `adjacency`: the symmetric normalised adjacency with self loops, D^-1/2 (A + I) D^-1/2 (Kipf and
///   Welling, arXiv 1609.02907, equation 2), its entries that are not zero, row by row;
/// - `encode(architecture, out)`: writes all nodes x features floats, row-major;
/// - `cell_of(node)`, if a model of it shall decompose (`windows`): the cell whose operator alone says what
/// the
///   node carries, -1 where it is always the same.
template <class E>
concept encoding_type = code_space<typename E::space> &&
    requires(const architecture<typename E::space>& a, float* out) {
    { E::nodes } -> std::convertible_to<int>;
    { E::features } -> std::convertible_to<int>;
    { E::adjacency[0] } -> std::convertible_to<edge>;
    E::encode(a, out);
};

} // namespace fitnas::encoding

#endif
