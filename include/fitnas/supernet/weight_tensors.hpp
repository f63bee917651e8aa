/// @file
/// @brief Names and shapes for the parts of the flat buffer of weights, as files and messages have them.

#ifndef FITNAS_SUPERNET_WEIGHT_TENSORS_HPP
#define FITNAS_SUPERNET_WEIGHT_TENSORS_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/space/layout.hpp>

namespace fitnas::detail {

/// One tensor of a primitive.
struct weight_tensor {
    std::string name;
    std::vector<std::uint64_t> shape;
    std::size_t offset = 0; ///< in the buffer
    std::size_t size = 0;   ///< values
};

/// The tensors of one primitive, in the order of the buffer.
FITNAS_COLD inline std::vector<std::pair<std::string, std::vector<std::uint64_t>>>
primitive_tensors(const primitive& p, shape in) {
    const auto n = [](long long value) { return static_cast<std::uint64_t>(value); };
    const std::uint64_t c = n(in.channels);
    const std::uint64_t w = n(p.width);
    const std::uint64_t k = n(p.kernel);
    switch (p.kind) {
    case primitive_kind::pointwise:
        return {{"pointwise.weight", {w, c}}};
    case primitive_kind::depthwise:
        return {{"depthwise.weight", {k, k, c}}};
    case primitive_kind::convolution:
        return {{"convolution.weight", {w, k, k, c}}};
    case primitive_kind::batch_norm:
        return {{"batch_norm.scale", {c}}, {"batch_norm.shift", {c}}};
    case primitive_kind::linear:
        return {{"linear.weight", {w, c}}, {"linear.bias", {w}}};
    case primitive_kind::squeeze_excite: {
        const std::uint64_t hidden = n(p.hidden(in));
        return {{"squeeze.weight", {hidden, c}},
                {"squeeze.bias", {hidden}},
                {"excite.weight", {c, hidden}},
                {"excite.bias", {c}}};
    }
    case primitive_kind::custom:
        return {{std::string(p.user->name) + ".parameters", {n(p.user->parameters(in))}}};
    default:
        return {};
    }
}

/// `stem`, `cell2.op1_mb3_k5`, `layer4` (a fixed one), `layer5.op1_mb3_k5` (one that reads a cell again),
/// `head`.
/// @param layer its place in the layout
/// @param o which of its candidates
FITNAS_COLD inline std::string block_name(const space_layout& layout, std::size_t layer, int o) {
    const space_layer& l = layout.layers[layer];
    if (l.cell_index >= 0) {
        return (layout.reads_again(l) ? "layer" + std::to_string(layer)
                                      : "cell" + std::to_string(l.cell_index)) +
               ".op" + std::to_string(o) + "_" +
               std::string(layout.blocks[static_cast<std::size_t>(l.first_block + o)].name);
    }
    return layer == 0 ? "stem" : layer + 1 == layout.layers.size() ? "head" : "layer" + std::to_string(layer);
}

/// All tensors of a supernet, or of one architecture, in the order of the buffer:
/// `cell2.op1_mb3_k5.step4_depthwise.weight` is the fifth primitive of the second operator of the third cell.
/// @param code one operator number a cell; empty: all operators
FITNAS_COLD inline std::vector<weight_tensor> weight_tensors(const space_layout& layout,
                                                             std::span<const std::uint8_t> code) {
    std::vector<weight_tensor> all;
    std::size_t offset = 0;
    for (std::size_t i = 0; i < layout.layers.size(); ++i) {
        const space_layer& l = layout.layers[i];
        for (int o = 0; o < l.candidates; ++o) {
            if (!code.empty() && l.first_block + o != layout.block_index(l, code)) {
                continue;
            }
            const space_block& b = layout.blocks[static_cast<std::size_t>(l.first_block + o)];
            const std::string block = block_name(layout, i, o);
            shape in = b.input;
            int step = 0;
            for (const primitive& p : b.steps) {
                for (auto& [name, sizes] : primitive_tensors(p, in)) {
                    std::size_t size = 1;
                    for (const std::uint64_t s : sizes) {
                        size *= static_cast<std::size_t>(s);
                    }
                    all.push_back({block + ".step" + std::to_string(step) + "_" + name, std::move(sizes),
                                   offset, size});
                    offset += size;
                }
                in = p.output(in);
                ++step;
            }
        }
    }
    return all;
}

} // namespace fitnas::detail

#endif
