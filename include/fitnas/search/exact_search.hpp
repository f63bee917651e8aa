/// @file
/// @brief Branch and bound over beginnings of architectures: what `search::exact` runs.

#ifndef FITNAS_SEARCH_EXACT_SEARCH_HPP
#define FITNAS_SEARCH_EXACT_SEARCH_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/search/exact_options.hpp>
#include <fitnas/search/shortlist.hpp>
#include <fitnas/search/window_paths.hpp>

namespace fitnas::search::detail {

/// What an exact search is to find.
struct exact_question {
    const path_graph& graph;
    const limit_check& limits;
    const exact_options& options;
    int exponent;       ///< of the power of two that the graph's tables were divided by
    std::uint64_t size; ///< of the space
    bool (*is_canonical)(std::span<const std::uint8_t> code);
};

struct exact_answer {
    std::vector<best_codes::entry> best;
    exact_report report;
    std::exception_ptr stopped; ///< what the observer threw
};

/// Finds the best canonical codes: first a list of good ones, then all beginnings whose bound is not below
/// its last.
FITNAS_LAZY exact_answer answer_of(const exact_question& question);

} // namespace fitnas::search::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include <fitnas/core/memory_limit.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/shared_observer.hpp>
#include <fitnas/search/path_bounds.hpp>

namespace fitnas::search::detail {

/// One exact search.
FITNAS_LAZY class exact_search {
public:
    explicit exact_search(const exact_question& question)
        : m_options(question.options),
          m_tolerance(std::ldexp(m_options.tolerance, -question.exponent)),
          m_exponent(question.exponent),
          m_check(question.limits),
          m_is_canonical(question.is_canonical),
          m_graph(question.graph),
          m_costs(path_costs_of(m_check)),
          m_bounds(m_graph, m_costs),
          m_lowest(-m_graph.scale()),
          m_watch(m_options.observer) {
        const memory_size kept =
            (std::min)(std::uint64_t{(std::max)(m_options.top, m_options.beam)}, question.size);
        std::uint64_t choices = 0;
        for (std::size_t i = 0; i < m_graph.cells(); ++i) {
            choices = (std::max)(choices, std::uint64_t{m_graph.operators(i)});
        }
        require_memory("exact: a list of " + std::to_string(m_options.top) + " and a beam of " +
                           std::to_string(m_options.beam),
                       kept * (choices + 1) *
                           (sizeof(beginning) + m_graph.cells() + m_costs.size() * sizeof(double)),
                       0, "fewer need less");
    }

    exact_answer run() {
        exact_report report;
        list found(m_options.top, "exact");
        const bool bounds_are_met = m_costs.empty() && m_graph.pairs_suffice();
        beam(found, bounds_are_met, report);
        if (!bounds_are_met) {
            found = prove(found, report);
        }
        std::vector<entry> best = found.sorted();
        for (entry& e : best) {
            e.value = std::ldexp(e.value, m_exponent);
        }
        return {std::move(best), report, m_watch.failure()};
    }

private:
    using code = std::vector<std::uint8_t>;
    /// @return whether to go on
    bool tell(std::size_t done, std::size_t total) const {
        return m_watch({.stage = "exact",
                        .done = static_cast<long long>(done),
                        .total = static_cast<long long>(total),
                        .seconds = m_clock.seconds()});
    }
    using list = best_codes;
    using entry = list::entry;
    struct beginning {
        double bound = 0;
        double score = 0;
        std::size_t state = 0;
        std::size_t row = 0;
    };
    /// Beginnings of one length, with zeros behind.
    struct generation {
        std::vector<beginning> all{};
        code codes{};                ///< [row][cell]
        std::vector<double> spent{}; ///< [row][cost]
    };
    std::span<const std::uint8_t> code_of(const generation& g, const beginning& b) const {
        return {g.codes.data() + b.row * m_graph.cells(), m_graph.cells()};
    }
    const double* spent_of(const generation& g, const beginning& b) const {
        return g.spent.data() + b.row * m_costs.size();
    }

    generation start() const {
        generation g;
        g.all.push_back({.score = m_graph.offset()});
        g.codes.resize(m_graph.cells());
        for (const path_cost& c : m_costs) {
            g.spent.push_back(c.start);
        }
        return g;
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

    /// Goes on with an operator, where a code of interest does.
    /// @return whether there is one more in `to`
    bool extend(const generation& from, const beginning& b, std::size_t cell, std::size_t o,
                generation& to) const {
        const double gain = m_graph.gains(cell, b.state)[o];
        if (gain == -std::numeric_limits<double>::infinity()) {
            return false;
        }
        beginning next{.row = to.all.size()};
        to.spent.resize((next.row + 1) * m_costs.size());
        double* const spent = to.spent.data() + next.row * m_costs.size();
        if (!spend(spent_of(from, b), cell, o, spent)) {
            return false;
        }
        next.score = b.score + gain;
        next.state = m_graph.next(cell, b.state, o);
        next.bound = m_bounds(cell + 1, next.state, next.score, spent);
        to.codes.resize((next.row + 1) * m_graph.cells());
        std::uint8_t* const operators = to.codes.data() + next.row * m_graph.cells();
        std::copy_n(code_of(from, b).data(), cell, operators);
        operators[cell] = static_cast<std::uint8_t>(o);
        to.all.push_back(next);
        return true;
    }

    bool wanted(std::span<const std::uint8_t> a) const {
        return m_check.meets(a) && (m_graph.pairs_suffice() || m_is_canonical(a));
    }

    /// Keeps the beginnings with the best bounds. Where some code meets each bound, those of the best `top`
    /// codes are among the best `top` beginnings: each beginning before one of them stands for a better code.
    void beam(list& found, bool bounds_are_met, exact_report& report) const {
        const std::size_t keep = bounds_are_met ? m_options.top : (std::max)(m_options.top, m_options.beam);
        generation now = start();
        generation next;
        for (std::size_t cell = 0; cell < m_graph.cells(); ++cell) {
            next.all.clear();
            next.codes.clear(); // the next ones have zeros behind
            for (const beginning& b : now.all) {
                for (std::size_t o = 0; o < m_graph.operators(cell); ++o) {
                    extend(now, b, cell, o, next);
                }
            }
            report.looked_at += next.all.size();
            const auto order = [&](const beginning& a, const beginning& b) {
                return a.bound != b.bound
                           ? a.bound > b.bound
                           : std::memcmp(code_of(next, a).data(), code_of(next, b).data(), cell + 1) < 0;
            };
            if (next.all.size() > keep) {
                std::nth_element(next.all.begin(), next.all.begin() + static_cast<std::ptrdiff_t>(keep),
                                 next.all.end(), order);
                next.all.resize(keep);
            }
            std::swap(now, next);
            tell(cell + 1, m_graph.cells()); // the list is finished even so: there is nothing else to give
        }
        for (const beginning& b : now.all) {
            if (wanted(code_of(now, b))) {
                found.offer(code_of(now, b), b.score);
            }
        }
    }

    /// Looks at every beginning that may still lead to a code better than the last of `known`.
    list prove(const list& known, exact_report& report) const {
        list none(m_options.top, "exact");
        walker cut(*this, known, none);
        generation parts = start();
        std::size_t cell = 0;
        for (; cell + 1 < m_graph.cells() && parts.all.size() < 256; ++cell) {
            generation next;
            for (const beginning& b : parts.all) {
                for (std::size_t o = 0; o < m_graph.operators(cell); ++o) {
                    if (extend(parts, b, cell, o, next) &&
                        !cut.may_take(next.all.back().bound, code_of(next, next.all.back()), cell + 1)) {
                        next.all.pop_back();
                    }
                }
            }
            parts = std::move(next);
        }
        // The best bounds first; of equal ones the first rows.
        std::sort(parts.all.begin(), parts.all.end(), [](const beginning& a, const beginning& b) {
            return a.bound != b.bound ? a.bound > b.bound : a.row < b.row;
        });
        // A fixed number of groups, so that what is looked at does not depend on the number of threads.
        std::vector<list> lists(static_cast<std::size_t>(sum_groups), none);
        std::vector<walker> walkers;
        for (list& part : lists) {
            walkers.emplace_back(*this, known, part);
        }
        parallel_for(sum_groups, [&](std::ptrdiff_t group) {
            walker& mine = walkers[static_cast<std::size_t>(group)];
            for (auto p = static_cast<std::size_t>(group); p < parts.all.size(); p += lists.size()) {
                mine.from(parts, parts.all[p], cell);
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
        std::sort(all.begin(), all.end(), list::better<entry>);
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

        void from(const generation& parts, const beginning& b, std::size_t cell) {
            m_parts = parts.all.size();
            const std::span<const std::uint8_t> begun = m.code_of(parts, b);
            m_code.assign(begun.begin(), begun.end());
            std::copy_n(m.spent_of(parts, b), m.m_costs.size(), spent(cell));
            if (may_take(b.bound, m_code, cell)) {
                descend(cell, b.state, b.score);
            }
            m.m_parts_done.fetch_add(1, std::memory_order_relaxed);
            tell();
        }

        /// Whether codes that begin so, of scores up to `bound`, are looked for.
        bool may_take(double bound, std::span<const std::uint8_t> a, std::size_t cells) {
            if (bound < m.m_lowest) { // no code keeps all limits
                return false;
            }
            if (!m_known.may_take(bound, a, cells) || !m_found.may_take(bound, a, cells)) {
                return false;
            }
            const double threshold = (std::max)(m_known.threshold(), m_found.threshold());
            if (m_stopped || (m.m_tolerance > 0 && bound <= threshold + m.m_tolerance) ||
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

    const exact_options& m_options;
    double m_tolerance;
    int m_exponent;
    const limit_check& m_check;
    bool (*m_is_canonical)(std::span<const std::uint8_t>);
    const path_graph& m_graph;
    std::vector<path_cost> m_costs;
    path_bounds m_bounds;
    double m_lowest; // no sum is below this
    stopwatch m_clock;
    mutable fitnas::detail::shared_observer m_watch;
    mutable std::atomic<std::size_t> m_parts_done{0};
};

FITNAS_LAZY_AGAIN exact_answer answer_of(const exact_question& question) {
    exact_search search(question);
    return search.run();
}

} // namespace fitnas::search::detail

#endif

#endif
