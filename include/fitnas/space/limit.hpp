/// @file
/// @brief Limits on what an architecture may cost, in any combination.

#ifndef FITNAS_SPACE_LIMIT_HPP
#define FITNAS_SPACE_LIMIT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/space/named_cost.hpp>

namespace fitnas {

namespace cost {

/// @brief The most of one cost.
struct bound {
    named_cost cost; ///< what is limited
    double most = 0; ///< infinity limits nothing

    /// Whether there is a limit at all.
    bool limits() const { return most < std::numeric_limits<double>::infinity(); }
};

/// @brief What an architecture may cost; as it is made, anything. `cost::macs_at_most(m) &&
/// energy.at_most(e)`.
struct limit {
    std::vector<bound> bounds{}; ///< of each cost one

    /// @return whether nothing is limited
    bool empty() const { return bounds.empty(); }

    /// @return whether the architecture keeps every limit
    /// @throws option_error, shape_error where the space has no such cost
    template <code_space Space>
    bool meets(const architecture<Space>& a) const {
        require_valid<Space>(a);
        return std::all_of(bounds.begin(), bounds.end(),
                           [&](const bound& b) { return b.cost.template of<Space>(a) <= b.most; });
    }

    /// @return as messages name it: "macs <= 1500000 and latency <= 2.5 ms"
    FITNAS_COLD std::string text() const;
};

/// @brief Both limits. Of two limits on one cost the smaller holds.
/// @throws option_error where two costs have one name
FITNAS_API limit operator&&(limit a, const limit& b);

/// @brief A limit on multiply-accumulates.
/// @param most multiply-accumulates for one image, at least 0
/// @throws option_error below that
inline limit macs_at_most(long long most) { return macs().at_most(static_cast<double>(most)); }

/// @brief A limit on trainable values.
/// @param most trainable values, at least 0
/// @throws option_error below that
inline limit parameters_at_most(long long most) { return parameters().at_most(static_cast<double>(most)); }

} // namespace cost

/// @brief A limit made ready for one space: it judges whole architectures, and beginnings of them by the
/// cheapest way to go on.
class limit_check {
public:
    /// @brief A limit on one cost, with what the cost counts in the space.
    struct limited : cost::bound {
        cost_terms terms{};             ///< what the cost counts
        std::vector<double> cheapest{}; ///< of each term
    };

    /// @brief Nothing is limited.
    limit_check() = default;

    /// @throws as `check_of`
    limit_check(const cost::limit& limit, const detail::cost_space& space);

    /// @return whether nothing is limited
    bool empty() const { return m_costs.empty(); }
    /// @return the costs, in the order of the limit
    const std::vector<limited>& costs() const { return m_costs; }

    /// @param code one operator number a cell
    bool meets(std::span<const std::uint8_t> code) const;

    /// @brief Whether an architecture that begins like `code` keeps each limit by itself, where every cell
    /// behind takes its cheapest operator. That is necessary; it is sufficient for a single limit.
    /// @param code one operator number a cell
    /// @param chosen how many cells, from the first, count
    bool can_meet(std::span<const std::uint8_t> code, int chosen) const;

    /// @brief Refuses limits of which one alone is below everything that the space has.
    /// @throws limit_error with the limits and the least of each cost
    void require_possible(const std::string& what) const;

    /// @return the error to throw where a search met no architecture that keeps the limits
    FITNAS_COLD limit_error nothing_found(const std::string& what, const std::string& looked_at) const;

private:
    /// The same order of addition as the cost's own, so that rounding is the same, and never above a sum of
    /// more.
    static double least(const limited& c, std::span<const std::uint8_t> code, int chosen);

    FITNAS_COLD std::string text() const;

    /// "the least is 41.2 mJ", "the least of each: macs 12, latency 0.5 ms".
    FITNAS_COLD std::string least_text() const;

    std::vector<limited> m_costs;
};

/// @brief Makes a limit ready for a space.
/// @throws option_error where blocks are to be counted in a space that has none
/// @throws shape_error where a cost is of another space
template <code_space Space>
limit_check check_of(const cost::limit& limit) {
    return {limit, detail::cost_space_of<Space>()};
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::cost {

FITNAS_API limit operator&&(limit a, const limit& b) {
    for (const bound& more : b.bounds) {
        const auto known = std::find_if(a.bounds.begin(), a.bounds.end(), [&](const bound& one) {
            return one.cost.name() == more.cost.name();
        });
        if (known == a.bounds.end()) {
            a.bounds.push_back(more);
        } else if (known->cost == more.cost) {
            known->most = (std::min)(known->most, more.most);
        } else {
            throw option_error(
                "[F0395] limit: expected names that say which cost is meant, got two costs named " +
                more.cost.name() + "; a latency_table is named by cost::latency(table, name)");
        }
    }
    return a;
}

FITNAS_API std::string limit::text() const {
    std::string all;
    for (const bound& b : bounds) {
        if (b.limits()) {
            all += (all.empty() ? "" : " and ") + b.cost.name() + " <= " + b.cost.text(b.most);
        }
    }
    return all.empty() ? "no limit" : all;
}

} // namespace fitnas::cost

namespace fitnas {

FITNAS_API cost::limit named_cost::at_most(double most) const {
    if (!(most >= 0)) {
        throw option_error("[F0309] limit: " + name() + ": expected at most " + text(0) + " or more, got " +
                           detail::number_text(most));
    }
    return {{{*this, most}}};
}

FITNAS_API limit_check::limit_check(const cost::limit& limit, const detail::cost_space& space) {
    for (const cost::bound& b : limit.bounds) {
        m_costs.push_back({b, b.cost.in(space), {}});
        limited& c = m_costs.back();
        for (const cost_terms::term& t : c.terms.order()) {
            const std::span<const double> values = c.terms.values(t);
            c.cheapest.push_back(*std::min_element(values.begin(), values.end()));
        }
    }
}

FITNAS_API limit_error limit_check::nothing_found(const std::string& what,
                                                  const std::string& looked_at) const {
    return limit_error("[F0314] " + what + ": " + looked_at + " meets " + text() + "; " + least_text());
}

FITNAS_API std::string limit_check::text() const {
    return cost::limit{{m_costs.begin(), m_costs.end()}}.text();
}

FITNAS_API double limit_check::least(const limited& c, std::span<const std::uint8_t> code, int chosen) {
    double total = 0;
    for (std::size_t i = 0; i < c.cheapest.size(); ++i) {
        const cost_terms::term& t = c.terms.order()[i];
        total += t.cell >= 0 && t.cell < chosen ? c.terms.values(t)[code[static_cast<std::size_t>(t.cell)]]
                                                : c.cheapest[i];
    }
    return total;
}

FITNAS_API std::string limit_check::least_text() const {
    std::string all;
    const auto count =
        std::count_if(m_costs.begin(), m_costs.end(), [](const limited& c) { return c.limits(); });
    for (const limited& c : m_costs) {
        if (c.limits()) {
            all += (all.empty() ? "" : ", ") + (count > 1 ? c.cost.name() + " " : "") +
                   c.cost.text(least(c, {}, 0));
        }
    }
    return (count > 1 ? "the least of each: " : "the least is ") + all;
}

FITNAS_API bool limit_check::meets(std::span<const std::uint8_t> code) const {
    return std::all_of(m_costs.begin(), m_costs.end(),
                       [&](const limited& c) { return c.terms.sum(code) <= c.most; });
}

FITNAS_API bool limit_check::can_meet(std::span<const std::uint8_t> code, int chosen) const {
    return std::all_of(m_costs.begin(), m_costs.end(),
                       [&](const limited& c) { return least(c, code, chosen) <= c.most; });
}

FITNAS_API void limit_check::require_possible(const std::string& what) const {
    if (!can_meet({}, 0)) {
        throw limit_error("[F0313] " + what + ": no architecture meets " + text() + "; " + least_text());
    }
}

} // namespace fitnas

#endif

#endif
