/// @file
/// @brief Search spaces as types: an image, a stem, stages of cells or graphs, a head.

#ifndef FITNAS_SPACE_SEARCH_SPACE_HPP
#define FITNAS_SPACE_SEARCH_SPACE_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <fitnas/core/saturating_product.hpp>
#include <fitnas/space/layout.hpp>
#include <fitnas/space/operator_set.hpp>
#include <fitnas/space/parts.hpp>

namespace fitnas {

namespace detail {

template <class T>
struct is_operator_set : std::false_type {};
template <class... O>
struct is_operator_set<operator_set<O...>> : std::true_type {};

template <class T>
struct is_image : std::false_type {};
template <int H, int W, int C>
struct is_image<image<H, W, C>> : std::true_type {};

template <class T>
concept any_part = requires {
    { T::role } -> std::convertible_to<part_role>;
    typename T::operators;
};

template <class... Parts>
constexpr bool parts_are_ordered() {
    if constexpr (sizeof...(Parts) < 3 || !(any_part<Parts> && ...)) {
        return false;
    } else {
        constexpr int n = static_cast<int>(sizeof...(Parts));
        int i = 0;
        return ((++i, Parts::role == (i == 1   ? part_role::first
                                      : i == n ? part_role::last
                                               : part_role::between)) &&
                ...);
    }
}

template <class Part>
constexpr bool has_operator_set() {
    if constexpr (any_part<Part>) {
        return is_operator_set<typename Part::operators>::value;
    } else {
        return true; // another sentence names this mistake
    }
}

/// The tables of a space, filled at compile time.
template <int Layers, int Blocks>
struct space_tables {
    std::array<space_layer, static_cast<std::size_t>(Layers)> layers{};
    std::array<space_block, static_cast<std::size_t>(Blocks)> blocks{};
    long long parameters = 0;
    bool recipes_are_valid = true;
    bool recipes_give_the_shape = true;
    bool choices_are_made_before = true;
    bool choices_are_shared = true;

    template <class... Parts>
    static constexpr space_tables make(shape input) {
        space_tables t;
        counters at{.input = input};
        (t.template add<Parts>(at), ...);
        return t;
    }

private:
    /// What there is so far.
    struct counters {
        shape input{}; ///< of the part that comes
        int layer = 0;
        int block = 0;
        int cells = 0;
        int node = 0; ///< the last
    };

    template <class Part>
    constexpr void add(counters& at) {
        if constexpr (graph_part_type<Part>) {
            add_graph<Part>(at);
        } else {
            add_chain<Part>(at);
        }
        at.cells = Part::cells_behind(at.cells);
    }
    template <class Part>
    constexpr void add_chain(counters& at) {
        for (int i = 0; i < Part::layers; ++i) {
            const cell place{at.input, Part::width, i == 0 ? Part::stride : 1};
            const int chosen = Part::searchable ? at.cells + i : Part::first < 0 ? -1 : Part::first + i;
            choices_are_made_before = choices_are_made_before &&
                                      (Part::first < 0 || (chosen < at.cells && candidates_of(chosen, at) ==
                                                                                    Part::operators::size));
            add_layer<Part>(at, {.place = place, .cell_index = chosen, .from = at.node, .to = at.node + 1},
                            output_of<Part>(place));
            if constexpr (requires { typename Part::fixed_operator; }) {
                i += add_shortcut<typename Part::fixed_operator>(at, place);
            }
            ++at.node;
            at.input = place.output();
        }
    }
    template <class Part>
    static constexpr shape output_of(cell place) {
        if constexpr (Part::role == part_role::last) {
            return {1, 1, Part::classes};
        } else {
            return place.output();
        }
    }
    /// @return how many layers
    template <class Operator>
    constexpr int add_shortcut(counters& at, cell place) {
        if constexpr (has_shortcut<Operator>) {
            add_row(at, {.place = place, .from = at.node, .to = at.node + 1}, 1);
            add_block(at, "shortcut", Operator::shortcut(place), place.input, place.output());
            return 1;
        } else {
            return 0;
        }
    }
    template <class Part>
    constexpr void add_graph(counters& at) {
        using graph = typename Part::graph;
        choices_are_shared =
            choices_are_shared && (Part::first < 0 || Part::first == at.cells || is_made<Part>(at));
        for (int repetition = 0; repetition < Part::repetitions; ++repetition) {
            const int stride = repetition == 0 ? Part::stride : 1;
            const cell entry{at.input, Part::width, stride};
            const cell between{entry.output(), Part::width, 1};
            const int own = Part::first < 0 ? at.cells + repetition * graph::edge_count : Part::first;
            for (int e = 0; e < graph::edge_count; ++e) {
                const edge_ends ends = graph::edges[static_cast<std::size_t>(e)];
                const cell place = ends.from == 0 ? entry : between;
                add_layer<Part>(at,
                                {.place = place,
                                 .cell_index = own + e,
                                 .from = at.node + ends.from,
                                 .to = at.node + ends.to,
                                 .inside = ends.to + 1 < graph::nodes || graph::concatenates,
                                 .graph = own},
                                place.output());
            }
            for (int n = 1; n <= Part::appended; ++n) {
                add_row(
                    at,
                    {.place = between, .from = at.node + n, .to = at.node + graph::nodes, .appends = true},
                    1);
                add_block(at, "concat", {}, between.output(), between.output());
            }
            at.node += graph::nodes - (Part::appended > 0 ? 0 : 1);
            at.input = between.output();
            at.input.channels *= Part::appended > 0 ? Part::appended : 1;
        }
    }
    /// Whether cells from `Part::first` on are those of a graph with as many edges and operators.
    template <class Part>
    constexpr bool is_made(const counters& at) const {
        for (int e = 0; e < Part::graph::edge_count; ++e) {
            if (candidates_of(Part::first + e, at) != Part::operators::size) {
                return false;
            }
        }
        return Part::first + Part::graph::edge_count <= at.cells;
    }

    /// A layer with the operators of its part.
    template <class Part>
    constexpr void add_layer(counters& at, const space_layer& layer, shape output) {
        add_row(at, layer, Part::operators::size);
        const auto names = Part::operators::names();
        const auto recipes = Part::operators::build(layer.place);
        for (std::size_t o = 0; o < recipes.size(); ++o) {
            add_block(at, names[o], recipes[o], layer.place.input, output);
        }
    }
    constexpr void add_row(counters& at, const space_layer& layer, int candidates) {
        space_layer& row = layers[static_cast<std::size_t>(at.layer++)];
        row = layer;
        row.first_block = at.block;
        row.candidates = candidates;
    }
    constexpr void add_block(counters& at, std::string_view name, const recipe& steps, shape input,
                             shape output) {
        const recipe_summary sum = summarise(steps, input);
        recipes_are_valid = recipes_are_valid && sum.valid;
        recipes_give_the_shape = recipes_give_the_shape && sum.output == output;
        blocks[static_cast<std::size_t>(at.block++)] = {name,       steps,          input,   sum.output,
                                                        parameters, sum.parameters, sum.macs};
        parameters += sum.parameters;
    }
    /// How many candidates a cell has, by the layers so far; 0 where none of them reads it.
    constexpr int candidates_of(int cell, const counters& at) const {
        for (int l = 0; l < at.layer; ++l) {
            if (layers[static_cast<std::size_t>(l)].cell_index == cell) {
                return layers[static_cast<std::size_t>(l)].candidates;
            }
        }
        return 0;
    }
};

/// The tables, or a sentence that says what is wrong with an operator.
template <int Layers, int Blocks, class Image, class... Parts>
constexpr auto checked_tables() {
    constexpr auto tables = space_tables<Layers, Blocks>::template make<Parts...>(Image::value);
    static_assert(
        tables.choices_are_made_before,
        "[F0398] again<Operators, Layers, Width, First>: expected cells of stages before it, with as "
        "many operators");
    static_assert(tables.choices_are_shared,
                  "[F0349] shared<First, graph_stage<...>>: expected the number of cells before it, or the "
                  "first cell of a graph before it with as many edges and operators");
    static_assert(tables.recipes_are_valid,
                  "[F0330] search_space<...>: an operator's recipe has an even kernel, a stride or "
                  "width below 1, a residual that does not meet the shape of the input, or more than a zero");
    static_assert(tables.recipes_give_the_shape, "[F0331] search_space<...>: an operator's recipe does not "
                                                 "give the cell's output shape (every stride-th "
                                                 "pixel, `width` channels; a head's is 1 x 1 x classes)");
    return tables;
}

} // namespace detail

/// @brief A search space: everything about it is a type or a constant.
///
/// @tparam Image `image<height, width, channels>`
/// @tparam Parts a `stem` or `stem_of`, then any number of `stage`, `again`, `graph_stage`, `shared` and
/// `fixed`, then a `head` or `head_of`
template <class Image, class... Parts>
struct search_space {
    static_assert(detail::is_image<Image>::value,
                  "[F0332] search_space<...>: the first argument must be image<height, width, "
                  "channels>");
    static_assert(
        detail::parts_are_ordered<Parts...>(),
        "[F0333] search_space<image, ...>: after the image come a stem, at least one stage or fixed layer, "
        "and a head, "
        "in this order");
    static_assert((detail::has_operator_set<Parts>() && ...),
                  "[F0334] stage<Operators, ...>: the first argument must be an operator_set<...>");

    /// How many layers there are, with stem and head.
    static constexpr int layers = (Parts::layers + ...);
    /// How many cells are searched: the length of an architecture code.
    static constexpr int cells = [] {
        int n = 0;
        ((n = Parts::cells_behind(n)), ...);
        return n;
    }();
    static_assert(cells >= 1, "[F0335] search_space<...>: at least one stage must have cells to search");

    /// Layers and blocks. Made, and checked, where they are first needed: a space that is only named costs
    /// no compile time.
    static constexpr detail::space_tables<layers, (Parts::candidates + ...)> tables =
        detail::checked_tables<layers, (Parts::candidates + ...), Image, Parts...>();

    static constexpr shape input = Image::value; ///< one image
    /// Outputs of the head.
    static constexpr int classes = std::tuple_element_t<sizeof...(Parts) - 1, std::tuple<Parts...>>::classes;
    /// Trainable values of the whole supernet.
    static constexpr long long supernet_parameters = tables.parameters;

    /// How many candidates each cell has.
    static constexpr std::array<int, static_cast<std::size_t>(cells)> operator_counts = [] {
        std::array<int, static_cast<std::size_t>(cells)> counts{};
        int at = 0;
        const auto add = [&](int behind, int candidates) {
            for (; at < behind; ++at) {
                counts[static_cast<std::size_t>(at)] = candidates;
            }
        };
        (add(Parts::cells_behind(at), Parts::operators::size), ...);
        return counts;
    }();

    /// How many codes there are; the largest 64-bit number where there are more than that.
    static constexpr std::uint64_t size = detail::saturating_product(operator_counts);

    /// @return the tables, for code that does not know the space's type
    static constexpr space_layout layout() {
        return {input, classes, cells, supernet_parameters, tables.layers, tables.blocks};
    }
    /// @return the first layer that reads a cell, 0 <= cell_index < cells
    static constexpr const space_layer& layer_of(int cell_index) {
        for (const space_layer& l : tables.layers) {
            if (l.cell_index == cell_index) {
                return l;
            }
        }
        return tables.layers.back();
    }
    /// @return the block of an operator in a cell, of the first layer that reads it
    static constexpr const space_block& block_of(int cell_index, int operator_index) {
        return tables.blocks[static_cast<std::size_t>(layer_of(cell_index).first_block + operator_index)];
    }
};

/// @brief Anything with codes: how many cells, and how many operators each has. Enough for predictors and
/// tables.
template <class S>
concept code_space = requires {
    { S::cells } -> std::convertible_to<int>;
    { S::size } -> std::convertible_to<std::uint64_t>;
    { S::operator_counts[0] } -> std::convertible_to<int>;
};

/// @brief A code space whose codes are networks: it has a layout, and so costs, a canonical form and a
/// supernet.
template <class S>
concept search_space_type = code_space<S> && requires {
    { S::layout() } -> std::same_as<space_layout>;
};

} // namespace fitnas

#endif
