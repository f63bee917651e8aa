/// @file
/// @brief The recipes of a space or of one network as JSON: with a checkpoint, all that another program needs
/// to compute what the engine computes. Needs nlohmann-json; the umbrella does not include it.

#ifndef FITNAS_IO_RECIPE_JSON_HPP
#define FITNAS_IO_RECIPE_JSON_HPP

#include <string>

#include <fitnas/config.hpp>
#include <fitnas/io/json.hpp>
#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/selection.hpp>
#include <fitnas/supernet/supernet.hpp>

namespace fitnas {

namespace detail {

FITNAS_LAZY FITNAS_COLD json recipe_json(const selection& of);

} // namespace detail

/// @brief Writes what the operators of a space are made of:
///
/// @code
/// {"format": "fitnas recipe", "schema": 1, "fitnas": "0.1.0", "space": FINGERPRINT, "architecture":
/// "supernet",
///  "input": [28, 28, 1], "classes": 10,
///  "layers": [{"cell": 0, "reads": 1, "joins": null, "zeros_for_nothing": true, "operators": [
///    {"name": "cell0.op1_mb3_k3", "candidate": 1, "input": [14, 14, 16], "output": [14, 14, 16], "steps": [
///      {"primitive": "pointwise", "name": "cell0.op1_mb3_k3.step0_pointwise", "input": [14, 14, 16],
///       "output": [14, 14, 48], "stride": 1, "tensors": ["cell0.op1_mb3_k3.step0_pointwise.weight"]}, ...
/// @endcode
///
/// Shapes are height, width, channels. `cell` is the digit of a code that chooses among the operators, null
/// where nothing is chosen. `reads` says behind how many layers what the layer reads is complete: its own
/// number in a chain. `joins` says how it meets what the layer before it gave, where both lead to one node:
/// "sum" or "concatenation"; null where it begins a node. A primitive "zero" gives nothing, and so does what
/// reads nothing; where `zeros_for_nothing`, zeros then stand for it. `tensors` are names in a checkpoint; a
/// batch norm's statistics are there as `name` +
/// `.statistics`. `tools/to_pytorch.py` makes a PyTorch module of both files.
/// @param path where to; there whole or not at all
/// @throws data_error where the file cannot be written or a name is no UTF-8
template <search_space_type Space>
void save_recipe(const std::string& path) {
    write_json(path, detail::recipe_json({Space::layout()}));
}
/// @brief The same for the checkpoint of a supernet.
template <search_space_type Space>
void save_recipe(const std::string& path, const supernet<Space>& net) {
    write_json(path, detail::recipe_json(net.weights().part()));
}
/// @brief The same for the checkpoint of a network: each layer has the one operator of the architecture.
template <search_space_type Space>
void save_recipe(const std::string& path, const network<Space>& net) {
    write_json(path, detail::recipe_json(net.weights().part()));
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <cstddef>
#include <vector>

#include <fitnas/cpu/norm_state.hpp>
#include <fitnas/space/fingerprint.hpp>
#include <fitnas/supernet/links.hpp>
#include <fitnas/supernet/primitives.hpp>
#include <fitnas/supernet/weight_tensors.hpp>
#include <fitnas/version.hpp>

namespace fitnas::detail {

inline json shape_json(shape s) { return {s.height, s.width, s.channels}; }

inline const char* activation_name(activation a) {
    switch (a) {
    case activation::none:
        break;
    case activation::relu:
        return "relu";
    case activation::relu6:
        return "relu6";
    case activation::hard_swish:
        return "hard_swish";
    }
    return "none";
}

/// A primitive's kind and constants; widths are those of the shapes.
inline json primitive_json(const primitive& p, shape in) {
    switch (p.kind) {
    case primitive_kind::pointwise:
        return {{"primitive", "pointwise"}, {"stride", p.stride}};
    case primitive_kind::depthwise:
        return {{"primitive", "depthwise"}, {"kernel", p.kernel}, {"stride", p.stride}};
    case primitive_kind::convolution:
        return {{"primitive", "convolution"}, {"kernel", p.kernel}, {"stride", p.stride}};
    case primitive_kind::batch_norm:
        return {{"primitive", "batch_norm"}, {"epsilon", batch_norm_epsilon}};
    case primitive_kind::activate:
        return {{"primitive", "activate"}, {"activation", activation_name(p.act)}};
    case primitive_kind::max_pool:
        return {{"primitive", "max_pool"}, {"kernel", p.kernel}, {"stride", p.stride}};
    case primitive_kind::average_pool:
        return {{"primitive", "average_pool"}, {"kernel", p.kernel}, {"stride", p.stride}};
    case primitive_kind::global_pool:
        return {{"primitive", "global_pool"}};
    case primitive_kind::linear:
        return {{"primitive", "linear"}};
    case primitive_kind::squeeze_excite:
        return {{"primitive", "squeeze_excite"}, {"hidden", p.hidden(in)}};
    case primitive_kind::residual:
        return {{"primitive", "residual"}};
    case primitive_kind::residual_if_same_shape:
        return {{"primitive", "residual_if_same_shape"}};
    case primitive_kind::zero:
        return {{"primitive", "zero"}, {"stride", p.stride}};
    case primitive_kind::custom:
        break;
    }
    return {{"primitive", "custom"}, {"type", p.user->name}};
}

FITNAS_LAZY_AGAIN json recipe_json(const selection& of) {
    json layers = json::array();
    const std::vector<layer_link> links = links_of(of.space());
    for (std::size_t i = 0; i < links.size(); ++i) {
        const space_layer& l = of.space().layers[i];
        layers.push_back(
            {{"cell", l.cell_index < 0 ? json() : json(l.cell_index)},
             {"reads", links[i].reads},
             {"joins", !links[i].joins ? json() : json(links[i].appends ? "concatenation" : "sum")},
             {"zeros_for_nothing", links[i].needs_value()},
             {"operators", json::array()}});
    }
    of.for_each_block([&](const selected_block& b) {
        layers[b.layer]["operators"].push_back({{"name", of.name_of(b)},
                                                {"candidate", b.candidate},
                                                {"input", shape_json(b.block->input)},
                                                {"output", shape_json(b.block->output)},
                                                {"steps", json::array()}});
    });
    for_each_primitive(of, [&](const selected_primitive& p) {
        json step = primitive_json(*p.what, p.input);
        step["name"] = prefix_of(of, p) + step["primitive"].template get<std::string>();
        step["input"] = shape_json(p.input);
        step["output"] = shape_json(p.what->output(p.input));
        step["tensors"] = json::array();
        for (const auto& tensor : primitive_tensors(*p.what, p.input)) {
            step["tensors"].push_back(prefix_of(of, p) + tensor.first);
        }
        for (json& o : layers[p.block->layer]["operators"]) {
            if (o["candidate"] == p.block->candidate) {
                o["steps"].push_back(std::move(step));
            }
        }
    });
    return {{"format", "fitnas recipe"},       {"schema", 1},
            {"fitnas", FITNAS_VERSION_STRING}, {"space", fingerprint(of.space())},
            {"architecture", of.text()},       {"input", shape_json(of.space().input)},
            {"classes", of.space().classes},   {"layers", std::move(layers)}};
}

} // namespace fitnas::detail

#endif

#endif
