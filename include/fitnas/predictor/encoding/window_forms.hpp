/// @file
/// @brief Windows: what the surroundings of a node can look like, each form once.

#ifndef FITNAS_PREDICTOR_ENCODING_WINDOW_FORMS_HPP
#define FITNAS_PREDICTOR_ENCODING_WINDOW_FORMS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/predictor/encoding/graph.hpp>

namespace fitnas::encoding {

/// @brief An encoding that says of each node which cell's operator decides its features, so that a graph
/// convolution over it can be looked up.
///
/// - `cell_of(node)`: that cell, -1 where the features are always the same;
/// - `write_node(node, operator, out)`: the node's features where the cell has that operator (0 where there
///   is no cell); `out` (`features` floats) is full of zeros before.
template <class E>
concept local_encoding = encoding_type<E> && requires(float* out) {
    { E::cell_of(0) } -> std::convertible_to<int>;
    E::write_node(0, 0, out);
};

namespace detail {

/// A local encoding, for code that does not know its type.
struct plain_graph {
    int features;
    std::span<const edge> adjacency;
    std::span<const std::size_t> first_edges; ///< of each node, and where the last node's end
    std::span<const int> operator_counts;
    int (*cell_of)(int node);
    void (*write_node)(int node, int o, float* out);

    constexpr std::size_t nodes() const { return first_edges.size() - 1; }
    FITNAS_LAZY constexpr std::span<const edge> edges_of(std::size_t i) const {
        return adjacency.subspan(first_edges[i], first_edges[i + 1] - first_edges[i]);
    }
    /// The first node with the same row of the adjacency.
    FITNAS_LAZY constexpr std::size_t twin_of(std::size_t i) const {
        const auto same = [](const edge& a, const edge& b) {
            return a.column == b.column && a.weight == b.weight;
        };
        const auto mine = edges_of(i);
        for (std::size_t j = 0; j < i; ++j) {
            const auto other = edges_of(j);
            if (std::equal(mine.begin(), mine.end(), other.begin(), other.end(), same)) {
                return j;
            }
        }
        return i;
    }
    FITNAS_LAZY constexpr std::size_t operators_of(int node) const {
        const int cell = cell_of(node);
        return cell < 0 ? 1 : static_cast<std::size_t>(operator_counts[static_cast<std::size_t>(cell)]);
    }
    /// Whether an edge leads to a cell that no edge before it leads to.
    FITNAS_LAZY constexpr bool opens_cell(std::span<const edge> edges, std::size_t e) const {
        const int cell = cell_of(edges[e].column);
        return cell >= 0 && std::none_of(edges.begin(), edges.begin() + static_cast<std::ptrdiff_t>(e),
                                         [&](const edge& b) { return cell_of(b.column) == cell; });
    }
    /// The most cells that a node sees.
    FITNAS_LAZY constexpr std::size_t most_cells() const {
        std::size_t most = 1;
        for (std::size_t i = 0; i < nodes(); ++i) {
            std::size_t count = 0;
            for (std::size_t e = 0; e < edges_of(i).size(); ++e) {
                count += opens_cell(edges_of(i), e);
            }
            most = (std::max)(most, count);
        }
        return most;
    }
    /// How many combinations of operators there are in all windows; at most `most` + 1.
    FITNAS_LAZY constexpr std::uint64_t combinations(std::uint64_t most) const {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < nodes() && sum <= most; ++i) {
            if (twin_of(i) != i) {
                continue;
            }
            const auto edges = edges_of(i);
            std::uint64_t product = 1;
            for (std::size_t e = 0; e < edges.size() && product <= most; ++e) {
                if (opens_cell(edges, e)) {
                    product *= operators_of(edges[e].column);
                }
            }
            sum += product;
        }
        return (std::min)(sum, most + 1);
    }
};

template <local_encoding E>
struct plain_graph_of {
    static constexpr auto first_edges = [] {
        std::array<std::size_t, static_cast<std::size_t>(E::nodes) + 1> first{};
        for (const edge& e : E::adjacency) {
            ++first[static_cast<std::size_t>(e.row) + 1];
        }
        for (std::size_t i = 1; i < first.size(); ++i) {
            first[i] += first[i - 1];
        }
        return first;
    }();
    static constexpr int cell_of(int node) { return E::cell_of(node); }
    static void write_node(int node, int o, float* out) { E::write_node(node, o, out); }
    static constexpr plain_graph value{E::features, E::adjacency, first_edges, E::space::operator_counts,
                                       cell_of,     write_node};
};

/// The windows of a graph, see `window_forms`.
class window_table {
public:
    /// A feature vector that stands in a window. Vectors of zeros are left out.
    struct entry {
        int feature = 0;
        float weight = 0;
        friend bool operator==(const entry&, const entry&) = default;
    };
    /// A place of a feature vector that is not zero.
    struct value {
        int column = 0;
        float x = 0;
    };

    /// @return how many different windows there are
    std::size_t size() const { return m_first_entry.size() - 1; }
    FITNAS_LAZY std::span<const entry> entries(std::size_t window) const {
        return std::span(m_entries).subspan(m_first_entry[window],
                                            m_first_entry[window + 1] - m_first_entry[window]);
    }
    /// @return how many different feature vectors there are, other than zeros
    std::size_t features() const { return m_first_value.size() - 1; }
    FITNAS_LAZY std::span<const value> values(std::size_t feature) const {
        return std::span(m_values).subspan(m_first_value[feature],
                                           m_first_value[feature + 1] - m_first_value[feature]);
    }

protected:
    /// Where the window of a node stands: at `first` and, of each cell that it sees, so many steps on as its
    /// operator's number.
    struct term {
        std::uint32_t cell = 0;
        std::uint32_t step = 0; ///< 0 where there are fewer cells
    };
    struct node {
        std::uint32_t first = 0;
        std::vector<term> terms{};
    };

    FITNAS_LAZY FITNAS_COLD explicit window_table(const plain_graph& graph);

    std::vector<node> m_nodes;
    std::vector<int> m_window_at;

private:
    FITNAS_LAZY FITNAS_COLD std::vector<std::vector<int>> number_features(const plain_graph& graph);
    FITNAS_LAZY FITNAS_COLD void number_windows(const plain_graph& graph,
                                                const std::vector<std::vector<int>>& feature_of);

    std::vector<entry> m_entries;
    std::vector<std::size_t> m_first_entry{0};
    std::vector<value> m_values;
    std::vector<std::size_t> m_first_value{0};
};

} // namespace detail

/// @brief All windows of a graph. The window of a node is what one graph convolution sees from there: the
/// feature vectors of its neighbours and of itself, each with its entry of the adjacency. Nodes whose windows
/// are equal have equal outputs, in whichever architecture and wherever in it they stand.
template <local_encoding E>
class window_forms : public detail::window_table {
public:
    using code = architecture<typename E::space>; ///< an architecture of the space

    /// Whether combinations of operators are few enough to have a table of them.
    static constexpr bool tabulated() { return graph.combinations(most) <= most; }

    /// @brief The table, made at the first call.
    static const window_forms& table() {
        static const window_forms one;
        return one;
    }

    /// @brief The windows of all nodes of an architecture.
    void read(const code& a, int* window) const {
        for (const place& p : m_places) {
            std::uint32_t at = p.first;
            for (const term& t : p.terms) {
                at += a[t.cell] * t.step;
            }
            *window++ = m_window_at[at];
        }
    }

private:
    static constexpr std::uint64_t most = std::uint64_t{1} << 14U;
    static constexpr const detail::plain_graph& graph = detail::plain_graph_of<E>::value;
    /// As a node, in one piece: the loop over its terms is unrolled.
    struct place {
        std::uint32_t first = 0;
        std::array<term, graph.most_cells()> terms{};
    };

    window_forms() : window_table(graph) {
        for (std::size_t i = 0; i < m_nodes.size(); ++i) {
            m_places[i].first = m_nodes[i].first;
            std::copy(m_nodes[i].terms.begin(), m_nodes[i].terms.end(), m_places[i].terms.begin());
        }
    }

    std::array<place, static_cast<std::size_t>(E::nodes)> m_places;
};

} // namespace fitnas::encoding

#if FITNAS_DEFINITIONS

#include <map>
#include <utility>

namespace fitnas::encoding::detail {

FITNAS_LAZY_AGAIN window_table::window_table(const plain_graph& of) {
    number_windows(of, number_features(of));
}

/// @return the number of each node's feature vector for each operator; -1 for zeros
FITNAS_LAZY_AGAIN std::vector<std::vector<int>> window_table::number_features(const plain_graph& graph) {
    std::map<std::vector<float>, int> known{
        {std::vector<float>(static_cast<std::size_t>(graph.features)), -1}};
    std::vector<std::vector<int>> feature_of(graph.nodes());
    for (std::size_t i = 0; i < graph.nodes(); ++i) {
        for (std::size_t o = 0; o < graph.operators_of(static_cast<int>(i)); ++o) {
            std::vector<float> x(static_cast<std::size_t>(graph.features));
            graph.write_node(static_cast<int>(i), static_cast<int>(o), x.data());
            const auto [at, is_new] = known.try_emplace(std::move(x), static_cast<int>(features()));
            if (is_new) {
                for (std::size_t c = 0; c < at->first.size(); ++c) {
                    if (at->first[c] != 0) {
                        m_values.push_back({static_cast<int>(c), at->first[c]});
                    }
                }
                m_first_value.push_back(m_values.size());
            }
            feature_of[i].push_back(at->second);
        }
    }
    return feature_of;
}

FITNAS_LAZY_AGAIN void window_table::number_windows(const plain_graph& graph,
                                                    const std::vector<std::vector<int>>& feature_of) {
    std::map<std::vector<float>, int> known; // features and weights in turns
    for (std::size_t i = 0; i < graph.nodes(); ++i) {
        const auto edges = graph.edges_of(i);
        node here{static_cast<std::uint32_t>(m_window_at.size()), {}};
        std::size_t combinations = 1;
        for (std::size_t e = 0; e < edges.size(); ++e) {
            if (graph.opens_cell(edges, e)) {
                here.terms.push_back({static_cast<std::uint32_t>(graph.cell_of(edges[e].column)),
                                      static_cast<std::uint32_t>(combinations)});
                combinations *= graph.operators_of(edges[e].column);
            }
        }
        if (const std::size_t twin = graph.twin_of(i); twin != i) {
            here.first = m_nodes[twin].first;
            m_nodes.push_back(here);
            continue;
        }
        m_nodes.push_back(here);
        for (std::size_t c = 0; c < combinations; ++c) {
            std::vector<float> window;
            for (const edge& e : edges) {
                std::size_t step = 1;
                for (const term& t : here.terms) {
                    if (static_cast<int>(t.cell) == graph.cell_of(e.column)) {
                        step = t.step;
                    }
                }
                const int feature =
                    feature_of[static_cast<std::size_t>(e.column)][c / step % graph.operators_of(e.column)];
                if (feature >= 0) {
                    window.insert(window.end(), {static_cast<float>(feature), e.weight});
                }
            }
            const auto [at, is_new] = known.try_emplace(std::move(window), static_cast<int>(known.size()));
            if (is_new) {
                for (std::size_t v = 0; v < at->first.size(); v += 2) {
                    m_entries.push_back({static_cast<int>(at->first[v]), at->first[v + 1]});
                }
                m_first_entry.push_back(m_entries.size());
            }
            m_window_at.push_back(at->second);
        }
    }
}

} // namespace fitnas::encoding::detail

#endif

#endif
