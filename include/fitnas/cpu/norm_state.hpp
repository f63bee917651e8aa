/// @file
/// @brief What a batch norm comes to on some images, channel by channel.

#ifndef FITNAS_CPU_NORM_STATE_HPP
#define FITNAS_CPU_NORM_STATE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <fitnas/core/simd.hpp>

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

} // namespace fitnas::detail

#endif
