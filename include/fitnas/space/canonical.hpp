/// @file
/// @brief The canonical form: equal networks get equal codes.

#ifndef FITNAS_SPACE_CANONICAL_HPP
#define FITNAS_SPACE_CANONICAL_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/space/architecture.hpp>
#include <fitnas/space/graph_networks.hpp>

namespace fitnas {

namespace detail {

/// Whether some cells of the space are edges of graphs.
template <search_space_type Space>
inline constexpr bool has_graphs = [] {
    for (const space_layer& l : Space::tables.layers) {
        if (l.graph >= 0) {
            return true;
        }
    }
    return false;
}();

/// Whether several layers read some cell of the space.
template <search_space_type Space>
inline constexpr bool cells_are_shared = [] {
    int readers = 0;
    for (const space_layer& l : Space::tables.layers) {
        readers += l.cell_index >= 0 ? 1 : 0;
    }
    return readers > Space::cells;
}();

/// Whether several layers read a cell.
template <search_space_type Space>
constexpr bool is_shared(int cell) {
    int readers = 0;
    if constexpr (cells_are_shared<Space>) {
        for (const space_layer& l : Space::tables.layers) {
            readers += l.cell_index == cell ? 1 : 0;
        }
    }
    return readers > 1;
}

/// Whether two operators of a cell have equal recipes in every layer that reads it.
template <search_space_type Space>
constexpr bool same_operator(int cell, int a, int b) {
    if constexpr (cells_are_shared<Space>) {
        for (const space_layer& l : Space::tables.layers) {
            if (l.cell_index == cell &&
                Space::tables.blocks[static_cast<std::size_t>(l.first_block + a)].steps !=
                    Space::tables.blocks[static_cast<std::size_t>(l.first_block + b)].steps) {
                return false;
            }
        }
        return true;
    } else {
        return Space::block_of(cell, a).steps == Space::block_of(cell, b).steps;
    }
}

/// The first operator of a cell with these steps, or -1.
template <search_space_type Space>
constexpr int operator_with(int cell, const recipe& steps) {
    for (int o = 0; o < Space::operator_counts[static_cast<std::size_t>(cell)]; ++o) {
        if (Space::block_of(cell, o).steps == steps) {
            return o;
        }
    }
    return -1;
}

/// Whether the operators from `next` on fit, in order, into the cells from `place` to `last`, with operators
/// that do nothing in the cells between them. If they do, `result` holds the fit that puts each as early as
/// possible.
template <search_space_type Space>
constexpr bool place_early(const architecture<Space>& a, const std::array<int, Space::cells>& kept,
                           int kept_count, int next, int place, int last, architecture<Space>& result) {
    if (place > last || place >= Space::cells) { // the second tells g++ 12, which warns without it
        return next == kept_count;
    }
    const auto here = static_cast<std::size_t>(place);
    if (next < kept_count && next < Space::cells) {
        const int from = kept[static_cast<std::size_t>(next)];
        const recipe& wanted = Space::block_of(from, a[static_cast<std::size_t>(from)]).steps;
        if (const int o = operator_with<Space>(place, wanted); o >= 0) {
            result[here] = static_cast<std::uint8_t>(o);
            if (place_early<Space>(a, kept, kept_count, next + 1, place + 1, last, result)) {
                return true;
            }
        }
    }
    for (int o = 0; o < Space::operator_counts[here]; ++o) {
        if (Space::block_of(place, o).steps.empty()) {
            result[here] = static_cast<std::uint8_t>(o);
            return place_early<Space>(a, kept, kept_count, next, place + 1, last, result);
        }
    }
    return false;
}

/// @return the cell behind the run that begins with `first`. A run is neighbouring layers of a chain that all
/// keep one shape and whose cells no other layer reads, or the edges of a graph; any other cell is one by
/// itself.
template <search_space_type Space>
constexpr int end_of_run(int first) {
    int last = first;
    const cell place = Space::layer_of(first).place;
    if (const int graph = Space::layer_of(first).graph; graph >= 0) {
        while (last + 1 < Space::cells && Space::layer_of(last + 1).graph == graph) {
            ++last;
        }
    } else if (place.keeps_shape() && !is_shared<Space>(first)) {
        while (last + 1 < Space::cells && Space::layer_of(last + 1).graph < 0 &&
               Space::layer_of(last + 1).place == place &&
               &Space::layer_of(last + 1) == &Space::layer_of(last) + 1 && !is_shared<Space>(last + 1)) {
            ++last;
        }
    }
    return last + 1;
}

/// The equal networks of a graph of a space, found where they are first asked for.
/// @param first the first cell that the graph reads
template <search_space_type Space>
const graph_networks& networks_of_graph(int first) {
    static const std::vector<graph_networks> all = [] {
        std::vector<graph_networks> found(static_cast<std::size_t>(Space::cells));
        for (int c = 0; c < Space::cells; c = end_of_run<Space>(c)) {
            if (Space::layer_of(c).graph >= 0) {
                found[static_cast<std::size_t>(c)] = graph_networks(Space::layout(), c);
            }
        }
        return found;
    }();
    return all[static_cast<std::size_t>(first)];
}

template <search_space_type Space>
constexpr architecture<Space> canonical_network(const architecture<Space>& a) {
    architecture<Space> result = a;
    int first = 0;
    while (first < Space::cells) {
        const int last = end_of_run<Space>(first) - 1;
        if constexpr (has_graphs<Space>) {
            if (Space::layer_of(first).graph >= 0) {
                networks_of_graph<Space>(first).make_canonical(std::span<std::uint8_t>(result).subspan(
                    static_cast<std::size_t>(first), static_cast<std::size_t>(last + 1 - first)));
                first = last + 1;
                continue;
            }
        }
        if (is_shared<Space>(first)) {
            const auto at = static_cast<std::size_t>(first++);
            int o = 0;
            while (!same_operator<Space>(static_cast<int>(at), o, a[at])) {
                ++o;
            }
            result[at] = static_cast<std::uint8_t>(o);
            continue;
        }
        const cell place = Space::layer_of(first).place;
        std::array<int, Space::cells> kept{};
        int kept_count = 0;
        for (int i = first; i <= last; ++i) {
            if (!place.keeps_shape() || !Space::block_of(i, a[static_cast<std::size_t>(i)]).steps.empty()) {
                kept[static_cast<std::size_t>(kept_count++)] = i;
            }
        }
        place_early<Space>(a, kept, kept_count, 0, first, last, result);
        first = last + 1;
    }
    return result;
}

} // namespace detail

/// @brief The one code that stands for all codes of the same network.
///
/// An operator whose recipe is empty changes nothing, so where it stands among neighbouring cells of one
/// shape does not matter: the others move to the front of their run in their order. Operators of one cell
/// with equal recipes are one. Two architectures are the same network exactly where their canonical forms are
/// equal; but operators do not move in or out of a cell that several layers read (`again`), so that networks
/// which are equal by such a move count as different. In a graph (`cell_graph`) edges that are left out or
/// lead nowhere play no part, an identity stands for what it hands on, and the order of a sum plays none; a
/// weight is named by its operator and its edge. Of graphs with more than 2^20 codes, only what plays no part
/// is seen. Where codes stand for nothing (a `code_space` without a layout) each is its own canonical form.
template <code_space Space>
constexpr architecture<Space> canonical(const architecture<Space>& a) {
    require_valid<Space>(a);
    if constexpr (search_space_type<Space>) {
        return detail::canonical_network<Space>(a);
    } else {
        return a;
    }
}

namespace detail {
template <code_space Space>
std::vector<architecture<Space>> canonical_codes(std::span<const architecture<Space>> some) {
    std::vector<architecture<Space>> codes(some.begin(), some.end());
    for (architecture<Space>& a : codes) {
        a = canonical<Space>(a);
    }
    return codes;
}
} // namespace detail

/// @return whether the two codes are the same network
template <code_space Space>
constexpr bool same_network(const architecture<Space>& a, const architecture<Space>& b) {
    return canonical<Space>(a) == canonical<Space>(b);
}

/// @brief All different networks, as canonical codes in the order of the codes. For spaces that can be
/// enumerated.
template <code_space Space>
std::vector<architecture<Space>> different_networks() {
    std::vector<architecture<Space>> found;
    for_each_architecture<Space>([&](const architecture<Space>& a) {
        if (canonical<Space>(a) == a) {
            found.push_back(a);
        }
    });
    return found;
}

} // namespace fitnas

#endif
