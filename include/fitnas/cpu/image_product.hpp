/// @file
/// @brief Convolutions and linear layers of one image: products of windows, read where they lie in planes, by
/// weights that are packed once.

#ifndef FITNAS_CPU_IMAGE_PRODUCT_HPP
#define FITNAS_CPU_IMAGE_PRODUCT_HPP

#include <algorithm>
#include <cstddef>
#include <limits>

#include <fitnas/config.hpp>
#include <fitnas/core/epilogue.hpp>
#include <fitnas/cpu/image_planes.hpp>
#include <fitnas/nn/primitive.hpp>

namespace fitnas::detail {

/// An activation as a clamp, or hard swish: told apart once.
struct clamp {
    float low;
    float high;
    bool swish;

    explicit clamp(activation act = activation::none)
        : low(act == activation::relu || act == activation::relu6 ? 0.0F : -infinite),
          high(act == activation::relu6 ? 6.0F : infinite),
          swish(act == activation::hard_swish) {}

    FITNAS_INLINE vec<> operator()(vec<> u) const {
        if (swish) {
            return u * (simd::min)(simd::broadcast(6.0F), (simd::max)(vec<>{}, u + 3.0F)) * (1.0F / 6.0F);
        }
        return (simd::min)(simd::broadcast(high), (simd::max)(simd::broadcast(low), u));
    }

private:
    static constexpr float infinite = std::numeric_limits<float>::infinity();
};

/// What a pass does to its values before it stores them: behind(act(u) + shortcut).
struct image_finish {
    clamp act = clamp();
    clamp behind = clamp();
    const float* shortcut = nullptr; ///< a vector of channels; nullptr: none
    std::ptrdiff_t shortcut_step = 0;

    /// Whether a clamp is all.
    bool plain() const { return shortcut == nullptr && !act.swish; }
    FITNAS_INLINE vec<> operator()(vec<> u, std::ptrdiff_t at) const {
        u = act(u);
        return shortcut == nullptr ? u : behind(u + simd::load(shortcut + at));
    }
};

/// The windows of a convolution, the weights, and where each output pixel's window and values lie.
struct image_product {
    int vectors = 0;         ///< of channels that come in
    std::ptrdiff_t step = 0; ///< from one of them to the next
    int rows = 1;            ///< of a window
    std::ptrdiff_t row_step = 0;
    int run = 0;                    ///< values of a window's row
    int pixels = 0;                 ///< that come out
    int channels = 0;               ///< that come out
    const float* weights = nullptr; ///< [channels / panel][vector][row][run][panel]
    const float* bias = nullptr;    ///< padded to whole panels
    const int* from = nullptr;      ///< where each pixel's window begins, in a plane
    const int* to = nullptr;        ///< where each pixel lies in a plane of what comes out
    const int* shortcut = nullptr;  ///< and in one of the shortcut
    const float* next = nullptr;    ///< weights that are read after these

    /// Weights a panel.
    std::ptrdiff_t size() const { return static_cast<std::ptrdiff_t>(vectors) * rows * run * panel; }
    int panels() const { return (channels + panel - 1) / panel; }
};

/// Pixels of a register tile: with two vectors of channels they fill the registers.
inline constexpr int tile_pixels = lanes == 16 ? 8 : lanes == 8 ? 6 : 4;

/// Weights that are read next. Each is read once or few times an image and comes from far: they are asked for
/// while others are worked with.
struct weights_ahead {
    const float* at = nullptr;
    const float* end = nullptr;
    int asks = 0; ///< cache lines at a time

    FITNAS_INLINE void ask() {
        constexpr int line = 16;
        for (int i = 0; i < asks && at < end; ++i, at += line) {
            __builtin_prefetch(at);
        }
    }
};

/// Where the windows of a register tile begin.
template <int Pixels>
using windows_of = const float * [static_cast<std::size_t>(Pixels)];

/// The product of `Pixels` windows and one panel, added to acc.
/// @tparam Run values of a window's row, of windows of one row; 0: as they are
template <int Run, int Pixels, int Vectors>
FITNAS_INLINE void add_product(const image_product& p, const windows_of<Pixels>& at, const float* w,
                               simd::tile<Pixels, Vectors>& acc, weights_ahead& next) {
    const int rows = Run > 0 ? 1 : p.rows;
    const int run = Run > 0 ? Run : p.run;
    for (int block = 0; block < p.vectors; ++block) {
        for (int row = 0; row < rows; ++row) {
            const std::ptrdiff_t offset = block * p.step + row * p.row_step;
            next.ask();
            FITNAS_UNROLL(8)
            for (int i = 0; i < run; ++i, w += panel) {
                simd::vecs<Vectors> weight;
                for (int v = 0; v < Vectors; ++v) {
                    weight[v] = simd::load(w + v * lanes);
                    simd::hold(weight[v]);
                }
                FITNAS_UNROLL(8)
                for (int r = 0; r < Pixels; ++r) {
                    const vec<> factor = simd::broadcast(at[r][offset + i]);
                    for (int v = 0; v < Vectors; ++v) {
                        acc[r][v] = simd::fma(factor, weight[v], acc[r][v]);
                    }
                }
            }
        }
    }
}

/// `Pixels` windows times one panel, from `first` on, of which `count` are stored.
template <int Pixels, int Vectors>
FITNAS_INLINE void product_tile(const image_product& p, const float* x, const float* w, const float* bias,
                                int first, int count, float* y, std::ptrdiff_t y_step,
                                const image_finish& finish, weights_ahead& next) {
    windows_of<Pixels> at;
    simd::tile<Pixels, Vectors> acc;
    FITNAS_UNROLL(8)
    for (int r = 0; r < Pixels; ++r) {
        at[r] = x + p.from[first + (std::min)(r, count - 1)];
        for (int v = 0; v < Vectors; ++v) {
            acc[r][v] = simd::load(bias + v * lanes);
        }
    }
    if (p.rows == 1 && p.run == lanes) {
        add_product<lanes, Pixels, Vectors>(p, at, w, acc, next);
    } else {
        add_product<0, Pixels, Vectors>(p, at, w, acc, next);
    }
    const auto store = [&](auto&& value) FITNAS_INLINE_LAMBDA {
        FITNAS_UNROLL(8)
        for (int r = 0; r < Pixels; ++r) {
            if (r < count) {
                float* to = y + p.to[first + r];
                for (int v = 0; v < Vectors; ++v) {
                    simd::store(to + v * y_step, value(r, v));
                }
            }
        }
    };
    if (finish.plain()) {
        const vec<> low = simd::broadcast(finish.act.low);
        const vec<> high = simd::broadcast(finish.act.high);
        store([&](int r, int v)
                  FITNAS_INLINE_LAMBDA { return (simd::min)(high, (simd::max)(low, acc[r][v])); });
    } else {
        store([&](int r, int v) FITNAS_INLINE_LAMBDA {
            return finish(acc[r][v],
                          finish.shortcut == nullptr ? 0 : v * finish.shortcut_step + p.shortcut[first + r]);
        });
    }
}

/// Pixels [first, last) of one panel.
/// @param y the panel's first plane of what comes out
/// @param finish with the panel's first plane of the shortcut
template <int Vectors>
void product_panel(const image_product& p, const float* x, int number, int first, int last, float* y,
                   std::ptrdiff_t y_step, const image_finish& finish) {
    const float* w = p.weights + number * p.size();
    const float* bias = p.bias + static_cast<std::ptrdiff_t>(number) * panel;
    constexpr int most = tile_pixels;
    constexpr int fewer = most * 2 / 3;
    weights_ahead next{number + 1 < p.panels() ? w + p.size() : p.next};
    if (next.at != nullptr && first == 0) {
        next.end = next.at + p.size();
        const int tiles = (last + most - 1) / most;
        next.asks = (p.run + tiles - 1) / tiles;
    }
    while (first < last) {
        const int left = last - first;
        const int tile = left >= most && left != most + 1 && left != 2 * fewer ? most : left > 1 ? fewer : 1;
        const int count = (std::min)(left, tile);
        if (tile == most) {
            product_tile<most, Vectors>(p, x, w, bias, first, most, y, y_step, finish, next);
        } else if (tile == fewer) {
            product_tile<fewer, Vectors>(p, x, w, bias, first, count, y, y_step, finish, next);
        } else {
            product_tile<1, Vectors>(p, x, w, bias, first, 1, y, y_step, finish, next);
        }
        first += count;
    }
}
FITNAS_LAZY inline void product_panel(const image_product& p, const float* x, int number, int first, int last,
                                      float* y, std::ptrdiff_t y_step, const image_finish& finish) {
    if (p.channels - number * panel > lanes) {
        product_panel<2>(p, x, number, first, last, y, y_step, finish);
    } else {
        product_panel<1>(p, x, number, first, last, y, y_step, finish);
    }
}

/// All of it. Pixels whose windows stay in a core's cache go through all panels together.
FITNAS_LAZY inline void product(const image_product& p, const float* x, float* y, std::ptrdiff_t y_step,
                                const image_finish& finish) {
    constexpr int cached = 1 << 15;
    const int together = (std::max)(1, cached / (p.vectors * p.rows * p.run) / 24) * 24;
    for (int first = 0; first < p.pixels; first += together) {
        const int last = (std::min)(p.pixels, first + together);
        image_finish part = finish;
        for (int i = 0; i < p.panels(); ++i) {
            product_panel(p, x, i, first, last, y + 2 * i * y_step, y_step, part);
            part.shortcut += finish.shortcut == nullptr ? 0 : 2 * finish.shortcut_step;
        }
    }
}

} // namespace fitnas::detail

#endif
