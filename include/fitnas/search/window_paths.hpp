/// @file
/// @brief A sum over windows of cells as paths through states, and upper bounds on what a path can still
/// reach.

#ifndef FITNAS_SEARCH_WINDOW_PATHS_HPP
#define FITNAS_SEARCH_WINDOW_PATHS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <fitnas/core/mean.hpp>
#include <fitnas/predictor/windows.hpp>
#include <fitnas/space/canonical_pairs.hpp>
#include <fitnas/space/limit.hpp>

namespace fitnas::search::detail {

/// What one limit counts, cell by cell.
struct path_cost {
    double base = 0; ///< of the layers that are not searched
    double most = std::numeric_limits<double>::infinity();
    std::vector<std::vector<double>> cells{}; ///< for each operator
    std::vector<double> smallest_behind{};    ///< of all cells from here on, the cheapest way
    double total = 0;                         ///< the largest there is

    /// Above `most` by more than the rounding of any order of addition: what is left out here breaks the
    /// limit.
    double most_rounded() const { return most + 1e-12 * (std::abs(most) + total); }
};

template <code_space Space, class BlockCost>
path_cost make_path_cost(double most, BlockCost&& cost_of) {
    path_cost c;
    c.most = most;
    c.cells.resize(static_cast<std::size_t>(Space::cells));
    c.smallest_behind.assign(static_cast<std::size_t>(Space::cells) + 1, 0);
    const space_layout layout = Space::layout();
    for (const space_layer& l : layout.layers) {
        if (l.cell_index < 0) {
            c.base += cost_of(static_cast<std::size_t>(l.first_block));
            continue;
        }
        for (int o = 0; o < l.candidates; ++o) {
            c.cells[static_cast<std::size_t>(l.cell_index)].push_back(
                cost_of(static_cast<std::size_t>(l.first_block + o)));
        }
    }
    c.total = c.base;
    for (std::size_t i = c.cells.size(); i-- > 0;) {
        c.smallest_behind[i] =
            c.smallest_behind[i + 1] + *std::min_element(c.cells[i].begin(), c.cells[i].end());
        c.total += *std::max_element(c.cells[i].begin(), c.cells[i].end());
    }
    return c;
}

/// The costs that a limit names, in the order of `limit_check`.
template <code_space Space>
std::vector<path_cost> path_costs_of(const cost::limit& limit) {
    std::vector<path_cost> all;
    if constexpr (search_space_type<Space>) {
        const auto blocks = Space::layout().blocks;
        if (limit.macs != cost::limit::none) {
            all.push_back(make_path_cost<Space>(static_cast<double>(limit.macs), [&](std::size_t b) {
                return static_cast<double>(blocks[b].macs);
            }));
        }
        if (limit.parameters != cost::limit::none) {
            all.push_back(make_path_cost<Space>(static_cast<double>(limit.parameters), [&](std::size_t b) {
                return static_cast<double>(blocks[b].parameters);
            }));
        }
        for (const cost::latency_limit& l : limit.latencies) {
            if (std::isfinite(l.milliseconds)) { // infinity only gives the table
                all.push_back(make_path_cost<Space>(l.milliseconds,
                                                    [&](std::size_t b) { return l.table->blocks()[b]; }));
            }
        }
    }
    return all;
}

/// The power of two that predictions are divided by in a search, 0 where they are near enough to 1 anyway:
/// its multipliers are scores over costs, and must neither over- nor underflow.
template <code_space Space>
int far_exponent(const windows<Space>& tables) {
    double largest = std::abs(tables.offset());
    for (const window_term& t : tables.terms()) {
        largest = (std::max)(largest, fitnas::detail::largest_magnitude(t.values));
    }
    const int exponent = fitnas::detail::common_exponent({&largest, 1});
    return std::abs(exponent) < 300 ? 0 : std::clamp(exponent, -1000, 1000);
}

/// The same tables, divided by two to the exponent: nothing is rounded.
template <code_space Space>
windows<Space> divided(const windows<Space>& tables, int exponent) {
    if (exponent == 0) {
        return tables;
    }
    window_sum<Space> sum;
    sum.add(tables.contributions(), std::ldexp(1.0, -exponent));
    return windows<Space>(sum);
}

/// Architectures as paths: a state before cell t is the last `memory` operators, a step is an operator. What
/// a step adds is the table whose window ends with it, or minus infinity where no canonical code takes it.
class path_graph {
public:
    template <code_space Space>
    explicit path_graph(const windows<Space>& tables) : m_offset(tables.offset()) {
        const canonical_pairs rule = canonical_pairs_of<Space>();
        m_pairs_suffice = rule.sufficient;
        for (int i = 0; i < Space::cells; ++i) {
            m_counts.push_back(static_cast<std::size_t>(Space::operator_counts[static_cast<std::size_t>(i)]));
        }
        int memory = rule.all ? 0 : 1;
        for (const window_term& t : tables.terms()) {
            memory = (std::max)(memory, t.last - t.first - 1);
        }
        const auto codes = [](int first, int last) {
            return static_cast<std::size_t>(window_codes<Space>((std::max)(first, 0), last));
        };
        auto term = tables.terms().begin();
        for (int t = 0; t < Space::cells; ++t) {
            const auto at = static_cast<std::size_t>(t);
            const std::size_t count = m_counts[at];
            const std::size_t states = codes(t - memory, t);
            m_states.push_back(states);
            m_kept.push_back(memory == 0 ? 0 : codes(t + 1 - memory, t));
            std::vector<double> gains(states * count, 0.0);
            if (term != tables.terms().end() && term->last == t + 1) {
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
        m_states.push_back(codes(Space::cells - memory, Space::cells));
        m_scale = std::abs(m_offset);
        for (const std::vector<double>& g : m_gains) {
            double most = 0;
            for (const double v : g) {
                most = std::isfinite(v) ? (std::max)(most, std::abs(v)) : most;
            }
            m_scale += most;
        }
    }

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
inline void weigh(const path_graph& graph, const std::vector<path_cost>& costs,
                  std::span<const double> weights, std::size_t cell, std::vector<double>& price) {
    price.assign(graph.operators(cell), 0.0);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        for (std::size_t o = 0; o < price.size(); ++o) {
            price[o] += weights[i] * costs[i].cells[cell][o];
        }
    }
}

/// Of each state before each cell, the best of what the cells from there on add, less their weighted costs.
/// With weights of 0 nothing is rounded.
inline void best_behind(const path_graph& graph, const std::vector<path_cost>& costs,
                        std::span<const double> weights, std::vector<std::vector<double>>& values) {
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

/// The path that `best_behind` has found.
inline std::vector<std::uint8_t> best_path(const path_graph& graph, const std::vector<path_cost>& costs,
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

/// Upper bounds by Lagrange multipliers: for every w >= 0, what is best of score + w (limit - cost), without
/// the limit, is at least the best score that keeps it.
class path_bounds {
public:
    /// Chooses multipliers: none, those that bound the whole best, and some around them.
    path_bounds(const path_graph& graph, const std::vector<path_cost>& costs)
        : m_graph(graph), m_costs(costs) {
        choose();
        const std::size_t n = m_count;
        m_values.resize(graph.cells() + 1);
        std::vector<std::vector<double>> one;
        for (std::size_t t = 0; t <= graph.cells(); ++t) {
            m_values[t].resize(graph.states(t) * n);
        }
        for (std::size_t j = 0; j < n; ++j) {
            best_behind(graph, costs, multiplier(j), one);
            for (std::size_t t = 0; t <= graph.cells(); ++t) {
                for (std::size_t s = 0; s < graph.states(t); ++s) {
                    m_values[t][s * n + j] = one[t][s];
                }
            }
        }
        m_margins.resize(n);
        for (std::size_t j = 0; j < n; ++j) {
            double largest = graph.scale();
            bool any = false;
            for (std::size_t i = 0; i < costs.size(); ++i) {
                largest += multiplier(j)[i] * (costs[i].total + std::abs(costs[i].most));
                any = any || multiplier(j)[i] > 0;
            }
            // Far above the rounding of a hundred sums. Without multipliers nothing is rounded.
            m_margins[j] = any ? 1e-12 * largest : 0;
        }
    }

    /// The most that a path can end with.
    /// @param score of the cells before `cell`
    /// @param spent of each cost in the cells before
    double operator()(std::size_t cell, std::size_t state, double score, const double* spent) const {
        const double* values = m_values[cell].data() + state * m_count;
        if (m_costs.empty()) {
            return score + values[0];
        }
        constexpr std::size_t lanes = 8;
        double least[lanes];
        double left[lanes];
        std::fill(least, least + lanes, std::numeric_limits<double>::infinity());
        for (std::size_t j = 0; j < m_count; j += lanes) {
            for (std::size_t l = 0; l < lanes; ++l) {
                left[l] = m_margins[j + l];
            }
            for (std::size_t i = 0; i < m_costs.size(); ++i) {
                const double room = m_costs[i].most - spent[i];
                const double* w = m_by_cost[i].data() + j;
                for (std::size_t l = 0; l < lanes; ++l) {
                    left[l] += w[l] * room;
                }
            }
            for (std::size_t l = 0; l < lanes; ++l) {
                const double v = (score + values[j + l]) + left[l];
                least[l] = v < least[l] ? v : least[l];
            }
        }
        return *std::min_element(least, least + lanes);
    }

private:
    std::span<const double> multiplier(std::size_t j) const {
        return {m_multipliers.data() + j * m_costs.size(), m_costs.size()};
    }

    /// What the best path by `values` costs more than the limit allows, of each cost.
    std::vector<double> excess(std::span<const double> w,
                               const std::vector<std::vector<double>>& values) const {
        const std::vector<std::uint8_t> path = best_path(m_graph, m_costs, w, values);
        std::vector<double> over;
        for (const path_cost& c : m_costs) {
            double total = c.base;
            for (std::size_t t = 0; t < path.size(); ++t) {
                total += c.cells[t][path[t]];
            }
            over.push_back(total - c.most);
        }
        return over;
    }

    /// Coordinate by coordinate, the multipliers with the smallest bound for the whole.
    std::vector<double> tightest(std::size_t from, std::size_t to) const {
        std::vector<double> w(m_costs.size());
        std::vector<std::vector<double>> values;
        const std::size_t rounds = to - from > 1 ? 4 : 1;
        for (std::size_t round = 0; round < rounds; ++round) {
            for (std::size_t i = from; i < to; ++i) {
                const double spread =
                    (std::max)(m_costs[i].total - m_costs[i].base - m_costs[i].smallest_behind[0],
                               (std::numeric_limits<double>::min)());
                const auto too_dear = [&](double value) {
                    w[i] = value;
                    best_behind(m_graph, m_costs, w, values);
                    return excess(w, values)[i] > 0;
                };
                if (!too_dear(0)) {
                    continue; // 0 is the best there is
                }
                double low = 0;
                double high = 1e-3 * m_graph.scale() / spread;
                int doublings = 0;
                while (too_dear(high) && ++doublings < 60) {
                    low = high;
                    high *= 2;
                }
                for (int halving = 0; halving < 16; ++halving) {
                    const double middle = 0.5 * (low + high);
                    (too_dear(middle) ? low : high) = middle;
                }
                w[i] = high;
            }
        }
        return w;
    }

    void choose() {
        m_multipliers.assign(m_costs.size(), 0.0);
        const auto add = [&](const std::vector<double>& w) {
            m_multipliers.insert(m_multipliers.end(), w.begin(), w.end());
        };
        if (!m_costs.empty()) {
            const std::vector<double> together = tightest(0, m_costs.size());
            add(together);
            for (const double factor :
                 {0.2, 0.4, 0.55, 0.7, 0.8, 0.88, 0.94, 1.06, 1.13, 1.25, 1.4, 1.7, 2.2, 4.0}) {
                std::vector<double> w = together;
                for (double& v : w) {
                    v *= factor;
                }
                add(w);
            }
            // Where the score hardly counts, what is left says whether the limits can be kept together.
            for (const double factor : {1e2, 1e5}) {
                for (std::size_t i = 0; m_costs.size() > 1 && i <= m_costs.size(); ++i) {
                    std::vector<double> w = together;
                    for (std::size_t k = 0; k < w.size(); ++k) {
                        const double some = (w[k] > 0 ? w[k] : m_graph.scale() / (1 + m_costs[k].total));
                        w[k] = factor * some * (k == i ? 0.5 : 1);
                    }
                    add(w);
                }
            }
            for (std::size_t i = 0; m_costs.size() > 1 && i < m_costs.size(); ++i) {
                add(tightest(i, i + 1));
                for (const double factor : {0.0, 0.6, 0.85, 1.15, 1.5}) {
                    std::vector<double> w = together;
                    w[i] *= factor;
                    add(w);
                }
            }
        }
        m_count = m_costs.empty() ? 1 : m_multipliers.size() / m_costs.size();
        if (!m_costs.empty()) {
            while (m_count % 8 != 0) { // whole vectors
                m_multipliers.insert(m_multipliers.end(), m_costs.size(), 0.0);
                ++m_count;
            }
        }
        m_by_cost.resize(m_costs.size());
        for (std::size_t i = 0; i < m_costs.size(); ++i) {
            for (std::size_t j = 0; j < m_count; ++j) {
                m_by_cost[i].push_back(m_multipliers[j * m_costs.size() + i]);
            }
        }
    }

    const path_graph& m_graph;
    const std::vector<path_cost>& m_costs;
    std::size_t m_count = 1;
    std::vector<double> m_multipliers;          // [multiplier][cost]
    std::vector<std::vector<double>> m_by_cost; // [cost][multiplier]
    std::vector<double> m_margins;
    std::vector<std::vector<double>> m_values; // [cell][state][multiplier]
};

} // namespace fitnas::search::detail

#endif
