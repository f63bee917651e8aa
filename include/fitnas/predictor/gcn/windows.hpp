/// @file
/// @brief What each node of a graph convolutional network adds to the output, as tables over the operators in
/// the cells that it sees.

#ifndef FITNAS_PREDICTOR_GCN_WINDOWS_HPP
#define FITNAS_PREDICTOR_GCN_WINDOWS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <fitnas/core/parallel.hpp>
#include <fitnas/predictor/gcn/pass.hpp>
#include <fitnas/predictor/gcn/window_rule.hpp>

namespace fitnas::gcn {

namespace detail {

/// A vector for each code of a node's window, in the order of the codes.
struct node_rows {
    window cells{};
    std::vector<float> values{};
};

/// One sum over edges into one node, for all codes of its window.
template <code_space Space>
class edge_sum {
public:
    /// @param bias `width` values
    edge_sum(int width, const float* bias, window cells) : m_width(width), m_cells(cells) {
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

    /// Calls `visit(first row, count, rows)` for blocks of neighbouring codes, in order. Behind the rows
    /// there is room for twice as many.
    template <class Visit>
    void run(Visit&& visit) {
        m_block.resize(3 * row_size() *
                       (m_cells.empty() ? 1 : static_cast<std::size_t>(count_of(m_cells.last - 1))));
        m_places.assign(static_cast<std::size_t>(m_cells.last - m_cells.first + 1) * m_edges.size(), 0);
        m_next = 0;
        if (m_cells.empty()) {
            std::copy_n(m_partial.begin(), row_size(), m_block.begin());
            visit(std::size_t{0}, 1, m_block.data());
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
    static int count_of(int cell) { return Space::operator_counts[static_cast<std::size_t>(cell)]; }

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
            float* sum = last ? m_block.data() + static_cast<std::size_t>(o) * row_size()
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
                    const float* row = s.rows + place * row_size();
                    for (int f = 0; f < m_width; ++f) {
                        sum[f] = from[f] + s.weight * row[f];
                    }
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
            visit(m_next, count, m_block.data());
            m_next += static_cast<std::size_t>(count);
        }
    }

    int m_width;
    window m_cells;
    std::vector<source> m_edges;
    std::vector<float> m_partial;
    std::vector<float> m_block;
    std::vector<std::size_t> m_places;
    std::size_t m_next = 0;
};

/// Sum of products in a fixed order, for vectors.
inline double dot(const float* x, const float* y, int width) {
    constexpr int lanes = 16;
    std::array<float, lanes> sums{};
    int f = 0;
    for (; f + lanes <= width; f += lanes) {
        for (int l = 0; l < lanes; ++l) {
            sums[static_cast<std::size_t>(l)] += x[f + l] * y[f + l];
        }
    }
    for (int l = 0; f + l < width; ++l) {
        sums[static_cast<std::size_t>(l)] += x[f + l] * y[f + l];
    }
    for (int half = lanes / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; ++l) {
            sums[static_cast<std::size_t>(l)] += sums[static_cast<std::size_t>(l + half)];
        }
    }
    return static_cast<double>(sums[0]);
}

/// Takes the nodes of a model through its layers, window by window.
template <class Model>
class tabulator {
public:
    using graph = typename Model::graph;
    using space = typename Model::space;

    explicit tabulator(const float* parameters) : m_parameters(parameters) {}

    window_sum<space> run() {
        fold_tail<Model::layers>();
        encode();
        step<0>();
        window_sum<space> result(m_constant);
        for (std::size_t i = 0; i < nodes; ++i) {
            result.add({m_rows[i].cells.first, m_rows[i].cells.last, std::move(m_terms[i])});
        }
        return result;
    }

private:
    template <std::size_t At>
    using rule = window_rule<typename Model::template layer<At>>;
    static constexpr auto nodes = static_cast<std::size_t>(graph::nodes);
    static constexpr std::size_t pool = [] {
        std::size_t i = 0;
        while (!Model::flow[i + 1].pooled) {
            ++i;
        }
        return i;
    }();

    static std::size_t codes_of(window w) {
        return static_cast<std::size_t>(window_codes<space>(w.first, w.last));
    }

    /// The layers behind the nodes as one row of weights a node, and a constant.
    template <std::size_t At>
    void fold_tail() {
        if constexpr (At == Model::layers) {
            m_read_out.assign(1, 1);
        }
        constexpr std::size_t at = At - 1;
        if constexpr (at > pool) {
            if constexpr (rule<at>::action == window_action::linear) {
                const float* p = m_parameters + Model::offsets[at];
                const auto in = static_cast<std::size_t>(Model::flow[at].width);
                const std::size_t out = m_read_out.size();
                std::vector<double> before(in);
                for (std::size_t i = 0; i < in; ++i) {
                    for (std::size_t o = 0; o < out; ++o) {
                        before[i] += static_cast<double>(p[i * out + o]) * m_read_out[o];
                    }
                }
                for (std::size_t o = 0; o < out; ++o) {
                    m_constant += static_cast<double>(p[in * out + o]) * m_read_out[o];
                }
                m_read_out = std::move(before);
            }
            fold_tail<at>();
        } else {
            const auto width = static_cast<std::size_t>(Model::flow[pool].width);
            m_weights.resize(nodes * width);
            for (std::size_t i = 0; i < m_weights.size(); ++i) {
                m_weights[i] = static_cast<float>(rule<pool>::share(graph::nodes) *
                                                  m_read_out[rule<pool>::flat ? i : i % width]);
            }
        }
    }

    /// What each node carries, for each operator of its cell.
    void encode() {
        m_rows.resize(nodes);
        m_terms.resize(nodes);
        const std::size_t width = static_cast<std::size_t>(graph::features);
        int most = 1;
        for (std::size_t i = 0; i < nodes; ++i) {
            m_rows[i].cells = windows_behind<graph>(0)[i];
            m_rows[i].values.resize(codes_of(m_rows[i].cells) * width);
            if (!m_rows[i].cells.empty()) {
                most =
                    (std::max)(most, space::operator_counts[static_cast<std::size_t>(m_rows[i].cells.first)]);
            }
        }
        std::vector<float> features(nodes * width);
        for (int o = 0; o < most; ++o) {
            architecture<space> a{};
            for (std::size_t c = 0; c < a.size(); ++c) {
                a[c] = static_cast<std::uint8_t>((std::min)(o, space::operator_counts[c] - 1));
            }
            graph::encode(a, features.data());
            for (std::size_t i = 0; i < nodes; ++i) {
                const auto row = static_cast<std::size_t>(o);
                if (row < codes_of(m_rows[i].cells)) {
                    std::copy_n(features.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                                m_rows[i].values.begin() + static_cast<std::ptrdiff_t>(row * width));
                }
            }
        }
    }

    /// Layer At on all nodes, and those on each node behind it.
    template <std::size_t At>
    void step() {
        if constexpr (rule<At>::action == window_action::neighbours) {
            convolve<At>();
        } else {
            // Only before the first convolution: others take these layers along.
            parallel_for(static_cast<std::ptrdiff_t>(nodes), [&](std::ptrdiff_t i) {
                node_rows& mine = m_rows[static_cast<std::size_t>(i)];
                std::vector<float> rows = mine.values;
                rows.resize(3 * rows.size());
                finish<At>(static_cast<std::size_t>(i), 0, static_cast<int>(codes_of(mine.cells)),
                           rows.data(), mine.values);
            });
            if constexpr (end_of_run<At>() < pool) {
                step<end_of_run<At>()>();
            }
        }
    }

    /// The first layer from At on that does not work on each node by itself.
    template <std::size_t At>
    static constexpr std::size_t end_of_run() {
        if constexpr (rule<At>::action == window_action::each_node) {
            return end_of_run<At + 1>();
        } else {
            return At;
        }
    }

    /// Takes rows of a node through the layers from At on that work on each node by itself, then keeps them,
    /// or reads them out. Behind the rows there is room for twice as many.
    template <std::size_t At>
    void finish(std::size_t node, std::size_t first, int count, float* rows, std::vector<float>& kept) {
        if constexpr (rule<At>::action == window_action::each_node) {
            constexpr signal in{1, Model::flow[At].width};
            static_assert(Model::flow[At + 1].width == in.width,
                          "[F0629] gcn::window_rule: a layer that works on each node must keep its width");
            const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(count) * in.width;
            site at{};
            at.input = in;
            at.count = count;
            at.layer = static_cast<int>(At);
            at.parameters = m_parameters + Model::offsets[At];
            at.scratch = rows + 2 * size;
            Model::template layer<At>::forward(at, rows, rows + size);
            std::copy_n(rows + size, size, rows);
            finish<At + 1>(node, first, count, rows, kept);
        } else if constexpr (At == pool) {
            constexpr int width = Model::flow[At].width;
            std::vector<double>& term = m_terms[node];
            if (term.size() < first + static_cast<std::size_t>(count)) {
                term.resize(first + static_cast<std::size_t>(count));
            }
            const float* weights = m_weights.data() + node * static_cast<std::size_t>(width);
            for (int r = 0; r < count; ++r) {
                term[first + static_cast<std::size_t>(r)] =
                    dot(rows + static_cast<std::ptrdiff_t>(r) * width, weights, width);
            }
        } else {
            constexpr auto width = static_cast<std::size_t>(Model::flow[At].width);
            std::copy_n(rows, static_cast<std::size_t>(count) * width,
                        kept.begin() + static_cast<std::ptrdiff_t>(first * width));
        }
    }

    template <std::size_t At>
    void convolve() {
        using way = rule<At>;
        constexpr signal in = Model::flow[At];
        constexpr int width = Model::flow[At + 1].width;
        constexpr auto maps = static_cast<std::size_t>(way::maps);
        const float* p = m_parameters + Model::offsets[At];

        std::vector<std::vector<float>> products(nodes * maps);
        parallel_for(static_cast<std::ptrdiff_t>(nodes), [&](std::ptrdiff_t i) {
            const node_rows& mine = m_rows[static_cast<std::size_t>(i)];
            const std::size_t codes = codes_of(mine.cells);
            for (std::size_t k = 0; k < maps; ++k) {
                std::vector<float>& z = products[static_cast<std::size_t>(i) * maps + k];
                z.resize(codes * static_cast<std::size_t>(width));
                multiply_weights(in, static_cast<int>(codes), mine.values.data(),
                                 p + way::weights(in, static_cast<int>(k)), width, z.data());
            }
        });

        std::vector<node_rows> next(nodes);
        parallel_for(static_cast<std::ptrdiff_t>(nodes), [&](std::ptrdiff_t n) {
            const auto i = static_cast<std::size_t>(n);
            node_rows& mine = next[i];
            mine.cells = m_rows[i].cells;
            for (const encoding::edge& e : graph::adjacency) {
                if (e.row == static_cast<int>(i)) {
                    mine.cells.include(m_rows[static_cast<std::size_t>(e.column)].cells);
                }
            }
            edge_sum<space> sum(width, p + way::bias(in), mine.cells);
            for (const encoding::edge& e : graph::adjacency) {
                if (e.row == static_cast<int>(i)) {
                    const auto column = static_cast<std::size_t>(e.column);
                    const auto k = static_cast<std::size_t>(way::map_of(e.row, e.column));
                    sum.add_edge(e.weight, products[column * maps + k].data(), m_rows[column].cells);
                }
            }
            const std::size_t codes = codes_of(mine.cells);
            if constexpr (end_of_run<At + 1>() == pool) {
                m_terms[i].resize(codes);
            } else {
                mine.values.resize(codes * static_cast<std::size_t>(width));
            }
            sum.run([&](std::size_t first, int count, float* rows) {
                finish<At + 1>(i, first, count, rows, mine.values);
            });
        });
        m_rows = std::move(next);
        if constexpr (end_of_run<At + 1>() != pool) {
            step<end_of_run<At + 1>()>();
        }
    }

    const float* m_parameters;
    double m_constant = 0;
    std::vector<double> m_read_out;
    std::vector<float> m_weights; // nodes x width, behind the last layer on nodes
    std::vector<node_rows> m_rows;
    std::vector<std::vector<double>> m_terms;
};

} // namespace detail

/// @brief The output of a model as a sum over its nodes: with each architecture's code as it stands it agrees
/// with `outputs` up to rounding.
/// @param parameters `Model::parameters` values
/// @throws shape_error
template <model_type Model>
requires(windows_fault<Model> == window_fault::none)
    window_sum<typename Model::space> contributions(std::span<const float> parameters) {
    detail::require_size(parameters.size(), Model::parameters, "parameters");
    return detail::tabulator<Model>(parameters.data()).run();
}

} // namespace fitnas::gcn

#endif
