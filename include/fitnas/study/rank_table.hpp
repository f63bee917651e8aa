/// @file
/// @brief Rank quality of several kinds of score, and how they compare, as rows.

#ifndef FITNAS_STUDY_RANK_TABLE_HPP
#define FITNAS_STUDY_RANK_TABLE_HPP

#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/io/csv_rows.hpp>
#include <fitnas/study/folder.hpp>
#include <fitnas/study/rank_quality.hpp>

namespace fitnas::study {

/// @brief One kind of score, taken once or several times.
struct ranking {
    std::string name;
    std::vector<std::vector<double>> replicates; ///< each with one value a network, higher is better
};

/// @brief Rows (score, measure, value, low, high). Measures are `tau`, `tau_selected`, `truth_of_first`,
/// `truth_of_top` and `regret`, those of `rank_quality`; `tau_over_X` and `regret_below_X` say how much
/// better a score does than the score X.
struct rank_table {
    csv_rows rows{.header = {"score", "measure", "value", "low", "high"}}; ///< a row for each figure

    /// @brief Adds a row; nothing where the value is not a number.
    FITNAS_COLD void add(const std::string& score, const std::string& measure, const estimate& e);

    /// @brief Adds all kinds of score, each compared with the first, and the second with all.
    /// @param top which share of a ranking is selected
    /// @throws as `judge`
    FITNAS_COLD void add_all(std::span<const ranking> all, std::span<const double> truth,
                             std::span<const double> cost, double top);

    /// @brief Adds `tau_over_X` and `regret_below_X` of one kind of score, X being the name of the other.
    FITNAS_COLD void add_gains(const ranking& own, const ranking& other, std::span<const double> truth,
                               std::span<const double> cost);

    /// @return what a row says, nothing where there is none or it holds no numbers
    FITNAS_COLD std::optional<estimate> find(const std::string& score, const std::string& measure) const;
};

/// @return "0.440 (0.366 to 0.511)", in which a line breaks before the bracket alone
inline std::string words(const estimate& e, int digits = 3) {
    const auto text = [&](double v) { return fitnas::detail::fixed_point_text(v, digits); };
    return text(e.value) + " (" + text(e.range.low) + "\u00a0to\u00a0" + text(e.range.high) + ")";
}

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study {

FITNAS_API void rank_table::add(const std::string& score, const std::string& measure, const estimate& e) {
    if (!std::isnan(e.value)) {
        rows.rows.push_back(
            {score, measure, exact_text(e.value), exact_text(e.range.low), exact_text(e.range.high)});
    }
}

FITNAS_API void rank_table::add_all(std::span<const ranking> all, std::span<const double> truth,
                                    std::span<const double> cost, double top) {
    for (std::size_t i = 0; i < all.size(); ++i) {
        const rank_quality q = judge(all[i].replicates, truth, top, cost);
        for (const auto& [measure, e] : {std::pair("tau", q.tau), std::pair("tau_selected", q.selected),
                                         std::pair("truth_of_first", q.first),
                                         std::pair("truth_of_top", q.top), std::pair("regret", q.regret)}) {
            add(all[i].name, measure, e);
        }
        for (std::size_t j = 0; j < all.size(); ++j) {
            if (i != j && i > 0 && (j == 0 || i == 1)) {
                add_gains(all[i], all[j], truth, cost);
            }
        }
    }
}

FITNAS_API void rank_table::add_gains(const ranking& own, const ranking& other, std::span<const double> truth,
                                      std::span<const double> cost) {
    add(own.name, "tau_over_" + other.name, tau_gain(own.replicates, other.replicates, truth));
    add(own.name, "regret_below_" + other.name, regret_gain(own.replicates, other.replicates, truth, cost));
}

FITNAS_API std::optional<estimate> rank_table::find(const std::string& score,
                                                    const std::string& measure) const {
    for (const auto& row : rows.rows) {
        if (row.size() == 5 && row[0] == score && row[1] == measure) {
            const auto value = fitnas::detail::read_number<double>(row[2]);
            const auto low = fitnas::detail::read_number<double>(row[3]);
            const auto high = fitnas::detail::read_number<double>(row[4]);
            if (value && low && high) {
                return estimate{*value, {*low, *high}};
            }
        }
    }
    return std::nullopt;
}

} // namespace fitnas::study

#endif

#endif
