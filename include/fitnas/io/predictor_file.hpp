/// @file
/// @brief What all files of predictors have in common: a head, golden predictions, a checksum.

#ifndef FITNAS_IO_PREDICTOR_FILE_HPP
#define FITNAS_IO_PREDICTOR_FILE_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/number_text.hpp>
#include <fitnas/io/json.hpp>
#include <fitnas/version.hpp>

namespace fitnas::detail {

inline constexpr const char* predictor_format_name = "fitnas predictor";
inline constexpr int predictor_format_version = 1;
/// The most that golden predictions may be off where arithmetic differs, of their spread.
inline constexpr double golden_tolerance = 1e-4;

/// Whether the compiler makes one rounding of a product and a sum where nobody asked for it.
inline bool contracts() {
    volatile double x = 1 + 0x1p-30;
    volatile double minus_square = -(1 + 0x1p-29); // as x * x is rounded
    const double a = x;
    const double b = minus_square;
    return a * a + b != 0;
}

/// What decides how predictions are rounded: "vectors of 8, fma, glibc 2.36".
inline std::string arithmetic() {
    std::string text = "vectors of " + std::to_string(FITNAS_SIMD_WIDTH);
#if defined(__FMA__)
    text += ", fma";
#endif
#if defined(__GLIBC__)
    text += ", glibc " + std::to_string(__GLIBC__) + "." + std::to_string(__GLIBC_MINOR__);
#endif
    return text + (contracts() ? ", contracted" : "");
}

/// A value as messages show it; lists and objects of others only by their kind.
FITNAS_LAZY std::string shown(const json* value);

/// Where a value first differs from what is expected: "layers[2]: expected ..., got ..."; empty: nowhere.
FITNAS_LAZY std::string difference(const json& expected, const json& got, const std::string& where = "");

/// @throws data_error where an object has a member of another name
FITNAS_LAZY void require_members(const json& object, std::initializer_list<std::string_view> names,
                                 const std::string& where);

inline const json& json_list(const json& row, const char* key, const std::string& where) {
    return json_member(row, key, "a list", where, [](const json& v) { return v.is_array(); });
}
inline const json& json_object(const json& row, const char* key, const std::string& where) {
    return json_member(row, key, "an object", where, [](const json& v) { return v.is_object(); });
}
inline int json_integer(const json& row, const char* key, int low, int high, const std::string& where) {
    const std::string expected = "an integer from " + std::to_string(low) + " to " + std::to_string(high);
    return json_member(row, key, expected.c_str(), where,
                       [&](const json& v) {
                           return v.is_number_integer() && v.template get<double>() >= low &&
                                  v.template get<double>() <= high;
                       })
        .template get<int>();
}
inline std::string json_text(const json& row, const char* key, const std::string& where) {
    return json_member(row, key, "a text", where, [](const json& v) { return v.is_string(); })
        .template get<std::string>();
}

/// A member that is a list of so many finite numbers.
/// @throws data_error
FITNAS_LAZY std::vector<double> json_numbers(const json& row, const char* key, std::size_t count,
                                             const std::string& where);
/// The same, of floats: each is the one nearest to its decimal.
FITNAS_LAZY std::vector<float> json_floats(const json& row, const char* key, std::size_t count,
                                           const std::string& where);

/// Floats as the shortest decimals that read back as the same floats.
FITNAS_LAZY json floats_to_json(std::span<const float> values);

/// @throws numeric_error
inline void require_finite_number(double value, const std::string& what) {
    if (!std::isfinite(value)) {
        throw numeric_error("[F0964] predictor: " + what + ": expected finite numbers, got " +
                            number_text(value));
    }
}

/// CRC-32 of all numbers and texts below a value, in their order: a number as the eight bytes of a double,
/// the low ones first.
/// @throws numeric_error where a number is not finite
FITNAS_LAZY std::uint32_t checksum_of(const json& value);

/// An object whose lists of plain values stand on one line each.
FITNAS_LAZY std::string json_lines(const json& value, const std::string& indent = "");

/// What a program knows of the predictor that it wants.
struct predictor_head {
    std::string fingerprint;
    std::vector<int> operators; ///< of each cell
    json model;
};

/// @param golden a list of `{"arch", "predicted"}`
/// @throws numeric_error where a number is not finite
FITNAS_LAZY json predictor_json(const predictor_head& head, json values, json golden);

/// Checks all but golden predictions.
/// @throws data_error
FITNAS_LAZY void require_predictor(const json& file, const predictor_head& head, const std::string& what);

/// @param expected,predicted of the architectures that the file names
/// @throws data_error where they differ by more than rounding
FITNAS_LAZY void require_golden(const json& file, std::span<const double> expected,
                                std::span<const double> predicted, const std::string& what);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <bit>
#include <charconv>

#include <fitnas/io/crc32.hpp>

namespace fitnas::detail {

/// Whether a value has no lists and objects in it.
inline bool is_flat(const json& value) {
    return std::none_of(value.begin(), value.end(), [](const json& v) { return v.is_structured(); });
}

FITNAS_LAZY_AGAIN std::string shown(const json* value) {
    if (value == nullptr) {
        return "nothing";
    }
    return is_flat(*value) && value->size() <= 64
               ? value->dump()
               : std::string("a JSON ") + value->type_name() + " of " + std::to_string(value->size());
}

FITNAS_LAZY_AGAIN std::string difference(const json& expected, const json& got, const std::string& where) {
    const auto differs = [&](const std::string& at, const json* a, const json* b) {
        return (at.empty() ? "" : at + ": ") + "expected " + shown(a) + ", got " + shown(b);
    };
    if (!expected.is_structured() || expected.type() != got.type()) {
        return expected == got ? "" : differs(where, &expected, &got);
    }
    std::string first;
    if (expected.is_array()) {
        for (std::size_t i = 0; first.empty() && i < (std::max)(expected.size(), got.size()); ++i) {
            const std::string at = where + "[" + std::to_string(i) + "]";
            first = i >= got.size()        ? differs(at, &expected[i], nullptr)
                    : i >= expected.size() ? differs(at, nullptr, &got[i])
                                           : difference(expected[i], got[i], at);
        }
    } else {
        const std::string scope = where.empty() ? "" : where + ".";
        for (const auto& item : expected.items()) {
            const auto other = got.find(item.key());
            const std::string at = scope + item.key();
            if (first.empty()) {
                first = other == got.end() ? differs(at, &item.value(), nullptr)
                                           : difference(item.value(), *other, at);
            }
        }
        for (const auto& item : got.items()) {
            if (first.empty() && !expected.contains(item.key())) {
                first = differs(scope + item.key(), nullptr, &item.value());
            }
        }
    }
    return !first.empty() && is_flat(expected) ? differs(where, &expected, &got) : first;
}

FITNAS_LAZY_AGAIN void require_members(const json& object, std::initializer_list<std::string_view> names,
                                       const std::string& where) {
    for (const auto& item : object.items()) {
        if (std::find(names.begin(), names.end(), item.key()) == names.end()) {
            std::string all;
            for (const std::string_view name : names) {
                all += (all.empty() ? "" : ", ") + std::string(name);
            }
            throw data_error("[F0960] " + where + ": expected the members " + all + ", got also " +
                             json(item.key()).dump());
        }
    }
}

FITNAS_LAZY_AGAIN std::vector<double> json_numbers(const json& row, const char* key, std::size_t count,
                                                   const std::string& where) {
    const json& list = json_list(row, key, where);
    if (list.size() != count) {
        throw data_error("[F0961] " + where + ": \"" + key + "\": expected " + std::to_string(count) +
                         " numbers, got " + std::to_string(list.size()));
    }
    std::vector<double> values;
    values.reserve(count);
    for (const json& v : list) {
        if (!json_finite(v)) {
            throw data_error("[F0962] " + where + ": \"" + key + "\": number " +
                             std::to_string(values.size()) + ": expected a finite number, got " + shown(&v));
        }
        values.push_back(v.template get<double>());
    }
    return values;
}

FITNAS_LAZY_AGAIN std::vector<float> json_floats(const json& row, const char* key, std::size_t count,
                                                 const std::string& where) {
    std::vector<float> values;
    values.reserve(count);
    for (const double v : json_numbers(row, key, count, where)) {
        if (!(std::abs(v) <= static_cast<double>((std::numeric_limits<float>::max)()))) {
            throw data_error("[F0963] " + where + ": \"" + key + "\": number " +
                             std::to_string(values.size()) + ": expected a finite float, got " +
                             number_text(v));
        }
        values.push_back(static_cast<float>(v));
    }
    return values;
}

FITNAS_LAZY_AGAIN json floats_to_json(std::span<const float> values) {
    json list = json::array();
    for (const float v : values) {
        char text[32];
        const std::to_chars_result end = std::to_chars(text, text + sizeof text, v);
        const double exact = static_cast<double>(v);
        const double close = read_number<double>({text, end.ptr}).value_or(exact);
        const bool same = std::abs(close) <= static_cast<double>((std::numeric_limits<float>::max)()) &&
                          static_cast<float>(close) == v;
        list.push_back(same ? close : exact);
    }
    return list;
}

FITNAS_LAZY_AGAIN std::uint32_t checksum_of(const json& value) {
    crc32 sum;
    const auto add = [&](const auto& self, const json& v, const std::string& where) -> void {
        if (v.is_structured()) {
            for (const auto& item : v.items()) {
                self(self, item.value(), v.is_object() ? where + "." + item.key() : where);
            }
        } else if (v.is_string()) {
            const auto text = v.template get<std::string>();
            sum.add(text.data(), text.size());
        } else if (v.is_number()) {
            const auto number = v.template get<double>();
            require_finite_number(number, where);
            const auto bits = std::bit_cast<std::uint64_t>(number);
            std::uint8_t bytes[8];
            for (unsigned i = 0; i < 8; ++i) {
                bytes[i] = static_cast<std::uint8_t>(bits >> (8U * i));
            }
            sum.add(bytes, sizeof bytes);
        }
    };
    add(add, value, "values");
    return sum.value();
}

FITNAS_LAZY_AGAIN std::string json_lines(const json& value, const std::string& indent) {
    if (is_flat(value)) {
        return value.dump();
    }
    const std::string inner = indent + "  ";
    std::string text;
    for (const auto& item : value.items()) {
        text += (text.empty() ? "\n" : ",\n") + inner;
        text += value.is_object() ? json(item.key()).dump() + ": " : "";
        text += json_lines(item.value(), inner);
    }
    return value.is_object() ? "{" + text + "\n" + indent + "}" : "[" + text + "\n" + indent + "]";
}

FITNAS_LAZY_AGAIN json predictor_json(const predictor_head& head, json values, json golden) {
    const std::uint32_t checksum = checksum_of(values);
    return {{"format", predictor_format_name},
            {"version", predictor_format_version},
            {"fitnas", FITNAS_VERSION_STRING},
            {"arithmetic", arithmetic()},
            {"space", {{"fingerprint", head.fingerprint}, {"operators", head.operators}}},
            {"model", head.model},
            {"golden", std::move(golden)},
            {"values", std::move(values)},
            {"checksum", checksum}};
}

FITNAS_LAZY_AGAIN void require_predictor(const json& file, const predictor_head& head,
                                         const std::string& what) {
    const auto format = file.is_object() ? file.find("format") : file.end();
    if (!file.is_object() || format == file.end() || *format != predictor_format_name) {
        throw data_error("[F0965] " + what + ": not a predictor: expected an object with \"format\": \"" +
                         predictor_format_name + "\"");
    }
    const json& version = json_member(file, "version", "a number", what, json_finite);
    if (version != predictor_format_version) {
        throw data_error("[F0966] " + what + ": of another version: expected the format " +
                         std::to_string(predictor_format_version) + ", got " + version.dump() +
                         "; this is fitnas " FITNAS_VERSION_STRING);
    }
    require_members(
        file, {"format", "version", "fitnas", "arithmetic", "space", "model", "golden", "values", "checksum"},
        what);
    json_text(file, "fitnas", what);
    json_text(file, "arithmetic", what);
    const json& space = json_object(file, "space", what);
    require_members(space, {"fingerprint", "operators"}, what + ": space");
    const std::string fingerprint = json_text(space, "fingerprint", what + ": space");
    const json& operators = json_list(space, "operators", what + ": space");
    if (fingerprint != head.fingerprint || operators != json(head.operators)) {
        throw data_error("[F0967] " + what + ": of another space: expected the fingerprint " +
                         head.fingerprint + " and cells with " + json(head.operators).dump() +
                         " operators, got " + fingerprint + " and " + shown(&operators));
    }
    if (const std::string text = difference(head.model, json_object(file, "model", what)); !text.empty()) {
        throw data_error("[F0968] " + what + ": of another model: " + text);
    }
    const json& values = json_object(file, "values", what);
    if (file.contains("checksum")) {
        const json& sum = json_member(file, "checksum", "an integer of 0 or more", what,
                                      [](const json& v) { return v.is_number_unsigned(); });
        if (const std::uint32_t found = checksum_of(values); sum != found) {
            throw data_error("[F0973] " + what + ": damaged: expected values with the checksum " +
                             sum.dump() + ", they have " + std::to_string(found));
        }
    }
}

FITNAS_LAZY_AGAIN void require_golden(const json& file, std::span<const double> expected,
                                      std::span<const double> predicted, const std::string& what) {
    const std::string saved_with = json_text(file, "arithmetic", what);
    const bool alike = saved_with == arithmetic() && !contracts();
    const auto [low, high] = std::minmax_element(expected.begin(), expected.end());
    const double most =
        alike ? 0 : golden_tolerance * (*high - *low) + 1e-12 * (std::max)(std::abs(*low), std::abs(*high));
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (!(std::abs(predicted[i] - expected[i]) <= most)) {
            throw data_error("[F0974] " + what +
                             ": the model does not give the predictions that were saved with it: of " +
                             file.at("golden")[i].at("arch").template get<std::string>() + " expected " +
                             exact_text(expected[i]) + ", got " + exact_text(predicted[i]) +
                             (alike ? "" : ", at most " + number_text(most) + " apart is rounding") +
                             "; saved by fitnas " + json_text(file, "fitnas", what) + " (" + saved_with +
                             "), this is " FITNAS_VERSION_STRING " (" + arithmetic() + ")");
        }
    }
}

} // namespace fitnas::detail

#endif

#endif
