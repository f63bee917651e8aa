/// @file
/// @brief Functions of architectures that are sums of small ones, each of which sees a few neighbouring
/// cells.

#ifndef FITNAS_PREDICTOR_WINDOW_SUM_HPP
#define FITNAS_PREDICTOR_WINDOW_SUM_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/saturating_product.hpp>
#include <fitnas/space/named_cost.hpp>

namespace fitnas {

/// @brief A table of what the operators in the cells [first, last) add. An empty window is a constant.
struct window_term {
    int first = 0; ///< the first cell
    int last = 0;  ///< the first cell behind it
    /// One for each code of these cells, in the order of the codes (the last cell changes fastest).
    std::vector<double> values{};
};

/// @brief How many codes the cells [first, last) have; the largest 64-bit number where there are more.
/// @param operator_counts of each cell
constexpr std::uint64_t window_codes(std::span<const int> operator_counts, int first, int last) {
    if (last <= first) {
        return 1;
    }
    return detail::saturating_product(
        operator_counts.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
}
/// @return how many codes the cells [first, last) of a space have, or the largest number
template <code_space Space>
constexpr std::uint64_t window_codes(int first, int last) {
    return window_codes(Space::operator_counts, first, last);
}

namespace detail {

/// A window sum of codes with so many operators in their cells.
class sum_of_terms {
public:
    sum_of_terms(std::span<const int> operator_counts, double offset)
        : m_counts(operator_counts), m_offset(offset) {}
    FITNAS_LAZY sum_of_terms(std::span<const int> operator_counts, const cost_terms& cost);

    void add(double constant) { m_offset += constant; }
    FITNAS_LAZY void add(window_term term);
    FITNAS_LAZY void add(const sum_of_terms& other, double factor);

    std::span<const int> operator_counts() const { return m_counts; }
    double offset() const { return m_offset; }
    const std::vector<window_term>& terms() const { return m_terms; }

private:
    std::span<const int> m_counts; // of the space's own table
    double m_offset;
    std::vector<window_term> m_terms;
};

} // namespace detail

/// @brief A constant plus terms: what a predictor that decomposes gives away of itself, see `windows`.
template <code_space Space>
class window_sum {
public:
    using space = Space;

    /// A sum without terms.
    explicit window_sum(double offset = 0) : m_sum(Space::operator_counts, offset) {}

    /// @brief What a cost counts: a window for each cell.
    /// @throws as `named_cost::in`
    window_sum(const named_cost& cost) // NOLINT(google-explicit-constructor)
        : m_sum(Space::operator_counts, cost.in<Space>()) {}

    /// @brief Adds a constant.
    void add(double constant) { m_sum.add(constant); }

    /// @brief Adds a term; terms of one window become one.
    /// @throws shape_error where the window is not of the space, or has more or fewer codes than values
    void add(window_term term) { m_sum.add(std::move(term)); }

    /// @brief Adds `factor` times another sum.
    void add(const window_sum& other, double factor) { m_sum.add(other.m_sum, factor); }

    double offset() const { return m_sum.offset(); } ///< what every architecture has
    /// In the order in which they were added.
    const std::vector<window_term>& terms() const { return m_sum.terms(); }

    /// The same, for code that does not know the space's type.
    const detail::sum_of_terms& plain() const { return m_sum; }

private:
    detail::sum_of_terms m_sum;
};

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN sum_of_terms::sum_of_terms(std::span<const int> operator_counts, const cost_terms& cost)
    : m_counts(operator_counts), m_offset(0) {
    for (const cost_terms::term& t : cost.order()) {
        const std::span<const double> values = cost.values(t);
        if (t.cell < 0) {
            add(values[0]);
        } else {
            add({t.cell, t.cell + 1, {values.begin(), values.end()}});
        }
    }
}

FITNAS_LAZY_AGAIN void sum_of_terms::add(window_term term) {
    if (term.first < 0 || term.last < term.first || term.last > static_cast<int>(m_counts.size()) ||
        term.values.size() != window_codes(m_counts, term.first, term.last)) {
        throw shape_error("[F0633] window_sum: " + std::to_string(term.values.size()) +
                          " values do not fit the codes of the cells from " + std::to_string(term.first) +
                          " to before " + std::to_string(term.last));
    }
    for (window_term& known : m_terms) {
        if (known.first == term.first && known.last == term.last) {
            for (std::size_t i = 0; i < known.values.size(); ++i) {
                known.values[i] += term.values[i];
            }
            return;
        }
    }
    m_terms.push_back(std::move(term));
}

FITNAS_LAZY_AGAIN void sum_of_terms::add(const sum_of_terms& other, double factor) {
    m_offset += factor * other.m_offset;
    for (window_term term : other.m_terms) {
        for (double& v : term.values) {
            v *= factor;
        }
        add(std::move(term));
    }
}

} // namespace fitnas::detail

#endif

#endif
