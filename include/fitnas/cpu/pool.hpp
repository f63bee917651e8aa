/// @file
/// @brief Pooling, forward and backward.

#ifndef FITNAS_CPU_POOL_HPP
#define FITNAS_CPU_POOL_HPP

#include <algorithm>
#include <cstddef>
#include <limits>

#include <fitnas/config.hpp>
#include <fitnas/core/memory.hpp>
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

/// Whether windows lie around pixels, as many as there are pixels: their sums are made of sums of columns.
inline bool sums_by_columns(bool maximum, const geometry& g) {
    return !maximum && g.stride == 1 && g.kernel % 2 == 1;
}

/// Sums over the windows of one image: `read(y, x, c)` is a vector of what is summed up, `store(y, x, c,
/// sum)` takes the sum of the window around a pixel.
/// @param columns room for width x channels, rounded up to vectors
template <class Read, class Store>
FITNAS_INLINE void sum_windows(const geometry& g, float* columns, Read&& read, Store&& store) {
    const int reach = g.padding();
    for (int y = 0; y < g.in.height; ++y) {
        const int top = (std::max)(0, y - reach);
        const int bottom = (std::min)(g.in.height - 1, y + reach);
        for (int c = 0; c < g.in.channels; c += lanes) {
            for (int x = 0; x < g.in.width; ++x) {
                vec<> sum = read(top, x, c);
                for (int row = top + 1; row <= bottom; ++row) {
                    sum += read(row, x, c);
                }
                simd::store(columns + x * lanes, sum);
            }
            for (int x = 0; x < g.in.width; ++x) {
                const int last = (std::min)(g.in.width - 1, x + reach);
                int column = (std::max)(0, x - reach);
                vec<> sum = simd::load(columns + column * lanes);
                while (column++ < last) {
                    sum += simd::load(columns + column * lanes);
                }
                store(y, x, c, sum);
            }
        }
    }
}

/// z (images x output shape) = maximum or mean over windows.
FITNAS_LAZY inline void pool_forward(bool maximum, const geometry& g, const affine_input& x, float* z) {
    if (sums_by_columns(maximum, g)) {
        parallel_groups(g.images, [&](int, std::ptrdiff_t first, std::ptrdiff_t last) {
            float* columns = thread_scratch(static_cast<std::size_t>(g.in.width) * lanes);
            for (std::ptrdiff_t n = first; n < last; ++n) {
                const auto at = [&](int row, int column, int c) {
                    return n * g.in.size() +
                           (static_cast<std::ptrdiff_t>(row) * g.in.width + column) * g.in.channels + c;
                };
                sum_windows(
                    g, columns,
                    [&](int row, int column, int c) FITNAS_INLINE_LAMBDA {
                        return read(x, x.z + at(row, column, c), c, g.in.channels - c);
                    },
                    [&](int row, int column, int c, vec<> sum) FITNAS_INLINE_LAMBDA {
                        simd::store(z + at(row, column, c), sum * pool_window(g, row, column).share(),
                                    g.in.channels - c);
                    });
            }
        });
        return;
    }
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

/// Gradients of means at one image's pixels: each is in the windows around its neighbours.
FITNAS_LAZY inline void pool_backward_by_columns(const geometry& g, const gradient_input& gradient,
                                                 std::ptrdiff_t image, float* columns, float* du) {
    const auto at = [&](int row, int column, int c) {
        return image * g.in.size() +
               (static_cast<std::ptrdiff_t>(row) * g.in.width + column) * g.in.channels + c;
    };
    sum_windows(
        g, columns,
        [&](int row, int column, int c) FITNAS_INLINE_LAMBDA {
            const std::ptrdiff_t i = at(row, column, c);
            return read(gradient, gradient.du + i, gradient.z + i, c, g.in.channels - c) *
                   pool_window(g, row, column).share();
        },
        [&](int row, int column, int c, vec<> sum)
            FITNAS_INLINE_LAMBDA { simd::store(du + at(row, column, c), sum, g.in.channels - c); });
}

/// The same of any windows; of equal maxima the first takes the gradient.
FITNAS_LAZY inline void pool_backward_by_windows(bool maximum, const geometry& g,
                                                 const gradient_input& gradient, const affine_input& x,
                                                 std::ptrdiff_t image, float* du) {
    std::fill_n(du + image * g.in.size(), g.in.size(), 0.0F);
    for_each_window(g, image, image + 1,
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
                            simd::store(du + from, simd::load(du + from, count) + part, count);
                        });
                    });
}

/// Overwrites `out.du` with the gradient of the input.
/// @param gradient with z, what `pool_forward` left
FITNAS_LAZY inline void pool_backward(bool maximum, const geometry& g, const gradient_input& gradient,
                                      const affine_input& x, const gradient_output& out, group_sums& sums) {
    parallel_groups(g.images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        float* columns = thread_scratch(static_cast<std::size_t>(g.in.width) * lanes);
        for (std::ptrdiff_t n = first; n < last; ++n) {
            if (sums_by_columns(maximum, g)) {
                pool_backward_by_columns(g, gradient, n, columns, out.du);
            } else {
                pool_backward_by_windows(maximum, g, gradient, x, n, out.du);
            }
            finish_gradient(x, out, {n * g.in.pixels(), static_cast<int>(g.in.pixels())}, g.in.channels,
                            {g.in}, sums, group);
        }
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
