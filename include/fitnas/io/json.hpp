/// @file
/// @brief Results as JSON. The only header that needs nlohmann-json; the umbrella does not include it.

#ifndef FITNAS_IO_JSON_HPP
#define FITNAS_IO_JSON_HPP

#include <cmath>
#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

#include <fitnas/io/text_file.hpp>
#include <fitnas/space/score_table.hpp>

namespace fitnas {

/// @brief A JSON value whose objects keep the order of their keys.
using json = nlohmann::ordered_json;

/// @brief Writes a value, indented by two spaces. The file is there whole or not at all.
/// @throws data_error where the file cannot be written or a text is not UTF-8
inline void write_json(const std::string& path, const json& value) {
    std::string text;
    try {
        text = value.dump(2) + "\n";
    } catch (const json::exception& e) {
        throw data_error(path + ": cannot be written as JSON: " + e.what());
    }
    detail::write_text(path, text);
}

/// @brief Reads a value.
/// @throws data_error where the file is missing or not JSON
inline json read_json(const std::string& path) {
    const std::string text = detail::read_text(path);
    try {
        return json::parse(text);
    } catch (const json::exception& e) {
        throw data_error(path + ": expected JSON: " + e.what());
    }
}

/// @brief A table of scores: a list of `{"arch": "0212", "score": 0.83}`.
/// @throws shape_error where the columns differ in length; numeric_error where a score is not finite
template <code_space Space>
json to_json(const score_table<Space>& table) {
    if (table.scores.size() != table.size()) {
        throw shape_error("to_json: " + std::to_string(table.size()) + " architectures but " +
                          std::to_string(table.scores.size()) + " scores");
    }
    json rows = json::array();
    for (std::size_t i = 0; i < table.size(); ++i) {
        const std::string code = to_string<Space>(table.architectures[i]);
        if (!std::isfinite(table.scores[i])) {
            throw numeric_error("to_json: the score of architecture " + code + " (row " + std::to_string(i) +
                                ") is not finite");
        }
        json row = json::object();
        row["arch"] = code;
        row["score"] = table.scores[i];
        rows.push_back(row);
    }
    return rows;
}

/// @brief The table of scores that `to_json` made.
/// @param what the file or value, for the message
/// @throws data_error which names the row that is wrong
template <code_space Space>
score_table<Space> score_table_from_json(const json& rows, const std::string& what) {
    if (!rows.is_array()) {
        throw data_error(what + ": expected a list of rows, got a JSON " + rows.type_name());
    }
    score_table<Space> table;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string where = what + ": row " + std::to_string(i);
        const json& row = rows[i];
        if (!row.is_object() || !row.contains("arch") || !row["arch"].is_string() || !row.contains("score") ||
            !row["score"].is_number()) {
            throw data_error(where + ": expected {\"arch\": text, \"score\": number}, got " + row.dump());
        }
        try {
            table.push_back(parse<Space>(row["arch"].template get<std::string>()),
                            row["score"].template get<double>());
        } catch (const architecture_error& e) {
            throw data_error(where + ": " + e.what());
        }
    }
    return table;
}

} // namespace fitnas

#endif
