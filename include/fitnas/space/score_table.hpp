/// @file
/// @brief Architectures and their scores: what flows from the supernet, or from any benchmark, into the
/// predictor.

#ifndef FITNAS_SPACE_SCORE_TABLE_HPP
#define FITNAS_SPACE_SCORE_TABLE_HPP

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/number_text.hpp>
#include <fitnas/space/architecture.hpp>
#include <fitnas/space/code_rows.hpp>

namespace fitnas {

/// @brief An architecture and its score; higher is better.
template <code_space Space>
struct scored {
    fitnas::architecture<Space> architecture{}; ///< one code of the space
    double score = 0;                           ///< higher is better
};

/// @brief Where scores come from, which says how their errors are.
enum class score_kind {
    truth,   ///< each network was trained by itself: errors are its own
    supernet ///< weights are shared: so are errors, by networks with operators in common
};

/// @brief A table (architecture, score).
template <code_space Space>
struct score_table {
    using space = Space;
    std::vector<fitnas::architecture<Space>> architectures; ///< one a row
    std::vector<double> scores;                             ///< as many as architectures
    /// `evaluate` says so of its tables; one of a file is what the reader's options say.
    score_kind kind = score_kind::truth;

    std::size_t size() const { return architectures.size(); }
    bool empty() const { return architectures.empty(); }
    /// Adds a row.
    void push_back(const fitnas::architecture<Space>& a, double score) {
        architectures.push_back(a);
        try {
            scores.push_back(score);
        } catch (...) { // there is no memory: no half of a row stays
            architectures.pop_back();
            throw;
        }
    }
    /// The architectures, for code that does not know the space.
    detail::code_rows codes() const { return detail::rows_of<Space>(architectures); }
    /// @return the rows with these numbers, in their order
    score_table rows(std::span<const std::size_t> numbers) const {
        score_table part;
        part.kind = kind;
        for (const std::size_t i : numbers) {
            part.push_back(architectures[i], scores[i]);
        }
        return part;
    }
};

namespace detail {
FITNAS_LAZY FITNAS_COLD void require_usable(const code_rows& codes, const std::vector<double>& scores,
                                            const std::string& what);
} // namespace detail

/// @brief Refuses a table that nothing can be fitted to.
/// @param what who asks, for the message
/// @throws shape_error where it is empty or the columns differ in length
/// @throws architecture_error where an architecture is not of the space
/// @throws numeric_error where a score is not finite, or all scores are equal
template <code_space Space>
void require_usable(const score_table<Space>& table, const std::string& what) {
    detail::require_usable(table.codes(), table.scores, what);
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_usable(const code_rows& codes, const std::vector<double>& scores,
                                      const std::string& what) {
    if (codes.size == 0) {
        throw shape_error("[F0321] " + what + ": the table of scores is empty");
    }
    if (scores.size() != codes.size) {
        throw shape_error("[F0322] " + what + ": " + std::to_string(codes.size) + " architectures but " +
                          std::to_string(scores.size()) + " scores");
    }
    bool constant = true;
    for (std::size_t i = 0; i < codes.size; ++i) {
        for (std::size_t cell = 0; cell < codes.cells(); ++cell) {
            if (codes[i][cell] >= codes.operator_counts[cell]) {
                refuse_operator(cell, codes.operator_counts[cell], codes[i][cell]);
            }
        }
        if (!std::isfinite(scores[i])) {
            throw numeric_error("[F0323] " + what + ": the score of architecture " + code_text(codes[i]) +
                                " (row " + std::to_string(i) + ") is not finite");
        }
        constant = constant && scores[i] == scores[0];
    }
    if (constant && codes.size > 1) {
        throw numeric_error("[F0324] " + what + ": all " + std::to_string(codes.size) +
                            " scores are equal to " + number_text(scores[0]) +
                            ", there is nothing to learn from them");
    }
}

} // namespace fitnas::detail

#endif

#endif
