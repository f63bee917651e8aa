/// @file
/// @brief The nodes of a graph convolutional network as tables over the operators in the cells that they see,
/// for code that does not know the model.

#ifndef FITNAS_PREDICTOR_GCN_NODE_TABLES_HPP
#define FITNAS_PREDICTOR_GCN_NODE_TABLES_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/predictor/gcn/window_rule.hpp>
#include <fitnas/predictor/window_sum.hpp>

namespace fitnas::gcn::detail {

/// A vector for each code of a node's window, in the order of the codes.
struct node_rows {
    window cells{};
    std::vector<float> values{};
};

/// A layer of `window_action::neighbours`.
struct plain_convolution {
    signal in;
    int width;
    const float* bias;
    std::vector<const float*> weights; ///< of each of its maps
    int (*map_of)(int row, int column);
};

/// The nodes of a model window by window, for code that does not know the model.
class node_tables {
protected:
    /// @param cells of each node's first window
    FITNAS_LAZY node_tables(std::span<const encoding::edge> adjacency, std::span<const int> operator_counts,
                            std::span<const window> cells);

    std::size_t nodes() const { return m_rows.size(); }
    std::size_t codes_of(window w) const { return window_codes(m_counts, w.first, w.last); }

    /// Puts a linear layer behind the nodes before those that are read out already.
    /// @param p its parameters
    FITNAS_LAZY void read_out_by(const float* p, std::size_t width);
    /// One row of weights a node.
    /// @param width of a node
    /// @param flat whether nodes stay side by side
    FITNAS_LAZY void share_out(std::size_t width, double share, bool flat);

    /// What each node carries, for each operator of its cell.
    /// @param write writes all nodes of an architecture
    FITNAS_LAZY void encode(std::size_t width, void (*write)(std::span<const std::uint8_t> code, float* out));

    /// Layers that work on each node by itself, from one on: called with some neighbouring rows of a node,
    /// behind which there is room for twice as many, and keeps them or reads them out.
    using layers_behind = void (*)(node_tables&, std::size_t node, std::size_t first, int count, float* rows,
                                   std::vector<float>& kept);
    FITNAS_LAZY void go_on(layers_behind finish);
    /// @param last whether the rows behind are read out
    FITNAS_LAZY void convolve(const plain_convolution& layer, bool last, layers_behind finish);

    FITNAS_LAZY void read_out(std::size_t node, std::size_t first, int count, const float* rows,
                              std::size_t width);

    double m_constant = 0;
    std::vector<node_rows> m_rows;
    std::vector<std::vector<double>> m_terms;

private:
    std::span<const encoding::edge> m_adjacency;
    std::span<const int> m_counts;
    std::vector<double> m_read_out{1};
    std::vector<float> m_weights; // nodes x width, behind the last layer on nodes
};

} // namespace fitnas::gcn::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <array>
#include <utility>

#include <fitnas/core/parallel.hpp>
#include <fitnas/core/simd.hpp>
#include <fitnas/predictor/gcn/affine.hpp>

namespace fitnas::gcn::detail {

/// One sum over edges into one node, for all codes of its window.
class edge_sum {
public:
    /// @param bias `width` values
    edge_sum(std::span<const int> operator_counts, int width, const float* bias, window cells)
        : m_counts(operator_counts), m_width(width), m_cells(cells) {
        m_partial.resize(static_cast<std::size_t>(cells.last - cells.first + 1) * row_size());
        std::copy(bias, bias + width, m_partial.begin());
    }

    /// @param rows what comes along the edge, for each code of `cells`
    void add_edge(float weight, const float* rows, window cells) {
        if (cells.empty()) {
            add_scaled(weight, rows, m_width, m_partial.data());
        } else {
            m_edges.push_back({weight, rows, cells});
        }
    }

    /// Calls `visit(first row, count, rows)` for chunks of neighbouring codes, in order. Behind the rows
    /// there is room for twice as many.
    template <class Visit>
    void run(Visit&& visit) {
        m_chunk.resize(3 * row_size() *
                       (m_cells.empty() ? 1 : static_cast<std::size_t>(count_of(m_cells.last - 1))));
        m_places.assign(static_cast<std::size_t>(m_cells.last - m_cells.first + 1) * m_edges.size(), 0);
        m_next = 0;
        if (m_cells.empty()) {
            std::copy_n(m_partial.begin(), row_size(), m_chunk.begin());
            visit(std::size_t{0}, 1, m_chunk.data());
            return;
        }
        descend(0, visit);
    }

private:
    struct source {
        float weight;
        const float* rows;
        window cells;
    };

    std::size_t row_size() const { return static_cast<std::size_t>(m_width); }
    int count_of(int cell) const { return m_counts[static_cast<std::size_t>(cell)]; }

    /// to = from + weight * row, each product rounded.
    void add_row(float weight, const float* row, const float* from, float* to) const {
        const simd::vec<> factor = simd::broadcast(weight);
        const auto add = [&](int f, auto... left) {
            const simd::vec<> product = factor * simd::load(row + f, left...);
            simd::store(to + f, simd::load(from + f, left...) + product, left...);
        };
        int f = 0;
        for (; f + simd::lanes <= m_width; f += simd::lanes) {
            add(f);
        }
        if (f < m_width) {
            add(f, m_width - f);
        }
    }

    /// Adds what comes from windows that end with this cell.
    template <class Visit>
    void descend(int depth, Visit& visit) {
        const int cell = m_cells.first + depth;
        const int count = count_of(cell);
        const bool last = cell + 1 == m_cells.last;
        const float* before = m_partial.data() + static_cast<std::size_t>(depth) * row_size();
        std::size_t* places = m_places.data() + static_cast<std::size_t>(depth) * m_edges.size();
        std::size_t* places_behind = places + m_edges.size();
        for (int o = 0; o < count; ++o) {
            float* sum = last ? m_chunk.data() + static_cast<std::size_t>(o) * row_size()
                              : m_partial.data() + static_cast<std::size_t>(depth + 1) * row_size();
            const float* from = before;
            for (std::size_t e = 0; e < m_edges.size(); ++e) {
                const source& s = m_edges[e];
                if (cell < s.cells.first || cell >= s.cells.last) {
                    places_behind[e] = places[e];
                    continue;
                }
                const std::size_t place =
                    places[e] * static_cast<std::size_t>(count) + static_cast<std::size_t>(o);
                places_behind[e] = place;
                if (cell + 1 == s.cells.last) {
                    add_row(s.weight, s.rows + place * row_size(), from, sum);
                    from = sum;
                }
            }
            if (from != sum) {
                std::copy_n(from, row_size(), sum);
            }
            if (!last) {
                descend(depth + 1, visit);
            }
        }
        if (last) {
            visit(m_next, count, m_chunk.data());
            m_next += static_cast<std::size_t>(count);
        }
    }

    std::span<const int> m_counts;
    int m_width;
    window m_cells;
    std::vector<source> m_edges;
    std::vector<float> m_partial;
    std::vector<float> m_chunk;
    std::vector<std::size_t> m_places;
    std::size_t m_next = 0;
};

/// Sum of products in a fixed order, for vectors.
FITNAS_LAZY inline double dot(const float* x, const float* y, int width) {
    constexpr int lanes = 16; // with any vectors
    simd::vecs<lanes / simd::lanes> parts = {};
    const auto add = [&](int f, auto... left) {
        for (int v = 0; v < lanes / simd::lanes; ++v) {
            const int at = f + v * simd::lanes;
            parts[v] = parts[v] + simd::load(x + at, (left - at)...) * simd::load(y + at, (left - at)...);
        }
    };
    int f = 0;
    for (; f + lanes <= width; f += lanes) {
        add(f);
    }
    if (f < width) {
        add(f, width);
    }
    std::array<float, lanes> sums{};
    for (int v = 0; v < lanes / simd::lanes; ++v) {
        simd::store(sums.data() + v * simd::lanes, parts[v]);
    }
    for (int half = lanes / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; ++l) {
            sums[static_cast<std::size_t>(l)] += sums[static_cast<std::size_t>(l + half)];
        }
    }
    return static_cast<double>(sums[0]);
}

FITNAS_LAZY_AGAIN node_tables::node_tables(std::span<const encoding::edge> adjacency,
                                           std::span<const int> operator_counts,
                                           std::span<const window> cells)
    : m_rows(cells.size()), m_terms(cells.size()), m_adjacency(adjacency), m_counts(operator_counts) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
        m_rows[i].cells = cells[i];
    }
}

FITNAS_LAZY_AGAIN void node_tables::read_out_by(const float* p, std::size_t width) {
    const std::size_t out = m_read_out.size();
    std::vector<double> before(width);
    for (std::size_t i = 0; i < width; ++i) {
        for (std::size_t o = 0; o < out; ++o) {
            before[i] += static_cast<double>(p[i * out + o]) * m_read_out[o];
        }
    }
    for (std::size_t o = 0; o < out; ++o) {
        m_constant += static_cast<double>(p[width * out + o]) * m_read_out[o];
    }
    m_read_out = std::move(before);
}

FITNAS_LAZY_AGAIN void node_tables::share_out(std::size_t width, double share, bool flat) {
    m_weights.resize(nodes() * width);
    for (std::size_t i = 0; i < m_weights.size(); ++i) {
        m_weights[i] = static_cast<float>(share * m_read_out[flat ? i : i % width]);
    }
}

FITNAS_LAZY_AGAIN void node_tables::encode(std::size_t width,
                                           void (*write)(std::span<const std::uint8_t> code, float* out)) {
    int most = 1;
    for (node_rows& r : m_rows) {
        r.values.resize(codes_of(r.cells) * width);
        if (!r.cells.empty()) {
            most = (std::max)(most, m_counts[static_cast<std::size_t>(r.cells.first)]);
        }
    }
    std::vector<float> features(nodes() * width);
    std::vector<std::uint8_t> code(m_counts.size());
    for (int o = 0; o < most; ++o) {
        for (std::size_t c = 0; c < code.size(); ++c) {
            code[c] = static_cast<std::uint8_t>((std::min)(o, m_counts[c] - 1));
        }
        write(code, features.data());
        for (std::size_t i = 0; i < nodes(); ++i) {
            const auto row = static_cast<std::size_t>(o);
            if (row < codes_of(m_rows[i].cells)) {
                std::copy_n(features.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                            m_rows[i].values.begin() + static_cast<std::ptrdiff_t>(row * width));
            }
        }
    }
}

FITNAS_LAZY_AGAIN void node_tables::go_on(layers_behind finish) {
    parallel_for(static_cast<std::ptrdiff_t>(nodes()), [&](std::ptrdiff_t i) {
        node_rows& mine = m_rows[static_cast<std::size_t>(i)];
        std::vector<float> rows = mine.values;
        rows.resize(3 * rows.size());
        finish(*this, static_cast<std::size_t>(i), 0, static_cast<int>(codes_of(mine.cells)), rows.data(),
               mine.values);
    });
}

FITNAS_LAZY_AGAIN void node_tables::convolve(const plain_convolution& layer, bool last,
                                             layers_behind finish) {
    const std::size_t maps = layer.weights.size();
    const auto width = static_cast<std::size_t>(layer.width);
    std::vector<std::vector<float>> products(nodes() * maps);
    parallel_for(static_cast<std::ptrdiff_t>(nodes()), [&](std::ptrdiff_t i) {
        const node_rows& mine = m_rows[static_cast<std::size_t>(i)];
        const std::size_t codes = codes_of(mine.cells);
        for (std::size_t k = 0; k < maps; ++k) {
            std::vector<float>& z = products[static_cast<std::size_t>(i) * maps + k];
            z.resize(codes * width);
            multiply_weights(layer.in, static_cast<int>(codes), mine.values.data(), layer.weights[k],
                             layer.width, z.data());
        }
    });

    std::vector<node_rows> next(nodes());
    parallel_for(static_cast<std::ptrdiff_t>(nodes()), [&](std::ptrdiff_t n) {
        const auto i = static_cast<std::size_t>(n);
        node_rows& mine = next[i];
        mine.cells = m_rows[i].cells;
        for (const encoding::edge& e : m_adjacency) {
            if (e.row == static_cast<int>(i)) {
                mine.cells.include(m_rows[static_cast<std::size_t>(e.column)].cells);
            }
        }
        edge_sum sum(m_counts, layer.width, layer.bias, mine.cells);
        for (const encoding::edge& e : m_adjacency) {
            if (e.row == static_cast<int>(i)) {
                const auto column = static_cast<std::size_t>(e.column);
                const auto k = static_cast<std::size_t>(layer.map_of(e.row, e.column));
                sum.add_edge(e.weight, products[column * maps + k].data(), m_rows[column].cells);
            }
        }
        const std::size_t codes = codes_of(mine.cells);
        if (last) {
            m_terms[i].resize(codes);
        } else {
            mine.values.resize(codes * width);
        }
        sum.run([&](std::size_t first, int count, float* rows) {
            finish(*this, i, first, count, rows, mine.values);
        });
    });
    m_rows = std::move(next);
}

FITNAS_LAZY_AGAIN void node_tables::read_out(std::size_t node, std::size_t first, int count,
                                             const float* rows, std::size_t width) {
    std::vector<double>& term = m_terms[node];
    if (term.size() < first + static_cast<std::size_t>(count)) {
        term.resize(first + static_cast<std::size_t>(count));
    }
    const float* weights = m_weights.data() + node * width;
    for (std::size_t r = 0; r < static_cast<std::size_t>(count); ++r) {
        term[first + r] = dot(rows + r * width, weights, static_cast<int>(width));
    }
}

} // namespace fitnas::gcn::detail

#endif

#endif
