/// @file
/// @brief Which codes of a graph's cells are the same network.

#ifndef FITNAS_SPACE_GRAPH_NETWORKS_HPP
#define FITNAS_SPACE_GRAPH_NETWORKS_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/space/layout.hpp>

namespace fitnas::detail {

/// The codes of a graph's cells, one digit an edge, put together where they are the same network.
///
/// What a node comes to is written as a sum: the terms of an edge are none for zeros, those of the node it
/// reads for an identity, and otherwise one, its operator on that node's sum, with weights of its own where
/// it has some. Operators of nothing are nothing. Codes are the same network where the last nodes of all
/// repetitions that read them have equal sums, whatever the weights are called.
class graph_networks {
public:
    /// Codes beyond this are not put into a table; only edges that play no part are then seen.
    static constexpr std::size_t most = std::size_t{1} << 20U;
    static constexpr int most_operators = 36; ///< of an `operator_set`

    graph_networks() = default;
    /// @param first the first cell that the graph reads
    FITNAS_LAZY FITNAS_COLD graph_networks(const space_layout& space, int first);

    /// @param code one digit an edge; becomes the smallest of those that are the same network, or, where
    /// there is no table, one whose edges that play no part have the first operator
    FITNAS_LAZY void make_canonical(std::span<std::uint8_t> code) const;

    /// @param code becomes one of those that are the same network, each equally likely; without a table it
    /// stays
    FITNAS_LAZY void make_random(std::span<std::uint8_t> code, random_stream& random) const;

    /// @return of each edge, whether it reads something and leads to the last node
    FITNAS_LAZY std::vector<std::uint8_t> plays_a_part(std::span<const std::uint8_t> code) const;

private:
    /// What an edge's operator is.
    enum class edge_kind : std::uint8_t { leaves_out, hands_on, weightless, weighted };
    /// An edge: its ends, nodes counted from the graph's first, and what its operators are.
    struct graph_edge {
        int from = 0;
        int to = 0;
        std::vector<edge_kind> kinds{};
        std::vector<int> same_as{}; ///< of each operator the first with equal recipes
        friend bool operator==(const graph_edge&, const graph_edge&) = default;
    };
    struct graph {
        std::vector<graph_edge> edges;
        std::vector<int>
            outputs; ///< the nodes that come out: the last, or all that stand one behind the other
        int nodes = 0;
        friend bool operator==(const graph&, const graph&) = default;
    };

    FITNAS_LAZY static graph graph_at(const space_layout& space, std::size_t layer, std::size_t edges);
    FITNAS_LAZY FITNAS_COLD void fill_table();
    FITNAS_LAZY std::size_t number_of(std::span<const std::uint8_t> code) const;
    FITNAS_LAZY void write(std::size_t number, std::span<std::uint8_t> code) const;

    std::vector<graph> m_graphs;            ///< different ones, of the repetitions that read the cells
    std::vector<std::uint32_t> m_canonical; ///< of each code, the number of the smallest; empty: no table
    std::vector<std::uint32_t> m_sorted;    ///< numbers of the codes, those of one network together
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include <fitnas/space/sum_terms.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN graph_networks::graph graph_networks::graph_at(const space_layout& space, std::size_t layer,
                                                                 std::size_t edges) {
    graph found;
    const int origin = space.layers[layer].from; // the first edge leaves the first node
    for (std::size_t e = 0; e < edges; ++e) {
        const space_layer& l = space.layers[layer + e];
        graph_edge one{.from = l.from - origin, .to = l.to - origin};
        const auto recipe_of = [&](int o) -> const space_block& {
            return space.blocks[static_cast<std::size_t>(l.first_block + o)];
        };
        for (int o = 0; o < l.candidates; ++o) {
            const space_block& b = recipe_of(o);
            one.kinds.push_back(b.steps.gives_zeros() ? edge_kind::leaves_out
                                : b.steps.empty()     ? edge_kind::hands_on
                                : b.parameters == 0   ? edge_kind::weightless
                                                      : edge_kind::weighted);
            int same = 0;
            while (recipe_of(same).steps != b.steps) {
                ++same;
            }
            one.same_as.push_back(same);
        }
        found.nodes = (std::max)(found.nodes, one.to + 1);
        found.edges.push_back(std::move(one));
    }
    for (std::size_t i = layer + edges; i < space.layers.size() && space.layers[i].appends &&
                                        space.layers[i].to == space.layers[layer + edges].to;
         ++i) {
        found.outputs.push_back(space.layers[i].from - origin);
    }
    if (found.outputs.empty()) {
        found.outputs = {found.nodes - 1};
    }
    return found;
}

FITNAS_LAZY_AGAIN graph_networks::graph_networks(const space_layout& layout, int first) {
    std::size_t edges = 0;
    for (std::size_t i = 0; i < layout.layers.size(); ++i) {
        if (layout.layers[i].graph != first || layout.layers[i].cell_index != first) {
            continue;
        }
        edges = 1;
        while (i + edges < layout.layers.size() && layout.layers[i + edges].graph == first &&
               layout.layers[i + edges].cell_index == first + static_cast<int>(edges)) {
            ++edges;
        }
        graph g = graph_at(layout, i, edges);
        if (std::find(m_graphs.begin(), m_graphs.end(), g) == m_graphs.end()) {
            m_graphs.push_back(std::move(g));
        }
    }
    std::size_t size = 1;
    for (std::size_t e = 0; e < edges && size <= most; ++e) {
        size *= m_graphs.front().edges[e].kinds.size();
    }
    if (size <= most) {
        m_canonical.resize(size);
        fill_table();
    }
}

FITNAS_LAZY_AGAIN void graph_networks::fill_table() {
    sum_terms sums;
    std::vector<int> forms; // of sums, the form's number; -1: not asked yet
    std::map<std::vector<int>, int> form_numbers;
    std::map<std::vector<int>, std::uint32_t> networks; // forms of the last nodes
    const auto form = [&](int sum) {
        const auto at = static_cast<std::size_t>(sum);
        forms.resize((std::max)(forms.size(), at + 1), -1);
        if (forms[at] < 0) {
            forms[at] =
                form_numbers.emplace(sums.form_of(sum), static_cast<int>(form_numbers.size())).first->second;
        }
        return forms[at];
    };
    std::vector<std::vector<int>> values; // of each node, its terms
    std::vector<int> key(m_graphs.size());
    std::vector<std::uint8_t> code(m_graphs.front().edges.size());
    for (std::uint32_t number = 0; number < m_canonical.size(); ++number) {
        write(number, code);
        for (std::size_t g = 0; g < m_graphs.size(); ++g) {
            const std::vector<graph_edge>& edges = m_graphs[g].edges;
            values.assign(static_cast<std::size_t>(m_graphs[g].nodes), {});
            values[0] = {0};
            for (std::size_t e = 0; e < edges.size(); ++e) {
                const graph_edge& one = edges[e];
                const std::vector<int>& in = values[static_cast<std::size_t>(one.from)];
                std::vector<int>& out = values[static_cast<std::size_t>(one.to)];
                const edge_kind kind = one.kinds[code[e]];
                if (kind == edge_kind::hands_on) {
                    out.insert(out.end(), in.begin(), in.end());
                } else if (kind != edge_kind::leaves_out && !in.empty()) {
                    const int name = kind == edge_kind::weighted ? static_cast<int>(e) : -1;
                    out.push_back(sums.term_of(one.same_as[code[e]], name, sums.sum_of(in)));
                }
            }
            const std::vector<int>& outputs = m_graphs[g].outputs;
            std::vector<int> result = outputs.size() == 1 ? values.back() : std::vector<int>{};
            for (std::size_t n = 0; outputs.size() > 1 && n < outputs.size(); ++n) { // each by its place
                const int node = sums.sum_of(values[static_cast<std::size_t>(outputs[n])]);
                result.push_back(sums.term_of(most_operators + static_cast<int>(n), -1, node));
            }
            key[g] = form(sums.sum_of(std::move(result)));
        }
        m_canonical[number] = networks.emplace(key, number).first->second;
    }
    m_sorted.resize(m_canonical.size());
    std::iota(m_sorted.begin(), m_sorted.end(), std::uint32_t{0});
    std::stable_sort(m_sorted.begin(), m_sorted.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return m_canonical[a] < m_canonical[b]; });
}

FITNAS_LAZY_AGAIN std::vector<std::uint8_t>
graph_networks::plays_a_part(std::span<const std::uint8_t> code) const {
    std::vector<std::uint8_t> any(code.size());
    for (const graph& g : m_graphs) {
        const std::vector<graph_edge>& edges = g.edges;
        std::vector<std::uint8_t> reached(static_cast<std::size_t>(g.nodes));
        std::vector<std::uint8_t> leads_on(static_cast<std::size_t>(g.nodes));
        reached.at(0) = 1;
        for (const int node : g.outputs) {
            leads_on[static_cast<std::size_t>(node)] = 1;
        }
        const auto is_there = [&](std::size_t e) { return edges[e].kinds[code[e]] != edge_kind::leaves_out; };
        for (std::size_t e = 0; e < edges.size(); ++e) {
            if (is_there(e) && reached[static_cast<std::size_t>(edges[e].from)] != 0) {
                reached[static_cast<std::size_t>(edges[e].to)] = 1;
            }
        }
        for (std::size_t e = edges.size(); e-- > 0;) {
            if (is_there(e) && leads_on[static_cast<std::size_t>(edges[e].to)] != 0) {
                leads_on[static_cast<std::size_t>(edges[e].from)] = 1;
            }
        }
        for (std::size_t e = 0; e < edges.size(); ++e) {
            any[e] |= static_cast<std::uint8_t>(reached[static_cast<std::size_t>(edges[e].from)] &
                                                leads_on[static_cast<std::size_t>(edges[e].to)]);
        }
    }
    return any;
}

FITNAS_LAZY_AGAIN std::size_t graph_networks::number_of(std::span<const std::uint8_t> code) const {
    std::size_t number = 0;
    for (std::size_t e = 0; e < code.size(); ++e) {
        number = number * m_graphs.front().edges[e].kinds.size() + code[e];
    }
    return number;
}

FITNAS_LAZY_AGAIN void graph_networks::write(std::size_t number, std::span<std::uint8_t> code) const {
    for (std::size_t e = code.size(); e-- > 0;) {
        const std::size_t count = m_graphs.front().edges[e].kinds.size();
        code[e] = static_cast<std::uint8_t>(number % count);
        number /= count;
    }
}

FITNAS_LAZY_AGAIN void graph_networks::make_canonical(std::span<std::uint8_t> code) const {
    if (!m_canonical.empty()) {
        write(m_canonical[number_of(code)], code);
        return;
    }
    const std::vector<std::uint8_t> part = plays_a_part(code);
    for (std::size_t e = 0; e < code.size(); ++e) {
        int o = part[e] != 0 ? code[e] : 0;
        for (int same = 0; part[e] != 0 && same < o; ++same) {
            const bool equal = std::all_of(m_graphs.begin(), m_graphs.end(), [&](const graph& g) {
                return g.edges[e].same_as[static_cast<std::size_t>(same)] == g.edges[e].same_as[code[e]];
            });
            o = equal ? same : o;
        }
        code[e] = static_cast<std::uint8_t>(o);
    }
}

FITNAS_LAZY_AGAIN void graph_networks::make_random(std::span<std::uint8_t> code,
                                                   random_stream& random) const {
    if (m_canonical.empty()) {
        return;
    }
    const std::uint32_t network = m_canonical[number_of(code)];
    const auto equal =
        std::equal_range(m_sorted.begin(), m_sorted.end(), network,
                         [&](std::uint32_t a, std::uint32_t b) { return m_canonical[a] < m_canonical[b]; });
    const auto count = static_cast<std::uint32_t>(equal.second - equal.first);
    write(equal.first[static_cast<std::ptrdiff_t>(random.below(count))], code);
}

} // namespace fitnas::detail

#endif

#endif
