/// @file
/// @brief What kernels share: packed weights, and sums and weight gradients of groups.

#ifndef FITNAS_CPU_WORKSPACE_HPP
#define FITNAS_CPU_WORKSPACE_HPP

#include <cstddef>

#include <fitnas/core/gemm.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/group_sums.hpp>

namespace fitnas::detail {

/// What kernels share in one network: packed weights and sums of groups. It only grows.
struct workspace {
    aligned_buffer<float> packed;
    aligned_buffer<float> transformed; ///< packed weights, by `winograd`
    aligned_buffer<float> taps;        ///< of a depthwise convolution, plane by plane
    aligned_buffer<float> weights;     ///< weight gradients, [group][...]
    group_sums sums;
    aligned_buffer<double> moments; ///< of a narrow tensor, [group][...]

    /// Takes as much as another has; what was there is lost.
    void grow_as(const workspace& other) {
        packed.reserve(other.packed.size());
        transformed.reserve(other.transformed.size());
        taps.reserve(other.taps.size());
        weights.reserve(other.weights.size());
        sums.grow_as(other.sums);
        moments.reserve(other.moments.size());
    }

    /// Packs weights, k x n, for a product; element (i, j) is at w[i * row_step + j * column_step].
    template <class Words = float_words>
    float* pack(const float* w, std::ptrdiff_t row_step, std::ptrdiff_t column_step, int k, int n) {
        const int words = Words::count(k);
        float* out = packed.reserve(packed_size(words, n));
        parallel_for((n + panel - 1) / panel, [&](std::ptrdiff_t p) {
            const std::ptrdiff_t j = p * panel;
            pack_panel<Words>(w, row_step, column_step, k, n, static_cast<int>(j),
                              out + j * simd::padded(words));
        });
        return out;
    }
};

} // namespace fitnas::detail

#endif
