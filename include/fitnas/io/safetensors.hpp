/// @file
/// @brief Tensors in files of the safetensors format (https://huggingface.co/docs/safetensors): a length, a
/// header in JSON, then the values. Nothing in such a file is ever executed.
///
/// NumPy and PyTorch read them (`safetensors.numpy.load_file`), as does anything that reads JSON.

#ifndef FITNAS_IO_SAFETENSORS_HPP
#define FITNAS_IO_SAFETENSORS_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
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
#include <fitnas/data/byte_file.hpp>
#include <fitnas/io/crc32.hpp>
#include <fitnas/io/half.hpp>
#include <fitnas/io/safetensors_header.hpp>
#include <fitnas/io/text_file.hpp>
#include <fitnas/io/whole_file.hpp>

namespace fitnas {

static_assert(std::endian::native == std::endian::little, "[F0940] safetensors files are little-endian");

namespace detail {

inline constexpr std::string_view checksum_key = "\"checksum\":\"crc32:";
inline constexpr std::size_t checksum_digits = 8;

/// Where the digits of the checksum stand in a header; npos where there is none. Quotes inside of a text are
/// escaped in JSON, so that the key is nothing else.
FITNAS_LAZY std::size_t checksum_place(const std::string& header);

inline std::string checksum_text(std::uint32_t value) {
    char digits[checksum_digits + 1];
    std::snprintf(digits, sizeof digits, "%08x", value);
    return digits;
}

} // namespace detail

/// @brief A file of tensors in memory.
class safetensors {
public:
    /// @brief Reads a file, all of it. Memory grows with what is really there, whatever the header says.
    /// @throws data_error which names the file, and the tensor where there is one: a file that is missing,
    /// truncated or too long; a header that is no JSON of this form; a tensor twice, of an unknown type, of
    /// more or fewer bytes than its shape has, or whose bytes overlap another's; a checksum that is wrong
    explicit safetensors(const std::string& path);

    const std::string& path() const { return m_path; } ///< the name of the file
    /// The texts of its header.
    const std::map<std::string, std::string>& metadata() const { return m_metadata; }
    /// @return in the order of their bytes
    const std::vector<tensor_info>& tensors() const { return m_tensors; }
    /// @return whether the file has a checksum; if so, it is right
    bool has_checksum() const { return m_checked; }

    /// @return null where there is none of this name
    const tensor_info* find(const std::string& name) const {
        const auto found = m_places.find(name);
        return found == m_places.end() ? nullptr : &m_tensors[found->second];
    }

    /// @brief Copies the values of a tensor. Float takes those of F16 and BF16 too, which it holds exactly.
    /// @param to as many as it has
    /// @throws data_error where there is no such tensor, its values are not T, or there are more or fewer
    template <class T>
    void copy(const std::string& name, std::span<T> to) const {
        const tensor_info& t = get<T>(name);
        if (to.size() != detail::tensor_values(t.shape)) {
            throw data_error("[F0948] " + m_path + ": tensor \"" + name + "\": expected " +
                             std::to_string(to.size()) + " values, got the shape " +
                             detail::shape_text(t.shape));
        }
        const std::uint8_t* from = m_bytes.data() + t.begin;
        if constexpr (std::is_same_v<T, float>) {
            if (t.type == tensor_type::f16 || t.type == tensor_type::bf16) {
                for (std::size_t i = 0; i < to.size(); ++i) {
                    std::uint16_t bits = 0;
                    std::memcpy(&bits, from + 2 * i, sizeof bits);
                    to[i] =
                        t.type == tensor_type::f16 ? detail::half_value(bits) : detail::bfloat16_value(bits);
                }
                return;
            }
        }
        if (!to.empty()) {
            std::memcpy(to.data(), from, to.size_bytes());
        }
    }

    /// @brief The values of a tensor, row-major.
    /// @throws data_error where there is no such tensor, or its values are not T
    template <class T>
    std::vector<T> values(const std::string& name) const {
        std::vector<T> result(static_cast<std::size_t>(detail::tensor_values(get<T>(name).shape)));
        copy(name, std::span<T>(result));
        return result;
    }

private:
    static constexpr std::uint64_t longest_header = 100'000'000; ///< as in the format's own reader

    template <class T>
    const tensor_info& get(const std::string& name) const {
        constexpr tensor_type type = detail::tensor_type_of<T>();
        constexpr bool widens = type == tensor_type::f32;
        const tensor_info* t = find(name);
        if (t == nullptr) {
            throw data_error("[F0949] " + m_path + ": expected a tensor \"" + name + "\", there is none");
        }
        if (t->type != type && !(widens && (t->type == tensor_type::f16 || t->type == tensor_type::bf16))) {
            throw data_error("[F0950] " + m_path + ": tensor \"" + name + "\": expected values of the type " +
                             std::string(detail::form_of(type).name) + (widens ? ", F16 or BF16" : "") +
                             ", got " + std::string(detail::form_of(t->type).name));
        }
        return *t;
    }

    void check_header(std::string header);

    std::string m_path;
    std::map<std::string, std::string> m_metadata;
    std::vector<tensor_info> m_tensors;
    std::map<std::string, std::size_t> m_places; ///< of a name in the list
    std::vector<std::uint8_t> m_bytes;
    bool m_checked = false;
};

/// @brief A tensor to be written; its values are only looked at.
struct tensor_view {
    std::string name{};
    tensor_type type = tensor_type::f32; ///< of its numbers
    std::vector<std::uint64_t> shape{};  ///< row-major; empty: one value
    std::span<const std::byte> bytes{};  ///< little-endian

    /// @param name not empty and not `__metadata__`
    /// @param shape of as many values
    /// @param values float, double or integers
    template <class T>
    static tensor_view of(std::string name, std::vector<std::uint64_t> shape, std::span<const T> values) {
        return {std::move(name), detail::tensor_type_of<T>(), std::move(shape), std::as_bytes(values)};
    }
};

namespace detail {

/// @throws option_error where a name or a text is not UTF-8
FITNAS_LAZY std::string header_text(const nlohmann::ordered_json& header, const std::string& path);

} // namespace detail

/// @brief Writes a file of tensors, with a CRC-32 of it all: `checksum` in the metadata, which is
/// `zlib.crc32` of header and values, where the eight digits themselves are taken as zeros.
///
/// The file is there whole or not at all, on the disk too.
/// @param path where to; `path.tmp` is used on the way
/// @param tensors in the order of their bytes
/// @param metadata names and texts, UTF-8; `checksum` is added
/// @throws option_error where a name is empty, reserved or there twice, or a text is not UTF-8
/// @throws shape_error where a tensor has more or fewer values than its shape
/// @throws data_error where the file cannot be written; what stood there stays
FITNAS_API void write_safetensors(const std::string& path, std::span<const tensor_view> tensors,
                                  const std::map<std::string, std::string>& metadata = {});

/// @brief Reads a file of tensors.
/// @throws as the constructor of `safetensors`
inline safetensors read_safetensors(const std::string& path) { return safetensors(path); }

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::size_t checksum_place(const std::string& header) {
    const std::size_t at = header.find(checksum_key);
    if (at == std::string::npos || header.size() < at + checksum_key.size() + checksum_digits + 1 ||
        header[at + checksum_key.size() + checksum_digits] != '"') {
        return std::string::npos;
    }
    return at + checksum_key.size();
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API safetensors::safetensors(const std::string& path) : m_path(path) {
    detail::byte_file file(path);
    const std::vector<std::uint8_t> length_bytes = file.read_exactly(8, "a header's length");
    std::uint64_t length = 0;
    std::memcpy(&length, length_bytes.data(), sizeof length);
    if (length < 2 || length > longest_header) {
        throw data_error("[F0945] " + path + ": not a safetensors file: expected a header of 2 to " +
                         std::to_string(longest_header) + " bytes, got " + std::to_string(length));
    }
    // Before the rest: the length that a file of another kind seems to ask for would only confuse.
    std::string text(1, static_cast<char>(file.read_exactly(1, "header").front()));
    if (text.front() != '{') {
        throw data_error("[F0946] " + path +
                         ": not a safetensors file: expected a header that begins with {");
    }
    const std::vector<std::uint8_t> rest = file.read_exactly(length - 1, "header");
    text.append(rest.begin(), rest.end());
    detail::safetensors_header header;
    if (const std::string nul = detail::nul_in(text); !nul.empty()) { // which the parser takes for the end
        header.fault = "expected JSON, got " + nul;
    }
    if (!header.fault.empty() || !nlohmann::json::sax_parse(text, &header) || !header.fault.empty()) {
        throw data_error("[F0947] " + path + ": header: " + header.fault);
    }
    const std::uint64_t bytes = detail::require_places(header.tensors, path);
    m_bytes = file.read_exactly(bytes, "tensors");
    file.require_end("the tensors");
    m_tensors = std::move(header.tensors);
    m_metadata = std::move(header.metadata);
    for (std::size_t i = 0; i < m_tensors.size(); ++i) {
        m_places.emplace(m_tensors[i].name, i);
    }
    check_header(std::move(text));
}

FITNAS_API void safetensors::check_header(std::string header) {
    const std::size_t at = detail::checksum_place(header);
    if (at == std::string::npos) {
        return;
    }
    const std::string said = header.substr(at, detail::checksum_digits);
    std::fill_n(header.begin() + static_cast<std::ptrdiff_t>(at), detail::checksum_digits, '0');
    detail::crc32 sum;
    sum.add(header.data(), header.size());
    sum.add(m_bytes.data(), m_bytes.size());
    const std::string is = detail::checksum_text(sum.value());
    if (is != said) {
        throw data_error("[F0951] " + m_path + ": damaged: expected the checksum " + said + ", got " + is);
    }
    m_checked = true;
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::string header_text(const nlohmann::ordered_json& header, const std::string& path) {
    try {
        return header.dump();
    } catch (const nlohmann::json::exception& e) {
        throw option_error("[F0955] write_safetensors: " + path +
                           ": names and texts must be UTF-8: " + e.what());
    }
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API void write_safetensors(const std::string& path, std::span<const tensor_view> tensors,
                                  const std::map<std::string, std::string>& metadata) {
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    nlohmann::ordered_json& notes = header["__metadata__"];
    notes = nlohmann::ordered_json::object();
    for (const auto& [name, text] : metadata) {
        notes[name] = text;
    }
    notes["checksum"] = "crc32:" + std::string(detail::checksum_digits, '0');
    std::vector<std::string> names;
    std::uint64_t at = 0;
    for (const tensor_view& t : tensors) {
        if (t.name.empty() || t.name == "__metadata__") {
            throw option_error("[F0952] write_safetensors: " + path + ": \"" + t.name +
                               "\" cannot name a tensor");
        }
        if (detail::tensor_bytes(t.type, t.shape) != t.bytes.size() ||
            !detail::fills_bytes(t.type, t.shape)) {
            throw shape_error("[F0953] write_safetensors: " + path + ": tensor \"" + t.name +
                              "\": the shape " + detail::shape_text(t.shape) + " of " +
                              std::string(detail::form_of(t.type).name) + " has " +
                              std::to_string(detail::tensor_bytes(t.type, t.shape)) + " bytes" +
                              (detail::fills_bytes(t.type, t.shape) ? "" : ", the last not full") + ", got " +
                              std::to_string(t.bytes.size()));
        }
        names.push_back(t.name);
        // A list, for ordered_json looks for a name from the front.
        header.get_ref<nlohmann::ordered_json::object_t&>().push_back(
            {t.name, nlohmann::ordered_json{{"dtype", detail::form_of(t.type).name},
                                            {"shape", t.shape},
                                            {"data_offsets", {at, at + t.bytes.size()}}}});
        at += t.bytes.size();
    }
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
        throw option_error("[F0954] write_safetensors: " + path + ": the tensor \"" + *twice +
                           "\" is there twice");
    }
    std::string text = detail::header_text(header, path);
    text.resize((text.size() + 7) / 8 * 8, ' '); // values begin at a multiple of eight bytes
    detail::crc32 sum;
    sum.add(text.data(), text.size());
    for (const tensor_view& t : tensors) {
        sum.add(t.bytes.data(), t.bytes.size());
    }
    text.replace(detail::checksum_place(text), detail::checksum_digits, detail::checksum_text(sum.value()));
    const std::uint64_t length = text.size();
    detail::whole_file file(path);
    file.append(&length, sizeof length);
    file.append(text.data(), text.size());
    for (const tensor_view& t : tensors) {
        file.append(t.bytes.data(), t.bytes.size());
    }
    file.commit();
}

} // namespace fitnas

#endif

#endif
