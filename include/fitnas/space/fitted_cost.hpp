/// @file
/// @brief A cost that is found from what some architectures cost.

#ifndef FITNAS_SPACE_FITTED_COST_HPP
#define FITNAS_SPACE_FITTED_COST_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/space/named_cost.hpp>

namespace fitnas {

/// @brief A cost, and how well it is the one that it was fitted to.
struct fitted_cost {
    named_cost cost;          ///< of any architecture of the space
    double largest_error = 0; ///< by how much an architecture that it was fitted to costs more or less
};

namespace detail {

struct cost_values {
    std::vector<std::vector<double>> of; ///< [cell][operator], the least of a cell 0
    double fixed = 0;
    double largest_error = 0;
};

/// Least squares; of sums of decimals those very decimals.
/// @param codes an operator for each cell, row by row
FITNAS_LAZY FITNAS_COLD cost_values fit_cost_values(const std::string& who, std::span<const int> operators,
                                                    std::span<const std::uint8_t> codes,
                                                    std::span<const double> costs);

} // namespace detail

namespace cost {

/// @brief A cost of the whole space from what some of its architectures cost, such as a column of a table:
/// the values of operators whose sums are nearest to it, by least squares.
///
/// Where costs are sums (multiply-accumulates, parameters, latencies out of a table), integers come back
/// exactly and numbers of few decimals to the rounding of their sum. Others are approximated: `largest_error`
/// says how well.
/// @param name,unit as of `cost::table`
/// @param architectures more than the operators of all cells; each operator in at least one of them
/// @param costs of these, from 0; those that are not a number, an empty field of a CSV, are left out
/// @throws shape_error where there are not as many costs as architectures, or they say nothing of an operator
/// @throws numeric_error where a cost is not of the range
/// @throws option_error where name or unit cannot stand in a file
template <code_space Space>
fitted_cost fitted(std::string name, std::string unit, std::span<const architecture<Space>> architectures,
                   std::span<const double> costs) {
    if (architectures.size() != costs.size()) {
        throw shape_error("[F0399] cost " + name + ": expected costs of " +
                          std::to_string(architectures.size()) + " architectures, got " +
                          std::to_string(costs.size()));
    }
    std::vector<std::uint8_t> codes;
    for (const architecture<Space>& a : architectures) {
        require_valid<Space>(a);
        codes.insert(codes.end(), a.begin(), a.end());
    }
    const fitnas::detail::cost_values found =
        fitnas::detail::fit_cost_values("cost " + name, Space::operator_counts, codes, costs);
    return {table<Space>(std::move(name), std::move(unit), found.of, found.fixed), found.largest_error};
}

} // namespace cost

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <cmath>
#include <functional>

#include <fitnas/core/cholesky.hpp>

namespace fitnas::detail {

/// A row of the least squares: 1, and for each cell but its first operator whether it is there.
class cost_rows_fit {
public:
    cost_rows_fit(std::span<const int> operators, std::span<const std::uint8_t> codes)
        : m_operators(operators), m_codes(codes) {
        for (const int count : operators) {
            m_first.push_back(m_size);
            m_size += static_cast<std::size_t>(count) - 1;
        }
    }

    std::size_t size() const { return m_size; }

    /// The places of the ones in a row.
    const std::vector<std::size_t>& ones(std::size_t row) {
        m_ones.assign(1, 0);
        for (std::size_t cell = 0; cell < m_operators.size(); ++cell) {
            const std::size_t o = m_codes[row * m_operators.size() + cell];
            if (o > 0) {
                m_ones.push_back(m_first[cell] + o - 1);
            }
        }
        return m_ones;
    }

    double sum(std::size_t row, const std::vector<double>& x) {
        double total = 0;
        for (const std::size_t at : ones(row)) {
            total += x[at];
        }
        return total;
    }

    /// Values of operators from 0 up, and what is left as the fixed part.
    cost_values values(const std::vector<double>& x) const {
        cost_values v{{}, x[0], 0};
        for (std::size_t cell = 0; cell < m_operators.size(); ++cell) {
            std::vector<double> of(static_cast<std::size_t>(m_operators[cell]));
            std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(m_first[cell]), of.size() - 1,
                        of.begin() + 1);
            const double least = *std::min_element(of.begin(), of.end());
            v.fixed += least;
            std::transform(of.begin(), of.end(), of.begin(), [&](double value) { return value - least; });
            v.of.push_back(std::move(of));
        }
        v.fixed = (std::max)(0.0, v.fixed);
        return v;
    }

private:
    std::span<const int> m_operators;
    std::span<const std::uint8_t> m_codes;
    std::vector<std::size_t> m_first; ///< place of each cell's second operator
    std::size_t m_size = 1;
    std::vector<std::size_t> m_ones;
};

/// What an architecture costs by fitted values, as `named_cost` adds it up.
FITNAS_LAZY double cost_by(const cost_values& v, std::span<const std::uint8_t> code) {
    double total = v.fixed;
    for (std::size_t cell = 0; cell < v.of.size(); ++cell) {
        total += v.of[cell][code[cell]];
    }
    return total;
}

/// The values with so many decimals at most.
FITNAS_LAZY cost_values rounded(cost_values v, double unit) {
    const auto round = [&](double& value) { value = std::round(value * unit) / unit; };
    round(v.fixed);
    for (std::vector<double>& of : v.of) {
        std::for_each(of.begin(), of.end(), round);
    }
    return v;
}

FITNAS_LAZY_AGAIN cost_values fit_cost_values(const std::string& who, std::span<const int> operators,
                                              std::span<const std::uint8_t> codes,
                                              std::span<const double> costs) {
    cost_rows_fit rows(operators, codes);
    const std::size_t n = rows.size();
    const std::size_t cells = operators.size();
    std::vector<std::size_t> known;
    double largest = 0;
    for (std::size_t i = 0; i < costs.size(); ++i) {
        if (!std::isnan(costs[i])) {
            require_cost_value(costs[i], who + ": architecture " + std::to_string(i));
            known.push_back(i);
            largest = (std::max)(largest, costs[i]);
        }
    }
    square_matrix a = square_matrix::from_shape({n, n});
    a.fill(0);
    for (const std::size_t i : known) {
        const std::vector<std::size_t>& ones = rows.ones(i);
        for (const std::size_t p : ones) {
            for (const std::size_t q : ones) {
                a(p, q) += 1;
            }
        }
    }
    std::vector<double> counts;
    for (std::size_t k = 0; k < n; ++k) {
        counts.push_back(a(k, k));
    }
    factorise(a);
    for (std::size_t k = 0; k < n; ++k) {
        if (!(a(k, k) > 3e-5 * std::sqrt(counts[k]))) { // 0, or nearly, where the columns before explain all
            throw shape_error("[F1301] " + who + ": " + std::to_string(known.size()) +
                              " architectures do not tell apart what its " + std::to_string(n) +
                              " values are: expected more of them, with each operator of each cell");
        }
    }
    std::vector<double> x(n);
    for (int turn = 0; turn < 3; ++turn) { // the first solves, the others take what rounding left
        std::vector<double> right(n);
        for (const std::size_t i : known) {
            const double rest = costs[i] - rows.sum(i, x);
            for (const std::size_t p : rows.ones(i)) {
                right[p] += rest;
            }
        }
        const std::vector<double> step = solved(a, std::move(right));
        std::transform(x.begin(), x.end(), step.begin(), x.begin(), std::plus<>());
    }
    cost_values best = rows.values(x);
    const auto off = [&](const cost_values& v) {
        double most = 0;
        for (const std::size_t i : known) {
            most = (std::max)(most, std::abs(cost_by(v, codes.subspan(i * cells, cells)) - costs[i]));
        }
        return most;
    };
    best.largest_error = off(best);
    for (double unit = 1; best.largest_error <= 1e-9 * largest && unit <= 1e6; unit *= 10) {
        cost_values exact = rounded(best, unit);
        exact.largest_error = off(exact);
        if (exact.largest_error <= 1e-12 * largest) {
            return exact;
        }
    }
    return best;
}

} // namespace fitnas::detail

#endif

#endif
