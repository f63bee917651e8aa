/// @file
/// @brief What search spaces are put together from: a stem, stages of cells, graphs, fixed layers, a head.

#ifndef FITNAS_SPACE_PARTS_HPP
#define FITNAS_SPACE_PARTS_HPP

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <fitnas/space/cell_graph.hpp>
#include <fitnas/space/operator_set.hpp>

namespace fitnas {

/// @brief The images that come in: pixels and channels.
template <int Height, int Width, int Channels>
struct image {
    static_assert(Height >= 1 && Width >= 1 && Channels >= 1,
                  "[F0325] image<Height, Width, Channels>: all must be positive");
    static constexpr shape value{Height, Width, Channels}; ///< as a value
};

namespace detail {

/// The stem's and the head's recipes, as operators.
template <int Kernel>
struct stem_operator {
    static constexpr std::string_view name = "stem";
    static constexpr recipe build(cell c) {
        return {convolution(Kernel, c.width, c.stride), batch_norm(), relu()};
    }
};
template <int Classes>
struct head_operator {
    static constexpr std::string_view name = "head";
    static constexpr recipe build(cell c) {
        return {pointwise(c.width), batch_norm(), relu(), global_pool(), linear(Classes)};
    }
};

/// Where a part may stand.
enum class part_role : std::uint8_t { first, between, last };

/// What all parts ask of their arguments.
template <int Layers, int Width, int Stride>
struct checked_part {
    static_assert(Layers >= 1, "[F0326] a stage needs at least one cell");
    static_assert(Width >= 1, "[F0327] a layer's width must be positive");
    static_assert(Stride >= 1, "[F0328] a layer's stride must be positive");
};

/// What a part of a space adds to it: `Layers` layers of the candidates `Operators`, searchable or not. The
/// choices of those that are not may be those of earlier cells, from `First` on.
template <class Operators, int Layers, int Width, int Stride, bool Searchable, int First = -1>
struct space_part : checked_part<Layers, Width, Stride> {
    using operators = Operators;
    static constexpr part_role role = part_role::between;
    static constexpr int layers = Layers;
    static constexpr int candidates = Layers * Operators::size;
    static constexpr int width = Width;
    static constexpr int stride = Stride;
    static constexpr bool searchable = Searchable;
    static constexpr int first = First;
    /// How many cells are searched up to here, where there are so many before it.
    static constexpr int cells_behind(int before) { return before + (Searchable ? Layers : 0); }
};

/// What comes of a graph that is repeated `Cells` times. From `First` on its edges read cells of the code,
/// the same in all repetitions; -1: each repetition has cells of its own.
template <class Graph, int Cells, int Width, int Stride, int First = -1>
struct graph_part : checked_part<Cells, Width, Stride> {
    using graph = Graph;
    using operators = typename Graph::operators;
    static constexpr part_role role = part_role::between;
    static constexpr int repetitions = Cells;
    /// Layers that put the nodes of a cell one behind the other.
    static constexpr int appended = Graph::concatenates ? Graph::nodes - 1 : 0;
    static_assert(appended == 0 || Width % (appended + (appended == 0 ? 1 : 0)) == 0,
                  "[F0350] graph_stage<concat_graph<...>, Cells, Width>: the width must be a multiple of the "
                  "nodes but the first, which share it");
    static constexpr int layers = Cells * (Graph::edge_count + appended);
    static constexpr int candidates = Cells * (Graph::edge_count * operators::size + appended);
    static constexpr int width = Graph::concatenates ? Width / (Graph::nodes - 1) : Width; ///< of a node
    static constexpr int stride = Stride;
    static constexpr bool searchable = true;
    static constexpr int first = First;
    static constexpr int cells_behind(int before) {
        const int end = First < 0 ? before + Cells * Graph::edge_count : First + Graph::edge_count;
        return end > before ? end : before;
    }
};

template <class T>
concept graph_part_type = requires {
    typename T::graph;
};

/// A fixed operator that has a `shortcut` brings a second layer beside its own, whose output is added.
template <class Operator>
concept has_shortcut = requires(cell c) {
    { Operator::shortcut(c) } -> std::same_as<recipe>;
};
template <class T>
struct is_cell_graph : std::false_type {};
template <class Operators, int Nodes, class... Edges>
struct is_cell_graph<cell_graph<Operators, Nodes, Edges...>> : std::true_type {};
template <class Operators, int Nodes, class... Edges>
struct is_cell_graph<concat_graph<Operators, Nodes, Edges...>> : std::true_type {};

} // namespace detail

/// @brief The first layer: Kernel x Kernel convolution, batch norm, ReLU.
template <int Width, int Stride = 1, int Kernel = 3>
struct stem : detail::space_part<operator_set<detail::stem_operator<Kernel>>, 1, Width, Stride, false> {
    static constexpr detail::part_role role = detail::part_role::first; ///< it comes first
};

/// @brief The first layer by an operator of your own.
template <class Operator, int Width, int Stride = 1>
struct stem_of : detail::space_part<operator_set<Operator>, 1, Width, Stride, false> {
    static constexpr detail::part_role role = detail::part_role::first; ///< it comes first
};

/// @brief A layer that is not searched: one operator. Where it has a function `shortcut` from a `cell` to a
/// second recipe, what that gives is added.
template <class Operator, int Width, int Stride = 1>
struct fixed : detail::space_part<operator_set<Operator>, 1, Width, Stride, false> {
    using fixed_operator = Operator;                                      ///< the operator
    static constexpr int layers = detail::has_shortcut<Operator> ? 2 : 1; ///< with its shortcut
    static constexpr int candidates = layers;                             ///< of all layers
};

/// @brief Cells with the same candidates and width.
/// @tparam Operators an `operator_set`
/// @tparam Cells how many; each is one digit of an architecture code
/// @tparam Width output channels
/// @tparam Stride of the first cell; the others have stride 1
template <class Operators, int Cells, int Width, int Stride = 1>
struct stage : detail::space_part<Operators, Cells, Width, Stride, true> {};

/// @brief Layers that read choices made before: the digit of cell `First` of a code chooses in this layer
/// too, the next in the next. They have weights of their own.
/// @tparam Operators an `operator_set` of as many operators as these cells have
/// @tparam Layers how many
/// @tparam Width output channels
/// @tparam First the first of the cells, which are all of parts before this one
/// @tparam Stride of the first layer; the others have stride 1
template <class Operators, int Layers, int Width, int First, int Stride = 1>
struct again : detail::space_part<Operators, Layers, Width, Stride, false, First> {
    static_assert(First >= 0, "[F0397] again<Operators, Layers, Width, First>: expected a cell from 0");
};

/// @brief Cells that are graphs, one behind the other; each has choices of its own.
/// @tparam Graph a `cell_graph` or `concat_graph`
/// @tparam Cells how many
/// @tparam Width channels of what comes out of a cell; a `concat_graph`'s nodes but the first share them
/// @tparam Stride of the edges that leave the first cell's node 0
template <class Graph, int Cells, int Width, int Stride = 1>
struct graph_stage : detail::graph_part<Graph, Cells, Width, Stride> {
    static_assert(detail::is_cell_graph<Graph>::value,
                  "[F0347] graph_stage<Graph, ...>: the first argument must be a cell_graph<...>");
};

/// @brief A graph stage whose cells all read the same choices: those of the code's cells from `First` on, one
/// an edge. Several stages may share them.
/// @tparam First the first of the cells: where a part before this one has made them, of a graph with as many
/// edges and operators; else the number of cells before this part
/// @tparam Stage a `graph_stage`
template <int First, class Stage>
struct shared;
template <int First, class Graph, int Cells, int Width, int Stride>
struct shared<First, graph_stage<Graph, Cells, Width, Stride>>
    : detail::graph_part<Graph, Cells, Width, Stride, First> {
    static_assert(First >= 0, "[F0348] shared<First, graph_stage<...>>: expected a cell from 0");
};

/// @brief The last layer: 1x1 convolution, batch norm, ReLU, global average pool, linear layer with bias.
template <int Width, int Classes>
struct head : detail::space_part<operator_set<detail::head_operator<Classes>>, 1, Width, 1, false> {
    static_assert(Classes >= 1, "[F0329] head<Width, Classes>: there must be at least one class");
    static constexpr detail::part_role role = detail::part_role::last; ///< it comes last
    static constexpr int classes = Classes;                            ///< of the images
};

/// @brief The last layer by an operator of your own, whose recipe gives 1 x 1 x Classes where the width is
/// Classes.
template <class Operator, int Classes>
struct head_of : detail::space_part<operator_set<Operator>, 1, Classes, 1, false> {
    static constexpr detail::part_role role = detail::part_role::last; ///< it comes last
    static constexpr int classes = Classes;                            ///< of the images
};

} // namespace fitnas

#endif
