/// @file
/// @brief Batch norm: from sums to scale and shift, and back. No pass over activations is here: readers and
/// writers do it.

#ifndef FITNAS_CPU_BATCH_NORM_HPP
#define FITNAS_CPU_BATCH_NORM_HPP

#include <algorithm>

#include <fitnas/config.hpp>
#include <fitnas/cpu/group_sums.hpp>
#include <fitnas/cpu/norm_state.hpp>

namespace fitnas::detail {

/// Mean and variance (biased) from the sums of z and z^2 over `count` values a channel, of all processes;
/// gamma then beta as parameters.
FITNAS_LAZY inline void norm_forward(norm_state& s, int channels, group_sums& sums, double count,
                                     const float* gamma) {
    sums.add_up();
    for (int i = 0; i < channels; ++i) {
        const double mean = sums.all_first()[i] / count;
        const double variance = (std::max)(0.0, sums.all_second()[i] / count - mean * mean);
        s.set(i, mean, variance, gamma[i], gamma[channels + i]);
    }
}

/// Adds this process's sums of du and du (z - mean) to the gradients of gamma and beta, and sets a, b, c by
/// the sums of all processes.
FITNAS_LAZY inline void norm_backward(norm_state& s, int channels, group_sums& sums, double count,
                                      const float* gamma, float* dgamma) {
    sums.add_up();
    for (int i = 0; i < channels; ++i) {
        const double du = sums.all_first()[i];
        const double duz = sums.all_second()[i];
        const double inverse = static_cast<double>(s.inverse[i]);
        dgamma[i] += static_cast<float>(sums.own_second()[i] * inverse);
        dgamma[channels + i] += static_cast<float>(sums.own_first()[i]);
        const double a = static_cast<double>(gamma[i]) * inverse;
        const double b = -a * inverse * inverse * duz / count;
        s.a[i] = static_cast<float>(a);
        s.b[i] = static_cast<float>(b);
        s.c[i] = static_cast<float>(-a * du / count - b * static_cast<double>(s.mean[i]));
    }
}

} // namespace fitnas::detail

#endif
