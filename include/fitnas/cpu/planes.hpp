/// @file
/// @brief Planes of a depthwise convolution: some channels of one image in cache, zeros around them.

#ifndef FITNAS_CPU_PLANES_HPP
#define FITNAS_CPU_PLANES_HPP

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include <fitnas/config.hpp>
#include <fitnas/cpu/geometry.hpp>
#include <fitnas/cpu/operand.hpp>
#include <fitnas/cpu/stencil.hpp>

namespace fitnas::detail {

/// How a padded plane lies in cache: `lanes` channels of one image, zeros around them, [y][x][lanes].
struct plane_layout {
    int margin = 0; ///< zeros before the first pixel of each row and column
    int width = 0;  ///< pixels of a row with the zeros
    std::size_t size = 0;

    plane_layout(int margin_, int height, int width_)
        : margin(margin_),
          width(width_),
          size(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
               static_cast<std::size_t>(lanes)) {}
    /// Where a pixel of the image lies.
    std::ptrdiff_t at(int y, int x) const {
        return (static_cast<std::ptrdiff_t>(y + margin) * width + x + margin) * lanes;
    }
};

/// The channels of some planes: `count` vectors of them, from `channel` on.
struct plane_range {
    int channel;
    int count;
};

/// The planes of a depthwise convolution: of its input, and of its output's gradient.
struct depthwise_planes : geometry {
    stencil_kernel forward;
    plane_layout input;
    plane_layout gradient; ///< no window of any phase of the input's gradient reaches past its margin
    int at_once; ///< planes that are worked on together: one where more would leave the cache by far

    explicit depthwise_planes(const geometry& g)
        : geometry(g),
          forward(kernel, stride, out.width),
          input(padding(), in.height + 2 * padding() + 1 + forward.excess_rows(out.height),
                in.width + 2 * padding() + 1 + forward.excess_columns(out.width)),
          gradient((kernel + stride - 1) / stride,
                   gradient_extent(out.height, in.height, &stencil_kernel::excess_rows),
                   gradient_extent(out.width, in.width, &stencil_kernel::excess_columns)),
          at_once(planes_at_once * (input.size + gradient.size) > std::size_t{1} << 20U ? 1
                                                                                        : planes_at_once) {}

    std::size_t taps_size() const { return static_cast<std::size_t>(taps() * lanes); }
    /// The taps of all planes of an image.
    std::size_t all_taps_size() const {
        return static_cast<std::size_t>(taps()) * static_cast<std::size_t>(simd::padded(in.channels));
    }
    /// The planes from a channel on.
    plane_range from(int channel) const {
        return {channel, (std::min)(at_once, (in.channels - channel + lanes - 1) / lanes)};
    }

private:
    /// Pixels with the zeros; the phases of `n` input pixels have one of two numbers of pixels.
    int gradient_extent(int pixels, int n, int (stencil_kernel::*excess)(int) const) const {
        const int few = (std::max)(1, n / stride);
        const int many = (n + stride - 1) / stride;
        return pixels + 2 * ((kernel + stride - 1) / stride) +
               (std::max)((stencil_kernel(1, 1, few).*excess)(few),
                          (stencil_kernel(1, 1, many).*excess)(many));
    }
};

/// Writes an image into the inside of planes of zeros: `value(offset, i, count)` is the vector of plane i's
/// channels of the pixel that lies `offset` values behind the first, `count` of them there.
template <class Value>
FITNAS_INLINE void fill_planes(shape image, const plane_range& range, const plane_layout& layout,
                               float* plane, Value&& value) {
    const int left = image.channels - range.channel;
    const auto fill = [=](auto all, auto&& get) FITNAS_INLINE_LAMBDA {
        float* row = plane + layout.at(0, 0);
        std::ptrdiff_t offset = 0;
        for (int y = 0; y < image.height; ++y, row += static_cast<std::ptrdiff_t>(layout.width) * lanes) {
            float* to = row;
            for (int x = 0; x < image.width; ++x, to += lanes, offset += image.channels) {
                if constexpr (all()) {
                    FITNAS_UNROLL(4)
                    for (int i = 0; i < planes_at_once; ++i) {
                        simd::store(to + static_cast<std::size_t>(i) * layout.size, get(offset, i, lanes));
                    }
                } else {
                    for (int i = 0; i < range.count; ++i) {
                        simd::store(to + static_cast<std::size_t>(i) * layout.size,
                                    get(offset, i, left - i * lanes));
                    }
                }
            }
        }
    };
    if (range.count == planes_at_once && left >= planes_at_once * lanes) {
        fill(std::true_type(), value);
    } else {
        fill(std::false_type(), value);
    }
}

/// How many values further the channels lie that are read after a range: the image's next, then the next
/// image's first. They are asked for while these are read, or worked on.
FITNAS_LAZY inline std::ptrdiff_t next_planes(shape image, const plane_range& range) {
    const int next = range.count * lanes;
    return range.channel + next < image.channels ? next : image.size() - range.channel;
}

/// Planes of one image of the input, batch norm and activation applied.
FITNAS_LAZY inline void read_planes(const affine_input& x, const depthwise_planes& g, std::ptrdiff_t image,
                                    const plane_range& range, float* plane) {
    const float* z = x.z + image * g.in.size() + range.channel;
    const std::ptrdiff_t ahead = next_planes(g.in, range);
    vec<> scale[planes_at_once] = {};
    vec<> shift[planes_at_once] = {};
    for (int i = 0; i < range.count; ++i) {
        const affine u(x, range.channel + i * lanes);
        scale[i] = u.scale;
        shift[i] = u.shift;
    }
    with_activation(x.act, [&](auto act) {
        fill_planes(g.in, range, g.input, plane,
                    [=](std::ptrdiff_t offset, int i, int count) FITNAS_INLINE_LAMBDA {
                        const float* from = z + offset + i * lanes;
                        prefetch(from + ahead, i * lanes);
                        return apply<act()>(simd::fma(simd::load(from, count), scale[i], shift[i]));
                    });
    });
}

/// Planes of one image of the gradient at the output.
FITNAS_LAZY inline void read_planes(const gradient_input& gradient, const depthwise_planes& g,
                                    std::ptrdiff_t image, const plane_range& range, float* plane) {
    const std::ptrdiff_t first = image * g.out.size() + range.channel;
    const float* du = gradient.du + first;
    const float* z = gradient.z + first;
    const std::ptrdiff_t ahead = next_planes(g.out, range);
    if (gradient.a == nullptr) {
        fill_planes(g.out, range, g.gradient, plane,
                    [=](std::ptrdiff_t offset, int i, int count) FITNAS_INLINE_LAMBDA {
                        prefetch(du + offset + i * lanes + ahead, i * lanes);
                        return simd::load(du + offset + i * lanes, count);
                    });
        return;
    }
    vec<> a[planes_at_once] = {};
    vec<> b[planes_at_once] = {};
    vec<> constant[planes_at_once] = {};
    for (int i = 0; i < range.count; ++i) {
        a[i] = simd::load(gradient.a + range.channel + i * lanes);
        b[i] = simd::load(gradient.b + range.channel + i * lanes);
        constant[i] = simd::load(gradient.c + range.channel + i * lanes);
    }
    fill_planes(g.out, range, g.gradient, plane,
                [=](std::ptrdiff_t offset, int i, int count) FITNAS_INLINE_LAMBDA {
                    prefetch(du + offset + i * lanes + ahead, i * lanes);
                    prefetch(z + offset + i * lanes + ahead, i * lanes);
                    return simd::fma(a[i], simd::load(du + offset + i * lanes, count),
                                     simd::fma(b[i], simd::load(z + offset + i * lanes, count), constant[i]));
                });
}

} // namespace fitnas::detail

#endif
