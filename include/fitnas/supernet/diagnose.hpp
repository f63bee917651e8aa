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
    const std::vector<selected_norm> norms = selected_norms(w.part());
    arena memory;
    workspace shared;
    const float* x = images;
    for (const int i : path) {
        const weight_block& b = w.block(i);
        if (b.plan.empty()) {
            continue;
        }
        const std::size_t size = static_cast<std::size_t>(b.output.size()) * static_cast<std::size_t>(count);
        float* y = memory.take(size);
        const block_run run = forward(b.plan, w.of(b), x, count, y, nullptr, memory, shared);
        for (const selected_norm& norm : norms) {
            const auto channels = static_cast<std::size_t>(norm.channels);
            const norm_state& state = run.norms[static_cast<std::size_t>(norm.norm)];
            if (norm.block == b.index &&
                (!all_finite({state.mean, channels}) || !all_finite({state.inverse, channels}))) {
                return "the statistics of " + norm.name;
            }
        }
        if (!all_finite({y, size})) {
            return "the output of " + w.part().name_of(b);
        }
        x = y;
    }
    return "the loss itself";
}

} // namespace fitnas::detail

#endif
