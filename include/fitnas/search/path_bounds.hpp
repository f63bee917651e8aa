/// @file
/// @brief Upper bounds on what a path can still reach under limits.

#ifndef FITNAS_SEARCH_PATH_BOUNDS_HPP
#define FITNAS_SEARCH_PATH_BOUNDS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/search/window_paths.hpp>

namespace fitnas::search::detail {

/// Upper bounds by Lagrange multipliers: for every w >= 0, what is best of score + w (limit - cost), without
/// the limit, is at least the best score that keeps it.
class path_bounds {
public:
    /// Chooses multipliers: none, those that bound the whole best, and some around them.
    FITNAS_LAZY path_bounds(const path_graph& graph, const std::vector<path_cost>& costs);

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
                const double room = m_costs[i].most - (spent[i] + m_costs[i].fixed_behind[cell]);
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
            over.push_back(c.spent(path, path.size()) - c.most);
        }
        return over;
    }

    /// Coordinate by coordinate, the multipliers with the smallest bound for the whole.
    FITNAS_LAZY std::vector<double> tightest(std::size_t from, std::size_t to) const;

    FITNAS_LAZY void choose();

    const path_graph& m_graph;
    const std::vector<path_cost>& m_costs;
    std::size_t m_count = 1;
    std::vector<double> m_multipliers;          // [multiplier][cost]
    std::vector<std::vector<double>> m_by_cost; // [cost][multiplier]
    std::vector<double> m_margins;
    std::vector<std::vector<double>> m_values; // [cell][state][multiplier]
};

} // namespace fitnas::search::detail

#if FITNAS_DEFINITIONS

namespace fitnas::search::detail {

FITNAS_LAZY_AGAIN path_bounds::path_bounds(const path_graph& paths, const std::vector<path_cost>& costs)
    : m_graph(paths), m_costs(costs) {
    choose();
    const std::size_t n = m_count;
    m_values.resize(paths.cells() + 1);
    std::vector<std::vector<double>> one;
    for (std::size_t t = 0; t <= paths.cells(); ++t) {
        m_values[t].resize(paths.states(t) * n);
    }
    for (std::size_t j = 0; j < n; ++j) {
        best_behind(paths, costs, multiplier(j), one);
        for (std::size_t t = 0; t <= paths.cells(); ++t) {
            for (std::size_t s = 0; s < paths.states(t); ++s) {
                m_values[t][s * n + j] = one[t][s];
            }
        }
    }
    m_margins.resize(n);
    for (std::size_t j = 0; j < n; ++j) {
        double largest = paths.scale();
        bool any = false;
        for (std::size_t i = 0; i < costs.size(); ++i) {
            largest += multiplier(j)[i] * (costs[i].total + std::abs(costs[i].most));
            any = any || multiplier(j)[i] > 0;
        }
        // Far above the rounding of a hundred sums. Without multipliers nothing is rounded.
        m_margins[j] = any ? 1e-12 * largest : 0;
    }
}

FITNAS_LAZY_AGAIN std::vector<double> path_bounds::tightest(std::size_t from, std::size_t to) const {
    std::vector<double> w(m_costs.size());
    std::vector<std::vector<double>> values;
    const std::size_t rounds = to - from > 1 ? 4 : 1;
    for (std::size_t round = 0; round < rounds; ++round) {
        for (std::size_t i = from; i < to; ++i) {
            const double spread =
                (std::max)(m_costs[i].total - m_costs[i].start - m_costs[i].smallest_behind[0],
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

FITNAS_LAZY_AGAIN void path_bounds::choose() {
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

} // namespace fitnas::search::detail

#endif

#endif
