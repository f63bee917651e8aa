/// @file
/// @brief The header of a safetensors file: which tensors it has, and where.

#ifndef FITNAS_IO_SAFETENSORS_HEADER_HPP
#define FITNAS_IO_SAFETENSORS_HEADER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>

namespace fitnas {

/// @brief What the values of a tensor are. Of all types sizes are known; values can be read of integers,
/// `f64`, `f32`, and of `f16` and `bf16` as float.
enum class tensor_type : std::uint8_t {
    boolean,
    f4,
    f6_e2m3,
    f6_e3m2,
    u8,
    i8,
    f8_e5m2,
    f8_e4m3,
    f8_e8m0,
    f8_e4m3fnuz,
    f8_e5m2fnuz,
    u16,
    i16,
    f16,
    bf16,
    u32,
    i32,
    f32,
    c64,
    u64,
    i64,
    f64
};

/// @brief One tensor of a file.
struct tensor_info {
    std::string name{};
    tensor_type type = tensor_type::f32; ///< of its numbers
    std::vector<std::uint64_t> shape{};  ///< row-major; empty: one value
    std::uint64_t begin = 0;             ///< of its bytes, behind the header
    std::uint64_t end = 0;               ///< behind its last byte
};

namespace detail {

struct tensor_type_form {
    tensor_type type;
    std::string_view name;
    std::uint64_t bits; ///< of a value
};
/// All of the format, as of its version 0.7.
inline constexpr std::array<tensor_type_form, 22> tensor_types{{{tensor_type::boolean, "BOOL", 8},
                                                                {tensor_type::f4, "F4", 4},
                                                                {tensor_type::f6_e2m3, "F6_E2M3", 6},
                                                                {tensor_type::f6_e3m2, "F6_E3M2", 6},
                                                                {tensor_type::u8, "U8", 8},
                                                                {tensor_type::i8, "I8", 8},
                                                                {tensor_type::f8_e5m2, "F8_E5M2", 8},
                                                                {tensor_type::f8_e4m3, "F8_E4M3", 8},
                                                                {tensor_type::f8_e8m0, "F8_E8M0", 8},
                                                                {tensor_type::f8_e4m3fnuz, "F8_E4M3FNUZ", 8},
                                                                {tensor_type::f8_e5m2fnuz, "F8_E5M2FNUZ", 8},
                                                                {tensor_type::u16, "U16", 16},
                                                                {tensor_type::i16, "I16", 16},
                                                                {tensor_type::f16, "F16", 16},
                                                                {tensor_type::bf16, "BF16", 16},
                                                                {tensor_type::u32, "U32", 32},
                                                                {tensor_type::i32, "I32", 32},
                                                                {tensor_type::f32, "F32", 32},
                                                                {tensor_type::c64, "C64", 64},
                                                                {tensor_type::u64, "U64", 64},
                                                                {tensor_type::i64, "I64", 64},
                                                                {tensor_type::f64, "F64", 64}}};

inline const tensor_type_form& form_of(tensor_type t) { return tensor_types[static_cast<std::size_t>(t)]; }

/// @return the type whose values are T
template <class T>
constexpr tensor_type tensor_type_of() {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> ||
                      (std::is_integral_v<T> && sizeof(T) <= 8 && !std::is_same_v<T, bool>),
                  "[F0941] safetensors: values are float, double or integers of 8 to 64 bits");
    if constexpr (std::is_floating_point_v<T>) {
        return sizeof(T) == 4 ? tensor_type::f32 : tensor_type::f64;
    } else {
        constexpr bool s = std::is_signed_v<T>;
        return sizeof(T) == 1   ? (s ? tensor_type::i8 : tensor_type::u8)
               : sizeof(T) == 2 ? (s ? tensor_type::i16 : tensor_type::u16)
               : sizeof(T) == 4 ? (s ? tensor_type::i32 : tensor_type::u32)
                                : (s ? tensor_type::i64 : tensor_type::u64);
    }
}

/// @return how many values; the largest number where they overflow
FITNAS_LAZY std::uint64_t tensor_values(std::span<const std::uint64_t> shape);

/// @return bytes of a tensor, the last of which may not be full; the largest number where they overflow
FITNAS_LAZY std::uint64_t tensor_bytes(tensor_type type, std::span<const std::uint64_t> shape);

/// @return whether the values end with a byte, as they must
inline bool fills_bytes(tensor_type type, std::span<const std::uint64_t> shape) {
    return tensor_values(shape) % 8 * form_of(type).bits % 8 == 0;
}

FITNAS_LAZY std::string shape_text(std::span<const std::uint64_t> shape);

/// What a header of safetensors may hold, and nothing else: events of the JSON parser, so that a hostile
/// header is refused where it turns wrong and nothing is built of it.
class safetensors_header {
public:
    std::vector<tensor_info> tensors;
    std::map<std::string, std::string> metadata;
    std::string fault; ///< what is wrong; empty: nothing

    bool null() { return unexpected("null"); }
    bool boolean(bool) { return unexpected("a boolean"); }
    bool number_integer(std::int64_t) { return unexpected("a negative number"); }
    bool number_float(double, const std::string&) { return unexpected("a number that is no integer"); }
    bool binary(nlohmann::json::binary_t&) { return unexpected("binary data"); }
    bool number_unsigned(std::uint64_t value);
    bool string(std::string& value);
    bool start_object(std::size_t);
    bool key(std::string& name);
    bool end_object();
    bool start_array(std::size_t);
    bool end_array();
    bool parse_error(std::size_t at, const std::string&, const nlohmann::json::exception&) {
        return refuse("expected JSON, which ends at byte " + std::to_string(at));
    }

private:
    static constexpr std::size_t most_dimensions = 64;

    bool refuse(const std::string& what);
    bool unexpected(const std::string& what) {
        return refuse(what + " at " + (m_key.empty() ? "the beginning" : "\"" + m_key + "\"") +
                      ", where none is expected");
    }

    int m_depth = 0;
    unsigned m_seen = 0; ///< members of the present tensor
    bool m_in_metadata = false;
    bool m_had_metadata = false;
    std::string m_key;
    std::vector<std::uint64_t> m_offsets;
    std::vector<std::uint64_t>* m_list = nullptr;
};

/// Sorts the tensors by place, and refuses those whose sizes are not what type and shape say, which overlap,
/// or leave bytes between them.
/// @return bytes of all
FITNAS_LAZY std::uint64_t require_places(std::vector<tensor_info>& tensors, const std::string& path);

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::uint64_t tensor_values(std::span<const std::uint64_t> shape) {
    constexpr std::uint64_t most = (std::numeric_limits<std::uint64_t>::max)();
    std::uint64_t values = 1;
    for (const std::uint64_t n : shape) {
        if (n == 0) {
            return 0;
        }
        values = values > most / n ? most : values * n;
    }
    return values;
}

FITNAS_LAZY_AGAIN std::uint64_t tensor_bytes(tensor_type type, std::span<const std::uint64_t> shape) {
    constexpr std::uint64_t most = (std::numeric_limits<std::uint64_t>::max)();
    const std::uint64_t values = tensor_values(shape);
    const std::uint64_t bits = form_of(type).bits;
    return values == most || values / 8 > (most - 8) / bits ? most
                                                            : values / 8 * bits + (values % 8 * bits + 7) / 8;
}

FITNAS_LAZY_AGAIN std::string shape_text(std::span<const std::uint64_t> shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) {
        text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    }
    return text + "]";
}

FITNAS_API bool safetensors_header::number_unsigned(std::uint64_t value) {
    if (m_list == nullptr) {
        return unexpected("a number");
    }
    if (m_list->size() == most_dimensions) {
        return refuse("more than " + std::to_string(most_dimensions) + " numbers in a list");
    }
    m_list->push_back(value);
    return true;
}

FITNAS_API bool safetensors_header::string(std::string& value) {
    if (m_depth != 2 || m_list != nullptr) {
        return unexpected("a text");
    }
    if (m_in_metadata) {
        if (!metadata.emplace(m_key, value).second) {
            return refuse("the metadata name \"" + m_key + "\" twice");
        }
        return true;
    }
    if (m_key != "dtype") {
        return unexpected("a text");
    }
    for (const tensor_type_form& form : tensor_types) {
        if (form.name == value) {
            tensors.back().type = form.type;
            return true;
        }
    }
    return refuse("values of the unknown type \"" + value + "\"");
}

FITNAS_API bool safetensors_header::start_object(std::size_t) {
    if (m_depth == 2 || m_list != nullptr) {
        return unexpected("an object");
    }
    ++m_depth;
    m_seen = 0;
    return true;
}

FITNAS_API bool safetensors_header::key(std::string& name) {
    m_key = name;
    if (m_depth == 1) {
        m_in_metadata = name == "__metadata__";
        if (!m_in_metadata) {
            tensors.push_back({.name = name});
        } else if (m_had_metadata) {
            return refuse("__metadata__ twice");
        }
        m_had_metadata = m_had_metadata || m_in_metadata;
        return true;
    }
    if (m_in_metadata) {
        return true;
    }
    const unsigned bit = name == "dtype" ? 1U : name == "shape" ? 2U : name == "data_offsets" ? 4U : 0U;
    if (bit == 0 || (m_seen & bit) != 0) {
        return refuse(bit == 0 ? "the unknown member \"" + name + "\"" : "\"" + name + "\" twice");
    }
    m_seen |= bit;
    return true;
}

FITNAS_API bool safetensors_header::end_object() {
    if (m_depth == 2 && !m_in_metadata && m_seen != 7U) {
        return refuse("a tensor without dtype, shape or data_offsets");
    }
    --m_depth;
    return true;
}

FITNAS_API bool safetensors_header::start_array(std::size_t) {
    if (m_depth != 2 || m_in_metadata || m_list != nullptr || m_key == "dtype") {
        return unexpected("a list");
    }
    m_list = m_key == "shape" ? &tensors.back().shape : &m_offsets;
    m_offsets.clear();
    return true;
}

FITNAS_API bool safetensors_header::end_array() {
    if (m_list == &m_offsets) {
        if (m_offsets.size() != 2) {
            return refuse(std::to_string(m_offsets.size()) + " data_offsets, where 2 are expected");
        }
        tensors.back().begin = m_offsets[0];
        tensors.back().end = m_offsets[1];
    }
    m_list = nullptr;
    return true;
}

FITNAS_API bool safetensors_header::refuse(const std::string& what) {
    if (fault.empty()) {
        const bool named = m_depth == 2 && !m_in_metadata && !tensors.empty();
        fault = (named ? "tensor \"" + tensors.back().name + "\": " : std::string()) + what;
    }
    return false;
}

FITNAS_LAZY_AGAIN std::uint64_t require_places(std::vector<tensor_info>& tensors, const std::string& path) {
    std::sort(tensors.begin(), tensors.end(),
              [](const tensor_info& a, const tensor_info& b) { return a.name < b.name; });
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const tensor_info& t = tensors[i];
        const std::string where = path + ": tensor \"" + t.name + "\": ";
        if (i > 0 && tensors[i - 1].name == t.name) {
            throw data_error("[F0942] " + where + "it is there twice");
        }
        if (!fills_bytes(t.type, t.shape)) {
            throw data_error("[F0979] " + where + std::string(form_of(t.type).name) + " " +
                             shape_text(t.shape) + " does not fill whole bytes");
        }
        const std::uint64_t bytes = tensor_bytes(t.type, t.shape);
        if (t.begin > t.end || t.end - t.begin != bytes) {
            throw data_error("[F0943] " + where + "expected " + std::to_string(bytes) + " bytes for " +
                             std::string(form_of(t.type).name) + " " + shape_text(t.shape) +
                             ", got the bytes " + std::to_string(t.begin) + " to " + std::to_string(t.end));
        }
    }
    std::stable_sort(tensors.begin(), tensors.end(), [](const tensor_info& a, const tensor_info& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    std::uint64_t at = 0;
    for (const tensor_info& t : tensors) {
        if (t.begin != at) {
            throw data_error("[F0944] " + path + ": tensor \"" + t.name +
                             "\": expected its bytes to begin at " + std::to_string(at) +
                             ", where the one before ends, got " + std::to_string(t.begin));
        }
        at = t.end;
    }
    return at;
}

} // namespace fitnas::detail

#endif

#endif
