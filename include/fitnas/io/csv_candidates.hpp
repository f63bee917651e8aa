/// @file
/// @brief What a search found as CSV: `arch,predicted,macs,parameters,latency,score`.

#ifndef FITNAS_IO_CSV_CANDIDATES_HPP
#define FITNAS_IO_CSV_CANDIDATES_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <fitnas/io/candidate.hpp>
#include <fitnas/io/csv.hpp>

namespace fitnas {

namespace detail {

/// An empty field stands for a number that is not there.
inline std::string csv_optional(double value) { return std::isnan(value) ? "" : exact_text(value); }

} // namespace detail

/// @brief Writes candidates in their order; latencies and scores that are not a number become empty fields.
/// The file is there whole or not at all.
/// @param path where to; `path.tmp` is used on the way
/// @throws architecture_error where an architecture is not of the space
/// @throws numeric_error where a prediction is not finite, or a latency or score is infinite
/// @throws option_error where a cost is negative
/// @throws data_error where the file cannot be written
template <code_space Space>
void write_csv(const std::string& path, const std::vector<search::candidate<Space>>& candidates) {
    csv_rows rows{.header = {"arch", "predicted", "macs", "parameters", "latency", "score"}};
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const search::candidate<Space>& c = candidates[i];
        detail::require_writable<Space>(c, i, "write_csv");
        rows.rows.push_back({to_string<Space>(c.architecture), exact_text(c.predicted),
                             std::to_string(c.macs), std::to_string(c.parameters),
                             detail::csv_optional(c.latency), detail::csv_optional(c.score)});
    }
    write_rows(path, rows);
}

/// @brief Reads candidates; other columns may hold what they like.
/// @param comment as in `csv_options`
/// @throws data_error which names path and line where the file or a column is missing, or a row has too few
/// or too many fields, an architecture that is none, or a field that is no number, not finite, or a negative
/// cost
template <code_space Space>
std::vector<search::candidate<Space>> read_csv_candidates(const std::string& path, char comment = '\0') {
    detail::csv_reader reader(path, comment);
    std::array<std::size_t, 6> at{};
    const char* names[] = {"arch", "predicted", "macs", "parameters", "latency", "score"};
    for (std::size_t i = 0; i < at.size(); ++i) {
        at[i] = reader.place(names[i]);
    }
    std::vector<search::candidate<Space>> candidates;
    for (std::vector<std::string> fields; reader.next(fields);) {
        const auto cost = [&](std::size_t column) {
            const auto value = detail::csv_number<long long>(fields[column], reader, column);
            if (value < 0) {
                throw data_error("[F0920] " + reader.where() + ": column " + reader.header()[column] +
                                 ": expected 0 or more, got " + fields[column]);
            }
            return value;
        };
        const auto optional = [&](std::size_t column) {
            return detail::trimmed(fields[column]).empty()
                       ? std::numeric_limits<double>::quiet_NaN()
                       : detail::csv_finite(fields[column], reader, column);
        };
        candidates.push_back({.architecture = detail::csv_code<Space>(fields[at[0]], reader, at[0]),
                              .predicted = detail::csv_finite(fields[at[1]], reader, at[1]),
                              .macs = cost(at[2]),
                              .parameters = cost(at[3]),
                              .latency = optional(at[4]),
                              .score = optional(at[5])});
    }
    return candidates;
}

} // namespace fitnas

#endif
