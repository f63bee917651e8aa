/// @file
/// @brief How layers act on windows of cells, and why a model is not a sum over them.

#ifndef FITNAS_PREDICTOR_GCN_WINDOW_RULE_HPP
#define FITNAS_PREDICTOR_GCN_WINDOW_RULE_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <fitnas/predictor/gcn/model.hpp>
#include <fitnas/predictor/window_sum.hpp>

namespace fitnas {

/// @brief Why a predictor is not a sum over windows of neighbouring cells.
enum class window_fault {
    none,    ///< it is one
    unknown, ///< the predictor's type does not say
    graph,   ///< a node sees cells that are not neighbours
    layer,   ///< a layer has no `gcn::window_rule`
    tail,    ///< what is behind mean_pool or flatten is not linear
    size     ///< the windows have too many codes to be tabulated
};

/// @brief The most codes of one window that are tabulated.
inline constexpr std::uint64_t window_limit = std::uint64_t{1} << 20U;

} // namespace fitnas

namespace fitnas::gcn {

/// @brief How a layer acts in prediction.
enum class window_action {
    unknown,
    each_node,  ///< on each node by itself: a window stays what it is
    neighbours, ///< a sum over edges: a window grows by those of the neighbours
    pool,       ///< linear, from nodes to one vector an architecture
    linear      ///< linear, from one vector to the next
};

/// @brief What `windows` has to know of a layer; specialise it for a layer of yours.
///
/// - `action`, and for `each_node` also `linear`, whether the layer is. The layer's `forward` does the rest;
/// - for `neighbours` the layer is y_i = b + sum over edges e into i of weight(e) x_column(e) W_k, where
///   `maps` is how many matrices W_k (width in x width) there are, `map_of(row, column)` says which one an
///   edge takes, `weights(signal, p, k)` where it begins in the layer's parameters, and `bias(signal, p)`
///   where b does;
/// - for `pool`: `share(nodes)` is the factor of each node, and `flat` whether nodes stay side by side.
template <class Layer>
struct window_rule {
    static constexpr window_action action = window_action::unknown;
};
/// @brief Each node by itself, not linear.
template <>
struct window_rule<relu> {
    static constexpr window_action action = window_action::each_node;
    static constexpr bool linear = false;
};
/// @brief Each node by itself, not linear.
template <>
struct window_rule<silu> {
    static constexpr window_action action = window_action::each_node;
    static constexpr bool linear = false;
};
/// @brief Off in prediction: nodes stay as they are.
template <int Percent>
struct window_rule<dropout<Percent>> {
    static constexpr window_action action = window_action::each_node;
    static constexpr bool linear = true;
};
/// @brief One matrix for every edge.
template <int Width>
struct window_rule<conv<Width>> {
    static constexpr window_action action = window_action::neighbours;
    static constexpr int maps = 1;
    static constexpr int map_of(int /*row*/, int /*column*/) { return 0; }
    static constexpr std::ptrdiff_t weights(signal /*in*/, int /*map*/) { return 0; }
    static constexpr std::ptrdiff_t bias(signal in) { return static_cast<std::ptrdiff_t>(in.width) * Width; }
};
/// @brief The mean over the nodes.
template <>
struct window_rule<mean_pool> {
    static constexpr window_action action = window_action::pool;
    static constexpr bool flat = false;
    static constexpr double share(int nodes) { return 1.0 / nodes; }
};
/// @brief Nodes side by side.
template <>
struct window_rule<flatten> {
    static constexpr window_action action = window_action::pool;
    static constexpr bool flat = true;
    static constexpr double share(int /*nodes*/) { return 1; }
};
/// @brief A linear map of one vector.
template <int Width>
struct window_rule<linear<Width>> {
    static constexpr window_action action = window_action::linear;
};

namespace detail {

/// The cells [first, last) that a node sees; empty windows begin and end at 0.
struct window {
    int first = 0;
    int last = 0;
    constexpr bool empty() const { return first == last; }
    constexpr void include(window other) {
        if (empty()) {
            *this = other;
        } else if (!other.empty()) {
            first = (std::min)(first, other.first);
            last = (std::max)(last, other.last);
        }
    }
};

template <class Encoding>
concept knows_cells = requires {
    { Encoding::cell_of(0) } -> std::convertible_to<int>;
};

/// The windows of all nodes behind `Convolutions` sums over edges.
template <class Encoding>
constexpr auto windows_behind(int convolutions) {
    std::array<window, static_cast<std::size_t>(Encoding::nodes)> now{};
    for (int i = 0; i < Encoding::nodes; ++i) {
        if (const int cell = Encoding::cell_of(i); cell >= 0) {
            now[static_cast<std::size_t>(i)] = {cell, cell + 1};
        }
    }
    for (int c = 0; c < convolutions; ++c) {
        auto next = now;
        for (const encoding::edge& e : Encoding::adjacency) {
            next[static_cast<std::size_t>(e.row)].include(now[static_cast<std::size_t>(e.column)]);
        }
        now = next;
    }
    return now;
}

template <class Encoding>
constexpr window_fault fault_of_graph(int convolutions) {
    if constexpr (!knows_cells<Encoding>) {
        return window_fault::graph;
    } else {
        for (const window& w : windows_behind<Encoding>(1)) {
            if (w.last - w.first > 3) {
                return convolutions > 0 ? window_fault::graph : window_fault::none;
            }
        }
        for (const window& w : windows_behind<Encoding>(convolutions)) {
            if (window_codes<typename Encoding::space>(w.first, w.last) > window_limit) {
                return window_fault::size;
            }
        }
        return window_fault::none;
    }
}

template <class Layer>
constexpr bool linear_behind_pool() {
    if constexpr (window_rule<Layer>::action == window_action::each_node) {
        return window_rule<Layer>::linear;
    } else {
        return true;
    }
}

template <class Encoding, class... Layers>
constexpr window_fault fault_of_model(model<Encoding, Layers...>* /*type*/) {
    if (((window_rule<Layers>::action == window_action::unknown) || ...)) {
        return window_fault::layer;
    }
    bool pooled = false;
    bool good = true;
    ((good = good && (!pooled || linear_behind_pool<Layers>()),
      pooled = pooled || window_rule<Layers>::action == window_action::pool),
     ...);
    if (!good) {
        return window_fault::tail;
    }
    return fault_of_graph<Encoding>(((window_rule<Layers>::action == window_action::neighbours) + ... + 0));
}

} // namespace detail

/// @brief Why a model is not a sum over windows, `window_fault::none` where it is one.
///
/// It is where its encoding says with `cell_of(node)` in which cell a node's operator is chosen (-1: none), a
/// node and its neighbours together see at most 3 neighbouring cells, every layer has a `window_rule`, and
/// what is behind `mean_pool` or `flatten` is linear. Then L graph convolutions show a node 2L + 1 cells.
template <model_type Model>
inline constexpr window_fault windows_fault = detail::fault_of_model(static_cast<Model*>(nullptr));

} // namespace fitnas::gcn

#endif
