/// @file
/// @brief Pooling, forward and backward.

#ifndef FITNAS_CPU_POOL_HPP
#define FITNAS_CPU_POOL_HPP

#include <limits>

#include <fitnas/cpu/channels.hpp>

namespace fitnas::detail {

/// The window of an output pixel, cut at the image's border.
struct pool_window {
    int y0, y1, x0, x1;

    pool_window(shape in, int kernel, int stride, int y, int x)
        : y0((std::max)(0, y * stride - kernel / 2)),
          y1((std::min)(in.height, y * stride - kernel / 2 + kernel)),
          x0((std::max)(0, x * stride - kernel / 2)),
          x1((std::min)(in.width, x * stride - kernel / 2 + kernel)) {}
    float share() const { return 1.0F / static_cast<float>((y1 - y0) * (x1 - x0)); }
};

/// Calls `visit(image, channel, output pixel's offset, window)` over images [first, last), all pixels and
/// blocks of channels.
template <class Visit>
void for_each_window(shape in, int kernel, int stride, std::ptrdiff_t first, std::ptrdiff_t last,
                     Visit&& visit) {
    const shape out = cell{in, in.channels, stride}.output();
    for (std::ptrdiff_t n = first; n < last; ++n) {
        for (int y = 0; y < out.height; ++y) {
            for (int x = 0; x < out.width; ++x) {
                const pool_window w(in, kernel, stride, y, x);
                const std::ptrdiff_t at =
                    n * out.size() + (static_cast<std::ptrdiff_t>(y) * out.width + x) * in.channels;
                for (int c = 0; c < in.channels; c += lanes) {
                    visit(n, c, at + c, w);
                }
            }
        }
    }
}

/// Offset of a pixel of an image.
inline std::ptrdiff_t pixel(shape in, std::ptrdiff_t n, int y, int x) {
    return n * in.size() + (static_cast<std::ptrdiff_t>(y) * in.width + x) * in.channels;
}

/// z (images x output shape) = maximum or mean over windows.
inline void pool_forward(bool maximum, const affine_input& x, shape in, int kernel, int stride, int images,
                         float* z) {
    parallel_groups(images, [&](int, std::ptrdiff_t first, std::ptrdiff_t last) {
        for_each_window(in, kernel, stride, first, last,
                        [&](std::ptrdiff_t n, int c, std::ptrdiff_t at, const pool_window& w) {
                            const int count = in.channels - c;
                            vec<> v = simd::broadcast(maximum ? std::numeric_limits<float>::lowest() : 0.0F);
                            for (int y = w.y0; y < w.y1; ++y) {
                                for (int i = w.x0; i < w.x1; ++i) {
                                    const vec<> a = read(x, x.z + pixel(in, n, y, i) + c, c, count);
                                    v = maximum ? (simd::max)(v, a) : v + a;
                                }
                            }
                            simd::store(z + at, maximum ? v : v * w.share(), count);
                        });
    });
}

/// Overwrites `out.du` with the gradient of the input; of equal maxima the first takes it.
/// @param z what `pool_forward` left
inline void pool_backward(bool maximum, const gradient_input& g, const float* z, const affine_input& x,
                          shape in, int kernel, int stride, int images, const gradient_output& out,
                          group_sums& sums) {
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        std::fill(out.du + first * in.size(), out.du + last * in.size(), 0.0F);
        for_each_window(in, kernel, stride, first, last,
                        [&](std::ptrdiff_t n, int c, std::ptrdiff_t at, const pool_window& w) {
                            const int count = in.channels - c;
                            vec<> d = read(g, g.du + at, g.z + at, c, count);
                            const vec<> top = simd::load(z + at, count);
                            if (!maximum) {
                                d *= w.share();
                            }
                            for (int y = w.y0; y < w.y1; ++y) {
                                for (int i = w.x0; i < w.x1; ++i) {
                                    const std::ptrdiff_t from = pixel(in, n, y, i) + c;
                                    vec<> part = d;
                                    if (maximum) {
                                        const vec<> zero{};
                                        const auto chosen = read(x, x.z + from, c, count) == top;
                                        part = chosen ? d : zero;
                                        d = chosen ? zero : d;
                                    }
                                    simd::store(out.du + from, simd::load(out.du + from, count) + part,
                                                count);
                                }
                            }
                        });
        finish_gradient(x, out, static_cast<int>((last - first) * in.pixels()), in.channels, {in},
                        first * in.pixels(), sums.first(group), sums.second(group));
    });
}

/// means (images x channels) of the activations over all pixels.
inline void global_pool_forward(const affine_input& x, shape in, int images, float* means) {
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
inline void global_pool_backward(const gradient_input& g, const affine_input& x, shape in, int images,
                                 const gradient_output& out, group_sums& sums) {
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
            finish_gradient(x, out, static_cast<int>(in.pixels()), in.channels, {in}, n * in.pixels(),
                            sums.first(group), sums.second(group));
        }
    });
}

} // namespace fitnas::detail

#endif
