/// @file
/// @brief How the activations of one image lie for inference: vectors of channels, with zeros around them
/// where windows reach past the image.

#ifndef FITNAS_CPU_IMAGE_PLANES_HPP
#define FITNAS_CPU_IMAGE_PLANES_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/simd.hpp>
#include <fitnas/nn/shape.hpp>

namespace fitnas::detail {

using simd::lanes;
using simd::vec;

/// [channels / together][y][x][together]. Channels behind the last are 0.
struct image_planes {
    shape of{};
    int margin = 0;          ///< zeros on each side
    int together = lanes;    ///< channels that lie side by side; of images with few, all
    int row = 0;             ///< pixels of a row with its zeros
    std::ptrdiff_t step = 0; ///< from one vector of channels to the next

    image_planes() = default;
    image_planes(shape s, int margin_, int together_ = lanes)
        : of(s),
          margin(margin_),
          together(together_),
          row(s.width + 2 * margin_),
          step(static_cast<std::ptrdiff_t>(s.height + 2 * margin_) * row * together_) {
        if (s.pixels() > 1) { // whole cache lines, and an odd number: other vectors lie in other cache sets
            step = (step + 31) / 32 * 32 + 16;
        }
    }

    int count() const { return (of.channels + together - 1) / together; }
    std::size_t size() const { return static_cast<std::size_t>(step * count()); }
    /// Where a pixel of the image lies in its plane.
    std::ptrdiff_t at(int y, int x) const {
        return (static_cast<std::ptrdiff_t>(y + margin) * row + x + margin) * together;
    }

    /// Writes the zeros around `planes` planes.
    void clear_margins(float* p, int planes) const {
        const std::ptrdiff_t side = static_cast<std::ptrdiff_t>(margin) * together;
        const std::ptrdiff_t width = static_cast<std::ptrdiff_t>(row) * together;
        const std::ptrdiff_t height = of.height + 2 * margin;
        for (int i = 0; margin > 0 && i < planes; ++i, p += step) {
            std::fill_n(p, margin * width + side, 0.0F);
            for (std::ptrdiff_t y = margin + 1; y < height - margin; ++y) {
                std::fill_n(p + y * width - side, 2 * side, 0.0F);
            }
            std::fill_n(p + (height - margin) * width - side, margin * width + side, 0.0F);
        }
    }
    /// Calls `visit(y, x, place in the plane)` for the image's pixels.
    template <class Visit>
    FITNAS_INLINE void for_each_pixel(Visit&& visit) const {
        for (int y = 0; y < of.height; ++y) {
            for (int x = 0; x < of.width; ++x) {
                visit(y, x, at(y, x));
            }
        }
    }
};

/// Calls `visit(place, channel)` for the channels of the image's pixels, as they lie in height x width x
/// channels.
template <class Visit>
void for_each_value(const image_planes& planes, Visit&& visit) {
    planes.for_each_pixel([&](int, int, std::ptrdiff_t at) {
        for (int first = 0; first < planes.of.channels; first += planes.together, at += planes.step) {
            const int count = (std::min)(planes.together, planes.of.channels - first);
            for (int i = 0; i < count; ++i) {
                visit(at + i, first + i);
            }
        }
    });
}

/// Copies planes to height x width x channels.
FITNAS_LAZY inline void read_out(const image_planes& planes, const float* from, float* to) {
    for_each_value(planes, [&](std::ptrdiff_t at, int) { *to++ = from[at]; });
}

/// Copies height x width x channels to planes; `value(channel, x)` is written for x.
template <class T, class Value>
void read_in(const image_planes& planes, const T* from, float* to, Value&& value) {
    for_each_value(planes, [&](std::ptrdiff_t at, int c) { to[at] = value(c, *from++); });
    const int rest = planes.of.channels % planes.together;
    float* last = to + (planes.count() - 1) * planes.step;
    planes.for_each_pixel([&](int, int, std::ptrdiff_t at) {
        for (int i = rest; rest > 0 && i < planes.together; ++i) {
            last[at + i] = 0.0F;
        }
    });
}

} // namespace fitnas::detail

#endif
