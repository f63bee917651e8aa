/// @file
/// @brief Squeeze-and-excitation, forward and backward.

#ifndef FITNAS_CPU_SQUEEZE_EXCITE_HPP
#define FITNAS_CPU_SQUEEZE_EXCITE_HPP

#include <cmath>

#include <fitnas/cpu/pool.hpp>

namespace fitnas::detail {

/// Parameters in a row: w1 (hidden x channels), b1, w2 (channels x hidden), b2.
template <class T>
struct squeeze_parameters {
    T* w1;
    T* b1;
    T* w2;
    T* b2;

    squeeze_parameters(T* p, int channels, int hidden)
        : w1(p),
          b1(w1 + static_cast<std::ptrdiff_t>(hidden) * channels),
          w2(b1 + hidden),
          b2(w2 + static_cast<std::ptrdiff_t>(hidden) * channels) {}
};

/// What forward keeps for backward: means (images x channels), hidden (images x hidden), gate (images x
/// channels).
struct squeeze_state {
    float* means;
    float* hidden;
    float* gate;

    squeeze_state(float* p, int images, int channels, int hidden_units)
        : means(p),
          hidden(means + static_cast<std::ptrdiff_t>(images) * channels),
          gate(hidden + static_cast<std::ptrdiff_t>(images) * hidden_units) {}
    /// Floats an image.
    static std::size_t size(int channels, int hidden_units) {
        return static_cast<std::size_t>(2 * channels + hidden_units);
    }
};

/// y = x * sigmoid(w2 relu(w1 mean(x) + b1) + b2)
inline void squeeze_excite_forward(const affine_input& x, shape in, int hidden, int images,
                                   const float* parameters, float* state, float* y) {
    const int channels = in.channels;
    const squeeze_parameters<const float> p(parameters, channels, hidden);
    const squeeze_state s(state, images, channels, hidden);
    global_pool_forward(x, in, images, s.means);
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
    linear(s.means, channels, p.w1, p.b1, hidden, s.hidden, [](float v) { return v > 0 ? v : 0.0F; });
    linear(s.hidden, hidden, p.w2, p.b2, channels, s.gate,
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
inline void squeeze_excite_backward(const gradient_input& g, const affine_input& x, shape in, int hidden,
                                    int images, const float* parameters, float* dparameters, float* state,
                                    float* scratch, const gradient_output& out, group_sums& sums) {
    const int channels = in.channels;
    const squeeze_parameters<const float> p(parameters, channels, hidden);
    const squeeze_parameters<float> dp(dparameters, channels, hidden);
    const squeeze_state s(state, images, channels, hidden);
    const squeeze_state d(scratch, images, channels, hidden);
    parallel_for(images, [&](std::ptrdiff_t n) {
        for (int c = 0; c < channels; c += lanes) {
            const int count = channels - c;
            vec<> sum{};
            for (std::ptrdiff_t i = 0; i < in.pixels(); ++i) {
                const std::ptrdiff_t at = n * in.size() + i * channels + c;
                sum = simd::fma(read(g, g.du + at, g.z + at, c, count), read(x, x.z + at, c, count), sum);
            }
            const vec<> gate = simd::load(s.gate + n * channels + c, count);
            simd::store(d.gate + n * channels + c, sum * gate * (1.0F - gate), count);
        }
    });
    const auto add_bias = [&](const float* from, int n, float* to) {
        for (int i = 0; i < images; ++i) {
            for (int j = 0; j < n; ++j) {
                to[j] += from[static_cast<std::ptrdiff_t>(i) * n + j];
            }
        }
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
                    const vec<> v = read(g, g.du + at + c, g.z + at + c, c, count) *
                                        simd::load(s.gate + n * channels + c, count) +
                                    simd::load(d.means + n * channels + c, count) * share;
                    simd::store(out.du + at + c, v, count);
                }
            }
            finish_gradient(x, out, static_cast<int>(in.pixels()), channels, {in}, n * in.pixels(),
                            sums.first(group), sums.second(group));
        }
    });
}

} // namespace fitnas::detail

#endif
