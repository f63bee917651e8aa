/// @file
/// @brief Results as JSON. The only header that needs nlohmann-json; the umbrella does not include it.

#ifndef FITNAS_IO_JSON_HPP
#define FITNAS_IO_JSON_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <fitnas/config.hpp>
#include <fitnas/io/candidate.hpp>
#include <fitnas/io/text_file.hpp>
#include <fitnas/space/score_table.hpp>

namespace fitnas {

/// @brief A JSON value whose objects keep the order of their keys.
using json = nlohmann::ordered_json;

/// @brief Writes a value, indented by two spaces; numbers that are not finite become null. The file is there
/// whole or not at all.
/// @throws data_error where the file cannot be written or a text is not UTF-8
FITNAS_API void write_json(const std::string& path, const json& value);

namespace detail {
/// How deep lists and objects lie in each other. Values are copied, printed and destroyed by recursion: what
/// is nested deeper than a stack would end the program.
FITNAS_LAZY int json_depth(const std::string& text);
} // namespace detail

/// @brief Reads a value.
/// @throws data_error where the file is missing, not JSON in UTF-8, nested more than 256 deep, or an object
/// of it names a key twice
FITNAS_API json read_json(const std::string& path);

/// @brief A table of scores: a list of `{"arch": "0212", "score": 0.83}`.
/// @throws shape_error where the columns differ in length; numeric_error where a score is not finite;
/// architecture_error where an architecture is not of the space
template <code_space Space>
json to_json(const score_table<Space>& table) {
    if (table.scores.size() != table.size()) {
        throw shape_error("[F0934] to_json: " + std::to_string(table.size()) + " architectures but " +
                          std::to_string(table.scores.size()) + " scores");
    }
    json rows = json::array();
    for (std::size_t i = 0; i < table.size(); ++i) {
        require_valid<Space>(table.architectures[i]);
        const std::string code = to_string<Space>(table.architectures[i]);
        if (!std::isfinite(table.scores[i])) {
            throw numeric_error("[F0935] to_json: the score of architecture " + code + " (row " +
                                std::to_string(i) + ") is not finite");
        }
        rows.push_back(json{{"arch", code}, {"score", table.scores[i]}});
    }
    return rows;
}

namespace detail {

/// A list of rows, each an object.
FITNAS_LAZY void require_rows(const json& rows, const std::string& what);

/// A member of a row, of which `good(value)` is true.
template <class Good>
const json& json_member(const json& row, const char* key, const char* expected, const std::string& where,
                        Good&& good) {
    const auto found = row.find(key);
    if (found == row.end() || !good(*found)) {
        // A list or an object is only named: a hostile one may be nested deeper than a stack.
        throw data_error("[F0938] " + where + ": \"" + key + "\": expected " + expected + ", got " +
                         (found == row.end()       ? "nothing"
                          : found->is_structured() ? std::string("a JSON ") + found->type_name()
                                                   : found->dump()));
    }
    return *found;
}

inline bool json_finite(const json& value) {
    return value.is_number() && std::isfinite(value.template get<double>());
}

inline double json_number(const json& row, const char* key, const std::string& where) {
    return json_member(row, key, "a finite number", where, json_finite).template get<double>();
}

template <code_space Space>
architecture<Space> json_code(const json& row, const std::string& where) {
    const json& code = json_member(row, "arch", "a text", where, [](const json& v) { return v.is_string(); });
    try {
        return parse<Space>(code.template get<std::string>());
    } catch (const architecture_error& e) {
        throw data_error("[F0939] " + where + ": \"arch\": " + e.what());
    }
}

} // namespace detail

/// @brief The table of scores that `to_json` made.
/// @param what the file or value, for the message
/// @throws data_error which names the row that is wrong
template <code_space Space>
score_table<Space> score_table_from_json(const json& rows, const std::string& what) {
    detail::require_rows(rows, what);
    score_table<Space> table;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string where = what + ": row " + std::to_string(i);
        table.push_back(detail::json_code<Space>(rows[i], where),
                        detail::json_number(rows[i], "score", where));
    }
    return table;
}

/// @brief What a search found: a list of `{"arch": "0212", "predicted": 0.83, "macs": 1, "parameters": 1,
/// "score": null, "costs": {"energy": {"value": 30.5, "unit": "mJ"}}}`. A score that is not a number becomes
/// null.
/// @throws architecture_error, numeric_error, option_error as `write_csv` of candidates
template <code_space Space>
json to_json(const std::vector<search::candidate<Space>>& candidates) {
    json rows = json::array();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const search::candidate<Space>& c = candidates[i];
        detail::require_writable<Space>(c, i, "to_json");
        json costs = json::object();
        for (const search::cost_value& cost : c.costs) {
            costs[cost.name] = {{"value", cost.value}, {"unit", cost.unit}};
        }
        rows.push_back(json{{"arch", to_string<Space>(c.architecture)},
                            {"predicted", c.predicted},
                            {"macs", c.macs},
                            {"parameters", c.parameters},
                            {"score", std::isnan(c.score) ? json() : json(c.score)},
                            {"costs", std::move(costs)}});
    }
    return rows;
}

/// @brief The candidates that `to_json` made.
/// @param what the file or value, for the message
/// @throws data_error which names the row that is wrong
template <code_space Space>
std::vector<search::candidate<Space>> candidates_from_json(const json& rows, const std::string& what) {
    detail::require_rows(rows, what);
    std::vector<search::candidate<Space>> candidates;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string where = what + ": row " + std::to_string(i);
        const auto cost = [&](const char* key) {
            constexpr auto most = static_cast<std::uint64_t>((std::numeric_limits<long long>::max)());
            const auto good = [](const json& v) {
                return v.is_number_unsigned() && v.template get<std::uint64_t>() <= most;
            };
            return detail::json_member(rows[i], key, "an integer of 0 or more", where, good)
                .template get<long long>();
        };
        const auto score = [&] {
            const json& value =
                detail::json_member(rows[i], "score", "a finite number or null", where,
                                    [](const json& v) { return detail::json_finite(v) || v.is_null(); });
            return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.template get<double>();
        };
        candidates.push_back({.architecture = detail::json_code<Space>(rows[i], where),
                              .predicted = detail::json_number(rows[i], "predicted", where),
                              .macs = cost("macs"),
                              .parameters = cost("parameters"),
                              .score = score()});
        const json& costs = detail::json_member(rows[i], "costs", "an object", where,
                                                [](const json& v) { return v.is_object(); });
        for (const auto& item : costs.items()) {
            const std::string& name = item.key();
            const json& one = detail::json_member(costs, name.c_str(), "an object", where + ": \"costs\"",
                                                  [](const json& v) { return v.is_object(); });
            const std::string whose = where + ": \"" + name + "\"";
            const json& unit = detail::json_member(one, "unit", "a text", whose,
                                                   [](const json& v) { return v.is_string(); });
            const json& value =
                detail::json_member(one, "value", "a number of 0 or more", whose, [](const json& v) {
                    return detail::json_finite(v) && v.template get<double>() >= 0;
                });
            candidates.back().costs.push_back(
                {name, unit.template get<std::string>(), value.template get<double>()});
        }
    }
    return candidates;
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API void write_json(const std::string& path, const json& value) {
    std::string text;
    try {
        text = value.dump(2) + "\n";
    } catch (const json::exception& e) {
        throw data_error("[F0931] " + path + ": cannot be written as JSON: " + e.what());
    }
    detail::write_text(path, text);
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN int json_depth(const std::string& text) {
    int depth = 0;
    int deepest = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            i += c == '\\' ? 1 : 0;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            deepest = (std::max)(deepest, ++depth);
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return deepest;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API json read_json(const std::string& path) {
    const std::string text = detail::read_plain_text(path);
    constexpr int most = 256;
    if (const int depth = detail::json_depth(text); depth > most) {
        throw data_error("[F0932] " + path + ": expected JSON nested at most " + std::to_string(most) +
                         " deep, got " + std::to_string(depth));
    }
    std::string wrong = detail::nul_in(text); // which the parser takes for the end
    if (wrong.empty()) {
        std::vector<std::set<std::string>> keys; // of the objects that are open
        std::string twice;
        const auto watch = [&](int, json::parse_event_t event, json& value) {
            if (event == json::parse_event_t::object_start) {
                keys.emplace_back();
            } else if (event == json::parse_event_t::object_end) {
                keys.pop_back();
            } else if (event == json::parse_event_t::key && twice.empty() &&
                       !keys.back().insert(value.get<std::string>()).second) {
                twice = value.dump();
            }
            return true;
        };
        try {
            json value = json::parse(text, watch);
            if (twice.empty()) {
                return value;
            }
            wrong = "an object has the key " + twice + " twice";
        } catch (const json::exception& e) {
            wrong = e.what();
        }
    }
    throw data_error("[F0933] " + path + ": expected JSON: " + wrong);
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_rows(const json& rows, const std::string& what) {
    if (!rows.is_array()) {
        throw data_error("[F0936] " + what + ": expected a list of rows, got a JSON " + rows.type_name());
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!rows[i].is_object()) {
            throw data_error("[F0937] " + what + ": row " + std::to_string(i) +
                             ": expected an object, got a JSON " + rows[i].type_name());
        }
    }
}

} // namespace fitnas::detail

#endif

#endif
