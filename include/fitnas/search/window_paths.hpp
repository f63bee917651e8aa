/// @file
/// @brief A sum over windows of cells as paths through states.

#ifndef FITNAS_SEARCH_WINDOW_PATHS_HPP
#define FITNAS_SEARCH_WINDOW_PATHS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/predictor/windows.hpp>
#include <fitnas/search/path_cost.hpp>
#include <fitnas/space/canonical_pairs.hpp>

namespace fitnas::search::detail {

/// The power of two that predictions are divided by in a search, 0 where they are near enough to 1 anyway:
/// its multipliers are scores over costs, and must neither over- nor underflow.
FITNAS_LAZY int far_exponent(double offset, const std::vector<window_term>& terms);
template <code_space Space>
int far_exponent(const windows<Space>& tables) {
    return far_exponent(tables.offset(), tables.terms());
}

/// The same tables, divided by two to the exponent: nothing is rounded.
FITNAS_LAZY fitnas::detail::exact_terms divided(const fitnas::detail::exact_terms& tables,
                                                std::span<const int> operator_counts, int exponent);
template <code_space Space>
windows<Space> divided(const windows<Space>& tables, int exponent) {
    return windows<Space>(divided(tables.plain(), Space::operator_counts, exponent));
}

/// Architectures as paths: a state before cell t is the last `memory` operators, a step is an operator. What
/// a step adds is the table whose window ends with it, or minus infinity where no canonical code takes it.
class path_graph {
public:
    template <code_space Space>
    explicit path_graph(const windows<Space>& tables)
        : path_graph(tables.offset(), tables.terms(), Space::operator_counts, canonical_pairs_of<Space>()) {}

    FITNAS_LAZY path_graph(double offset, const std::vector<window_term>& terms,
                           std::span<const int> operator_counts, const canonical_pairs& rule);

    std::size_t cells() const { return m_counts.size(); }
    std::size_t operators(std::size_t cell) const { return m_counts[cell]; }
    std::size_t states(std::size_t cell) const { return m_states[cell]; }
    std::size_t next(std::size_t cell, std::size_t state, std::size_t o) const {
        return m_kept[cell] == 0 ? 0 : state % m_kept[cell] * m_counts[cell] + o;
    }
    /// What the operators of a cell add, in a state.
    const double* gains(std::size_t cell, std::size_t state) const {
        return m_gains[cell].data() + state * m_counts[cell];
    }
    double offset() const { return m_offset; }
    /// No sum is larger than this.
    double scale() const { return m_scale; }
    /// Whether every path is a canonical code.
    bool pairs_suffice() const { return m_pairs_suffice; }

private:
    double m_offset;
    double m_scale = 0;
    bool m_pairs_suffice = true;
    std::vector<std::size_t> m_counts;
    std::vector<std::size_t> m_states;
    std::vector<std::size_t>
        m_kept; // codes of a state's cells that the next state keeps; 0: there is one state
    std::vector<std::vector<double>> m_gains;
};

/// What the operators of a cell cost together, each cost times its weight.
FITNAS_LAZY void weigh(const path_graph& graph, const std::vector<path_cost>& costs,
                       std::span<const double> weights, std::size_t cell, std::vector<double>& price);

/// Finds the best that the cells from there on add, less their weighted costs, of each state before each
/// cell. With weights of 0 nothing is rounded.
FITNAS_LAZY void best_behind(const path_graph& graph, const std::vector<path_cost>& costs,
                             std::span<const double> weights, std::vector<std::vector<double>>& values);

/// The path that `best_behind` has found.
FITNAS_LAZY std::vector<std::uint8_t> best_path(const path_graph& graph, const std::vector<path_cost>& costs,
                                                std::span<const double> weights,
                                                const std::vector<std::vector<double>>& values);

} // namespace fitnas::search::detail

#if FITNAS_DEFINITIONS

namespace fitnas::search::detail {

FITNAS_LAZY_AGAIN int far_exponent(double offset, const std::vector<window_term>& terms) {
    double largest = std::abs(offset);
    for (const window_term& t : terms) {
        largest = (std::max)(largest, fitnas::detail::largest_magnitude(t.values));
    }
    const int exponent = fitnas::detail::common_exponent({&largest, 1});
    return std::abs(exponent) < 300 ? 0 : std::clamp(exponent, -1000, 1000);
}

FITNAS_LAZY_AGAIN fitnas::detail::exact_terms divided(const fitnas::detail::exact_terms& tables,
                                                      std::span<const int> operator_counts, int exponent) {
    if (exponent == 0) {
        return tables;
    }
    fitnas::detail::sum_of_terms whole(operator_counts, tables.offset);
    for (const window_term& t : tables.terms) {
        whole.add(t);
    }
    fitnas::detail::sum_of_terms sum(operator_counts, 0);
    sum.add(whole, std::ldexp(1.0, -exponent));
    return fitnas::detail::exact_terms(sum);
}

FITNAS_LAZY_AGAIN path_graph::path_graph(double offset, const std::vector<window_term>& terms,
                                         std::span<const int> operator_counts, const canonical_pairs& rule)
    : m_offset(offset), m_pairs_suffice(rule.sufficient) {
    m_counts.assign(operator_counts.begin(), operator_counts.end());
    const auto cells = static_cast<int>(m_counts.size());
    int memory = rule.all ? 0 : 1;
    for (const window_term& t : terms) {
        memory = (std::max)(memory, t.last - t.first - 1);
    }
    const auto codes = [&](int first, int last) -> std::size_t {
        return window_codes(operator_counts, (std::max)(first, 0), last);
    };
    auto term = terms.begin();
    for (int t = 0; t < cells; ++t) {
        const auto at = static_cast<std::size_t>(t);
        const std::size_t count = m_counts[at];
        const std::size_t states = codes(t - memory, t);
        m_states.push_back(states);
        m_kept.push_back(memory == 0 ? 0 : codes(t + 1 - memory, t));
        std::vector<double> gains(states * count, 0.0);
        if (term != terms.end() && term->last == t + 1) {
            for (std::size_t i = 0; i < gains.size(); ++i) {
                gains[i] = term->values[i % term->values.size()];
            }
            ++term;
        }
        for (std::size_t i = 0; i < gains.size(); ++i) {
            const std::size_t o = i % count;
            const bool follows =
                memory == 0 || t == 0 || rule.follows[at][i / count % m_counts[at - 1] * count + o] != 0;
            if (rule.stands[at][o] == 0 || !follows) {
                gains[i] = -std::numeric_limits<double>::infinity();
            }
        }
        m_gains.push_back(std::move(gains));
    }
    m_states.push_back(codes(cells - memory, cells));
    m_scale = std::abs(m_offset);
    for (const std::vector<double>& g : m_gains) {
        double most = 0;
        for (const double v : g) {
            most = std::isfinite(v) ? (std::max)(most, std::abs(v)) : most;
        }
        m_scale += most;
    }
}

FITNAS_LAZY_AGAIN void weigh(const path_graph& graph, const std::vector<path_cost>& costs,
                             std::span<const double> weights, std::size_t cell, std::vector<double>& price) {
    price.assign(graph.operators(cell), 0.0);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        for (std::size_t o = 0; o < price.size(); ++o) {
            price[o] += weights[i] * costs[i].cells[cell][o];
        }
    }
}

FITNAS_LAZY_AGAIN void best_behind(const path_graph& graph, const std::vector<path_cost>& costs,
                                   std::span<const double> weights,
                                   std::vector<std::vector<double>>& values) {
    values.resize(graph.cells() + 1);
    values.back().assign(graph.states(graph.cells()), 0.0);
    std::vector<double> price;
    for (std::size_t t = graph.cells(); t-- > 0;) {
        weigh(graph, costs, weights, t, price);
        values[t].resize(graph.states(t));
        const std::size_t step = graph.states(t + 1) == 1 ? 0 : 1;
        for (std::size_t s = 0; s < graph.states(t); ++s) {
            const double* gains = graph.gains(t, s);
            const double* behind = values[t + 1].data() + graph.next(t, s, 0);
            double best = -std::numeric_limits<double>::infinity();
            for (std::size_t o = 0; o < price.size(); ++o) {
                const double v = (gains[o] + behind[o * step]) - price[o];
                best = v > best ? v : best;
            }
            values[t][s] = best;
        }
    }
}

FITNAS_LAZY_AGAIN std::vector<std::uint8_t> best_path(const path_graph& graph,
                                                      const std::vector<path_cost>& costs,
                                                      std::span<const double> weights,
                                                      const std::vector<std::vector<double>>& values) {
    std::vector<std::uint8_t> path;
    std::vector<double> price;
    std::size_t state = 0;
    for (std::size_t t = 0; t < graph.cells(); ++t) {
        weigh(graph, costs, weights, t, price);
        std::size_t chosen = 0;
        double best = -std::numeric_limits<double>::infinity();
        for (std::size_t o = 0; o < price.size(); ++o) {
            const double v = (graph.gains(t, state)[o] + values[t + 1][graph.next(t, state, o)]) - price[o];
            if (v > best) {
                best = v;
                chosen = o;
            }
        }
        path.push_back(static_cast<std::uint8_t>(chosen));
        state = graph.next(t, state, chosen);
    }
    return path;
}

} // namespace fitnas::search::detail

#endif

#endif
