// Networks in double precision, written from the definitions of the primitives, a loop for each.

#ifndef FITNAS_TESTS_SUPERNET_DOUBLE_NETWORK_HPP
#define FITNAS_TESTS_SUPERNET_DOUBLE_NETWORK_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include <fitnas/nn/primitive.hpp>

namespace in_double {

using namespace fitnas;
using numbers = std::vector<double>;

inline std::size_t number(long long n) { return static_cast<std::size_t>(n); }

// Calls `each(channel of the output, place in the output, window)` where `window(visit)` calls
// `visit(ky, kx, place of channel 0 of the input pixel)` for the pixels inside the image.
template <class Each>
void windows(const primitive& p, shape in, shape out, Each&& each) {
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            const auto window = [&](auto&& visit) {
                for (int ky = 0; ky < p.kernel; ++ky) {
                    for (int kx = 0; kx < p.kernel; ++kx) {
                        const int iy = y * p.stride + ky - p.kernel / 2;
                        const int ix = x * p.stride + kx - p.kernel / 2;
                        if (iy >= 0 && iy < in.height && ix >= 0 && ix < in.width) {
                            visit(ky, kx, number((static_cast<long long>(iy) * in.width + ix) * in.channels));
                        }
                    }
                }
            };
            for (int c = 0; c < out.channels; ++c) {
                each(number(c), number((static_cast<long long>(y) * out.width + x) * out.channels + c),
                     window);
            }
        }
    }
}

// One primitive on one image. Weights and bias as in the table of `folded_step`; no bias is one of zeros.
inline numbers run(const primitive& p, shape in, const numbers& x, const numbers& w, numbers bias,
                   const numbers& block_input) {
    const shape out = p.output(in);
    const std::size_t channels = number(in.channels);
    numbers y(number(out.size()));
    bias.resize(number(out.channels));
    const auto kernel = number(p.kernel);
    switch (p.kind) {
    case primitive_kind::pointwise:
    case primitive_kind::convolution:
    case primitive_kind::linear:
        windows(p, in, out, [&](std::size_t c, std::size_t to, auto&& window) {
            y[to] = bias[c];
            window([&](int ky, int kx, std::size_t at) {
                for (std::size_t i = 0; i < channels; ++i) {
                    y[to] += w[((c * kernel + number(ky)) * kernel + number(kx)) * channels + i] * x[at + i];
                }
            });
        });
        break;
    case primitive_kind::depthwise:
        windows(p, in, out, [&](std::size_t c, std::size_t to, auto&& window) {
            y[to] = bias[c];
            window([&](int ky, int kx, std::size_t at) {
                y[to] += w[(number(ky) * kernel + number(kx)) * channels + c] * x[at + c];
            });
        });
        break;
    case primitive_kind::max_pool:
        windows(p, in, out, [&](std::size_t c, std::size_t to, auto&& window) {
            y[to] = -std::numeric_limits<double>::infinity();
            window([&](int, int, std::size_t at) { y[to] = (std::max)(y[to], x[at + c]); });
        });
        break;
    case primitive_kind::average_pool:
        windows(p, in, out, [&](std::size_t c, std::size_t to, auto&& window) {
            int count = 0;
            window([&](int, int, std::size_t at) {
                y[to] += x[at + c];
                ++count;
            });
            y[to] /= count;
        });
        break;
    case primitive_kind::global_pool:
        for (std::size_t i = 0; i < x.size(); ++i) {
            y[i % channels] += x[i] / static_cast<double>(in.pixels());
        }
        break;
    case primitive_kind::batch_norm:
        for (std::size_t i = 0; i < x.size(); ++i) {
            y[i] = w[i % channels] * x[i] + bias[i % channels];
        }
        break;
    case primitive_kind::activate:
        std::transform(x.begin(), x.end(), y.begin(), [&](double v) {
            const double ramp = (std::min)((std::max)(v + 3.0, 0.0), 6.0);
            return p.act == activation::relu         ? (std::max)(v, 0.0)
                   : p.act == activation::relu6      ? (std::min)((std::max)(v, 0.0), 6.0)
                   : p.act == activation::hard_swish ? v * ramp / 6
                                                     : v;
        });
        break;
    case primitive_kind::squeeze_excite: {
        const std::size_t hidden = number(p.hidden(in));
        const double* w1 = w.data();
        const double* b1 = w1 + hidden * channels;
        const double* w2 = b1 + hidden;
        const double* b2 = w2 + hidden * channels;
        numbers mean(channels);
        for (std::size_t i = 0; i < x.size(); ++i) {
            mean[i % channels] += x[i] / static_cast<double>(in.pixels());
        }
        numbers h(hidden);
        for (std::size_t j = 0; j < hidden; ++j) {
            h[j] = b1[j];
            for (std::size_t c = 0; c < channels; ++c) {
                h[j] += w1[j * channels + c] * mean[c];
            }
            h[j] = (std::max)(h[j], 0.0);
        }
        for (std::size_t i = 0; i < x.size(); ++i) {
            double gate = b2[i % channels];
            for (std::size_t j = 0; j < hidden; ++j) {
                gate += w2[i % channels * hidden + j] * h[j];
            }
            y[i] = x[i] / (1 + std::exp(-gate));
        }
        break;
    }
    case primitive_kind::residual:
        std::transform(x.begin(), x.end(), block_input.begin(), y.begin(), std::plus<>());
        break;
    case primitive_kind::zero:
        break;
    case primitive_kind::residual_if_same_shape:
        y = x;
        if (x.size() == block_input.size()) {
            std::transform(x.begin(), x.end(), block_input.begin(), y.begin(), std::plus<>());
        }
        break;
    case primitive_kind::custom: {
        const std::vector<float> from(x.begin(), x.end());
        const std::vector<float> parameters(w.begin(), w.end());
        std::vector<float> to(y.size());
        p.user->forward(in, from, parameters, to);
        y.assign(to.begin(), to.end());
        break;
    }
    }
    return y;
}

} // namespace in_double

#endif
