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

/// The share of a pixel in the mean of a window, 1 / (its pixels), for windows that the image's border cuts:
/// one for each number of rows that a window may have and each column that it may lie around.
class window_shares {
public:
    /// @param room for `size(g)` floats
    window_shares(const geometry& g, float* room) : m_in(g.in), m_reach(g.padding()), m_shares(room) {
        for (int rows = 1; rows <= g.kernel; ++rows) {
            for (int x = 0; x < m_in.width; ++x) {
                *room++ = 1.0F / static_cast<float>(rows * within(x, m_in.width));
            }
        }
    }
    static std::size_t size(const geometry& g) {
        return static_cast<std::size_t>(g.kernel) * static_cast<std::size_t>(g.in.width);
    }
    /// The shares in the windows around the pixels of row y, one a column.
    FITNAS_INLINE const float* row(int y) const {
        return m_shares + static_cast<std::ptrdiff_t>(within(y, m_in.height) - 1) * m_in.width;
    }

private:
    /// How many of a side's pixels a window around one of them has.
    FITNAS_INLINE int within(int at, int side) const {
        return (std::min)(side - 1, at + m_reach) - (std::max)(0, at - m_reach) + 1;
    }
    shape m_in;
    int m_reach;
    const float* m_shares;
};

/// Sums over the windows of one image.
/// @param columns room for width vectors
/// @param reader `reader(c)` reads vectors from channel c on: called with a pixel's place in the image, its
/// row and its column
/// @param writer `writer(c, y)` takes sums of row y: called with a pixel's place, its column and the sum of
/// the window around it
template <class Reader, class Writer>
FITNAS_INLINE void sum_windows(const geometry& g, float* columns, Reader&& reader, Writer&& writer) {
    const int reach = g.padding();
    const int width = g.in.width;
    const std::ptrdiff_t pixel = g.in.channels;
    const std::ptrdiff_t row_step = width * pixel;
    for (int y = 0; y < g.in.height; ++y) {
        const int top = (std::max)(0, y - reach);
        const int bottom = (std::min)(g.in.height - 1, y + reach);
        for (int c = 0; c < g.in.channels; c += lanes) {
            const auto read = reader(c);
            const auto write = writer(c, y);
            for (int x = 0; x < width; ++x) {
                std::ptrdiff_t at = top * row_step + x * pixel + c;
                vec<> sum = read(at, top, x);
                for (int row = top + 1; row <= bottom; ++row) {
                    at += row_step;
                    sum += read(at, row, x);
                }
                simd::store(columns + x * lanes, sum);
            }
            for (int x = 0; x < width; ++x) {
                const int last = (std::min)(width - 1, x + reach);
                int column = (std::max)(0, x - reach);
                vec<> sum = simd::load(columns + column * lanes);
                while (column++ < last) {
                    sum += simd::load(columns + column * lanes);
                }
                write(y * row_step + x * pixel + c, x, sum);
            }
        }
    }
}

/// Floats of scratch for means by columns: columns, then shares.
inline std::size_t columns_scratch(const geometry& g) {
    return static_cast<std::size_t>(g.in.width) * lanes + window_shares::size(g);
}

/// z (images x output shape) = maximum or mean over windows.
/// @param onto what is added, perhaps z itself; nullptr: nothing
FITNAS_LAZY inline void pool_forward(bool maximum, const geometry& g, const affine_input& x,
                                     const float* onto, float* z) {
    if (sums_by_columns(maximum, g)) {
        parallel_groups(g.images, [&](int, std::ptrdiff_t first, std::ptrdiff_t last) {
            float* columns = thread_scratch(columns_scratch(g));
            const window_shares share(g, columns + static_cast<std::ptrdiff_t>(g.in.width) * lanes);
            with_activation(x.act, [&](auto act) {
                for (std::ptrdiff_t n = first; n < last; ++n) {
                    const float* from = x.z + n * g.in.size();
                    const float* sum_with = onto != nullptr ? onto + n * g.in.size() : nullptr;
                    float* to = z + n * g.in.size();
                    const auto reader = [&](int c) {
                        return [=, u = affine(x, c), count = g.in.channels - c](std::ptrdiff_t at, int, int)
                                   FITNAS_INLINE_LAMBDA {
                                       return apply<act()>(u(simd::load(from + at, count)));
                                   };
                    };
                    const auto writer = [&](int c, int y) {
                        return [=, shares = share.row(y), count = g.in.channels - c](
                                   std::ptrdiff_t at, int column, vec<> sum) FITNAS_INLINE_LAMBDA {
                            vec<> mean = sum * shares[column];
                            if (sum_with != nullptr) {
                                simd::hold(mean); // rounded before it is added, as by a pass of its own
                                mean += simd::load(sum_with + at, count);
                            }
                            simd::store(to + at, mean, count);
                        };
                    };
                    sum_windows(g, columns, reader, writer);
                }
            });
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
                            v = maximum ? v : v * w.share();
                            if (onto != nullptr) {
                                simd::hold(v);
                                v += simd::load(onto + at, count);
                            }
                            simd::store(z + at, v, count);
                        });
    });
}

/// Gradients of means at one image's pixels: each is in the windows around its neighbours.
FITNAS_LAZY inline void pool_backward_by_columns(const geometry& g, const gradient_input& gradient,
                                                 std::ptrdiff_t image, float* columns,
                                                 const window_shares& share, float* du) {
    const std::ptrdiff_t first = image * g.in.size();
    const float* du_out = gradient.du + first;
    const float* z = gradient.z != nullptr ? gradient.z + first : du_out;
    const auto reader = [&](int c) {
        return [=, &gradient, &share, count = g.in.channels - c](std::ptrdiff_t at, int row, int column)
                   FITNAS_INLINE_LAMBDA {
                       return read(gradient, du_out + at, z + at, c, count) * share.row(row)[column];
                   };
    };
    const auto writer = [&](int c, int) {
        return [to = du + first, count = g.in.channels - c](std::ptrdiff_t at, int, vec<> sum)
                   FITNAS_INLINE_LAMBDA { simd::store(to + at, sum, count); };
    };
    sum_windows(g, columns, reader, writer);
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
        float* columns = thread_scratch(columns_scratch(g));
        const window_shares share(g, columns + static_cast<std::ptrdiff_t>(g.in.width) * lanes);
        for (std::ptrdiff_t n = first; n < last; ++n) {
            if (sums_by_columns(maximum, g)) {
                pool_backward_by_columns(g, gradient, n, columns, share, out.du);
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
