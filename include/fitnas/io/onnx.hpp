/// @file
/// @brief Trained networks in files of the ONNX format (https://onnx.ai), for ONNX Runtime and others. Needs
/// protozero; the umbrella does not include it.

#ifndef FITNAS_IO_ONNX_HPP
#define FITNAS_IO_ONNX_HPP

#include <map>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/io/onnx_network.hpp>
#include <fitnas/supernet/network.hpp>

namespace fitnas {

namespace detail {

/// The file of a graph.
FITNAS_LAZY std::string onnx_bytes(const onnx_graph& graph, const std::string& name, shape input, int classes,
                                   const std::map<std::string, std::string>& metadata);

FITNAS_LAZY void save_onnx(const std::string& path, const weights& w, const kept_statistics* kept,
                           const onnx_options& options);

} // namespace detail

/// @brief Writes a network as an ONNX model: operator set `onnx_opset`, IR version 7.
///
/// `images` (float, N x channels x height x width, N open) comes in, `logits` (float, N x classes) comes out:
/// `network::logits` up to rounding. Nodes and weights have the names of checkpoints, such as
/// `cell2.op1_mb3_k5.step4.Conv`. The metadata: `fitnas` (version), `space` (fingerprint), `architecture`
/// (code), `images` (what comes in), `normalisation.mean` and `normalisation.scale` (one a channel, of
/// `normalisation`), and `classes` (a name a line) where there are names.
///
/// A path of a supernet is saved as a network: `network<space> net(a, super); net.calibrate(data.train);`.
/// @param path where to; there whole or not at all, on the disk too
/// @param net trained or calibrated
/// @throws option_error where there are no batch norm statistics, a primitive of a user's own has no function
/// `onnx`, or class names are too many, too few, empty, no UTF-8 or of several lines
/// @throws numeric_error where a weight or statistic is not finite
/// @throws data_error where the file cannot be written; what stood there stays
template <search_space_type Space>
void save_onnx(const std::string& path, const network<Space>& net, const onnx_options& options = {}) {
    detail::save_onnx(path, net.weights(), net.statistics().get(), options);
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include <protozero/pbf_builder.hpp>

#include <fitnas/core/number_text.hpp>
#include <fitnas/io/whole_file.hpp>
#include <fitnas/space/fingerprint.hpp>
#include <fitnas/supernet/checks.hpp>
#include <fitnas/version.hpp>

namespace fitnas::detail {

static_assert(std::endian::native == std::endian::little, "[F0990] tensors in ONNX files are little-endian");

inline constexpr int onnx_ir_version = 7; ///< of ONNX 1.8

/// The fields of onnx.proto3 that are written here.
namespace onnx_field {
using tag = protozero::pbf_tag_type;
enum class model : tag {
    ir_version = 1,
    producer_name = 2,
    producer_version = 3,
    graph = 7,
    opset_import = 8,
    metadata = 14
};
enum class opset : tag { version = 2 };
enum class text_pair : tag { key = 1, value = 2 };
enum class graph : tag { node = 1, name = 2, initializer = 5, input = 11, output = 12 };
enum class node : tag { input = 1, output = 2, name = 3, type = 4, attribute = 5 };
enum class attribute : tag { name = 1, number = 2, integer = 3, text = 4, integers = 8, type = 20 };
enum class tensor : tag { sizes = 1, type = 2, name = 8, bytes = 9 };
enum class value : tag { name = 1, type = 2 };
enum class type : tag { tensor = 1 };
enum class tensor_type : tag { element = 1, shape = 2 };
enum class tensor_shape : tag { dimension = 1 };
enum class dimension : tag { size = 1, name = 2 };

inline constexpr std::int32_t float_element = 1;
inline constexpr std::int32_t int64_element = 7;
/// AttributeProto.AttributeType, of the variant's alternatives.
inline constexpr std::int32_t attribute_types[] = {2, 1, 3, 7};
} // namespace onnx_field

template <class Field>
using onnx_message = protozero::pbf_builder<Field>;

inline void write_attribute(onnx_message<onnx_field::attribute> to, const onnx_attribute& a) {
    using field = onnx_field::attribute;
    to.add_string(field::name, a.name);
    if (const auto* integer = std::get_if<std::int64_t>(&a.value)) {
        to.add_int64(field::integer, *integer);
    } else if (const auto* number = std::get_if<float>(&a.value)) {
        to.add_float(field::number, *number);
    } else if (const auto* text = std::get_if<std::string>(&a.value)) {
        to.add_bytes(field::text, *text);
    } else {
        for (const std::int64_t i : std::get<std::vector<std::int64_t>>(a.value)) {
            to.add_int64(field::integers, i);
        }
    }
    to.add_enum(field::type, onnx_field::attribute_types[a.value.index()]);
}

inline void write_node(onnx_message<onnx_field::node> to, const onnx_node& n) {
    using field = onnx_field::node;
    for (const std::string& input : n.inputs) {
        to.add_string(field::input, input);
    }
    to.add_string(field::output, n.output);
    to.add_string(field::name, n.name);
    to.add_string(field::type, n.type);
    for (const onnx_attribute& a : n.attributes) {
        write_attribute({to, field::attribute}, a);
    }
}

inline void write_constant(onnx_message<onnx_field::tensor> to, const onnx_constant& c) {
    using field = onnx_field::tensor;
    for (const std::int64_t size : c.sizes) {
        to.add_int64(field::sizes, size);
    }
    const auto write = [&](std::int32_t type, auto values) {
        const auto bytes = std::as_bytes(values);
        to.add_int32(field::type, type);
        to.add_string(field::name, c.name);
        to.add_bytes(field::bytes, reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    if (const auto* floats = std::get_if<std::vector<float>>(&c.values)) {
        write(onnx_field::float_element, std::span(*floats));
    } else {
        write(onnx_field::int64_element, std::span(std::get<std::vector<std::int64_t>>(c.values)));
    }
}

/// Floats, N x sizes.
inline void write_value(onnx_message<onnx_field::value> to, const char* name, std::span<const int> sizes) {
    to.add_string(onnx_field::value::name, name);
    onnx_message<onnx_field::type> type(to, onnx_field::value::type);
    onnx_message<onnx_field::tensor_type> tensor(type, onnx_field::type::tensor);
    tensor.add_int32(onnx_field::tensor_type::element, onnx_field::float_element);
    onnx_message<onnx_field::tensor_shape> all(tensor, onnx_field::tensor_type::shape);
    onnx_message<onnx_field::dimension>(all, onnx_field::tensor_shape::dimension)
        .add_string(onnx_field::dimension::name, "N");
    for (const int size : sizes) {
        onnx_message<onnx_field::dimension>(all, onnx_field::tensor_shape::dimension)
            .add_int64(onnx_field::dimension::size, size);
    }
}

/// The bytes of a model.
FITNAS_LAZY_AGAIN std::string onnx_bytes(const onnx_graph& graph, const std::string& name, shape input,
                                         int classes, const std::map<std::string, std::string>& metadata) {
    std::string bytes;
    onnx_message<onnx_field::model> model(bytes);
    model.add_int64(onnx_field::model::ir_version, onnx_ir_version);
    model.add_string(onnx_field::model::producer_name, "fitnas");
    model.add_string(onnx_field::model::producer_version, FITNAS_VERSION_STRING);
    {
        using field = onnx_field::graph;
        onnx_message<field> to(model, onnx_field::model::graph);
        for (const onnx_node& n : graph.nodes()) {
            write_node({to, field::node}, n);
        }
        to.add_string(field::name, name);
        for (const onnx_constant& c : graph.constants()) {
            write_constant({to, field::initializer}, c);
        }
        const int in[] = {input.channels, input.height, input.width};
        write_value({to, field::input}, onnx_input, in);
        write_value({to, field::output}, onnx_output, {&classes, 1});
    }
    onnx_message<onnx_field::opset>(model, onnx_field::model::opset_import)
        .add_int64(onnx_field::opset::version, onnx_opset);
    for (const auto& [key, text] : metadata) {
        onnx_message<onnx_field::text_pair> pair(model, onnx_field::model::metadata);
        pair.add_string(onnx_field::text_pair::key, key);
        pair.add_string(onnx_field::text_pair::value, text);
    }
    return bytes;
}

/// Whether bytes are UTF-8 (RFC 3629) without control characters.
inline bool is_plain_utf8(const std::string& text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = [&](std::size_t at) {
            return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
        };
        const std::uint32_t first = byte(i);
        const std::size_t more = first < 0x80 ? 0 : first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
        std::uint32_t code = more == 0 ? first : first & (0x3FU >> more);
        for (std::size_t k = 1; k <= more; ++k) {
            if ((byte(i + k) & 0xC0U) != 0x80) {
                return false;
            }
            code = code << 6U | (byte(i + k) & 0x3FU);
        }
        constexpr std::uint32_t least[] = {0x20, 0x80, 0x800, 0x10000};
        if (code < least[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) || first >= 0xF8 ||
            (more > 0 && first < 0xC0)) {
            return false;
        }
        i += more + 1;
    }
    return true;
}

inline bool is_class_line(const std::string& name) { return !name.empty() && is_plain_utf8(name); }

/// The class names as one text, a name a line.
inline std::string class_lines(const std::vector<std::string>& names, int classes) {
    if (names.size() != static_cast<std::size_t>(classes)) {
        throw option_error("[F0991] onnx_options::class_names: expected " + std::to_string(classes) +
                           " names, as many as there are classes, or none, got " +
                           std::to_string(names.size()));
    }
    std::string lines;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!is_class_line(names[i])) {
            throw option_error("[F0992] onnx_options::class_names: class " + std::to_string(i) +
                               ": expected one line of UTF-8, got " +
                               (names[i].empty() ? "an empty name" : "other bytes"));
        }
        lines += (i > 0 ? "\n" : "") + names[i];
    }
    return lines;
}

FITNAS_LAZY_AGAIN void save_onnx(const std::string& path, const weights& w, const kept_statistics* kept,
                                 const onnx_options& options) {
    if (kept == nullptr) {
        throw option_error("[F0983] save_onnx: " + path +
                           ": there are no batch norm statistics yet: train the network, or call calibrate");
    }
    const auto numbers = [](const std::vector<float>& values) {
        std::string text;
        for (const float v : values) {
            text += (text.empty() ? "" : " ") + general_text(static_cast<double>(v), 9);
        }
        return text;
    };
    std::map<std::string, std::string> metadata{
        {"fitnas", FITNAS_VERSION_STRING},
        {"space", fingerprint(w.part().space())},
        {"architecture", w.part().text()},
        {"images", options.pixels ? "pixels, 0 to 255" : "(pixel / 255 - mean) * scale"},
        {"normalisation.mean", numbers(kept->norm().mean)},
        {"normalisation.scale", numbers(kept->norm().scale)}};
    if (!options.class_names.empty()) {
        metadata["classes"] = class_lines(options.class_names, w.classes());
    } else if (const std::vector<std::string>& names = kept->class_names();
               !names.empty() && std::all_of(names.begin(), names.end(), is_class_line)) {
        metadata["classes"] = class_lines(names, w.classes());
    }
    const onnx_graph graph = onnx_graph_of(w, *kept, options);
    std::size_t size = 0;
    for (const onnx_constant& c : graph.constants()) {
        if (const auto* floats = std::get_if<std::vector<float>>(&c.values)) {
            size += floats->size() * sizeof(float);
            if (!all_finite(*floats)) {
                throw numeric_error("[F0984] save_onnx: " + path + ": the constant \"" + c.name +
                                    "\" has values that are not finite");
            }
        }
    }
    constexpr std::size_t most = (std::size_t{1} << 31U) - (std::size_t{1} << 24U); // with room for the rest
    if (size > most) {
        throw option_error("[F0993] save_onnx: " + path +
                           ": an ONNX file holds less than 2 GiB, the weights have " + std::to_string(size) +
                           " bytes");
    }
    const std::string bytes = onnx_bytes(graph, w.part().text(), w.input(), w.classes(), metadata);
    whole_file file(path);
    file.append(bytes.data(), bytes.size());
    file.commit();
}

} // namespace fitnas::detail

#endif

#endif
