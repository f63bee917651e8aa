/// @file
/// @brief Architectures and their scores: what flows from the supernet, or from any benchmark, into the
/// predictor.

#ifndef FITNAS_SPACE_SCORE_TABLE_HPP
#define FITNAS_SPACE_SCORE_TABLE_HPP

#include <cmath>
#include <span>
#include <vector>

#include <fitnas/space/architecture.hpp>

namespace fitnas {

/// @brief An architecture and its score; higher is better.
template <code_space Space>
struct scored {
    fitnas::architecture<Space> architecture{};
    double score = 0;
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
    std::vector<fitnas::architecture<Space>> architectures;
    std::vector<double> scores; ///< as many as architectures
    /// `evaluate` says so of its tables; one of a file is what the reader's options say.
    score_kind kind = score_kind::truth;

    std::size_t size() const { return architectures.size(); }
    bool empty() const { return architectures.empty(); }
    void push_back(const fitnas::architecture<Space>& a, double score) {
        architectures.push_back(a);
        try {
            scores.push_back(score);
        } catch (...) { // there is no memory: no half of a row stays
            architectures.pop_back();
            throw;
        }
    }
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

/// @brief Refuses a table that nothing can be fitted to.
/// @param what who asks, for the message
/// @throws shape_error where it is empty or the columns differ in length
/// @throws architecture_error where an architecture is not of the space
/// @throws numeric_error where a score is not finite, or all scores are equal
template <code_space Space>
void require_usable(const score_table<Space>& table, const std::string& what) {
    if (table.empty()) {
        throw shape_error("[F0321] " + what + ": the table of scores is empty");
    }
    if (table.scores.size() != table.size()) {
        throw shape_error("[F0322] " + what + ": " + std::to_string(table.size()) + " architectures but " +
                          std::to_string(table.scores.size()) + " scores");
    }
    bool constant = true;
    for (std::size_t i = 0; i < table.size(); ++i) {
        require_valid<Space>(table.architectures[i]);
        if (!std::isfinite(table.scores[i])) {
            throw numeric_error("[F0323] " + what + ": the score of architecture " +
                                to_string<Space>(table.architectures[i]) + " (row " + std::to_string(i) +
                                ") is not finite");
        }
        constant = constant && table.scores[i] == table.scores[0];
    }
    if (constant && table.size() > 1) {
        throw numeric_error("[F0324] " + what + ": all " + std::to_string(table.size()) +
                            " scores are equal to " + detail::number_text(table.scores[0]) +
                            ", there is nothing to learn from them");
    }
}

} // namespace fitnas

#endif
