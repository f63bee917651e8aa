/// @file
/// @brief Inputs and outputs that a checkpoint holds, computed anew when it is loaded.

#ifndef FITNAS_IO_GOLDEN_RUN_HPP
#define FITNAS_IO_GOLDEN_RUN_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/supernet/run.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Inputs, paths and what comes out: as many paths as it takes to pass every operator once.
struct golden_run {
    static constexpr int images = 4;
    std::vector<float> input;        ///< images x input shape, standard normal
    std::vector<std::uint8_t> paths; ///< count x cells
    std::size_t count = 1;           ///< of the paths
    std::vector<float> output;       ///< count x images x classes: logits

    explicit golden_run(const selection& of);

    /// Batch norm takes the statistics of the images themselves.
    void run(const weights& w);
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_API golden_run::golden_run(const selection& of) {
    const std::vector<int> counts = of.counts();
    for (const int c : counts) {
        count = (std::max)(count, static_cast<std::size_t>(c));
    }
    for (std::size_t p = 0; p < count; ++p) {
        for (const int c : counts) {
            paths.push_back(static_cast<std::uint8_t>(p % static_cast<std::size_t>(c)));
        }
    }
    input.resize(static_cast<std::size_t>(of.space().input.size()) * images);
    output.resize(count * images * static_cast<std::size_t>(of.space().classes));
}

FITNAS_API void golden_run::run(const weights& w) {
    runner one;
    const std::size_t cells = paths.size() / count;
    for (std::size_t p = 0; p < count; ++p) {
        one.memory().reset();
        const network_path path = w.path(std::span<const std::uint8_t>(paths).subspan(p * cells, cells));
        const float* x = one.along(w, path, input.data(), images,
                                   [](const weight_block&, const block_run&, const float*) {});
        const std::size_t size = output.size() / count;
        std::copy_n(x, size, output.data() + p * size);
    }
}

} // namespace fitnas::detail

#endif

#endif
