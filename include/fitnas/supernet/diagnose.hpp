/// @file
/// @brief Values that are not finite, named where they come up first.

#ifndef FITNAS_SUPERNET_DIAGNOSE_HPP
#define FITNAS_SUPERNET_DIAGNOSE_HPP

#include <cstddef>
#include <span>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/supernet/checks.hpp>
#include <fitnas/supernet/primitives.hpp>
#include <fitnas/supernet/run.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Runs a path again, block by block.
/// @param images count x input shape
/// @return where the first value that is not finite comes up, going forward
FITNAS_LAZY FITNAS_COLD std::string first_not_finite(const weights& w, const network_path& path,
                                                     const float* images, int count);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::string first_not_finite(const weights& w, const network_path& path,
                                               const float* images, int count) {
    if (const std::string tensor = tensor_not_finite(w, w.values()); !tensor.empty()) {
        return "the weight " + tensor;
    }
    const std::vector<selected_norm> norms = selected_norms(w.part());
    std::string found;
    runner().along(w, path, images, count, [&](const weight_block& b, const block_run& run, const float* y) {
        for (const selected_norm& norm : norms) {
            const auto channels = static_cast<std::size_t>(norm.channels);
            if (found.empty() && norm.block == b.index &&
                !all_finite(
                    std::span<const float>(norm_values(run, norm.norm, norm.channels)).first(2 * channels))) {
                found = "the statistics of " + norm.name;
            }
        }
        const std::size_t size = static_cast<std::size_t>(b.output.size()) * static_cast<std::size_t>(count);
        if (found.empty() && !all_finite({y, size})) {
            found = "the output of " + w.part().name_of(b);
        }
    });
    return found.empty() ? "the loss itself" : found;
}

} // namespace fitnas::detail

#endif

#endif
