/// @file
/// @brief CSV as text (RFC 4180): a header, rows of as many fields, quotes where a field needs them.

#ifndef FITNAS_IO_CSV_ROWS_HPP
#define FITNAS_IO_CSV_ROWS_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/io/text_file.hpp>

namespace fitnas {

/// @brief What stands in a CSV file.
struct csv_rows {
    std::vector<std::string> header{};            ///< names of the columns, each once
    std::vector<std::vector<std::string>> rows{}; ///< one field a column
};

namespace detail {

inline constexpr std::string_view csv_blanks = " \t";

/// A field without spaces and tabs around it.
inline std::string_view trimmed(std::string_view field) {
    const std::size_t first = (std::min)(field.find_first_not_of(csv_blanks), field.size());
    return field.substr(first, field.find_last_not_of(csv_blanks) + 1 - first);
}

/// A CSV file that is read row by row. Lines may end in "\r\n"; a byte order mark, blank lines behind the
/// last row and lines of comment are skipped.
class csv_reader {
public:
    /// @param comment what lines of comment begin with; '\0': there are none
    /// @throws data_error where the file cannot be read, is empty, or names a column twice
    /// @throws option_error where `comment` may begin a row
    explicit csv_reader(const std::string& path, char comment = '\0');

    const std::vector<std::string>& header() const { return m_header; }
    /// "path:line" of the row that was read last.
    std::string where() const { return m_path + ":" + std::to_string(m_row_line); }

    /// Which column has this name, perhaps with spaces around it.
    /// @throws data_error where none has
    std::size_t place(const std::string& name) const;

    /// @return whether there was another row
    /// @throws data_error where it has too few or too many fields, or quotes do not match
    bool next(std::vector<std::string>& fields);

private:
    /// Steps over lines of comment before the next row, and says whether there is none.
    bool at_end();

    std::vector<std::string> read_row();

    std::string read_plain();

    std::string read_quoted();

    std::string m_path;
    std::string m_text;
    char m_comment;
    std::size_t m_at = 0;
    std::size_t m_line = 1;
    std::size_t m_row_line = 1;
    std::vector<std::string> m_header;
};

/// Reads all of a field as a number; there may be spaces around it, and a plus sign.
/// @throws data_error which names line and column
template <class Number>
Number csv_number(const std::string& field, const csv_reader& reader, std::size_t column) {
    const std::optional<Number> value = read_number<Number>(trimmed(field));
    if (!value) {
        throw data_error("[F0928] " + reader.where() + ": column " + reader.header()[column] + ": expected " +
                         (std::is_integral_v<Number> ? "an integer" : "a number") + ", got \"" + field +
                         "\"");
    }
    return *value;
}

/// The field as it stands in a file: quoted where it must be.
FITNAS_LAZY std::string csv_field(const std::string& field);

FITNAS_LAZY std::string csv_line(const std::vector<std::string>& fields);

} // namespace detail

/// @brief Writes rows of text. The file is there whole or not at all.
/// @param path where to; `path.tmp` is used on the way
/// @throws option_error where the header is empty, or has an empty name or one twice
/// @throws shape_error where a row has more or fewer fields than the header
/// @throws data_error where the file cannot be written
FITNAS_API void write_rows(const std::string& path, const csv_rows& table);

/// @brief Reads rows of text. Blank lines behind the last row are left out.
/// @param comment lines that begin with it are left out, for example '#'; '\0': none
/// @throws option_error where `comment` is a character that may begin a row
/// @throws data_error which names path and line where the file is missing or empty, a column is named twice,
/// a row has too few or too many fields, or quotes do not match
FITNAS_API csv_rows read_rows(const std::string& path, char comment = '\0');

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_API csv_reader::csv_reader(const std::string& path, char comment)
    : m_path(path), m_text(read_plain_text(path)), m_comment(comment) {
    constexpr std::string_view marks = "!#$%&'*/:;<=>?@\\^_`|~";
    if (comment != '\0' && marks.find(comment) == std::string_view::npos) {
        throw option_error("[F0977] " + path + ": comment: expected one of " + std::string(marks) +
                           ", got '" + comment + "'");
    }
    if (const std::string nul = nul_in(m_text); !nul.empty()) {
        throw data_error("[F0975] " + path + ": expected text, got " + nul);
    }
    if (m_text.starts_with("\xEF\xBB\xBF")) {
        m_at = 3;
    }
    if (at_end()) {
        throw data_error("[F0921] " + path + ": expected a header, the file is empty");
    }
    m_header = read_row();
    std::vector<std::string> names = m_header;
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
        throw data_error("[F0922] " + where() + ": the header names the column \"" + *twice + "\" twice");
    }
}

FITNAS_API std::size_t csv_reader::place(const std::string& name) const {
    auto found = std::find(m_header.begin(), m_header.end(), name);
    if (found == m_header.end()) {
        found = std::find_if(m_header.begin(), m_header.end(),
                             [&](const std::string& column) { return trimmed(column) == name; });
    }
    if (found == m_header.end()) {
        std::string names;
        for (const std::string& column : m_header) {
            names += (names.empty() ? "" : ", ") + column;
        }
        throw data_error("[F0923] " + m_path + ":1: expected a header with the column \"" + name +
                         "\", got " + (names.size() > 200 ? names.substr(0, 200) + "..." : names));
    }
    return static_cast<std::size_t>(found - m_header.begin());
}

FITNAS_API bool csv_reader::next(std::vector<std::string>& fields) {
    if (at_end()) {
        return false;
    }
    fields = read_row();
    if (fields.size() != m_header.size()) {
        throw data_error("[F0924] " + where() + ": expected " + std::to_string(m_header.size()) +
                         " fields, got " + std::to_string(fields.size()));
    }
    return true;
}

FITNAS_API bool csv_reader::at_end() {
    for (std::size_t at = m_at;;) {
        const std::size_t next = m_text.find_first_not_of(" \t\r\n", at);
        if (next == std::string::npos) {
            return true;
        }
        const bool begins_line = next == at || m_text[next - 1] == '\n';
        if (m_comment == '\0' || m_text[next] != m_comment || !begins_line) {
            return false;
        }
        const std::size_t end = (std::min)(m_text.find('\n', next), m_text.size());
        if (next == m_at) { // otherwise there is a blank line, which may be a row
            m_at = (std::min)(end + 1, m_text.size());
            ++m_line;
        }
        at = (std::min)(end + 1, m_text.size());
    }
}

FITNAS_API std::vector<std::string> csv_reader::read_row() {
    m_row_line = m_line;
    std::vector<std::string> fields;
    while (true) {
        const bool quoted = m_at < m_text.size() && m_text[m_at] == '"';
        fields.push_back(quoted ? read_quoted() : read_plain());
        if (m_at < m_text.size() && m_text[m_at] == ',') {
            ++m_at;
            continue;
        }
        m_at += m_text.compare(m_at, 1, "\r") == 0 ? 1U : 0U;
        if (m_at < m_text.size()) { // the end of the line
            ++m_at;
            ++m_line;
        }
        return fields;
    }
}

FITNAS_API std::string csv_reader::read_plain() {
    const std::size_t end = (std::min)(m_text.find_first_of(",\n", m_at), m_text.size());
    const bool carriage_return = end > m_at && m_text[end - 1] == '\r' && m_text.compare(end, 1, ",") != 0;
    std::string field = m_text.substr(m_at, end - m_at - (carriage_return ? 1 : 0));
    if (field.find('"') != std::string::npos) {
        throw data_error("[F0925] " + where() +
                         ": a quote inside of a field that does not begin with one: " + field);
    }
    m_at += field.size();
    return field;
}

FITNAS_API std::string csv_reader::read_quoted() {
    std::string field;
    for (++m_at;; ++m_at) {
        const std::size_t quote = m_text.find('"', m_at);
        if (quote == std::string::npos) {
            throw data_error("[F0926] " + where() + ": a quoted field does not end");
        }
        field.append(m_text, m_at, quote - m_at);
        m_at = quote + 1;
        if (m_text.compare(m_at, 1, "\"") != 0) {
            break;
        }
        field += '"';
    }
    m_line += static_cast<std::size_t>(std::count(field.begin(), field.end(), '\n'));
    const std::string_view rest = std::string_view(m_text).substr(m_at);
    if (!rest.empty() && rest.front() != ',' && rest.front() != '\n' && rest != "\r" &&
        !rest.starts_with("\r\n")) {
        throw data_error("[F0927] " + where() +
                         ": expected a comma or the end of the line after a quoted field");
    }
    return field;
}

FITNAS_LAZY_AGAIN std::string csv_field(const std::string& field) {
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
        return field;
    }
    std::string quoted = "\"";
    for (const char c : field) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + "\"";
}

FITNAS_LAZY_AGAIN std::string csv_line(const std::vector<std::string>& fields) {
    // A line that seems blank would be none.
    if (fields.size() == 1 && trimmed(fields[0]).empty() &&
        fields[0].find_first_of("\r\n") == std::string::npos) {
        return "\"" + fields[0] + "\"\n";
    }
    std::string line;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        line += i > 0 ? "," : "";
        line += csv_field(fields[i]);
    }
    line += '\n';
    return line;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API void write_rows(const std::string& path, const csv_rows& table) {
    std::vector<std::string> names = table.header;
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (names.empty() || names.front().empty() || twice != names.end()) {
        throw option_error("[F0929] write_rows: " + path + ": expected a header of names, each once, got " +
                           (names.empty()           ? "none"
                            : names.front().empty() ? "an empty name"
                                                    : "\"" + *twice + "\" twice"));
    }
    std::string text = detail::csv_line(table.header);
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        if (table.rows[i].size() != table.header.size()) {
            throw shape_error("[F0930] write_rows: " + path + ": row " + std::to_string(i) + ": expected " +
                              std::to_string(table.header.size()) + " fields, got " +
                              std::to_string(table.rows[i].size()));
        }
        text += detail::csv_line(table.rows[i]);
    }
    detail::write_text(path, text);
}

FITNAS_API csv_rows read_rows(const std::string& path, char comment) {
    detail::csv_reader reader(path, comment);
    csv_rows table{.header = reader.header()};
    for (std::vector<std::string> fields; reader.next(fields);) {
        table.rows.push_back(std::move(fields));
    }
    return table;
}

} // namespace fitnas

#endif

#endif
