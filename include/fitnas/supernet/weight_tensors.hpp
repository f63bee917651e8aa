/// @file
/// @brief Names and shapes for the parts of the flat buffer of weights, as files and messages have them.

#ifndef FITNAS_SUPERNET_WEIGHT_TENSORS_HPP
#define FITNAS_SUPERNET_WEIGHT_TENSORS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/supernet/primitives.hpp>

namespace fitnas::detail {

/// One tensor of a primitive.
struct weight_tensor {
    std::string name;
    std::vector<std::uint64_t> shape;
    std::size_t offset = 0; ///< in the buffer
    std::size_t size = 0;   ///< values
};

/// The tensors of one primitive, in the order of the buffer.
FITNAS_COLD FITNAS_API std::vector<std::pair<std::string, std::vector<std::uint64_t>>>
primitive_tensors(const primitive& p, shape in);

/// All tensors of a selection, in the order of the buffer: `cell2.op1_mb3_k5.step4_depthwise.weight` is the
/// fifth primitive of the second operator of the third cell.
/// @throws shape_error where the tensors do not fill the buffer
FITNAS_LAZY FITNAS_COLD std::vector<weight_tensor> weight_tensors(const selection& of);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_COLD FITNAS_API std::vector<std::pair<std::string, std::vector<std::uint64_t>>>
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
    default: // what has no parameters: `weight_tensors` adds up
        return {};
    }
}

FITNAS_LAZY_AGAIN std::vector<weight_tensor> weight_tensors(const selection& of) {
    std::vector<weight_tensor> all;
    for_each_primitive(of, [&](const selected_primitive& p) {
        const std::string prefix = prefix_of(of, p);
        std::size_t offset = p.offset;
        for (auto& [name, sizes] : primitive_tensors(*p.what, p.input)) {
            std::size_t size = 1;
            for (const std::uint64_t s : sizes) {
                size *= static_cast<std::size_t>(s);
            }
            all.push_back({prefix + name, std::move(sizes), offset, size});
            offset += size;
        }
        require_offset(prefix, p.what->parameters(p.input), static_cast<long long>(offset - p.offset));
    });
    return all;
}

} // namespace fitnas::detail

#endif

#endif
