/// @file
/// @brief Squeeze-and-excitation, forward and backward.

#ifndef FITNAS_CPU_SQUEEZE_EXCITE_HPP
#define FITNAS_CPU_SQUEEZE_EXCITE_HPP

#include <cmath>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/gemm.hpp>
#include <fitnas/cpu/pool.hpp>

namespace fitnas::detail {

/// `images` images of shape `in`, `hidden` units.
struct squeeze_size {
    shape in;
    int hidden;
    int images;
};

/// Parameters in a row: w1 (hidden x channels), b1, w2 (channels x hidden), b2.
template <class T>
struct squeeze_parameters {
    T* w1;
    T* b1;
    T* w2;
    T* b2;

    squeeze_parameters(T* p, const squeeze_size& g)
        : w1(p),
          b1(w1 + static_cast<std::ptrdiff_t>(g.hidden) * g.in.channels),
          w2(b1 + g.hidden),
          b2(w2 + static_cast<std::ptrdiff_t>(g.hidden) * g.in.channels) {}
};

/// What forward keeps for backward: means (images x channels), hidden (images x hidden), gate (images x
/// channels).
struct squeeze_state {
    float* means;
    float* hidden;
    float* gate;

    squeeze_state(float* p, const squeeze_size& g)
        : means(p),
          hidden(means + static_cast<std::ptrdiff_t>(g.images) * g.in.channels),
          gate(hidden + static_cast<std::ptrdiff_t>(g.images) * g.hidden) {}
    /// Floats an image.
    static std::size_t size(int channels, int hidden_units) {
        return static_cast<std::size_t>(2 * channels + hidden_units);
    }
};

/// y = x * sigmoid(w2 relu(w1 mean(x) + b1) + b2)
FITNAS_LAZY inline void squeeze_excite_forward(const squeeze_size& g, const affine_input& x,
                                               const float* parameters, float* state, float* y) {
    const shape in = g.in;
    const int channels = in.channels;
    const int images = g.images;
    const squeeze_parameters<const float> p(parameters, g);
    const squeeze_state s(state, g);
    global_pool_forward(in, images, x, s.means);
    const auto linear = [&](const float* from, int k, const float* w, const float* bias, int n, float* to,
                            auto&& f) {
        gemm(false, true, images, n, k, from, k, w, k, to, n, false);
        for (int i = 0; i < images; ++i) {
            for (int j = 0; j < n; ++j) {
                float& v = to[static_cast<std::ptrdiff_t>(i) * n + j];
                v = f(v + bias[j]);
            }
        }
    };
    linear(s.means, channels, p.w1, p.b1, g.hidden, s.hidden, [](float v) { return v > 0 ? v : 0.0F; });
    linear(s.hidden, g.hidden, p.w2, p.b2, channels, s.gate,
           [](float v) { return 1.0F / (1.0F + std::exp(-v)); });
    parallel_for(images, [&](std::ptrdiff_t n) {
        for (std::ptrdiff_t i = 0; i < in.pixels(); ++i) {
            const std::ptrdiff_t at = n * in.size() + i * channels;
            for (int c = 0; c < channels; c += lanes) {
                const int count = channels - c;
                simd::store(y + at + c,
                            read(x, x.z + at + c, c, count) * simd::load(s.gate + n * channels + c, count),
                            count);
            }
        }
    });
}

/// Adds into the parameters' gradient, overwrites `out.du` with the gradient of the input.
/// @param scratch as large as the state
FITNAS_LAZY inline void squeeze_excite_backward(const squeeze_size& g, const gradient_input& gradient,
                                                const affine_input& x, const float* parameters,
                                                float* dparameters, float* state, float* scratch,
                                                const gradient_output& out, group_sums& sums) {
    const shape in = g.in;
    const int channels = in.channels;
    const int hidden = g.hidden;
    const int images = g.images;
    const squeeze_parameters<const float> p(parameters, g);
    const squeeze_parameters<float> dp(dparameters, g);
    const squeeze_state s(state, g);
    const squeeze_state d(scratch, g);
    parallel_for(images, [&](std::ptrdiff_t n) {
        for (int c = 0; c < channels; c += lanes) {
            const int count = channels - c;
            vec<> sum{};
            for (std::ptrdiff_t i = 0; i < in.pixels(); ++i) {
                const std::ptrdiff_t at = n * in.size() + i * channels + c;
                sum = simd::fma(read(gradient, gradient.du + at, gradient.z + at, c, count),
                                read(x, x.z + at, c, count), sum);
            }
            const vec<> gate = simd::load(s.gate + n * channels + c, count);
            simd::store(d.gate + n * channels + c, sum * gate * (1.0F - gate), count);
        }
    });
    const auto add_bias = [&](const float* from, int n, float* to) {
        add_whole(to, n, [&](float* own) {
            for (int i = 0; i < images; ++i) {
                for (int j = 0; j < n; ++j) {
                    own[j] += from[static_cast<std::ptrdiff_t>(i) * n + j];
                }
            }
        });
    };
    gemm(true, false, channels, hidden, images, d.gate, channels, s.hidden, hidden, dp.w2, hidden, true);
    add_bias(d.gate, channels, dp.b2);
    gemm(false, false, images, hidden, channels, d.gate, channels, p.w2, hidden, d.hidden, hidden, false);
    for (std::ptrdiff_t i = 0; i < std::ptrdiff_t{images} * hidden; ++i) {
        d.hidden[i] = s.hidden[i] > 0 ? d.hidden[i] : 0.0F;
    }
    gemm(true, false, hidden, channels, images, d.hidden, hidden, s.means, channels, dp.w1, channels, true);
    add_bias(d.hidden, hidden, dp.b1);
    gemm(false, false, images, channels, hidden, d.hidden, hidden, p.w1, channels, d.means, channels, false);
    if (out.du == nullptr) {
        return;
    }
    const float share = 1.0F / static_cast<float>(in.pixels());
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t n = first; n < last; ++n) {
            for (std::ptrdiff_t i = 0; i < in.pixels(); ++i) {
                const std::ptrdiff_t at = n * in.size() + i * channels;
                for (int c = 0; c < channels; c += lanes) {
                    const int count = channels - c;
                    const vec<> v = read(gradient, gradient.du + at + c, gradient.z + at + c, c, count) *
                                        simd::load(s.gate + n * channels + c, count) +
                                    simd::load(d.means + n * channels + c, count) * share;
                    simd::store(out.du + at + c, v, count);
                }
            }
            finish_gradient(x, out, {n * in.pixels(), static_cast<int>(in.pixels())}, channels, {in}, sums,
                            group);
        }
    });
}

} // namespace fitnas::detail

#endif
