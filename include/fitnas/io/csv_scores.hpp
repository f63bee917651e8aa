/// @file
/// @brief Tables of scores as CSV: `arch,score` and any further columns of numbers.

#ifndef FITNAS_IO_CSV_SCORES_HPP
#define FITNAS_IO_CSV_SCORES_HPP

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/io/csv_rows.hpp>
#include <fitnas/space/score_table.hpp>

namespace fitnas {

/// @brief A named column of numbers.
struct csv_column {
    std::string name;           ///< other than `arch` and `score`
    std::vector<double> values; ///< one a row; need not be finite
};

/// @brief The names of the two columns that a table of scores needs, and what is no part of it.
struct csv_options {
    std::string architecture = "arch"; ///< the column of the codes
    std::string score = "score";       ///< the column of the scores
    char comment = '\0';               ///< lines that begin with it are left out, for example '#'; '\0': none
    score_kind kind = score_kind::truth; ///< of the scores: those of a supernet are fitted in another way
    /// Makes a code of a field that has an architecture in another form; what it refuses by an
    /// `architecture_error` is refused with path and line. Without it fields are codes.
    std::function<std::string(const std::string&)> code_of{};
};

/// @brief What a CSV file holds.
template <code_space Space>
struct csv_table {
    score_table<Space> scores;       ///< a row for each architecture
    std::vector<csv_column> columns; ///< all others, in the order of the file

    /// @return one of these
    /// @throws data_error where none has the name
    const csv_column& column(std::string_view name) const {
        for (const csv_column& c : columns) {
            if (c.name == name) {
                return c;
            }
        }
        throw data_error("[F1202] csv_table: expected a column \"" + std::string(name) + "\", got " +
                         std::to_string(columns.size()) + " others");
    }
};

namespace detail {

template <code_space Space>
architecture<Space> csv_code(const std::string& field, const csv_reader& reader, std::size_t column,
                             const std::function<std::string(const std::string&)>& code_of = {}) {
    try {
        const std::string_view text = trimmed(field);
        return code_of ? parse<Space>(code_of(std::string(text))) : parse<Space>(text);
    } catch (const architecture_error& e) {
        throw data_error("[F0915] " + reader.where() + ": column " + reader.header()[column] + ": " +
                         e.what());
    }
}

FITNAS_LAZY double csv_finite(const std::string& field, const csv_reader& reader, std::size_t column);

/// An empty field stands for a number that is not there.
inline double csv_number_if_any(const std::string& field, const csv_reader& reader, std::size_t column) {
    return trimmed(field).empty() ? std::numeric_limits<double>::quiet_NaN()
                                  : csv_number<double>(field, reader, column);
}

/// Reads the scores, and calls `others(fields)` for every row.
template <code_space Space, class Others>
score_table<Space> csv_scores(csv_reader& reader, const csv_options& options, Others&& others) {
    const std::size_t code_place = reader.place(options.architecture);
    const std::size_t score_place = reader.place(options.score);
    score_table<Space> table;
    table.kind = options.kind;
    for (std::vector<std::string> fields; reader.next(fields);) {
        table.push_back(csv_code<Space>(fields[code_place], reader, code_place, options.code_of),
                        csv_finite(fields[score_place], reader, score_place));
        others(fields);
    }
    return table;
}

} // namespace detail

/// @brief Writes a table of scores; numbers read back as the same bits. The file is there whole or not at
/// all.
/// @param path where to; `path.tmp` is used on the way
/// @param columns further columns, as long as the table
/// @throws shape_error where a column has another length
/// @throws option_error where a column's name is empty, there twice, `arch` or `score`
/// @throws architecture_error where an architecture is not of the space
/// @throws numeric_error where a score is not finite
/// @throws data_error where the file cannot be written
template <code_space Space>
void write_csv(const std::string& path, const score_table<Space>& table,
               std::span<const csv_column> columns = {}) {
    if (table.scores.size() != table.size()) {
        throw shape_error("[F0917] write_csv: " + std::to_string(table.size()) + " architectures but " +
                          std::to_string(table.scores.size()) + " scores");
    }
    csv_rows rows{.header = {"arch", "score"}};
    for (const csv_column& column : columns) {
        if (column.values.size() != table.size()) {
            throw shape_error("[F0918] write_csv: column " + column.name + ": expected " +
                              std::to_string(table.size()) + " values, got " +
                              std::to_string(column.values.size()));
        }
        rows.header.push_back(column.name);
    }
    for (std::size_t i = 0; i < table.size(); ++i) {
        require_valid<Space>(table.architectures[i]);
        if (!std::isfinite(table.scores[i])) {
            throw numeric_error("[F0919] write_csv: the score of architecture " +
                                to_string<Space>(table.architectures[i]) + " (row " + std::to_string(i) +
                                ") is not finite");
        }
        std::vector<std::string> row = {to_string<Space>(table.architectures[i]),
                                        exact_text(table.scores[i])};
        for (const csv_column& column : columns) {
            row.push_back(exact_text(column.values[i]));
        }
        rows.rows.push_back(std::move(row));
    }
    write_rows(path, rows);
}

/// @brief Reads a table of scores and all other columns, which must be numbers; an empty field there is not a
/// number.
/// @param path a CSV file with a header
/// @param options the names of the columns; for example `{.score = "mean_acc"}`
/// @throws data_error which names path and line where the file is missing, a column is missing, or a row has
/// too few or too many fields, an architecture that is none, a score that is not finite, or a field that is
/// no number
template <code_space Space>
csv_table<Space> read_csv_table(const std::string& path, const csv_options& options = {}) {
    detail::csv_reader reader(path, options.comment);
    csv_table<Space> table;
    std::vector<std::size_t> places;
    const std::size_t code_place = reader.place(options.architecture);
    const std::size_t score_place = reader.place(options.score);
    for (std::size_t i = 0; i < reader.header().size(); ++i) {
        if (i != code_place && i != score_place) {
            table.columns.push_back({std::string(detail::trimmed(reader.header()[i])), {}});
            places.push_back(i);
        }
    }
    table.scores = detail::csv_scores<Space>(reader, options, [&](const std::vector<std::string>& fields) {
        for (std::size_t i = 0; i < places.size(); ++i) {
            const std::string& field = fields[places[i]];
            table.columns[i].values.push_back(detail::csv_number_if_any(field, reader, places[i]));
        }
    });
    return table;
}

/// @brief Reads a table of scores; other columns may hold what they like.
/// @throws data_error as `read_csv_table`
template <code_space Space>
score_table<Space> read_csv(const std::string& path, const csv_options& options = {}) {
    detail::csv_reader reader(path, options.comment);
    return detail::csv_scores<Space>(reader, options, [](const std::vector<std::string>&) {});
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN double csv_finite(const std::string& field, const csv_reader& reader, std::size_t column) {
    const double value = csv_number<double>(field, reader, column);
    if (!std::isfinite(value)) {
        throw data_error("[F0916] " + reader.where() + ": column " + reader.header()[column] +
                         ": expected a finite number, got \"" + field + "\"");
    }
    return value;
}

} // namespace fitnas::detail

#endif

#endif
