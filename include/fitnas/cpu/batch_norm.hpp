/// @file
/// @brief Batch norm: from sums to scale and shift, and back. No pass over activations is here: readers and
/// writers do it.

#ifndef FITNAS_CPU_BATCH_NORM_HPP
#define FITNAS_CPU_BATCH_NORM_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <fitnas/core/simd.hpp>
#include <fitnas/cpu/group_sums.hpp>

namespace fitnas::detail {

/// Added to the variance, as in PyTorch's default.
inline constexpr double batch_norm_epsilon = 1e-5;

/// Per-channel values of one batch norm, each padded with zeros to a multiple of `lanes`.
struct norm_state {
    float* mean = nullptr;
    float* inverse = nullptr; ///< 1 / sqrt(variance + epsilon)
    float* scale = nullptr;   ///< u = scale z + shift
    float* shift = nullptr;
    float* a = nullptr; ///< dz = a du + b z + c
    float* b = nullptr;
    float* c = nullptr;

    static std::size_t size(int channels) {
        return std::size_t{7} * static_cast<std::size_t>(simd::padded(channels));
    }
    static norm_state at(float* p, int channels) {
        const int n = simd::padded(channels);
        std::fill_n(p, std::ptrdiff_t{7} * n, 0.0F);
        return {p, p + n, p + 2 * n, p + 3 * n, p + 4 * n, p + 5 * n, p + 6 * n};
    }
    /// @param i the channel
    /// @param v its variance (biased)
    void set(int i, double m, double v, float gamma, float beta) {
        const double inv = 1.0 / std::sqrt(v + batch_norm_epsilon);
        const double gain = static_cast<double>(gamma) * inv;
        mean[i] = static_cast<float>(m);
        inverse[i] = static_cast<float>(inv);
        scale[i] = static_cast<float>(gain);
        shift[i] = static_cast<float>(static_cast<double>(beta) - gain * m);
    }
};

/// Mean and variance (biased) from the sums of z and z^2 over `count` values a channel; gamma then beta as
/// parameters.
inline void norm_forward(norm_state& s, int channels, group_sums& sums, double count, const float* gamma) {
    sums.add_up();
    for (int i = 0; i < channels; ++i) {
        const double mean = sums.first(0)[i] / count;
        const double variance = (std::max)(0.0, sums.second(0)[i] / count - mean * mean);
        s.set(i, mean, variance, gamma[i], gamma[channels + i]);
    }
}

/// From the sums of du and du (z - mean): adds into the gradients of gamma and beta, and sets a, b, c.
inline void norm_backward(norm_state& s, int channels, group_sums& sums, double count, const float* gamma,
                          float* dgamma) {
    sums.add_up();
    for (int i = 0; i < channels; ++i) {
        const double du = sums.first(0)[i];
        const double duz = sums.second(0)[i];
        const double inverse = static_cast<double>(s.inverse[i]);
        dgamma[i] += static_cast<float>(duz * inverse);
        dgamma[channels + i] += static_cast<float>(du);
        const double a = static_cast<double>(gamma[i]) * inverse;
        const double b = -a * inverse * inverse * duz / count;
        s.a[i] = static_cast<float>(a);
        s.b[i] = static_cast<float>(b);
        s.c[i] = static_cast<float>(-a * du / count - b * static_cast<double>(s.mean[i]));
    }
}

} // namespace fitnas::detail

#endif
