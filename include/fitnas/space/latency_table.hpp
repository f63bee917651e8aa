/// @file
/// @brief Latency as a table: milliseconds for each operator in each layer.

#ifndef FITNAS_SPACE_LATENCY_TABLE_HPP
#define FITNAS_SPACE_LATENCY_TABLE_HPP

#include <string>
#include <utility>
#include <vector>

#include <fitnas/space/cost.hpp>
#include <fitnas/space/fingerprint.hpp>

namespace fitnas {

/// @brief Milliseconds for each block of a space; an architecture's latency is the sum over the blocks it
/// uses.
class latency_table {
public:
    /// @brief An empty table, which no space accepts.
    latency_table() = default;

    /// @param layout of the space that was measured
    /// @param milliseconds one a block, in the order of `layout.blocks`; from 0 to 1e300,
    /// so that sums and microseconds are finite
    /// @throws shape_error where there are more or fewer values than blocks
    /// @throws numeric_error where a value is none of these
    latency_table(const space_layout& layout, std::vector<double> milliseconds)
        : m_milliseconds(std::move(milliseconds)), m_space(detail::fingerprint(layout)) {
        require_fits(layout);
        for (std::size_t i = 0; i < m_milliseconds.size(); ++i) {
            if (!(m_milliseconds[i] >= 0 && m_milliseconds[i] <= 1e300)) {
                throw numeric_error("[F0307] latency_table: block " + std::to_string(i) + " (" +
                                    std::string(layout.blocks[i].name) +
                                    "): expected milliseconds from 0 to 1e300, got " +
                                    detail::number_text(m_milliseconds[i]));
            }
        }
    }

    /// @return milliseconds, one a block
    const std::vector<double>& blocks() const { return m_milliseconds; }

    /// @return milliseconds of one architecture: the sum over its layers, in their order
    /// @throws shape_error where the table is of another space
    /// @throws architecture_error where the architecture is not of the space
    template <search_space_type Space>
    double milliseconds(const architecture<Space>& a) const {
        require_fits(Space::layout());
        require_valid<Space>(a);
        double total = 0;
        for (const space_layer& l : Space::tables.layers) {
            total += m_milliseconds[static_cast<std::size_t>(Space::layout().block_index(l, a))];
        }
        return total;
    }

    /// @brief Refuses a space that the table was not measured for.
    /// @throws shape_error where the numbers of blocks differ, or anything else of the space
    void require_fits(const space_layout& layout) const {
        if (m_milliseconds.size() != layout.blocks.size()) {
            throw shape_error("[F0308] latency_table: expected one value for each of the " +
                              std::to_string(layout.blocks.size()) + " blocks of the space, got " +
                              std::to_string(m_milliseconds.size()));
        }
        if (const std::string asked = detail::fingerprint(layout); m_space != asked) {
            throw shape_error("[F0336] latency_table: of another space: expected the fingerprint " + asked +
                              ", got " + m_space);
        }
    }

private:
    std::vector<double> m_milliseconds;
    std::string m_space; ///< its fingerprint
};

namespace cost {

/// @brief Milliseconds of an architecture, by a table.
template <search_space_type Space>
double latency(const latency_table& table, const architecture<Space>& a) {
    return table.milliseconds<Space>(a);
}

} // namespace cost

} // namespace fitnas

#endif
