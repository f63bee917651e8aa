/// @file
/// @brief Values that are not finite, named where they come up first.

#ifndef FITNAS_SUPERNET_DIAGNOSE_HPP
#define FITNAS_SUPERNET_DIAGNOSE_HPP

#include <concepts>
#include <cstddef>
#include <span>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/supernet/checks.hpp>
#include <fitnas/supernet/weight_tensors.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Runs a path again, block by block. A template, so that only programs that train compile it.
/// @param images count x input shape
/// @return where the first value that is not finite comes up, going forward
template <std::same_as<weights> Weights>
FITNAS_COLD std::string first_not_finite(const Weights& w, const network_path& path, const float* images,
                                         int count) {
    if (const std::string tensor = tensor_not_finite(w, w.values()); !tensor.empty()) {
        return "the weight " + tensor;
    }
    const space_layout& layout = w.layout();
    arena memory;
    workspace shared;
    const float* x = images;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const weight_block& b = w.block(path[i]);
        if (b.plan.empty()) {
            continue;
        }
        const space_layer& l = layout.layers[i];
        const int o =
            w.code().empty() ? path[i] - l.first_block : layout.block_index(l, w.code()) - l.first_block;
        const std::string name = block_name(layout, i, o);
        const std::size_t size = static_cast<std::size_t>(b.output.size()) * static_cast<std::size_t>(count);
        float* y = memory.take(size);
        const block_run run = forward(b.plan, w.of(b), x, count, y, nullptr, memory, shared);
        std::size_t norm = 0;
        int step = 0;
        for (const primitive& p : layout.blocks[static_cast<std::size_t>(l.first_block + o)].steps) {
            if (p.kind == primitive_kind::batch_norm) {
                const auto channels = static_cast<std::size_t>(b.plan.norms[norm].channels);
                const norm_state& state = run.norms[norm];
                if (!all_finite({state.mean, channels}) || !all_finite({state.inverse, channels})) {
                    return "the statistics of " + name + ".step" + std::to_string(step) + "_batch_norm";
                }
                ++norm;
            }
            ++step;
        }
        if (!all_finite({y, size})) {
            return "the output of " + name;
        }
        x = y;
    }
    return "the loss itself";
}

} // namespace fitnas::detail

#endif
