/// @file
/// @brief A cost as CSV: `cost,unit,cell,operator,value`.

#ifndef FITNAS_IO_CSV_COSTS_HPP
#define FITNAS_IO_CSV_COSTS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fitnas/io/csv_scores.hpp>
#include <fitnas/space/named_cost.hpp>

namespace fitnas {

namespace detail {

/// The operator of a cell by its number, or by its name where no other of the cell has it; -1: none.
template <code_space Space>
int operator_by(int cell, std::string_view text) {
    const int count = Space::operator_counts[static_cast<std::size_t>(cell)];
    if (const std::optional<int> number = read_number<int>(text)) {
        return *number >= 0 && *number < count ? *number : -1;
    }
    int found = -1;
    if constexpr (search_space_type<Space>) {
        for (int o = 0; o < count; ++o) {
            if (Space::block_of(cell, o).name == text) {
                if (found >= 0) {
                    return -1;
                }
                found = o;
            }
        }
    }
    return found;
}

/// The rows of a cost, gathered.
template <code_space Space>
class cost_rows {
public:
    explicit cost_rows(csv_reader& reader)
        : m_reader(reader), m_values(static_cast<std::size_t>(Space::cells)), m_fixed(m_values.size() + 1) {
        for (std::size_t i = 0; i < m_values.size(); ++i) {
            m_values[i].resize(static_cast<std::size_t>(Space::operator_counts[i]));
        }
        constexpr const char* names[] = {"cost", "unit", "cell", "operator", "value"};
        for (std::size_t i = 0; i < 5; ++i) {
            m_at[i] = reader.place(names[i]);
        }
    }

    void take(const std::vector<std::string>& fields) {
        const auto field = [&](std::size_t i) { return std::string(trimmed(fields[m_at[i]])); };
        if (m_rows++ == 0) {
            m_name = field(0);
            m_unit = field(1);
        } else if (field(0) != m_name || field(1) != m_unit) {
            throw data_error("[F0985] " + m_reader.where() + ": expected the cost \"" + m_name + "\" in \"" +
                             m_unit + "\" as in the row before, got \"" + field(0) + "\" in \"" + field(1) +
                             "\"");
        }
        if (field(2).empty()) { // behind the cells that came before
            m_fixed[m_last].push_back(value(fields[m_at[4]], "fixed part " + field(3)));
            return;
        }
        const std::optional<int> number = read_number<int>(field(2));
        const int cell = number && *number >= 0 && *number < Space::cells ? *number : -1;
        const int o = cell < 0 ? -1 : operator_by<Space>(cell, field(3));
        if (o < 0) {
            throw data_error(
                "[F0986] " + m_reader.where() + ": cell \"" + field(2) + "\", operator \"" + field(3) +
                "\": expected a cell from 0 to " + std::to_string(Space::cells - 1) +
                " and one of its operators, by its number from 0 or a name that no other of them has");
        }
        const std::string what = operator_text<Space>(cell, o);
        std::optional<double>& known = m_values[static_cast<std::size_t>(cell)][static_cast<std::size_t>(o)];
        if (known) {
            throw data_error("[F0988] " + m_reader.where() + ": " + what + ": has a row before");
        }
        known = value(fields[m_at[4]], what);
        m_last = (std::max)(m_last, static_cast<std::size_t>(cell) + 1);
    }

    named_cost result(const std::string& path) const {
        cost_terms terms;
        const auto add_fixed = [&](std::size_t behind) {
            for (const double& value : m_fixed[behind]) {
                terms.add(-1, std::span<const double>(&value, 1));
            }
        };
        add_fixed(0);
        for (int cell = 0; cell < Space::cells; ++cell) {
            std::vector<double> values;
            for (const std::optional<double>& value : m_values[static_cast<std::size_t>(cell)]) {
                if (!value) {
                    throw data_error("[F0989] " + path + ": " +
                                     operator_text<Space>(cell, static_cast<int>(values.size())) +
                                     ": expected a row, got none");
                }
                values.push_back(*value);
            }
            terms.add(cell, values);
            add_fixed(static_cast<std::size_t>(cell) + 1);
        }
        return {m_name, m_unit, space_fingerprint<Space>(), std::move(terms)};
    }

private:
    double value(const std::string& field, const std::string& what) const {
        const std::optional<double> found = read_number<double>(trimmed(field));
        if (!found || !is_cost_value(*found)) {
            throw data_error("[F0987] " + m_reader.where() + ": " + what +
                             ": expected a value from 0 to 1e300, got \"" + field + "\"");
        }
        return *found;
    }

    csv_reader& m_reader;
    std::array<std::size_t, 5> m_at{};
    std::vector<std::vector<std::optional<double>>> m_values; // [cell][operator]
    std::vector<std::vector<double>> m_fixed;                 // behind so many cells
    std::size_t m_last = 0;
    std::size_t m_rows = 0;
    std::string m_name;
    std::string m_unit;
};

} // namespace detail

/// @brief Writes what a cost counts: a row for each operator of each cell, and one without a cell for each
/// fixed part. It reads back as an equal cost. The file is there whole or not at all.
/// @param cost also a `latency_table`
/// @throws as `named_cost::in`; data_error where the file cannot be written
template <code_space Space>
void write_csv(const std::string& path, const named_cost& cost) {
    const cost_terms terms = cost.in<Space>();
    csv_rows rows{.header = {"cost", "unit", "cell", "operator", "value"}};
    for (const cost_terms::term& t : terms.order()) {
        const std::span<const double> values = terms.values(t);
        for (std::size_t o = 0; o < values.size(); ++o) {
            const bool fixed = t.cell < 0;
            rows.rows.push_back({cost.name(), cost.unit(), fixed ? "" : std::to_string(t.cell),
                                 fixed ? "" : std::to_string(o), exact_text(values[o])});
        }
    }
    write_rows(path, rows);
}

/// @brief Reads a cost of a space, such as a table of latencies that another machine has measured.
///
/// Each row has the cost's name and unit, a cell from 0, an operator by its number in the cell or by its
/// name, and a value from 0 to 1e300. A row without a cell is a fixed part: what stem, head and fixed layers
/// cost. Rows may come in any order, but a fixed part is added behind the cells that came before it.
/// @param comment as in `csv_options`
/// @throws data_error which names path, line, cell and operator where a row is missing, there twice, or
/// names a cell or an operator that the space does not have, or has a value out of the range
/// @throws option_error where the name cannot be used
template <code_space Space>
named_cost read_csv_cost(const std::string& path, char comment = '\0') {
    detail::csv_reader reader(path, comment);
    detail::cost_rows<Space> rows(reader);
    for (std::vector<std::string> fields; reader.next(fields);) {
        rows.take(fields);
    }
    return rows.result(path);
}

} // namespace fitnas

#endif
