/// @file
/// @brief Limits on what an architecture may cost, in any combination.

#ifndef FITNAS_SPACE_LIMIT_HPP
#define FITNAS_SPACE_LIMIT_HPP

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/space/latency_table.hpp>

namespace fitnas {

namespace cost {

/// @brief At most so many milliseconds by one table.
struct latency_limit {
    std::shared_ptr<const latency_table> table;
    double milliseconds = std::numeric_limits<double>::infinity();
};

/// @brief What an architecture may cost; as it is made, anything.
struct limit {
    static constexpr long long none = (std::numeric_limits<long long>::max)();

    long long macs = none;       ///< the most multiply-accumulates
    long long parameters = none; ///< the most trainable values
    /// One for each device; the first also fills the column `latency` of what a search finds.
    std::vector<latency_limit> latencies{};

    /// @return whether nothing is limited
    bool empty() const { return macs == none && parameters == none && latencies.empty(); }

    /// @return whether the architecture keeps every limit
    /// @throws option_error where something is limited in a space without a layout, which has no costs
    template <code_space Space>
    bool meets(const architecture<Space>& a) const;

    /// @return as messages name it: "macs <= 1500000 and latency <= 2.5 ms"
    FITNAS_COLD std::string text() const;
};

/// @brief Both limits. Of two limits on macs, or on parameters, the smaller holds.
inline limit operator&&(limit a, const limit& b) {
    a.macs = (std::min)(a.macs, b.macs);
    a.parameters = (std::min)(a.parameters, b.parameters);
    for (const latency_limit& l : b.latencies) {
        a.latencies.push_back(l);
    }
    return a;
}

/// @param most multiply-accumulates for one image, at least 0
/// @throws option_error below that
inline limit macs_at_most(long long most) {
    if (most < 0) {
        throw option_error("[F0309] macs_at_most: expected 0 or more, got " + std::to_string(most));
    }
    return {.macs = most};
}

/// @param most trainable values, at least 0
/// @throws option_error below that
inline limit parameters_at_most(long long most) {
    if (most < 0) {
        throw option_error("[F0310] parameters_at_most: expected 0 or more, got " + std::to_string(most));
    }
    return {.parameters = most};
}

/// @param table is kept with the limit
/// @param milliseconds at least 0; infinity limits nothing, but latencies are reported
/// @throws option_error below that
inline limit latency_at_most(latency_table table, double milliseconds) {
    if (!(milliseconds >= 0)) {
        throw option_error("[F0311] latency_at_most: expected 0 milliseconds or more, got " +
                           fitnas::detail::number_text(milliseconds));
    }
    return {.latencies = {{std::make_shared<const latency_table>(std::move(table)), milliseconds}}};
}

} // namespace cost

/// @brief A limit made ready for one space: it judges whole architectures, and beginnings of them by the
/// cheapest way to go on.
class limit_check {
public:
    /// @brief Nothing is limited.
    limit_check() = default;

    /// @throws shape_error where a latency table is not of this space
    FITNAS_COLD limit_check(const space_layout& layout, const cost::limit& limit)
        : m_layers(layout.layers.begin(), layout.layers.end()), m_text(limit.text()) {
        if (limit.macs != cost::limit::none) {
            add("macs", "", static_cast<double>(limit.macs));
            for (const space_block& b : layout.blocks) {
                m_costs.back().blocks.push_back(static_cast<double>(b.macs));
            }
        }
        if (limit.parameters != cost::limit::none) {
            add("parameters", "", static_cast<double>(limit.parameters));
            for (const space_block& b : layout.blocks) {
                m_costs.back().blocks.push_back(static_cast<double>(b.parameters));
            }
        }
        for (const cost::latency_limit& l : limit.latencies) {
            if (!l.table) {
                throw option_error("[F0312] limit: a latency limit has no table");
            }
            l.table->require_fits(layout);
            add("latency", " ms", l.milliseconds);
            m_costs.back().blocks = l.table->blocks();
        }
        for (limited& c : m_costs) {
            for (const space_layer& l : m_layers) {
                const auto first = c.blocks.begin() + l.first_block;
                c.cheapest.push_back(*std::min_element(first, first + l.candidates));
            }
        }
    }

    /// @return whether nothing is limited
    bool empty() const { return m_costs.empty(); }

    /// @param code one operator number a cell
    bool meets(std::span<const std::uint8_t> code) const {
        return can_meet(code, static_cast<int>(code.size()));
    }

    /// @brief Whether an architecture that begins like `code` keeps each limit by itself, where every layer
    /// behind takes its cheapest operator. That is necessary; it is sufficient for a single limit.
    /// @param code one operator number a cell
    /// @param chosen how many cells, from the first, count
    bool can_meet(std::span<const std::uint8_t> code, int chosen) const {
        for (const limited& c : m_costs) {
            // The same order of addition as the cost's own, so that rounding is the same too.
            double total = 0;
            for (std::size_t i = 0; i < m_layers.size(); ++i) {
                const space_layer& l = m_layers[i];
                if (l.cell_index < 0) {
                    total += c.blocks[static_cast<std::size_t>(l.first_block)];
                } else if (l.cell_index < chosen) {
                    total += c.blocks[static_cast<std::size_t>(l.first_block +
                                                               code[static_cast<std::size_t>(l.cell_index)])];
                } else {
                    total += c.cheapest[i];
                }
            }
            if (total > c.most) {
                return false;
            }
        }
        return true;
    }

    /// @brief Refuses limits of which one alone is below everything that the space has.
    /// @throws limit_error with the limits and the smallest cost of each kind
    void require_possible(const std::string& what) const {
        if (!can_meet({}, 0)) {
            throw limit_error("[F0313] " + what + ": no architecture meets " + m_text + "; " + smallest());
        }
    }

    /// @return the error to throw where a search met no architecture that keeps the limits
    FITNAS_COLD limit_error nothing_found(const std::string& what, const std::string& looked_at) const {
        return limit_error("[F0314] " + what + ": " + looked_at + " meets " + m_text + "; " + smallest());
    }

private:
    struct limited {
        std::string name;
        std::string unit;
        double most = 0;
        std::vector<double> blocks{};   // one a block
        std::vector<double> cheapest{}; // one a layer
    };

    FITNAS_COLD void add(const char* name, const char* unit, double most) {
        m_costs.push_back({name, unit, most});
    }

    /// "the smallest macs of the space are 12, the smallest latency 0.5 ms".
    FITNAS_COLD std::string smallest() const {
        std::string text;
        for (const limited& c : m_costs) {
            double total = 0;
            for (const double value : c.cheapest) {
                total += value;
            }
            text += (text.empty() ? "of the space, the smallest " : ", the smallest ") + c.name + ": " +
                    detail::number_text(total) + c.unit;
        }
        return text;
    }

    std::vector<space_layer> m_layers;
    std::vector<limited> m_costs;
    std::string m_text;
};

/// @brief Makes a limit ready for a space.
/// @throws option_error where something is limited in a space without a layout, which has no costs
/// @throws shape_error where a latency table is not of this space
template <code_space Space>
limit_check check_of(const cost::limit& limit) {
    if constexpr (search_space_type<Space>) {
        return limit_check(Space::layout(), limit);
    } else {
        if (!limit.empty()) {
            throw option_error("[F0315] limit: " + limit.text() +
                               " was asked for, but the space has no layout, so its codes have no costs");
        }
        return {};
    }
}

namespace cost {

inline std::string limit::text() const {
    std::string all;
    const auto add = [&](const std::string& one) { all += (all.empty() ? "" : " and ") + one; };
    if (macs != none) {
        add("macs <= " + std::to_string(macs));
    }
    if (parameters != none) {
        add("parameters <= " + std::to_string(parameters));
    }
    for (const latency_limit& l : latencies) {
        add("latency <= " + detail::number_text(l.milliseconds) + " ms");
    }
    return all.empty() ? "no limit" : all;
}

template <code_space Space>
bool limit::meets(const architecture<Space>& a) const {
    require_valid<Space>(a);
    return empty() || check_of<Space>(*this).meets(a);
}

} // namespace cost

} // namespace fitnas

#endif
