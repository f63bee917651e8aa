/// @file
/// @brief Tables of scores as CSV: `arch,score` and any further columns of numbers.

#ifndef FITNAS_IO_CSV_HPP
#define FITNAS_IO_CSV_HPP

#include <charconv>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fitnas/io/text_file.hpp>
#include <fitnas/space/score_table.hpp>

namespace fitnas {

/// @brief A named column of numbers.
struct csv_column {
    std::string name;           ///< without commas, quotes and line ends
    std::vector<double> values; ///< one a row
};

/// @brief The names of the two columns that a table of scores needs.
struct csv_options {
    std::string architecture = "arch";
    std::string score = "score";
};

/// @brief What a CSV file holds.
template <code_space Space>
struct csv_table {
    score_table<Space> scores;
    std::vector<csv_column> columns; ///< all others, in the order of the file
};

namespace detail {

/// The shortest text that reads back as the same number.
inline std::string number_text(double value) {
    char text[32];
    const std::to_chars_result end = std::to_chars(text, text + sizeof text, value);
    return {text, end.ptr};
}

/// Cuts the next piece off the front of `rest`.
inline std::string_view cut(std::string_view& rest, char separator) {
    const std::size_t at = rest.find(separator);
    const std::string_view piece = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return piece;
}

inline std::vector<std::string_view> csv_fields(std::string_view line) {
    if (!line.empty() && line.back() == '\r') {
        line.remove_suffix(1);
    }
    std::vector<std::string_view> fields;
    while (true) {
        const bool last = line.find(',') == std::string_view::npos;
        fields.push_back(cut(line, ','));
        if (last) {
            return fields;
        }
    }
}

inline double csv_number(std::string_view field, const std::string& where, const std::string& column) {
    double value = 0;
    const std::from_chars_result end = std::from_chars(field.data(), field.data() + field.size(), value);
    if (end.ec != std::errc{} || end.ptr != field.data() + field.size()) {
        throw data_error(where + ": column " + column + ": expected a number, got \"" + std::string(field) +
                         "\"");
    }
    return value;
}

inline std::size_t csv_place(const std::vector<std::string_view>& header, const std::string& name,
                             const std::string& where) {
    for (std::size_t i = 0; i < header.size(); ++i) {
        if (header[i] == name) {
            return i;
        }
    }
    throw data_error(where + ": expected a header with the column \"" + name + "\", there is none");
}

} // namespace detail

/// @brief Writes a table of scores; numbers read back as the same bits. The file is there whole or not at
/// all.
/// @param path where to; `path.tmp` is used on the way
/// @param columns further columns, as long as the table
/// @throws shape_error where a column has another length; option_error where a column's name cannot stand in
/// a header; numeric_error where a score is not finite; data_error where the file cannot be written
template <code_space Space>
void write_csv(const std::string& path, const score_table<Space>& table,
               std::span<const csv_column> columns = {}) {
    if (table.scores.size() != table.size()) {
        throw shape_error("write_csv: " + std::to_string(table.size()) + " architectures but " +
                          std::to_string(table.scores.size()) + " scores");
    }
    std::string text = "arch,score";
    for (const csv_column& column : columns) {
        if (column.name.empty() || column.name.find_first_of(",\"\r\n") != std::string::npos) {
            throw option_error(
                "write_csv: expected a column name without commas, quotes and line ends, got \"" +
                column.name + "\"");
        }
        if (column.values.size() != table.size()) {
            throw shape_error("write_csv: column " + column.name + ": expected " +
                              std::to_string(table.size()) + " values, got " +
                              std::to_string(column.values.size()));
        }
        text += "," + column.name;
    }
    text += '\n';
    for (std::size_t i = 0; i < table.size(); ++i) {
        require_valid<Space>(table.architectures[i]);
        if (!std::isfinite(table.scores[i])) {
            throw numeric_error("write_csv: the score of architecture " +
                                to_string<Space>(table.architectures[i]) + " (row " + std::to_string(i) +
                                ") is not finite");
        }
        text += to_string<Space>(table.architectures[i]) + "," + detail::number_text(table.scores[i]);
        for (const csv_column& column : columns) {
            text += "," + detail::number_text(column.values[i]);
        }
        text += '\n';
    }
    detail::write_text(path, text);
}

/// @brief Reads a table of scores and all other columns, which must be numbers.
/// @param path a CSV file with a header and without quotes
/// @param options the names of the columns; for example `{.score = "mean_acc"}`
/// @throws data_error which names path and line where the file is missing, or a row has too few or too many
/// fields, an architecture that is none, or a field that is no number
template <code_space Space>
csv_table<Space> read_csv_table(const std::string& path, const csv_options& options = {}) {
    const std::string text = detail::read_text(path);
    std::string_view rest = text;
    const std::vector<std::string_view> header = detail::csv_fields(detail::cut(rest, '\n'));
    const std::size_t code_place = detail::csv_place(header, options.architecture, path + ":1");
    const std::size_t score_place = detail::csv_place(header, options.score, path + ":1");
    csv_table<Space> table;
    for (std::size_t i = 0; i < header.size(); ++i) {
        if (i != code_place && i != score_place) {
            table.columns.push_back({std::string(header[i]), {}});
        }
    }
    for (std::size_t line = 2; !rest.empty(); ++line) {
        const std::string where = path + ":" + std::to_string(line);
        const std::vector<std::string_view> fields = detail::csv_fields(detail::cut(rest, '\n'));
        if (fields.size() != header.size()) {
            throw data_error(where + ": expected " + std::to_string(header.size()) + " fields, got " +
                             std::to_string(fields.size()));
        }
        architecture<Space> code{};
        try {
            code = parse<Space>(fields[code_place]);
        } catch (const architecture_error& e) {
            throw data_error(where + ": " + e.what());
        }
        const double score = detail::csv_number(fields[score_place], where, options.score);
        if (!std::isfinite(score)) {
            throw data_error(where + ": column " + options.score + ": expected a finite score, got \"" +
                             std::string(fields[score_place]) + "\"");
        }
        table.scores.push_back(code, score);
        auto column = table.columns.begin();
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (i != code_place && i != score_place) {
                column->values.push_back(detail::csv_number(fields[i], where, column->name));
                ++column;
            }
        }
    }
    return table;
}

/// @brief Reads a table of scores.
/// @throws data_error as `read_csv_table`
template <code_space Space>
score_table<Space> read_csv(const std::string& path, const csv_options& options = {}) {
    return read_csv_table<Space>(path, options).scores;
}

} // namespace fitnas

#endif
