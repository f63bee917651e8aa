/// @file
/// @brief A fitted model as a table that answers limits in microseconds.

#ifndef FITNAS_SEARCH_TABLE_HPP
#define FITNAS_SEARCH_TABLE_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <fitnas/predictor/table.hpp>
#include <fitnas/search/candidate.hpp>
#include <fitnas/search/enumerate.hpp>

namespace fitnas::search {

/// @brief Every network of a space that can be enumerated, best first, made once: "the best with at most 60 M
/// macs and 2 M parameters" is then a look-up.
///
/// Over the sorted networks stands a tree of the smallest costs of neighbours; a query goes down to the first
/// networks that keep the limits and passes by what cannot. For spaces too large to enumerate ask `exact`.
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
    /// @param costs that later limits may name beside macs and parameters; a limit on any other cost is right
    /// too, but slower
    /// @throws option_error where the space has more than 2^26 codes, or two costs have one name
    /// @throws numeric_error where a prediction is not finite
    /// @throws shape_error where a cost is not of this space
    template <model Model>
    explicit table(const Model& model, const std::vector<named_cost>& costs = {}) {
        static_assert(std::same_as<typename Model::space, Space>,
                      "[F0726] search::table<Space>(model): the model must be of the same space");
        constexpr double anything = std::numeric_limits<double>::infinity();
        cost::limit kept;
        if constexpr (search_space_type<Space>) {
            kept = cost::macs().at_most(anything) && cost::parameters().at_most(anything);
        }
        for (const named_cost& c : costs) {
            kept = kept && c.at_most(anything);
        }
        m_kept = check_of<Space>(kept);
        if (Space::size <= enumerable_size) {
            require_memory("table: " + std::to_string(Space::size) + " codes",
                           memory_size(Space::size) * (2 * sizeof(row) + 2 * width() * sizeof(double)), 0,
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
    /// @throws option_error, shape_error where the space has no such cost
    std::vector<candidate<Space>> top(std::size_t n, const cost::limit& limit = {}) const {
        if (n < 1) {
            throw option_error("[F0728] table: top: expected at least 1, got 0");
        }
        const query asked = query_of(limit);
        std::vector<std::size_t> found;
        if (width() == 0) { // there is no tree
            for (std::size_t i = 0; i < m_rows.size() && found.size() < n; ++i) {
                if (asked.others.meets(m_rows[i].code)) {
                    found.push_back(i);
                }
            }
        } else {
            descend(asked, m_levels.size(), 0, n, found);
        }
        if (found.empty()) {
            throw check_of<Space>(limit).nothing_found("table", "no architecture of the space");
        }
        std::vector<candidate<Space>> list;
        for (const std::size_t i : found) {
            list.push_back({.architecture = m_rows[i].code, .predicted = m_rows[i].predicted});
            const double* costs = m_costs.data() + i * width();
            if constexpr (counted > 0) {
                list.back().macs = static_cast<long long>(costs[0]);
                list.back().parameters = static_cast<long long>(costs[1]);
            }
            for (const std::size_t c : asked.costs) {
                tell(list.back(), c, costs[c]);
            }
            detail::tell_costs(list.back().architecture, asked.others, list.back().costs);
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
        limit_check others{};             ///< limits on costs that are not kept
    };

    std::size_t width() const { return m_kept.costs().size(); }
    static constexpr std::size_t counted = search_space_type<Space> ? 2 : 0; // macs and parameters come first

    void tell(candidate<Space>& c, std::size_t cost, double value) const {
        if (cost >= counted) {
            const named_cost& kept = m_kept.costs()[cost].cost;
            c.costs.push_back({kept.name(), kept.unit(), value});
        }
    }

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
        if (width() == 0) {
            return;
        }
        m_costs.resize(m_rows.size() * width());
        parallel_for(static_cast<std::ptrdiff_t>(m_rows.size()), [&](std::ptrdiff_t i) {
            const auto at = static_cast<std::size_t>(i);
            for (std::size_t c = 0; c < width(); ++c) {
                m_costs[at * width() + c] = m_kept.costs()[c].terms.sum(m_rows[at].code);
            }
        });
        const std::vector<double>* below = &m_costs;
        while (below->size() / width() > 1) {
            const std::size_t n = below->size() / width();
            std::vector<double> level((n + fan - 1) / fan * width(), std::numeric_limits<double>::infinity());
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t c = 0; c < width(); ++c) {
                    double& least = level[i / fan * width() + c];
                    least = (std::min)(least, (*below)[i * width() + c]);
                }
            }
            m_levels.push_back(std::move(level));
            below = &m_levels.back();
        }
    }

    query query_of(const cost::limit& limit) const {
        query q;
        q.most.assign(width(), std::numeric_limits<double>::infinity());
        cost::limit others;
        for (const cost::bound& b : limit.bounds) {
            std::size_t c = 0;
            while (c < width() && m_kept.costs()[c].cost != b.cost) {
                ++c;
            }
            if (c < width()) {
                q.most[c] = b.most;
                q.costs.push_back(c);
            } else {
                others.bounds.push_back(b);
            }
        }
        q.others = check_of<Space>(others);
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
            if (keeps(q, m_costs.data() + node * width()) && q.others.meets(m_rows[node].code)) {
                found.push_back(node);
            }
            return;
        }
        if (!keeps(q, m_levels[level - 1].data() + node * width())) {
            return;
        }
        const std::size_t count = level == 1 ? m_rows.size() : m_levels[level - 2].size() / width();
        for (std::size_t i = node * fan; i < (std::min)(count, (node + 1) * fan) && found.size() < n; ++i) {
            descend(q, level - 1, i, n, found);
        }
    }

    limit_check m_kept;                        // limits nothing: the costs that the tree is of
    std::vector<row> m_rows;                   // best first
    std::vector<double> m_costs;               // [row][cost]
    std::vector<std::vector<double>> m_levels; // [node][cost], the smallest below
};

template <model Model>
explicit table(const Model&) -> table<typename Model::space>;
template <model Model>
explicit table(const Model&, const std::vector<named_cost>&) -> table<typename Model::space>;

} // namespace fitnas::search

#endif
