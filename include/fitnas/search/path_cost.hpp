/// @file
/// @brief A cost along a path of cells.

#ifndef FITNAS_SEARCH_PATH_COST_HPP
#define FITNAS_SEARCH_PATH_COST_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/space/limit.hpp>

namespace fitnas::search::detail {

/// What one cost counts, cell by cell. Steps add in the order of `cost_terms::sum`: of two beginnings the one
/// that has spent less costs no more in the end, to the bit.
struct path_cost {
    double start = 0; ///< of the fixed terms before the first cell
    double most = std::numeric_limits<double>::infinity();
    /// Above `most` by more than the rounding of any order of addition: what is left out here breaks the
    /// limit.
    double most_rounded = most;
    std::vector<std::vector<double>> cells{}; ///< for each operator
    std::vector<std::vector<double>> fixed{}; ///< terms between a cell and the next
    std::vector<double> fixed_behind{};       ///< of all fixed terms behind the first cells
    std::vector<double> smallest_behind{};    ///< of all terms behind the first cells, the cheapest way
    double total = 0;                         ///< the largest there is

    FITNAS_LAZY path_cost(const cost_terms& terms, double limit);

    /// What is spent behind a cell.
    double step(double spent, std::size_t cell, std::size_t o) const {
        spent += cells[cell][o];
        for (const double value : fixed[cell]) {
            spent += value;
        }
        return spent;
    }
    /// What the first cells of a code have spent.
    double spent(std::span<const std::uint8_t> code, std::size_t count) const {
        double sum = start;
        for (std::size_t t = 0; t < count; ++t) {
            sum = step(sum, t, code[t]);
        }
        return sum;
    }
};

/// The costs that are limited, in the order of the check.
FITNAS_LAZY std::vector<path_cost> path_costs_of(const limit_check& limits);

} // namespace fitnas::search::detail

#if FITNAS_DEFINITIONS

namespace fitnas::search::detail {

FITNAS_LAZY_AGAIN path_cost::path_cost(const cost_terms& terms, double limit) : most(limit) {
    for (const cost_terms::term& t : terms.order()) {
        const std::span<const double> values = terms.values(t);
        if (t.cell >= 0) {
            FITNAS_ASSERT(static_cast<std::size_t>(t.cell) == cells.size());
            cells.emplace_back(values.begin(), values.end());
            fixed.emplace_back();
        } else if (cells.empty()) {
            start += values[0];
        } else {
            fixed.back().push_back(values[0]);
        }
    }
    fixed_behind.assign(cells.size() + 1, 0);
    smallest_behind = fixed_behind;
    total = start;
    for (std::size_t i = cells.size(); i-- > 0;) {
        for (const double value : fixed[i]) {
            fixed_behind[i] += value;
        }
        smallest_behind[i] =
            smallest_behind[i + 1] + fixed_behind[i] + *std::min_element(cells[i].begin(), cells[i].end());
        total += fixed_behind[i] + *std::max_element(cells[i].begin(), cells[i].end());
        fixed_behind[i] += fixed_behind[i + 1];
    }
    most_rounded = most + 1e-12 * (std::abs(most) + total);
}

FITNAS_LAZY_AGAIN std::vector<path_cost> path_costs_of(const limit_check& limits) {
    std::vector<path_cost> all;
    for (const limit_check::limited& l : limits.costs()) {
        if (l.limits()) {
            all.emplace_back(l.terms, l.most);
        }
    }
    return all;
}

} // namespace fitnas::search::detail

#endif

#endif
