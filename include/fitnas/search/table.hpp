/// @file
/// @brief A fitted model as a table that answers limits in microseconds.

#ifndef FITNAS_SEARCH_TABLE_HPP
#define FITNAS_SEARCH_TABLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fitnas/predictor/table.hpp>
#include <fitnas/search/candidate.hpp>
#include <fitnas/search/enumerate.hpp>

namespace fitnas::search {

/// @brief Every network of a space that can be enumerated, best first, made once: "the best with at most 60 M
/// macs and 2 M parameters" is then a look-up.
///
/// Over the sorted networks stands a tree of the smallest macs, parameters and latencies of neighbours; a
/// query goes down to the first networks that keep the limits and passes by what cannot. For spaces too large
/// to enumerate ask `exact`.
///
/// @code
/// const search::table table(model);
/// const auto best = table.best(cost::macs_at_most(60'000'000) && cost::parameters_at_most(2'000'000));
/// @endcode
template <code_space Space>
class table {
public:
    using space = Space;

    /// @param model any `model`; it is asked once for each network, by its windows where it decomposes
    /// @param latencies tables that later limits may name; a limit by any other table is right too, but
    /// slower
    /// @throws option_error where the space has more than 2^26 codes
    /// @throws numeric_error where a prediction is not finite
    /// @throws shape_error where a latency table is not of this space
    template <model Model>
    explicit table(const Model& model, std::vector<latency_table> latencies = {})
        : m_latencies(std::move(latencies)) {
        static_assert(std::same_as<typename Model::space, Space>,
                      "[F0726] search::table<Space>(model): the model must be of the same space");
        for (const latency_table& t : m_latencies) {
            if constexpr (search_space_type<Space>) {
                t.require_fits(Space::layout());
            } else {
                throw option_error("[F0727] table: the space has no layout, so its codes have no latencies");
            }
        }
        if (Space::size <= enumerable_size) {
            const std::size_t costs = (search_space_type<Space> ? 2 : 0) + m_latencies.size();
            require_memory("table: " + std::to_string(Space::size) + " codes",
                           memory_size(Space::size) * (2 * sizeof(row) + 2 * costs * sizeof(double)), 0,
                           "ask search::exact for each limit");
        }
        if constexpr (decomposable<Model> && Space::size <= dense_table_limit) {
            gather(dense_table<Space>(model));
        } else {
            gather(model);
        }
    }

    /// @return how many different networks there are
    std::size_t size() const { return m_rows.size(); }

    /// @brief The best network that keeps the limit; of equal ones the first in the order of the codes.
    /// @throws limit_error where none does
    candidate<Space> best(const cost::limit& limit = {}) const { return top(1, limit).front(); }

    /// @brief The best networks that keep the limit, best first; fewer than n where fewer do.
    /// @param n at least 1
    /// @throws option_error where n is 0
    /// @throws limit_error where none does
    /// @throws shape_error where a latency table is not of this space
    std::vector<candidate<Space>> top(std::size_t n, const cost::limit& limit = {}) const {
        if (n < 1) {
            throw option_error("[F0728] table: top: expected at least 1, got 0");
        }
        const query asked = query_of(limit);
        std::vector<std::size_t> found;
        if (m_width == 0) { // nothing can be limited
            for (std::size_t i = 0; i < (std::min)(n, m_rows.size()); ++i) {
                found.push_back(i);
            }
        } else {
            descend(asked, m_levels.size(), 0, n, found);
        }
        if (found.empty()) {
            throw check_of<Space>(limit).nothing_found("table", "no architecture of the space");
        }
        std::vector<candidate<Space>> list;
        for (const std::size_t i : found) {
            list.push_back(candidate_of<Space>(m_rows[i].code, m_rows[i].predicted, limit));
        }
        return list;
    }

private:
    static constexpr std::size_t fan = 16; // rows, or nodes, below a node

    struct row {
        architecture<Space> code;
        double predicted;
    };
    struct query {
        std::vector<double> most{};       ///< of each kept cost
        std::vector<std::size_t> costs{}; ///< those that are limited
        bool unknown = false; ///< whether it names a table that is not kept; then `check` judges too
        limit_check limits{};
    };

    template <class Model>
    void gather(const Model& model) {
        for_each_prediction(model, {}, 16384, "table",
                            [&](std::span<const architecture<Space>> codes, std::span<const double> values) {
                                for (std::size_t i = 0; i < codes.size(); ++i) {
                                    m_rows.push_back({codes[i], values[i]});
                                }
                            });
        std::sort(m_rows.begin(), m_rows.end(), [](const row& a, const row& b) {
            return a.predicted != b.predicted ? a.predicted > b.predicted : a.code < b.code;
        });
        m_width = (search_space_type<Space> ? 2 : 0) + m_latencies.size();
        if (m_width == 0) {
            return;
        }
        m_costs.resize(m_rows.size() * m_width);
        if constexpr (search_space_type<Space>) {
            parallel_for(static_cast<std::ptrdiff_t>(m_rows.size()), [&](std::ptrdiff_t i) {
                const auto at = static_cast<std::size_t>(i);
                double* c = m_costs.data() + at * m_width;
                c[0] = static_cast<double>(cost::macs<Space>(m_rows[at].code));
                c[1] = static_cast<double>(cost::parameters<Space>(m_rows[at].code));
                for (std::size_t t = 0; t < m_latencies.size(); ++t) {
                    c[2 + t] = m_latencies[t].template milliseconds<Space>(m_rows[at].code);
                }
            });
        }
        const std::vector<double>* below = &m_costs;
        while (below->size() / m_width > 1) {
            const std::size_t n = below->size() / m_width;
            std::vector<double> level((n + fan - 1) / fan * m_width, std::numeric_limits<double>::infinity());
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t c = 0; c < m_width; ++c) {
                    double& least = level[i / fan * m_width + c];
                    least = (std::min)(least, (*below)[i * m_width + c]);
                }
            }
            m_levels.push_back(std::move(level));
            below = &m_levels.back();
        }
    }

    query query_of(const cost::limit& limit) const {
        query q;
        q.most.assign(m_width, std::numeric_limits<double>::infinity());
        if (limit.empty()) {
            return q;
        }
        if constexpr (search_space_type<Space>) {
            const auto add = [&](std::size_t cost, double most) {
                q.most[cost] = (std::min)(q.most[cost], most);
                q.costs.push_back(cost);
            };
            if (limit.macs != cost::limit::none) {
                add(0, static_cast<double>(limit.macs));
            }
            if (limit.parameters != cost::limit::none) {
                add(1, static_cast<double>(limit.parameters));
            }
            for (const cost::latency_limit& l : limit.latencies) {
                std::size_t t = 0;
                while (l.table && t < m_latencies.size() && m_latencies[t].blocks() != l.table->blocks()) {
                    ++t;
                }
                if (l.table && t < m_latencies.size()) {
                    add(2 + t, l.milliseconds);
                } else {
                    q.limits = check_of<Space>(limit);
                    q.unknown = true;
                }
            }
        } else {
            check_of<Space>(limit); // says that there are no costs
        }
        return q;
    }

    bool keeps(const query& q, const double* costs) const {
        for (const std::size_t c : q.costs) {
            if (costs[c] > q.most[c]) {
                return false;
            }
        }
        return true;
    }

    /// Level 0 are the rows, level l > 0 is `m_levels[l - 1]`.
    void descend(const query& q, std::size_t level, std::size_t node, std::size_t n,
                 std::vector<std::size_t>& found) const {
        if (level == 0) {
            if ((q.costs.empty() || keeps(q, m_costs.data() + node * m_width)) &&
                (!q.unknown || q.limits.meets(m_rows[node].code))) {
                found.push_back(node);
            }
            return;
        }
        if (!keeps(q, m_levels[level - 1].data() + node * m_width)) {
            return;
        }
        const std::size_t count = level == 1 ? m_rows.size() : m_levels[level - 2].size() / m_width;
        for (std::size_t i = node * fan; i < (std::min)(count, (node + 1) * fan) && found.size() < n; ++i) {
            descend(q, level - 1, i, n, found);
        }
    }

    std::vector<latency_table> m_latencies;
    std::vector<row> m_rows; // best first
    std::size_t m_width = 0;
    std::vector<double> m_costs;               // [row][cost]
    std::vector<std::vector<double>> m_levels; // [node][cost], the smallest below
};

template <model Model>
explicit table(const Model&) -> table<typename Model::space>;
template <model Model>
explicit table(const Model&, std::vector<latency_table>) -> table<typename Model::space>;

} // namespace fitnas::search

#endif
