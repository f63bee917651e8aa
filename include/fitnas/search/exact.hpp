/// @file
/// @brief The true best of a whole space by a model that decomposes, however large the space is.

#ifndef FITNAS_SEARCH_EXACT_HPP
#define FITNAS_SEARCH_EXACT_HPP

#include <array>
#include <cstring>

#include <fitnas/core/parallel.hpp>
#include <fitnas/search/candidate.hpp>
#include <fitnas/search/window_paths.hpp>

namespace fitnas::search {

struct exact_options {
    std::size_t top = 10; ///< how many to return, at least 1; fewer where fewer keep the limits
    cost::limit limit{};  ///< any number of them together
    /// Beginnings that are kept, cell by cell, for a first list; only the time depends on it.
    std::size_t beam = 4096;
};

namespace detail {

/// Finds the best canonical codes: first a list of good ones, then all beginnings whose bound is not below its
/// last.
template <code_space Space>
class exact_search {
public:
    using code = architecture<Space>;

    exact_search(const windows<Space>& tables, const exact_options& options)
        : m_options(options),
          m_check(check_of<Space>(options.limit)),
          m_graph(tables),
          m_costs(path_costs_of<Space>(options.limit)),
          m_bounds(m_graph, m_costs) {
        m_check.require_possible("exact");
    }

    std::vector<candidate<Space>> run() {
        shortlist begun(m_options.top);
        const bool bounds_are_met = m_costs.empty() && m_graph.pairs_suffice();
        beam(begun, bounds_are_met);
        if (!bounds_are_met) {
            begun = prove(std::move(begun));
        }
        std::vector<candidate<Space>> list;
        for (const entry& e : begun.sorted()) {
            list.push_back(candidate_of<Space>(e.code_, e.score, m_options.limit));
        }
        if (list.empty()) {
            throw m_check.nothing_found("exact", "no architecture of the space");
        }
        return list;
    }

private:
    struct entry {
        code code_;
        double score;
    };
    static bool better(const entry& a, const entry& b) {
        return a.score != b.score ? a.score > b.score : a.code_ < b.code_;
    }

    /// The best few, the worst of them on top.
    class shortlist {
    public:
        explicit shortlist(std::size_t most) : m_most(most) {}
        void offer(const entry& e) {
            if (m_entries.size() == m_most) {
                if (!better(e, m_entries.front())) {
                    return;
                }
                std::pop_heap(m_entries.begin(), m_entries.end(), better);
                m_entries.pop_back();
            }
            m_entries.push_back(e);
            std::push_heap(m_entries.begin(), m_entries.end(), better);
        }
        /// Whether codes that begin so, of scores up to `bound`, may come on the list.
        bool may_take(double bound, const code& a, std::size_t cells) const {
            if (m_entries.size() < m_most) {
                return bound > -std::numeric_limits<double>::infinity();
            }
            const entry& last = m_entries.front();
            return bound > last.score ||
                   (bound == last.score && std::memcmp(a.data(), last.code_.data(), cells) <= 0);
        }
        bool full() const { return m_entries.size() == m_most; }
        const entry& last() const { return m_entries.front(); }
        std::vector<entry> sorted() const {
            std::vector<entry> all = m_entries;
            std::sort(all.begin(), all.end(), better);
            return all;
        }

    private:
        std::size_t m_most;
        std::vector<entry> m_entries;
    };

    /// A beginning of an architecture.
    struct beginning {
        code code_{};
        double bound = 0;
        double score = 0;
        std::size_t state = 0;
        std::vector<double> spent{};
    };

    beginning start() const {
        beginning b;
        b.score = m_graph.offset();
        for (const path_cost& c : m_costs) {
            b.spent.push_back(c.base);
        }
        return b;
    }

    /// Goes on with an operator; false where no code of interest does.
    bool extend(const beginning& from, std::size_t cell, std::size_t o, beginning& to) const {
        const double gain = m_graph.gains(cell, from.state)[o];
        if (gain == -std::numeric_limits<double>::infinity()) {
            return false;
        }
        to.spent.resize(m_costs.size());
        for (std::size_t i = 0; i < m_costs.size(); ++i) {
            to.spent[i] = from.spent[i] + m_costs[i].cells[cell][o];
            if (to.spent[i] + m_costs[i].smallest_behind[cell + 1] > m_costs[i].most_rounded()) {
                return false;
            }
        }
        to.score = from.score + gain;
        to.state = m_graph.next(cell, from.state, o);
        to.bound = m_bounds(cell + 1, to.state, to.score, to.spent.data());
        to.code_ = from.code_;
        to.code_[cell] = static_cast<std::uint8_t>(o);
        return true;
    }

    bool wanted(const code& a) const {
        return m_check.meets(a) && (m_graph.pairs_suffice() || canonical<Space>(a) == a);
    }

    /// Keeps the beginnings with the best bounds. Where some code meets each bound, those of the best `top` codes are
    /// among the best `top` beginnings: each beginning before one of them stands for a better code.
    void beam(shortlist& found, bool bounds_are_met) const {
        const std::size_t keep = bounds_are_met ? m_options.top : (std::max)(m_options.top, m_options.beam);
        std::vector<beginning> now{start()};
        std::vector<beginning> next;
        for (std::size_t cell = 0; cell < m_graph.cells(); ++cell) {
            next.clear();
            beginning b;
            for (const beginning& from : now) {
                for (std::size_t o = 0; o < m_graph.operators(cell); ++o) {
                    if (extend(from, cell, o, b)) {
                        next.push_back(b);
                    }
                }
            }
            const auto order = [](const beginning& a, const beginning& c) {
                return a.bound != c.bound ? a.bound > c.bound : a.code_ < c.code_;
            };
            if (next.size() > keep) {
                std::nth_element(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(keep), next.end(), order);
                next.resize(keep);
            }
            std::swap(now, next);
        }
        for (const beginning& b : now) {
            if (wanted(b.code_)) {
                found.offer({b.code_, b.score});
            }
        }
    }

    /// Looks at every beginning that may still lead to a code better than the last of `known`.
    shortlist prove(shortlist known) const {
        std::vector<beginning> parts{start()};
        std::size_t cell = 0;
        for (; cell + 1 < m_graph.cells() && parts.size() < 256; ++cell) {
            std::vector<beginning> next;
            beginning b;
            for (const beginning& from : parts) {
                for (std::size_t o = 0; o < m_graph.operators(cell); ++o) {
                    if (extend(from, cell, o, b) && known.may_take(b.bound, b.code_, cell + 1)) {
                        next.push_back(b);
                    }
                }
            }
            parts = std::move(next);
        }
        std::stable_sort(parts.begin(), parts.end(),
                         [](const beginning& a, const beginning& b) { return a.bound > b.bound; });
        // Groups find what is in their parts; the best of all are the same however the work is cut.
        std::vector<shortlist> lists(static_cast<std::size_t>(sum_groups), shortlist(m_options.top));
        parallel_for(sum_groups, [&](std::ptrdiff_t group) {
            shortlist& mine = lists[static_cast<std::size_t>(group)];
            walker walk(*this, known, mine);
            for (std::size_t p = static_cast<std::size_t>(group); p < parts.size(); p += lists.size()) {
                walk.from(parts[p], cell);
            }
        });
        shortlist all(m_options.top);
        for (const shortlist& list : lists) {
            for (const entry& e : list.sorted()) {
                all.offer(e);
            }
        }
        return all;
    }

    /// Depth first, best bounds first.
    class walker {
    public:
        walker(const exact_search& search, const shortlist& known, shortlist& found)
            : m(search), m_known(known), m_found(found), m_spent((m.m_graph.cells() + 1) * m.m_costs.size()) {}

        void from(const beginning& b, std::size_t cell) {
            m_code = b.code_;
            std::copy(b.spent.begin(), b.spent.end(), spent(cell));
            if (may_take(b.bound, cell)) {
                descend(cell, b.state, b.score);
            }
        }

    private:
        struct step {
            double bound;
            std::uint8_t o;
        };

        double* spent(std::size_t cell) { return m_spent.data() + cell * m.m_costs.size(); }
        bool may_take(double bound, std::size_t cells) const {
            return m_known.may_take(bound, m_code, cells) && m_found.may_take(bound, m_code, cells);
        }
        /// What is spent behind a cell; false where it is too much.
        bool spend(std::size_t cell, std::size_t o) {
            const double* before = spent(cell);
            double* behind = spent(cell + 1);
            for (std::size_t i = 0; i < m.m_costs.size(); ++i) {
                const path_cost& c = m.m_costs[i];
                behind[i] = before[i] + c.cells[cell][o];
                if (behind[i] + c.smallest_behind[cell + 1] > c.most_rounded()) {
                    return false;
                }
            }
            return true;
        }

        void descend(std::size_t cell, std::size_t state, double score) {
            const path_graph& graph = m.m_graph;
            const double* gains = graph.gains(cell, state);
            std::array<step, 36> steps;
            std::size_t n = 0;
            for (std::size_t o = 0; o < graph.operators(cell); ++o) {
                if (gains[o] == -std::numeric_limits<double>::infinity() || !spend(cell, o)) {
                    continue;
                }
                m_code[cell] = static_cast<std::uint8_t>(o);
                const double sum = score + gains[o];
                if (cell + 1 == graph.cells()) {
                    if (may_take(sum, cell + 1) && m.wanted(m_code)) {
                        m_found.offer({m_code, sum});
                    }
                    continue;
                }
                const double bound = m.m_bounds(cell + 1, graph.next(cell, state, o), sum, spent(cell + 1));
                if (may_take(bound, cell + 1)) {
                    std::size_t at = n++;
                    for (; at > 0 && steps[at - 1].bound < bound; --at) {
                        steps[at] = steps[at - 1];
                    }
                    steps[at] = {bound, static_cast<std::uint8_t>(o)};
                }
            }
            for (std::size_t i = 0; i < n; ++i) {
                m_code[cell] = steps[i].o;
                if (may_take(steps[i].bound, cell + 1)) {
                    spend(cell, steps[i].o);
                    descend(cell + 1, graph.next(cell, state, steps[i].o), score + gains[steps[i].o]);
                }
            }
        }

        const exact_search& m;
        const shortlist& m_known;
        shortlist& m_found;
        code m_code{};
        std::vector<double> m_spent;
    };

    exact_options m_options;
    limit_check m_check;
    path_graph m_graph;
    std::vector<path_cost> m_costs;
    path_bounds m_bounds;
};

} // namespace detail

template <code_space Space>
std::vector<candidate<Space>> exact(const windows<Space>& model, const exact_options& options = {}) {
    if (options.top < 1) {
        throw option_error("exact: top: expected at least 1, got 0");
    }
    return detail::exact_search<Space>(model, options).run();
}

template <model Model>
std::vector<candidate<typename Model::space>> exact(const Model& model, const exact_options& options = {}) {
    fitnas::detail::require_decomposable<Model>();
    if constexpr (decomposable<Model>) {
        return exact(windows<typename Model::space>(model), options);
    }
}

} // namespace fitnas::search

#endif
