/// @file
/// @brief A cost: a name, a unit, and a value for each operator of each cell.

#ifndef FITNAS_SPACE_NAMED_COST_HPP
#define FITNAS_SPACE_NAMED_COST_HPP

#include <algorithm>
#include <cctype>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/space/cost.hpp>
#include <fitnas/space/fingerprint.hpp>

namespace fitnas {

namespace cost {
struct limit;
} // namespace cost

/// @brief What a cost counts in one space: terms in the order in which they are added. A term is fixed, or
/// has a value for each operator of a cell; cells stand in their order, each once.
class cost_terms {
public:
    /// Values that stand together.
    struct term {
        int cell = -1;         ///< -1: fixed
        std::size_t first = 0; ///< of its values
        std::size_t count = 1; ///< 1 where it is fixed, otherwise one an operator
        /// Member by member.
        bool operator==(const term&) const = default;
    };

    /// @brief Adds a fixed term, or to a cell's term, which is made where it comes first.
    void add(int cell, std::span<const double> values);

    /// @return the cost of an architecture
    /// @param code one operator number a cell
    double sum(std::span<const std::uint8_t> code) const;

    /// The terms, in the order in which they are added.
    const std::vector<term>& order() const { return m_order; }
    /// @return one a operator of a cell, none where the cell costs nothing
    std::span<const double> of_cell(int cell) const;
    /// @return the values of one term
    std::span<const double> values(const term& t) const {
        return std::span(m_values).subspan(t.first, t.count);
    }
    bool operator==(const cost_terms&) const = default;

private:
    std::vector<term> m_order;
    std::vector<double> m_values;
};

namespace detail {

/// The terms of a space by what its blocks cost. What layers that read one cell cost is added up first.
/// @param costs of each block
FITNAS_LAZY cost_terms block_terms(const space_layout& layout, std::span<const double> costs);

/// What a cost asks of a space.
struct cost_space {
    std::string (*fingerprint)();
    space_layout layout{}; ///< without layers where the space has none
};
template <code_space Space>
cost_space cost_space_of() {
    if constexpr (search_space_type<Space>) {
        return {space_fingerprint<Space>, Space::layout()};
    } else {
        return {space_fingerprint<Space>};
    }
}

FITNAS_LAZY FITNAS_COLD void require_cost_name(const std::string& name, const std::string& unit);

/// Whether sums of such values are finite.
constexpr bool is_cost_value(double value) { return value >= 0 && value <= 1e300; }

FITNAS_LAZY FITNAS_COLD void require_cost_value(double value, const std::string& what);

/// The operator of a cell as messages name it: "cell 2, operator 3 (mb3_k5)".
template <code_space Space>
std::string operator_text(int cell, int o) {
    std::string text = "cell " + std::to_string(cell) + ", operator " + std::to_string(o);
    if constexpr (search_space_type<Space>) {
        text += " (" + std::string(Space::block_of(cell, o).name) + ")";
    }
    return text;
}

} // namespace detail

/// @brief A cost of architectures: its name and unit stand in messages, in files and in candidates.
///
/// An architecture costs the sum of what its operators cost in their cells, and of fixed parts: those that no
/// cell has a choice in (stem, head, fixed layers). The terms are added in double precision in the order of
/// the cells, or where they are costs of layers in the order of the layers; so integers up to 2^53 are exact,
/// and a real cost has one value wherever it is computed. Copies are cheap.
///
/// `cost::table` makes one, `cost::macs()`, `cost::parameters()` and `cost::latency(table)` are such costs.
class named_cost {
public:
    /// @brief What blocks know of themselves: in any space with a layout.
    named_cost(std::string name, long long space_block::*count);

    /// @brief One of a single space.
    /// @param name,unit stand in headers of files: without brackets; not the name of another column
    /// @param space its `space_fingerprint`
    /// @param terms values from 0 to 1e300
    /// @throws option_error where the name cannot be used
    named_cost(std::string name, std::string unit, std::string space, cost_terms terms);

    const std::string& name() const { return m->name; } ///< as messages and files have it
    const std::string& unit() const { return m->unit; } ///< empty where it has none

    /// @return an amount as messages print it: "41.2 mJ"
    FITNAS_COLD std::string text(double amount) const;

    /// @return what it counts in a space
    /// @throws option_error where the space has no layout and blocks were to be counted
    /// @throws shape_error where it is a cost of another space
    template <code_space Space>
    cost_terms in() const {
        return in(detail::cost_space_of<Space>());
    }
    /// The same, for code that does not know the space's type.
    cost_terms in(const detail::cost_space& space) const;

    /// @return what an architecture costs
    /// @throws as `in`; architecture_error where the architecture is not of the space
    template <code_space Space>
    double of(const architecture<Space>& a) const {
        require_valid<Space>(a);
        return in<Space>().sum(a);
    }

    /// @param most at least 0; infinity limits nothing, but candidates tell the cost
    /// @throws option_error below that
    cost::limit at_most(double most) const;

    /// @return whether name, unit and all values are equal
    friend bool operator==(const named_cost& a, const named_cost& b) {
        return a.m == b.m || equal_definitions(a, b);
    }

private:
    struct definition {
        std::string name;
        std::string unit;
        long long space_block::*count;
        std::string space;
        cost_terms terms;
        bool operator==(const definition&) const = default;
    };

    static bool equal_definitions(const named_cost& a, const named_cost& b);

    std::shared_ptr<const definition> m;
};

namespace cost {

/// @brief Multiply-accumulates, as a cost like any other.
FITNAS_API named_cost macs();
/// @brief Trainable values, as a cost like any other.
FITNAS_API named_cost parameters();

/// @brief A cost of one's own.
/// @tparam Space also one of bare `codes`
/// @param name,unit for example "energy" and "mJ"
/// @param values `values[cell][operator]`, from 0 to 1e300
/// @param fixed what every architecture costs beside its cells; it is added first
/// @throws shape_error where cells or operators are too few or too many
/// @throws numeric_error where a value is not of the range, or not a number
/// @throws option_error where name or unit cannot stand in a file
template <code_space Space>
named_cost table(std::string name, std::string unit, const std::vector<std::vector<double>>& values,
                 double fixed = 0) {
    const std::string who = "cost " + name;
    if (values.size() != static_cast<std::size_t>(Space::cells)) {
        throw shape_error("[F0393] " + who + ": expected values of the " + std::to_string(Space::cells) +
                          " cells of the space, got " + std::to_string(values.size()));
    }
    fitnas::detail::require_cost_value(fixed, who + ": fixed");
    cost_terms terms;
    if (fixed > 0) {
        terms.add(-1, std::span<const double>(&fixed, 1));
    }
    for (int cell = 0; cell < Space::cells; ++cell) {
        const std::vector<double>& row = values[static_cast<std::size_t>(cell)];
        const int operators = Space::operator_counts[static_cast<std::size_t>(cell)];
        if (row.size() != static_cast<std::size_t>(operators)) {
            throw shape_error("[F0394] " + who + ": cell " + std::to_string(cell) +
                              ": expected a value for each of its " + std::to_string(operators) +
                              " operators, got " + std::to_string(row.size()));
        }
        for (int o = 0; o < operators; ++o) {
            fitnas::detail::require_cost_value(row[static_cast<std::size_t>(o)],
                                               who + ": " + fitnas::detail::operator_text<Space>(cell, o));
        }
        terms.add(cell, row);
    }
    return {std::move(name), std::move(unit), space_fingerprint<Space>(), std::move(terms)};
}

/// @brief The same by a function.
/// @param value_of `double value_of(int cell, int operator_index)`
template <code_space Space, std::invocable<int, int> ValueOf>
named_cost table(std::string name, std::string unit, ValueOf&& value_of, double fixed = 0) {
    std::vector<std::vector<double>> values;
    for (int cell = 0; cell < Space::cells; ++cell) {
        values.emplace_back();
        for (int o = 0; o < Space::operator_counts[static_cast<std::size_t>(cell)]; ++o) {
            values.back().push_back(static_cast<double>(value_of(cell, o)));
        }
    }
    return table<Space>(std::move(name), std::move(unit), values, fixed);
}

} // namespace cost

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API void cost_terms::add(int cell, std::span<const double> values) {
    const auto known = std::find_if(m_order.begin(), m_order.end(),
                                    [&](const term& t) { return cell >= 0 && t.cell == cell; });
    if (known == m_order.end()) {
        m_order.push_back({cell, m_values.size(), values.size()});
        m_values.insert(m_values.end(), values.begin(), values.end());
        return;
    }
    for (std::size_t o = 0; o < known->count; ++o) {
        m_values[known->first + o] += values[o];
    }
}

FITNAS_API double cost_terms::sum(std::span<const std::uint8_t> code) const {
    double total = 0;
    for (const term& t : m_order) {
        total += m_values[t.first + (t.cell < 0 ? 0U : code[static_cast<std::size_t>(t.cell)])];
    }
    return total;
}

FITNAS_API std::span<const double> cost_terms::of_cell(int cell) const {
    for (const term& t : m_order) {
        if (t.cell == cell) {
            return values(t);
        }
    }
    return {};
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN cost_terms block_terms(const space_layout& layout, std::span<const double> costs) {
    cost_terms terms;
    for (const space_layer& l : layout.layers) {
        terms.add(l.cell_index, costs.subspan(static_cast<std::size_t>(l.first_block),
                                              static_cast<std::size_t>(l.candidates)));
    }
    return terms;
}

FITNAS_LAZY_AGAIN void require_cost_name(const std::string& name, const std::string& unit) {
    const char* known[] = {"arch", "predicted", "macs", "parameters", "score"};
    const auto bad = [](const std::string& text) {
        return std::any_of(text.begin(), text.end(),
                           [](char c) {
                               return c == '[' || c == ']' || std::iscntrl(static_cast<unsigned char>(c));
                           }) ||
               (!text.empty() && (text.front() == ' ' || text.back() == ' '));
    };
    if (name.empty() || bad(name) || bad(unit) || std::find(known, known + 5, name) != known + 5) {
        throw option_error(
            "[F0390] cost: expected a name other than arch, predicted, macs, parameters and score, and a "
            "unit, without brackets, line ends and spaces around them, got \"" +
            name + "\" and \"" + unit + "\"");
    }
}

FITNAS_LAZY_AGAIN void require_cost_value(double value, const std::string& what) {
    if (!is_cost_value(value)) {
        throw numeric_error("[F0391] " + what + ": expected a value from 0 to 1e300, got " +
                            number_text(value));
    }
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API named_cost::named_cost(std::string name, long long space_block::*count)
    : m(std::make_shared<const definition>(definition{std::move(name), "", count, "", {}})) {}

FITNAS_API named_cost::named_cost(std::string name, std::string unit, std::string space, cost_terms terms)
    : m(std::make_shared<const definition>(
          definition{std::move(name), std::move(unit), nullptr, std::move(space), std::move(terms)})) {
    detail::require_cost_name(m->name, m->unit);
}

FITNAS_API std::string named_cost::text(double amount) const {
    return detail::number_text(amount) + (m->unit.empty() ? "" : " " + m->unit);
}

FITNAS_API cost_terms named_cost::in(const detail::cost_space& space) const {
    if (m->count == nullptr) {
        const std::string print = space.fingerprint();
        if (m->space != print) {
            throw shape_error("[F0336] cost " + m->name + ": of another space: expected the fingerprint " +
                              print + ", got " + (m->space.empty() ? "none, its table is empty" : m->space));
        }
        return m->terms;
    }
    if (space.layout.layers.empty()) {
        throw option_error("[F0315] cost: the space has no layout, so its codes have no " + m->name +
                           "; a cost of your own is made by cost::table<space>(name, unit, values)");
    }
    std::vector<double> counts;
    for (const space_block& b : space.layout.blocks) {
        counts.push_back(static_cast<double>(b.*(m->count)));
    }
    return detail::block_terms(space.layout, counts);
}

FITNAS_API bool named_cost::equal_definitions(const named_cost& a, const named_cost& b) {
    return *a.m == *b.m;
}

} // namespace fitnas

namespace fitnas::cost {

FITNAS_API named_cost macs() {
    static const named_cost one("macs", &space_block::macs);
    return one;
}

FITNAS_API named_cost parameters() {
    static const named_cost one("parameters", &space_block::parameters);
    return one;
}

} // namespace fitnas::cost

#endif

#endif
