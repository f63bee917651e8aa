/// @file
/// @brief Latency as a table: milliseconds for each operator in each layer.

#ifndef FITNAS_SPACE_LATENCY_TABLE_HPP
#define FITNAS_SPACE_LATENCY_TABLE_HPP

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/space/limit.hpp>
#include <fitnas/space/named_cost.hpp>

namespace fitnas {

/// @brief Milliseconds for each block of a space, as they are measured; a `named_cost` by conversion.
class latency_table {
public:
    /// @brief An empty table, which no space accepts.
    latency_table() = default;

    /// @param layout of the space that was measured
    /// @param milliseconds one a block, in the order of `layout.blocks`; from 0 to 1e300,
    /// so that sums and microseconds are finite
    /// @throws shape_error where there are more or fewer values than blocks
    /// @throws numeric_error where a value is none of these
    latency_table(const space_layout& layout, std::vector<double> milliseconds);

    /// @return milliseconds, one a block
    const std::vector<double>& blocks() const { return m_milliseconds; }

    /// @return milliseconds of one architecture
    /// @throws shape_error where the table is of another space
    /// @throws architecture_error where the architecture is not of the space
    template <search_space_type Space>
    double milliseconds(const architecture<Space>& a) const {
        return named("latency").of<Space>(a);
    }

    /// @return the cost with a name of yours, where there are several tables
    named_cost named(std::string name) const { return {std::move(name), "ms", m_space, m_terms}; }
    /// As a cost, in ms.
    operator named_cost() const { return named("latency"); } // NOLINT(google-explicit-constructor)

private:
    std::vector<double> m_milliseconds;
    std::string m_space; ///< its fingerprint
    cost_terms m_terms;
};

namespace cost {

/// @brief Milliseconds by a table, as a cost like any other.
/// @param name tells tables of several devices from each other
inline named_cost latency(const latency_table& table, std::string name = "latency") {
    return table.named(std::move(name));
}

/// @brief Milliseconds of an architecture, by a table.
template <search_space_type Space>
double latency(const latency_table& table, const architecture<Space>& a) {
    return table.milliseconds<Space>(a);
}

/// @brief A limit on milliseconds by a table.
/// @param milliseconds at least 0; infinity limits nothing, but candidates tell the latency
/// @throws option_error below that
inline limit latency_at_most(const latency_table& table, double milliseconds) {
    return latency(table).at_most(milliseconds);
}

} // namespace cost

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API latency_table::latency_table(const space_layout& layout, std::vector<double> milliseconds)
    : m_milliseconds(std::move(milliseconds)), m_space(detail::fingerprint(layout)) {
    if (m_milliseconds.size() != layout.blocks.size()) {
        throw shape_error("[F0308] latency_table: expected one value for each of the " +
                          std::to_string(layout.blocks.size()) + " blocks of the space, got " +
                          std::to_string(m_milliseconds.size()));
    }
    for (std::size_t i = 0; i < m_milliseconds.size(); ++i) {
        if (!detail::is_cost_value(m_milliseconds[i])) {
            throw numeric_error("[F0307] latency_table: block " + std::to_string(i) + " (" +
                                std::string(layout.blocks[i].name) +
                                "): expected milliseconds from 0 to 1e300, got " +
                                detail::number_text(m_milliseconds[i]));
        }
    }
    m_terms = detail::block_terms(layout, m_milliseconds);
}

} // namespace fitnas

#endif

#endif
