/// @file
/// @brief Branch and bound over beginnings of architectures: what `search::exact` runs.

#ifndef FITNAS_SEARCH_EXACT_SEARCH_HPP
#define FITNAS_SEARCH_EXACT_SEARCH_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/memory_limit.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/shared_observer.hpp>
#include <fitnas/search/path_bounds.hpp>
#include <fitnas/search/shortlist.hpp>

namespace fitnas::search {

struct exact_options {
    std::size_t top = 10; ///< how many to return, at least 1; fewer where fewer keep the limits
    cost::limit limit{};  ///< any number of them together
    /// How far below the true best, in the unit of the predictions, what is found may lie: at least 0. Above
    /// 0 the search may stop earlier; see `exact_report::gap` for how far it is.
    double tolerance = 0;
    /// Beginnings to look at before the search gives what it has, see `exact_report::gap`.
    std::uint64_t most_beginnings = (std::numeric_limits<std::uint64_t>::max)();
    /// Beginnings that are kept, cell by cell, for a first list, at least 1. Without a tolerance only the
    /// time depends on it.
    std::size_t beam = 4096;
    /// Called after each cell of the first list, then after some thousand beginnings and after each part, by
    /// one thread at a time. `done` and `total` count cells, then parts of the space.
    fitnas::observer observer{};
};

/// @brief What an exact search did.
struct exact_report {
    std::uint64_t tabulated = 0; ///< values in the model's windows
    std::uint64_t looked_at = 0; ///< beginnings of architectures, whole ones among them
    /// The i-th best of the space is at most this much better than the i-th that was found: 0 where neither a
    /// tolerance nor `most_beginnings`, nor a cancelling observer, left anything out; infinity where fewer
    /// than asked for were found before.
    double gap = 0;
};

namespace detail {

/// Finds the best canonical codes: first a list of good ones, then all beginnings whose bound is not below
/// its last.
template <code_space Space>
class exact_search {
public:
    using code = architecture<Space>;

    /// @param exponent of the power of two that the tables were divided by
    exact_search(const windows<Space>& tables, const exact_options& options, int exponent)
        : m_options(options),
          m_exponent(exponent),
          m_check(possible(options.limit)),
          m_graph(tables),
          m_costs(path_costs_of(m_check)),
          m_bounds(m_graph, m_costs),
          m_lowest(-m_graph.scale()),
          m_watch(m_options.observer) {
        m_options.tolerance = std::ldexp(options.tolerance, -exponent);
        const memory_size kept =
            (std::min)(std::uint64_t{(std::max)(options.top, options.beam)}, Space::size);
        require_memory("exact: a list of " + std::to_string(options.top) + " and a beam of " +
                           std::to_string(options.beam),
                       kept * (largest_choice() + 1) * (sizeof(beginning) + m_costs.size() * sizeof(double)),
                       0, "fewer need less");
    }

    std::vector<candidate<Space>> run(exact_report& report) {
        list found(m_options.top, "exact");
        const bool bounds_are_met = m_costs.empty() && m_graph.pairs_suffice();
        beam(found, bounds_are_met, report);
        if (!bounds_are_met) {
            found = prove(found, report);
        }
        std::vector<candidate<Space>> best;
        for (const entry& e : found.sorted()) {
            best.push_back(candidate_by<Space>(e.code, std::ldexp(e.value, m_exponent), m_check));
        }
        return fitnas::detail::or_partial(
            [&] {
                m_watch.rethrow();
                if (best.empty()) {
                    throw m_check.nothing_found("exact", "no architecture of the space");
                }
                return best;
            },
            [&] { return best; });
    }

private:
    static constexpr std::uint64_t largest_choice() {
        int most = 0;
        for (const int c : Space::operator_counts) {
            most = (std::max)(most, c);
        }
        return static_cast<std::uint64_t>(most);
    }
    /// @return whether to go on
    bool tell(std::size_t done, std::size_t total) const {
        return m_watch({.stage = "exact",
                        .done = static_cast<long long>(done),
                        .total = static_cast<long long>(total),
                        .seconds = m_clock.seconds()});
    }
    using list = shortlist<Space>;
    using entry = typename list::entry;
    static limit_check possible(const cost::limit& limit) {
        limit_check limits = check_of<Space>(limit);
        limits.require_possible("exact");
        return limits;
    }
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
            b.spent.push_back(c.start);
        }
        return b;
    }

    /// What is spent behind a cell, of each cost; false where no way on keeps the limits.
    bool spend(const double* before, std::size_t cell, std::size_t o, double* behind) const {
        for (std::size_t i = 0; i < m_costs.size(); ++i) {
            behind[i] = m_costs[i].step(before[i], cell, o);
            if (behind[i] + m_costs[i].smallest_behind[cell + 1] > m_costs[i].most_rounded) {
                return false;
            }
        }
        return true;
    }

    /// Goes on with an operator; false where no code of interest does.
    bool extend(const beginning& from, std::size_t cell, std::size_t o, beginning& to) const {
        const double gain = m_graph.gains(cell, from.state)[o];
        if (gain == -std::numeric_limits<double>::infinity()) {
            return false;
        }
        to.spent.resize(m_costs.size());
        if (!spend(from.spent.data(), cell, o, to.spent.data())) {
            return false;
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

    /// Keeps the beginnings with the best bounds. Where some code meets each bound, those of the best `top`
    /// codes are among the best `top` beginnings: each beginning before one of them stands for a better code.
    void beam(list& found, bool bounds_are_met, exact_report& report) const {
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
            report.looked_at += next.size();
            const auto order = [](const beginning& a, const beginning& c) {
                return a.bound != c.bound ? a.bound > c.bound : a.code_ < c.code_;
            };
            if (next.size() > keep) {
                std::nth_element(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(keep), next.end(),
                                 order);
                next.resize(keep);
            }
            std::swap(now, next);
            tell(cell + 1, m_graph.cells()); // the list is finished even so: there is nothing else to give
        }
        for (const beginning& b : now) {
            if (wanted(b.code_)) {
                found.offer(b.code_, b.score);
            }
        }
    }

    /// Looks at every beginning that may still lead to a code better than the last of `known`.
    list prove(const list& known, exact_report& report) const {
        list none(m_options.top, "exact");
        walker cut(*this, known, none);
        std::vector<beginning> parts{start()};
        std::size_t cell = 0;
        for (; cell + 1 < m_graph.cells() && parts.size() < 256; ++cell) {
            std::vector<beginning> next;
            beginning b;
            for (const beginning& from : parts) {
                for (std::size_t o = 0; o < m_graph.operators(cell); ++o) {
                    if (extend(from, cell, o, b) && cut.may_take(b.bound, b.code_, cell + 1)) {
                        next.push_back(b);
                    }
                }
            }
            parts = std::move(next);
        }
        std::stable_sort(parts.begin(), parts.end(),
                         [](const beginning& a, const beginning& b) { return a.bound > b.bound; });
        // A fixed number of groups, so that what is looked at does not depend on the number of threads.
        std::vector<list> lists(static_cast<std::size_t>(sum_groups), none);
        std::vector<walker> walkers;
        for (list& part : lists) {
            walkers.emplace_back(*this, known, part);
        }
        parallel_for(sum_groups, [&](std::ptrdiff_t group) {
            walker& mine = walkers[static_cast<std::size_t>(group)];
            for (auto p = static_cast<std::size_t>(group); p < parts.size(); p += lists.size()) {
                mine.from(parts[p], cell, parts.size());
            }
        });
        // With a tolerance, some that were known may not have been found again.
        std::vector<entry> all = known.sorted();
        double left_out = cut.left_out();
        for (std::size_t g = 0; g < lists.size(); ++g) {
            const std::vector<entry> part = lists[g].sorted();
            all.insert(all.end(), part.begin(), part.end());
            left_out = (std::max)(left_out, walkers[g].left_out());
            report.looked_at += walkers[g].looked_at();
        }
        std::sort(all.begin(), all.end(), list::better);
        all.erase(std::unique(all.begin(), all.end(),
                              [](const entry& a, const entry& b) { return a.code == b.code; }),
                  all.end());
        list best(m_options.top, "exact");
        for (const entry& e : all) {
            best.offer(e.code, e.value);
        }
        if (left_out > best.threshold()) {
            report.gap = std::ldexp(left_out - best.threshold(), m_exponent);
        }
        return best;
    }

    /// Depth first, best bounds first.
    class walker {
    public:
        walker(const exact_search& search, const list& known, list& found)
            : m(search),
              m_known(known),
              m_found(found),
              m_spent((m.m_graph.cells() + 1) * m.m_costs.size()),
              m_stopped(m.m_watch.stopped()) {}

        /// @param parts how many there are in all
        void from(const beginning& b, std::size_t cell, std::size_t parts) {
            m_parts = parts;
            m_code = b.code_;
            std::copy(b.spent.begin(), b.spent.end(), spent(cell));
            if (may_take(b.bound, m_code, cell)) {
                descend(cell, b.state, b.score);
            }
            m.m_parts_done.fetch_add(1, std::memory_order_relaxed);
            tell();
        }

        /// Whether codes that begin so, of scores up to `bound`, are looked for.
        bool may_take(double bound, const code& a, std::size_t cells) {
            if (bound < m.m_lowest) { // no code keeps all limits
                return false;
            }
            if (!m_known.may_take(bound, a, cells) || !m_found.may_take(bound, a, cells)) {
                return false;
            }
            const double threshold = (std::max)(m_known.threshold(), m_found.threshold());
            if (m_stopped || (m.m_options.tolerance > 0 && bound <= threshold + m.m_options.tolerance) ||
                m_looked_at > m.m_options.most_beginnings / static_cast<std::uint64_t>(sum_groups)) {
                m_left_out = (std::max)(m_left_out, bound);
                return false;
            }
            return true;
        }
        /// The best bound of those that only the options left out.
        double left_out() const { return m_left_out; }
        std::uint64_t looked_at() const { return m_looked_at; }

    private:
        struct step {
            double bound;
            std::uint8_t o;
        };

        void tell() { m_stopped = !m.tell(m.m_parts_done.load(std::memory_order_relaxed), m_parts); }

        double* spent(std::size_t cell) { return m_spent.data() + cell * m.m_costs.size(); }
        bool spend(std::size_t cell, std::size_t o) { return m.spend(spent(cell), cell, o, spent(cell + 1)); }

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
                if (++m_looked_at % 16384 == 0) {
                    tell();
                }
                const double sum = score + gains[o];
                if (cell + 1 == graph.cells()) {
                    if (may_take(sum, m_code, cell + 1) && m.wanted(m_code)) {
                        m_found.offer(m_code, sum);
                    }
                    continue;
                }
                const double bound = m.m_bounds(cell + 1, graph.next(cell, state, o), sum, spent(cell + 1));
                if (may_take(bound, m_code, cell + 1)) {
                    std::size_t at = n++;
                    for (; at > 0 && steps[at - 1].bound < bound; --at) {
                        steps[at] = steps[at - 1];
                    }
                    steps[at] = {bound, static_cast<std::uint8_t>(o)};
                }
            }
            for (std::size_t i = 0; i < n; ++i) {
                m_code[cell] = steps[i].o;
                if (may_take(steps[i].bound, m_code, cell + 1)) {
                    spend(cell, steps[i].o);
                    descend(cell + 1, graph.next(cell, state, steps[i].o), score + gains[steps[i].o]);
                }
            }
        }

        const exact_search& m;
        const list& m_known;
        list& m_found;
        code m_code{};
        std::vector<double> m_spent;
        double m_left_out = -std::numeric_limits<double>::infinity();
        std::uint64_t m_looked_at = 0;
        std::size_t m_parts = 1;
        bool m_stopped;
    };

    exact_options m_options;
    int m_exponent;
    limit_check m_check;
    path_graph m_graph;
    std::vector<path_cost> m_costs;
    path_bounds m_bounds;
    double m_lowest; // no sum is below this
    stopwatch m_clock;
    mutable fitnas::detail::shared_observer m_watch;
    mutable std::atomic<std::size_t> m_parts_done{0};
};

} // namespace detail

} // namespace fitnas::search

#endif
