/// @file
/// @brief What else is done to one image: pools, squeeze-and-excitation, elementwise passes, primitives of a
/// user's own.

#ifndef FITNAS_CPU_IMAGE_PASSES_HPP
#define FITNAS_CPU_IMAGE_PASSES_HPP

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <fitnas/config.hpp>
#include <fitnas/cpu/geometry.hpp>
#include <fitnas/cpu/image_product.hpp>
#include <fitnas/cpu/pool.hpp>

namespace fitnas::detail {

/// y = maximum or mean over windows.
FITNAS_LAZY inline void image_pool(bool maximum, const geometry& g, const image_planes& in, const float* x,
                                   const image_planes& out, float* y) {
    for (int i = 0; i < in.count(); ++i, x += in.step, y += out.step) {
        out.for_each_pixel([&](int oy, int ox, std::ptrdiff_t to) {
            const pool_window w(g, oy, ox);
            vec<> v = simd::broadcast(maximum ? std::numeric_limits<float>::lowest() : 0.0F);
            for (int iy = w.y0; iy < w.y1; ++iy) {
                for (int ix = w.x0; ix < w.x1; ++ix) {
                    const vec<> a = simd::load(x + in.at(iy, ix));
                    v = maximum ? (simd::max)(v, a) : v + a;
                }
            }
            simd::store(y + to, maximum ? v : v * w.share());
        });
    }
}

/// means [vector][lanes] over all pixels.
FITNAS_LAZY inline void image_means(const image_planes& in, const float* x, float* means) {
    const float share = 1.0F / static_cast<float>(in.of.pixels());
    for (int i = 0; i < in.count(); ++i, x += in.step, means += lanes) {
        vec<> sum{};
        in.for_each_pixel([&](int, int, std::ptrdiff_t at) { sum += simd::load(x + at); });
        simd::store(means, sum * share);
    }
}

/// y = x * sigmoid(excite relu(squeeze mean(x)))
/// @param scratch for the means, the hidden units and the gates, each padded
FITNAS_LAZY inline void image_squeeze_excite(const image_product& squeeze, const image_product& excite,
                                             const image_planes& in, const float* x, const image_planes& out,
                                             float* y, float* scratch) {
    float* hidden = scratch + simd::padded(in.of.channels);
    float* gate = hidden + simd::padded(squeeze.channels);
    image_means(in, x, scratch);
    product(squeeze, scratch, hidden, lanes, {.act = clamp(activation::relu)});
    product(excite, hidden, gate, lanes, {});
    for (int c = 0; c < in.of.channels; ++c) {
        gate[c] = 1.0F / (1.0F + std::exp(-gate[c]));
    }
    for (int i = 0; i < in.count(); ++i, x += in.step, y += out.step, gate += lanes) {
        const vec<> factor = simd::load(gate);
        out.for_each_pixel([&](int oy, int ox, std::ptrdiff_t to) {
            simd::store(y + to, simd::load(x + in.at(oy, ox)) * factor);
        });
    }
}

/// y = what `finish` makes of scale x + shift
/// @param scale,shift padded; null: 1 and 0
FITNAS_LAZY inline void image_affine(const image_planes& in, const float* x, const float* scale,
                                     const float* shift, const image_planes& out, float* y,
                                     const image_planes& shortcut, image_finish finish) {
    for (int i = 0; i < in.count(); ++i, x += in.step, y += out.step) {
        const vec<> a =
            scale == nullptr ? simd::broadcast(1.0F) : simd::load(scale + std::ptrdiff_t{i} * lanes);
        const vec<> b = scale == nullptr ? vec<>{} : simd::load(shift + std::ptrdiff_t{i} * lanes);
        out.for_each_pixel([&](int oy, int ox, std::ptrdiff_t to) {
            const std::ptrdiff_t from = finish.shortcut == nullptr ? 0 : shortcut.at(oy, ox);
            simd::store(y + to, finish(simd::fma(simd::load(x + in.at(oy, ox)), a, b), from));
        });
        finish.shortcut += finish.shortcut == nullptr ? 0 : finish.shortcut_step;
    }
}

/// The channels of a, and those of b behind them.
FITNAS_LAZY inline void image_concatenate(const image_planes& a, const float* xa, const image_planes& b,
                                          const float* xb, const image_planes& out, float* y) {
    const auto place = [](const image_planes& p, int channel) {
        return channel / p.together * p.step + channel % p.together;
    };
    for (int c = 0; c < out.count() * out.together; ++c) {
        const bool first = c < a.of.channels;
        const int channel = first ? c : c - a.of.channels;
        const bool there = first || channel < b.of.channels;
        const image_planes& from = first ? a : b;
        const float* x = (first ? xa : xb) + (there ? place(from, channel) : 0);
        float* to = y + place(out, c);
        out.for_each_pixel(
            [&](int oy, int ox, std::ptrdiff_t at) { to[at] = there ? x[from.at(oy, ox)] : 0.0F; });
    }
}

/// A primitive of a user's own.
/// @param scratch for the image that goes in, and the one that comes out
FITNAS_LAZY inline void image_custom(const primitive& p, std::span<const float> parameters,
                                     const image_planes& in, const float* x, const image_planes& out,
                                     float* y, float* scratch) {
    const auto in_size = static_cast<std::size_t>(in.of.size());
    const auto out_size = static_cast<std::size_t>(out.of.size());
    read_out(in, x, scratch);
    p.user->forward(in.of, {scratch, in_size}, parameters, {scratch + in_size, out_size});
    read_in(out, scratch + in_size, y, [](int, float v) { return v; });
}

} // namespace fitnas::detail

#endif
