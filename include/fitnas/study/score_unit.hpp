/// @file
/// @brief In which unit the scores of a run are, which its predictions are in too.

#ifndef FITNAS_STUDY_SCORE_UNIT_HPP
#define FITNAS_STUDY_SCORE_UNIT_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/space/canonical.hpp>
#include <fitnas/study/run_folder.hpp>

namespace fitnas::study {

/// @brief What a score is.
enum class score_unit : std::uint8_t {
    accuracy, ///< the share of images that are right
    loss,     ///< minus the mean cross-entropy
    other     ///< of a table whose unit is not known
};

/// @brief What a run's folder tells of its scores.
template <code_space Space>
struct known_scores {
    score_unit unit = score_unit::other;              ///< of the scores
    std::map<architecture<Space>, double> accuracy{}; ///< with shared weights, of canonical codes

    /// @return the unit in a sentence
    std::string words() const {
        return unit == score_unit::accuracy ? "accuracy"
               : unit == score_unit::loss   ? "minus the loss (cross-entropy)"
                                            : "of a given table";
    }
};

/// @return the scores of a table by canonical code
template <code_space Space>
std::map<architecture<Space>, double> by_network(const score_table<Space>& table) {
    std::map<architecture<Space>, double> scores;
    for (std::size_t i = 0; i < table.size(); ++i) {
        scores[canonical<Space>(table.architectures[i])] = table.scores[i];
    }
    return scores;
}

/// @brief Compares what was fitted (`held_out.csv`) with the columns of `scores.csv`.
/// @throws data_error where one of them is wrong
template <code_space Space>
FITNAS_COLD known_scores<Space> read_score_unit(const run_folder& folder) {
    known_scores<Space> known;
    if (!folder.has("scores.csv") || !folder.has("held_out.csv")) {
        return known;
    }
    const csv_table<Space> file = read_csv_table<Space>(folder.file("scores.csv"));
    const auto fitted = by_network(read_csv<Space>(folder.file("held_out.csv")));
    for (const csv_column& c : file.columns) {
        if (c.name != "accuracy" && c.name != "negative_loss") {
            continue;
        }
        const auto column = by_network(score_table<Space>{file.scores.architectures, c.values});
        if (column == fitted) {
            known.unit = c.name == "accuracy" ? score_unit::accuracy : score_unit::loss;
        }
        if (c.name == "accuracy") {
            known.accuracy = column;
        }
    }
    return known;
}

} // namespace fitnas::study

#endif
