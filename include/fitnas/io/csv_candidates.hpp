/// @file
/// @brief What a search found as CSV: `arch,predicted,macs,parameters,score` and a column for each cost.

#ifndef FITNAS_IO_CSV_CANDIDATES_HPP
#define FITNAS_IO_CSV_CANDIDATES_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/io/candidate.hpp>
#include <fitnas/io/csv_scores.hpp>

namespace fitnas {

namespace detail {

/// An empty field stands for a number that is not there.
inline std::string csv_optional(double value) { return std::isnan(value) ? "" : exact_text(value); }

/// The column of a cost: "energy [mJ]".
inline std::string cost_column(const search::cost_value& cost) { return cost.name + " [" + cost.unit + "]"; }

/// The cost of a column, without a value; none where the column is of something else.
FITNAS_LAZY std::optional<search::cost_value> cost_of_column(std::string_view column);

} // namespace detail

/// @brief Writes candidates in their order; behind `arch,predicted,macs,parameters,score` stands a column
/// `name [unit]` for each cost that one of them has. Costs that others do not have, and scores that are not a
/// number, become empty fields. The file is there whole or not at all.
/// @param path where to; `path.tmp` is used on the way
/// @throws architecture_error where an architecture is not of the space
/// @throws numeric_error where a prediction is not finite, a score is infinite, or a cost out of its range
/// @throws option_error where macs or parameters are negative, or a cost has no name for a column
/// @throws data_error where the file cannot be written
template <code_space Space>
void write_csv(const std::string& path, const std::vector<search::candidate<Space>>& candidates) {
    csv_rows rows{.header = {"arch", "predicted", "macs", "parameters", "score"}};
    const std::size_t known = rows.header.size();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        detail::require_writable<Space>(candidates[i], i, "write_csv");
        for (const search::cost_value& cost : candidates[i].costs) {
            const std::string column = detail::cost_column(cost);
            if (std::find(rows.header.begin(), rows.header.end(), column) == rows.header.end()) {
                rows.header.push_back(column);
            }
        }
    }
    for (const search::candidate<Space>& c : candidates) {
        std::vector<std::string> row{to_string<Space>(c.architecture), exact_text(c.predicted),
                                     std::to_string(c.macs), std::to_string(c.parameters),
                                     detail::csv_optional(c.score)};
        for (std::size_t i = known; i < rows.header.size(); ++i) {
            const auto cost =
                std::find_if(c.costs.begin(), c.costs.end(), [&](const search::cost_value& one) {
                    return detail::cost_column(one) == rows.header[i];
                });
            row.push_back(cost == c.costs.end() ? "" : exact_text(cost->value));
        }
        rows.rows.push_back(std::move(row));
    }
    write_rows(path, rows);
}

/// @brief Reads candidates; columns `name [unit]` are costs, others may hold what they like.
/// @param comment as in `csv_options`
/// @throws data_error which names path and line where the file or a column is missing, or a row has too few
/// or too many fields, an architecture that is none, or a field that is no number, not finite, or a negative
/// cost
template <code_space Space>
std::vector<search::candidate<Space>> read_csv_candidates(const std::string& path, char comment = '\0') {
    detail::csv_reader reader(path, comment);
    std::array<std::size_t, 5> at{};
    const char* names[] = {"arch", "predicted", "macs", "parameters", "score"};
    for (std::size_t i = 0; i < at.size(); ++i) {
        at[i] = reader.place(names[i]);
    }
    std::vector<search::candidate<Space>> candidates;
    for (std::vector<std::string> fields; reader.next(fields);) {
        const auto not_negative = [&](auto value, std::size_t column) {
            if (value < 0) {
                throw data_error("[F0920] " + reader.where() + ": column " + reader.header()[column] +
                                 ": expected 0 or more, got " + fields[column]);
            }
            return value;
        };
        const auto count = [&](std::size_t column) {
            return not_negative(detail::csv_number<long long>(fields[column], reader, column), column);
        };
        const auto is_empty = [&](std::size_t column) { return detail::trimmed(fields[column]).empty(); };
        candidates.push_back({.architecture = detail::csv_code<Space>(fields[at[0]], reader, at[0]),
                              .predicted = detail::csv_finite(fields[at[1]], reader, at[1]),
                              .macs = count(at[2]),
                              .parameters = count(at[3]),
                              .score = is_empty(at[4]) ? std::numeric_limits<double>::quiet_NaN()
                                                       : detail::csv_finite(fields[at[4]], reader, at[4])});
        for (std::size_t i = 0; i < fields.size(); ++i) {
            std::optional<search::cost_value> cost =
                detail::cost_of_column(detail::trimmed(reader.header()[i]));
            if (cost && !is_empty(i)) {
                cost->value = not_negative(detail::csv_finite(fields[i], reader, i), i);
                candidates.back().costs.push_back(std::move(*cost));
            }
        }
    }
    return candidates;
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::optional<search::cost_value> cost_of_column(std::string_view column) {
    const std::size_t bracket = column.find(" [");
    if (bracket == std::string_view::npos || bracket == 0 || !column.ends_with(']')) {
        return std::nullopt;
    }
    return search::cost_value{std::string(column.substr(0, bracket)),
                              std::string(column.substr(bracket + 2, column.size() - bracket - 3))};
}

} // namespace fitnas::detail

#endif

#endif
