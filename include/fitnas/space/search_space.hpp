/// @file
/// @brief Search spaces as types: an image, a stem, stages of cells, a head.

#ifndef FITNAS_SPACE_SEARCH_SPACE_HPP
#define FITNAS_SPACE_SEARCH_SPACE_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <type_traits>

#include <fitnas/space/layout.hpp>
#include <fitnas/space/operator_set.hpp>

namespace fitnas {

/// @brief The images that come in: pixels and channels.
template <int Height, int Width, int Channels>
struct image {
    static_assert(Height >= 1 && Width >= 1 && Channels >= 1,
                  "[F0325] image<Height, Width, Channels>: all must be positive");
    static constexpr shape value{Height, Width, Channels};
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

/// What a part of a space adds to it: `Layers` layers of the candidates `Operators`, searchable or not. The
/// choices of those that are not may be those of earlier cells, from `First` on.
template <class Operators, int Layers, int Width, int Stride, bool Searchable, int First = -1>
struct space_part {
    static_assert(Layers >= 1, "[F0326] a stage needs at least one cell");
    static_assert(Width >= 1, "[F0327] a layer's width must be positive");
    static_assert(Stride >= 1, "[F0328] a layer's stride must be positive");
    using operators = Operators;
    static constexpr int layers = Layers;
    static constexpr int width = Width;
    static constexpr int stride = Stride;
    static constexpr bool searchable = Searchable;
    static constexpr int first = First;
};

} // namespace detail

/// @brief The first layer: Kernel x Kernel convolution, batch norm, ReLU.
template <int Width, int Stride = 1, int Kernel = 3>
struct stem : detail::space_part<operator_set<detail::stem_operator<Kernel>>, 1, Width, Stride, false> {};

/// @brief A layer that is not searched: one operator.
template <class Operator, int Width, int Stride = 1>
struct fixed : detail::space_part<operator_set<Operator>, 1, Width, Stride, false> {};

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

/// @brief The last layer: 1x1 convolution, batch norm, ReLU, global average pool, linear layer with bias.
template <int Width, int Classes>
struct head : detail::space_part<operator_set<detail::head_operator<Classes>>, 1, Width, 1, false> {
    static_assert(Classes >= 1, "[F0329] head<Width, Classes>: there must be at least one class");
    static constexpr int classes = Classes;
};

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
concept stem_part = requires {
    []<int W, int S, int K>(stem<W, S, K>*) {}(static_cast<T*>(nullptr));
};
template <class T>
concept head_part = requires {
    []<int W, int C>(head<W, C>*) {}(static_cast<T*>(nullptr));
};
template <class T>
concept any_part = requires {
    []<class O, int L, int W, int S, bool B, int F>(space_part<O, L, W, S, B, F>*) {
    }(static_cast<T*>(nullptr));
};
template <class T>
concept middle_part = any_part<T> && !stem_part<T> && !head_part<T>;

template <class... Parts>
constexpr bool parts_are_ordered() {
    if constexpr (sizeof...(Parts) < 3) {
        return false;
    } else {
        constexpr int n = static_cast<int>(sizeof...(Parts));
        int i = 0;
        return ((++i == 1 ? stem_part<Parts> : i == n ? head_part<Parts> : middle_part<Parts>)&&...);
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

    template <class... Parts>
    static constexpr space_tables make(shape input) {
        space_tables t;
        int layer = 0;
        int block = 0;
        int cell_index = 0;
        (t.template add<Parts>(input, layer, block, cell_index), ...);
        return t;
    }

private:
    template <class Part>
    constexpr void add(shape& input, int& layer, int& block, int& cell_index) {
        for (int i = 0; i < Part::layers; ++i) {
            const cell place{input, Part::width, i == 0 ? Part::stride : 1};
            const int chosen = Part::searchable ? cell_index++ : Part::first < 0 ? -1 : Part::first + i;
            choices_are_made_before =
                choices_are_made_before && chosen < cell_index &&
                (Part::first < 0 || candidates_of(chosen, layer) == Part::operators::size);
            layers[static_cast<std::size_t>(layer++)] = {place, block, Part::operators::size, chosen};
            const auto names = Part::operators::names();
            const auto recipes = Part::operators::build(place);
            for (std::size_t o = 0; o < recipes.size(); ++o) {
                const recipe_summary sum = summarise(recipes[o], input);
                recipes_are_valid = recipes_are_valid && sum.valid;
                recipes_give_the_shape =
                    recipes_give_the_shape && (head_part<Part> || sum.output == place.output());
                blocks[static_cast<std::size_t>(block++)] = {names[o],   recipes[o],     input,   sum.output,
                                                             parameters, sum.parameters, sum.macs};
                parameters += sum.parameters;
            }
            input = place.output();
        }
    }
    /// Of the cell that some of the first layers have; 0 where none has it.
    constexpr int candidates_of(int cell, int count) const {
        for (int l = 0; l < count; ++l) {
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
    static_assert(tables.recipes_are_valid,
                  "[F0330] search_space<...>: an operator's recipe has an even kernel, a stride or "
                  "width below 1, or a residual that does not meet the shape of the input");
    static_assert(tables.recipes_give_the_shape, "[F0331] search_space<...>: an operator's recipe does not "
                                                 "give the cell's output shape (every stride-th "
                                                 "pixel, `width` channels)");
    return tables;
}

} // namespace detail

/// @brief A search space: everything about it is a type or a constant.
///
/// @tparam Image `image<height, width, channels>`
/// @tparam Parts a `stem`, then any number of `stage`, `again` and `fixed`, then a `head`
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
    static constexpr int cells = ((Parts::searchable ? Parts::layers : 0) + ...);
    static_assert(cells >= 1, "[F0335] search_space<...>: at least one stage must have cells to search");

    /// Layers and blocks. Made, and checked, where they are first needed: a space that is only named costs
    /// no compile time.
    static constexpr detail::space_tables<layers, ((Parts::layers * Parts::operators::size) + ...)> tables =
        detail::checked_tables<layers, ((Parts::layers * Parts::operators::size) + ...), Image, Parts...>();

    static constexpr shape input = Image::value;
    static constexpr int classes = std::tuple_element_t<sizeof...(Parts) - 1, std::tuple<Parts...>>::classes;
    /// Trainable values of the whole supernet.
    static constexpr long long supernet_parameters = tables.parameters;

    /// How many candidates each cell has.
    static constexpr std::array<int, static_cast<std::size_t>(cells)> operator_counts = [] {
        std::array<int, static_cast<std::size_t>(cells)> counts{};
        std::size_t at = 0;
        const auto add = [&](bool searchable, int layers_of_part, int candidates) {
            for (int l = 0; searchable && l < layers_of_part; ++l) {
                counts[at++] = candidates;
            }
        };
        (add(Parts::searchable, Parts::layers, Parts::operators::size), ...);
        return counts;
    }();

    /// How many codes there are; the largest 64-bit number where there are more than that.
    static constexpr std::uint64_t size = [] {
        std::uint64_t n = 1;
        for (const int c : operator_counts) {
            const auto factor = static_cast<std::uint64_t>(c);
            n = n > UINT64_MAX / factor ? UINT64_MAX : n * factor;
        }
        return n;
    }();

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
