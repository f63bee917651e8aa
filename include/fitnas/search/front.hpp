/// @file
/// @brief The front of a space that is too large to enumerate, by a model that decomposes.

#ifndef FITNAS_SEARCH_FRONT_HPP
#define FITNAS_SEARCH_FRONT_HPP

#include <array>
#include <span>
#include <utility>

#include <fitnas/core/parallel.hpp>
#include <fitnas/search/candidate.hpp>
#include <fitnas/search/window_paths.hpp>

namespace fitnas::search::detail {

/// Grows beginnings cell by cell and keeps, of those that end in one state, the ones that no other dominates
/// (label setting). Lagrange multipliers say which can still lead between the points that are known.
template <code_space Space>
class front_search {
public:
    using code = architecture<Space>;
    struct point {
        code code_{};
        double score = 0;
        double cost = 0;
    };

    /// @param against the cost of the front
    /// @param watch called after each cell
    front_search(const windows<Space>& tables, const cost_terms& against, const limit_check& limits,
                 const observer& watch)
        : m_tables(tables),
          m_check(limits),
          m_graph(tables),
          m_tell(watch, "pareto", m_graph.cells()),
          m_cost{path_cost(against, std::numeric_limits<double>::infinity())},
          m_limits(path_costs_of(m_check)),
          m_rule(canonical_pairs_of<Space>()) {}

    /// The front, cheapest first; of points that are equal in both, one.
    /// @param front filled; what it has where the observer throws are architectures that keep the limits
    void run(std::vector<point>& front) {
        front.clear();
        const auto take = [&](const code& a) {
            if (m_check.meets(a) && canonical<Space>(a) == a) {
                front.push_back({a, m_tables.sum_of(a), m_cost[0].spent(a, a.size())});
            }
        };
        cut_into_regions(take);
        // Few labels find good points soon; with these, all labels that matter are few.
        for (std::size_t most = std::size_t{1} << 13U;; most *= 8) {
            thin(front);
            set_thresholds(front);
            if (grow(most, take)) {
                thin(front);
                return;
            }
        }
    }

    /// Leaves the points that no other dominates.
    static void thin(std::vector<point>& points) {
        std::sort(points.begin(), points.end(), [](const point& a, const point& b) {
            return a.cost != b.cost     ? a.cost < b.cost
                   : a.score != b.score ? a.score > b.score
                                        : a.code_ < b.code_;
        });
        std::size_t kept = 0;
        for (const point& p : points) {
            if (kept == 0 || p.score > points[kept - 1].score) {
                points[kept++] = p;
            }
        }
        points.resize(kept);
    }

private:
    /// A beginning of an architecture.
    struct label {
        code code_{};
        double score = 0;
        double cost = 0;
        double promise = 0;
        std::size_t state = 0;
    };
    /// Costs from `begin` to before the next region's, and a slope of the front there.
    struct region {
        double begin;
        double slope;
    };

    /// Regions between the corners of the convex hull of all architectures, which Lagrange multipliers find.
    template <class Take>
    void cut_into_regions(Take&& take) {
        struct corner {
            double cost;
            double score;
        };
        std::size_t states = 0;
        for (std::size_t t = 0; t <= m_graph.cells(); ++t) {
            states += m_graph.states(t);
        }
        const std::size_t most =
            (std::min)(std::size_t{126}, (std::max)(std::size_t{6}, (std::size_t{1} << 23U) / states));
        std::vector<std::vector<double>> values;
        const auto best = [&](double slope) {
            const std::array<double, 1> weight{slope};
            best_behind(m_graph, m_cost, weight, values);
            const std::vector<std::uint8_t> path = best_path(m_graph, m_cost, weight, values);
            code a{};
            std::copy(path.begin(), path.end(), a.begin());
            take(a);
            return corner{m_cost[0].spent(path, path.size()), m_tables.sum_of(a)};
        };
        const double least = m_cost[0].start + m_cost[0].smallest_behind[0];
        const double spread = (std::max)(m_cost[0].total - least, 1e-9 * (1 + m_cost[0].total));
        const double steep = 1e4 * m_graph.scale() / spread;
        std::vector<corner> corners{best(steep), best(0)};
        std::vector<std::uint8_t> done{0}; // whether nothing lies above an edge
        while (corners.size() < most) {
            std::size_t widest = done.size();
            for (std::size_t i = 0; i < done.size(); ++i) {
                if (done[i] == 0 &&
                    (widest == done.size() || corners[i + 1].cost - corners[i].cost >
                                                  corners[widest + 1].cost - corners[widest].cost)) {
                    widest = i;
                }
            }
            if (widest == done.size()) {
                break;
            }
            const corner a = corners[widest];
            const corner b = corners[widest + 1];
            done[widest] = 1;
            if (b.cost > a.cost && b.score > a.score) {
                const corner c = best((b.score - a.score) / (b.cost - a.cost));
                if (c.cost > a.cost && c.cost < b.cost && c.score > a.score && c.score < b.score) {
                    corners.insert(corners.begin() + static_cast<std::ptrdiff_t>(widest) + 1, c);
                    done[widest] = 0;
                    done.insert(done.begin() + static_cast<std::ptrdiff_t>(widest), 0);
                }
            }
        }
        m_regions.push_back({least - 1e-12 * m_cost[0].total, steep});
        for (std::size_t i = 0; i + 1 < corners.size(); ++i) {
            const corner a = corners[i];
            const corner b = corners[i + 1];
            if (b.cost > a.cost && b.score > a.score) {
                m_regions.push_back({a.cost, (b.score - a.score) / (b.cost - a.cost)});
            }
        }
        m_regions.push_back({corners.back().cost, 0});
        const std::size_t n = m_regions.size();
        m_behind.resize(m_graph.cells() + 1);
        for (std::size_t t = 0; t <= m_graph.cells(); ++t) {
            m_behind[t].resize(m_graph.states(t) * n);
        }
        for (std::size_t j = 0; j < n; ++j) {
            best_behind(m_graph, m_cost, std::span<const double>(&m_regions[j].slope, 1), values);
            for (std::size_t t = 0; t <= m_graph.cells(); ++t) {
                for (std::size_t s = 0; s < m_graph.states(t); ++s) {
                    m_behind[t][s * n + j] = values[t][s];
                }
            }
        }
        m_margin = 1e-12 * (m_graph.scale() + steep * m_cost[0].total);
    }

    double end_of(std::size_t j) const {
        return j + 1 < m_regions.size() ? m_regions[j + 1].begin : std::numeric_limits<double>::infinity();
    }

    /// What score - slope * cost must exceed in each region where no point of the front dominates it: a point
    /// that costs less than the front's next one must be better than the one before.
    void set_thresholds(const std::vector<point>& front) {
        m_thresholds.assign(m_regions.size(), std::numeric_limits<double>::infinity());
        std::size_t i = 0; // the first point that costs more than the step begins with
        for (std::size_t j = 0; j < m_regions.size(); ++j) {
            const double slope = m_regions[j].slope;
            double begin = m_regions[j].begin;
            while (begin < end_of(j)) {
                while (i < front.size() && front[i].cost <= begin) {
                    ++i;
                }
                const double end = i < front.size() ? (std::min)(front[i].cost, end_of(j)) : end_of(j);
                const double before = i == 0 ? minus_infinity : front[i - 1].score;
                const double value = slope == 0 ? before : before - slope * end;
                m_thresholds[j] = (std::min)(m_thresholds[j], value);
                begin = end;
            }
        }
    }

    /// How far above a threshold a beginning can come; below 0 where all that begins so is dominated.
    double promise(std::size_t cells, std::size_t state, double score, double cost) const {
        const std::size_t n = m_regions.size();
        const double* behind = m_behind[cells].data() + state * n;
        const double least = cost + m_cost[0].smallest_behind[cells] - 1e-12 * m_cost[0].total;
        const double sum = cost + m_cost[0].fixed_behind[cells];
        double most = minus_infinity;
        for (std::size_t j = n; j-- > 0 && least < end_of(j);) {
            const double v = (score + behind[j]) - m_regions[j].slope * sum - m_thresholds[j];
            most = v > most ? v : most;
        }
        return most + m_margin;
    }

    /// Takes all codes that may be new points of the front, or fewer where there are more labels than `most`.
    /// @return whether these are all
    template <class Take>
    bool grow(std::size_t most, Take&& take) const {
        bool all = true;
        std::vector<label> now(1);
        now.front().score = m_graph.offset();
        now.front().cost = m_cost[0].start;
        std::vector<label> next;
        for (std::size_t cell = 0; cell < m_graph.cells() && !now.empty(); ++cell) {
            next.clear();
            for (const label& from : now) {
                extend(from, cell, next);
            }
            leave_dominated(cell + 1, next);
            if (next.size() > most) {
                all = false;
                std::nth_element(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(most), next.end(),
                                 [](const label& a, const label& b) {
                                     return a.promise != b.promise ? a.promise > b.promise
                                                                   : a.code_ < b.code_;
                                 });
                next.resize(most);
            }
            std::swap(now, next);
            m_tell(cell + 1);
        }
        for (const label& l : now) {
            take(l.code_);
        }
        return all;
    }

    void extend(const label& from, std::size_t cell, std::vector<label>& next) const {
        const double* gains = m_graph.gains(cell, from.state);
        for (std::size_t o = 0; o < m_graph.operators(cell); ++o) {
            if (gains[o] == minus_infinity) {
                continue;
            }
            label l = from;
            l.code_[cell] = static_cast<std::uint8_t>(o);
            l.score += gains[o];
            l.cost = m_cost[0].step(from.cost, cell, o);
            l.state = m_graph.next(cell, from.state, o);
            l.promise = promise(cell + 1, l.state, l.score, l.cost);
            if (l.promise >= 0 && m_check.can_meet(l.code_, static_cast<int>(cell) + 1) &&
                run_is_canonical(cell + 1, l.code_)) {
                next.push_back(l);
            }
        }
    }

    /// Where a run ends of which pairs of operators do not say whether it is canonical.
    bool run_is_canonical(std::size_t cells, const code& a) const {
        const bool ends = m_rule.history[cells - 1] + 1 < static_cast<int>(cells) &&
                          (cells == a.size() || m_rule.history[cells] == static_cast<int>(cells));
        if (!ends) {
            return true;
        }
        const code c = canonical<Space>(a);
        return std::equal(c.begin(), c.begin() + static_cast<std::ptrdiff_t>(cells), a.begin());
    }

    /// What an architecture that goes on from here has in common with others: its state, in a run of which
    /// pairs do not suffice the whole run, and with limits what it has spent of them.
    void leave_dominated(std::size_t cells, std::vector<label>& labels) const {
        const auto run = static_cast<std::size_t>(m_rule.history[cells - 1]);
        const auto before = [&](const label& a, const label& b) {
            return std::lexicographical_compare(a.code_.begin() + static_cast<std::ptrdiff_t>(run),
                                                a.code_.begin() + static_cast<std::ptrdiff_t>(cells),
                                                b.code_.begin() + static_cast<std::ptrdiff_t>(run),
                                                b.code_.begin() + static_cast<std::ptrdiff_t>(cells));
        };
        std::sort(labels.begin(), labels.end(), [&](const label& a, const label& b) {
            if (a.state != b.state) {
                return a.state < b.state;
            }
            if (before(a, b) != before(b, a)) {
                return before(a, b);
            }
            return a.cost != b.cost     ? a.cost < b.cost
                   : a.score != b.score ? a.score > b.score
                                        : a.code_ < b.code_;
        });
        std::size_t kept = 0;
        std::size_t first = 0; // of those that this label has the state in common with
        for (std::size_t i = 0; i < labels.size(); ++i) {
            if (kept == 0 || labels[i].state != labels[kept - 1].state ||
                before(labels[kept - 1], labels[i])) {
                first = kept;
            }
            if (!dominated(labels, first, kept, labels[i], cells)) {
                labels[kept++] = labels[i];
            }
        }
        labels.resize(kept);
    }
    /// Whether one of the labels [first, last), which do not cost more, is as good.
    bool dominated(const std::vector<label>& labels, std::size_t first, std::size_t last, const label& l,
                   std::size_t cells) const {
        if (m_limits.empty()) {
            return last > first && labels[last - 1].score >= l.score;
        }
        for (std::size_t i = first; i < last; ++i) {
            bool cheaper = labels[i].score >= l.score;
            for (const path_cost& c : m_limits) {
                cheaper = cheaper && c.spent(labels[i].code_, cells) <= c.spent(l.code_, cells);
            }
            if (cheaper) {
                return true;
            }
        }
        return false;
    }
    static constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

    const windows<Space>& m_tables;
    limit_check m_check;
    path_graph m_graph;
    fitnas::detail::teller m_tell;
    std::vector<path_cost> m_cost; // one
    std::vector<path_cost> m_limits;
    canonical_pairs m_rule;
    std::vector<region> m_regions; // from the cheapest on
    std::vector<double> m_thresholds;
    std::vector<std::vector<double>> m_behind; // [cell][state][region]
    double m_margin = 0;
};

} // namespace fitnas::search::detail

#endif
