/// @file
/// @brief Pooling, forward and backward.

#ifndef FITNAS_CPU_POOL_HPP
#define FITNAS_CPU_POOL_HPP

#include <algorithm>
#include <cstddef>
#include <limits>

#include <fitnas/config.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/finish_gradient.hpp>
#include <fitnas/cpu/geometry.hpp>
#include <fitnas/cpu/group_sums.hpp>
#include <fitnas/cpu/operand.hpp>

namespace fitnas::detail {

/// The window of an output pixel, cut at the image's border.
struct pool_window {
    int y0, y1, x0, x1;

    pool_window(const geometry& g, int y, int x)
        : y0((std::max)(0, y * g.stride - g.padding())),
          y1((std::min)(g.in.height, y * g.stride - g.padding() + g.kernel)),
          x0((std::max)(0, x * g.stride - g.padding())),
          x1((std::min)(g.in.width, x * g.stride - g.padding() + g.kernel)) {}
    float share() const { return 1.0F / static_cast<float>((y1 - y0) * (x1 - x0)); }
};

/// Calls `visit(image, channel, output pixel's offset, window)` over images [first, last), all pixels and
/// `lanes` channels at a time.
template <class Visit>
void for_each_window(const geometry& g, std::ptrdiff_t first, std::ptrdiff_t last, Visit&& visit) {
    for (std::ptrdiff_t n = first; n < last; ++n) {
        for (int y = 0; y < g.out.height; ++y) {
            for (int x = 0; x < g.out.width; ++x) {
                const pool_window w(g, y, x);
                const std::ptrdiff_t at =
                    n * g.out.size() + (static_cast<std::ptrdiff_t>(y) * g.out.width + x) * g.in.channels;
                for (int c = 0; c < g.in.channels; c += lanes) {
                    visit(n, c, at + c, w);
                }
            }
        }
    }
}

/// Calls `visit(offset)` for the input pixels of a window at channel c of image n.
template <class Visit>
FITNAS_INLINE void for_each_pixel(const pool_window& w, shape in, std::ptrdiff_t n, int c, Visit&& visit) {
    for (int y = w.y0; y < w.y1; ++y) {
        for (int x = w.x0; x < w.x1; ++x) {
            visit(n * in.size() + (static_cast<std::ptrdiff_t>(y) * in.width + x) * in.channels + c);
        }
    }
}

/// z (images x output shape) = maximum or mean over windows.
FITNAS_LAZY inline void pool_forward(bool maximum, const geometry& g, const affine_input& x, float* z) {
    parallel_groups(g.images, [&](int, std::ptrdiff_t first, std::ptrdiff_t last) {
        for_each_window(g, first, last,
                        [&](std::ptrdiff_t n, int c, std::ptrdiff_t at, const pool_window& w) {
                            const int count = g.in.channels - c;
                            vec<> v = simd::broadcast(maximum ? std::numeric_limits<float>::lowest() : 0.0F);
                            for_each_pixel(w, g.in, n, c, [&](std::ptrdiff_t from) FITNAS_INLINE_LAMBDA {
                                const vec<> a = read(x, x.z + from, c, count);
                                v = maximum ? (simd::max)(v, a) : v + a;
                            });
                            simd::store(z + at, maximum ? v : v * w.share(), count);
                        });
    });
}

/// Overwrites `out.du` with the gradient of the input; of equal maxima the first takes it.
/// @param gradient with z, what `pool_forward` left
FITNAS_LAZY inline void pool_backward(bool maximum, const geometry& g, const gradient_input& gradient,
                                      const affine_input& x, const gradient_output& out, group_sums& sums) {
    parallel_groups(g.images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        std::fill(out.du + first * g.in.size(), out.du + last * g.in.size(), 0.0F);
        for_each_window(g, first, last,
                        [&](std::ptrdiff_t n, int c, std::ptrdiff_t at, const pool_window& w) {
                            const int count = g.in.channels - c;
                            const vec<> zero{};
                            vec<> d = read(gradient, gradient.du + at, gradient.z + at, c, count);
                            const vec<> top = simd::load(gradient.z + at, count);
                            if (!maximum) {
                                d *= w.share();
                            }
                            for_each_pixel(w, g.in, n, c, [&](std::ptrdiff_t from) FITNAS_INLINE_LAMBDA {
                                vec<> part = d;
                                if (maximum) {
                                    const auto chosen = read(x, x.z + from, c, count) == top;
                                    part = chosen ? d : zero;
                                    d = chosen ? zero : d;
                                }
                                simd::store(out.du + from, simd::load(out.du + from, count) + part, count);
                            });
                        });
        finish_gradient(x, out, {first * g.in.pixels(), static_cast<int>((last - first) * g.in.pixels())},
                        g.in.channels, {g.in}, sums, group);
    });
}

/// means (images x channels) of the activations over all pixels.
FITNAS_LAZY inline void global_pool_forward(shape in, int images, const affine_input& x, float* means) {
    const float share = 1.0F / static_cast<float>(in.pixels());
    parallel_for(images, [&](std::ptrdiff_t n) {
        for (int c = 0; c < in.channels; c += lanes) {
            const int count = in.channels - c;
            vec<> v{};
            for (std::ptrdiff_t i = 0; i < in.pixels(); ++i) {
                v += read(x, x.z + n * in.size() + i * in.channels + c, c, count);
            }
            simd::store(means + n * in.channels + c, v * share, count);
        }
    });
}

/// Overwrites `out.du` with the gradient of the input.
FITNAS_LAZY inline void global_pool_backward(shape in, int images, const gradient_input& g,
                                             const affine_input& x, const gradient_output& out,
                                             group_sums& sums) {
    const float share = 1.0F / static_cast<float>(in.pixels());
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t n = first; n < last; ++n) {
            for (int c = 0; c < in.channels; c += lanes) {
                const std::ptrdiff_t at = n * in.channels + c;
                const vec<> d = read(g, g.du + at, g.z + at, c, in.channels - c) * share;
                for (std::ptrdiff_t i = 0; i < in.pixels(); ++i) {
                    simd::store(out.du + n * in.size() + i * in.channels + c, d, in.channels - c);
                }
            }
            finish_gradient(x, out, {n * in.pixels(), static_cast<int>(in.pixels())}, in.channels, {in}, sums,
                            group);
        }
    });
}

} // namespace fitnas::detail

#endif
