/// @file
/// @brief Images of another size, smoothed where they become smaller.

#ifndef FITNAS_DATA_RESIZE_HPP
#define FITNAS_DATA_RESIZE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/data/raster.hpp>

namespace fitnas {

/// @brief How images of another size come to the size that is asked for.
enum class resizing : std::uint8_t {
    none,        ///< not at all: they are refused
    stretch,     ///< each side by itself, as torchvision's `Resize((height, width))`
    centre_crop, ///< scaled until they just cover the size, whose middle is cut out: for squares
                 ///< torchvision's `Resize(size)` and `CenterCrop(size)`
};

/// @brief Bilinear resizing with antialiasing, as Pillow's `resize` with `BILINEAR` has it: a triangle filter
/// whose support grows with the reduction, in two passes, with weights in fixed point.
/// @param image at least 1 x 1
/// @param height,width at least 1
/// @throws shape_error where one of these is not, or the image has not height x width x channels bytes
FITNAS_API raster resize(const raster& image, int height, int width);

/// @brief An image of the size height x width.
/// @param image at least 1 x 1
/// @param height,width at least 1
/// @param how not `resizing::none`, unless it has the size
/// @throws shape_error as above, and where `resizing::none` would have to change the size
FITNAS_API raster resize(const raster& image, int height, int width, resizing how);

namespace detail {

/// Weights are whole numbers of 1/2^22: times a pixel they stay below 2^31.
inline constexpr int resize_unit = 1 << 22;

/// @return a sum of weights times pixels as a pixel
inline std::uint8_t resized_pixel(std::int32_t sum) {
    return static_cast<std::uint8_t>((std::min)((sum + resize_unit / 2) / resize_unit, 255));
}

/// Some neighbours of the pixels that a side has once it is scaled.
struct resized_part {
    std::int64_t whole = 0; ///< pixels of the side, also more than there is memory for
    std::int64_t begin = 0; ///< of those that are wanted
    int count = 0;
};

/// The middle of a side; an odd rest is halved to even, as Python's `round` does.
constexpr resized_part middle_of(std::int64_t whole, int count) {
    const std::int64_t rest = whole - count;
    return {whole, rest / 2 + (rest % 4 == 3 ? 1 : 0), count};
}

/// The weights of one pass: what each value of the output takes of which values of the input.
struct resize_weights {
    std::vector<int> first;           ///< the first value of the input, for each of the output
    std::vector<std::int32_t> weight; ///< `taps` for each value of the output; those at the end may be 0
    int taps = 0;

    FITNAS_LAZY resize_weights(int from, const resized_part& to);
    const std::int32_t* of(int value) const { return weight.data() + std::ptrdiff_t{value} * taps; }
};

FITNAS_LAZY raster resize_width(const raster& image, const resized_part& part);
FITNAS_LAZY raster resize_height(const raster& image, const resized_part& part);

/// Nothing is computed beside the parts.
FITNAS_LAZY raster resize_parts(const raster& image, const resized_part& rows, const resized_part& columns);

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN resize_weights::resize_weights(int from, const resized_part& to)
    : first(static_cast<std::size_t>(to.count)) {
    const double scale = static_cast<double>(from) / static_cast<double>(to.whole);
    const double support = (std::max)(scale, 1.0); // of the triangle, to each side
    taps = 2 * static_cast<int>(std::ceil(support)) + 1;
    weight.resize(first.size() * static_cast<std::size_t>(taps));
    std::vector<double> exact(static_cast<std::size_t>(taps));
    for (int i = 0; i < to.count; ++i) {
        const double centre = (static_cast<double>(to.begin + i) + 0.5) * scale;
        const int begin = (std::max)(0, static_cast<int>(centre - support + 0.5));
        const int count = (std::min)(from, static_cast<int>(centre + support + 0.5)) - begin;
        double sum = 0;
        for (int k = 0; k < count; ++k) {
            const double distance = std::abs((begin + k - centre + 0.5) / support);
            sum += exact[static_cast<std::size_t>(k)] = (std::max)(0.0, 1 - distance);
        }
        first[static_cast<std::size_t>(i)] = begin;
        for (int k = 0; k < count; ++k) {
            const double part = exact[static_cast<std::size_t>(k)] / sum;
            weight[static_cast<std::size_t>(i) * exact.size() + static_cast<std::size_t>(k)] =
                static_cast<std::int32_t>(part * resize_unit + 0.5);
        }
    }
}

/// A row of three channels, which are computed together.
/// @param from pixels; one value behind the row is read too
FITNAS_LAZY void resize_row_of_three(const std::int32_t* from, const resize_weights& weights, int from_width,
                                     int width, std::uint8_t* to) {
    using four = std::int32_t __attribute__((vector_size(16)));
    for (int x = 0; x < width; ++x) {
        const int first = weights.first[static_cast<std::size_t>(x)];
        const int taps = (std::min)(weights.taps, from_width - first);
        const std::int32_t* const weight = weights.of(x);
        const std::int32_t* pixel = from + std::ptrdiff_t{first} * 3;
        four sums = four{} + resize_unit / 2;
        for (int k = 0; k < taps; ++k, pixel += 3) {
            four values;
            std::memcpy(&values, pixel, sizeof values);
            sums += weight[k] * values;
        }
        sums /= resize_unit;
        for (int c = 0; c < 3; ++c) {
            *to++ = static_cast<std::uint8_t>((std::min)(sums[c], 255));
        }
    }
}

FITNAS_LAZY_AGAIN raster resize_width(const raster& image, const resized_part& part) {
    const resize_weights weights(image.width, part);
    const int width = part.count;
    const int channels = image.channels;
    raster out{image.height, width, channels, {}};
    out.pixels.resize(static_cast<std::size_t>(out.height) * static_cast<std::size_t>(width * channels));
    std::uint8_t* to = out.pixels.data();
    if (channels == 3) {
        const auto row = static_cast<std::size_t>(image.width) * 3;
        std::vector<std::int32_t> padded(row + 1);
        for (int y = 0; y < image.height; ++y, to += std::ptrdiff_t{width} * 3) {
            std::copy_n(image.pixels.data() + static_cast<std::size_t>(y) * row, row, padded.data());
            resize_row_of_three(padded.data(), weights, image.width, width, to);
        }
        return out;
    }
    for (std::ptrdiff_t y = 0; y < image.height; ++y) {
        for (int x = 0; x < width; ++x) {
            const int first = weights.first[static_cast<std::size_t>(x)];
            const int taps = (std::min)(weights.taps, image.width - first);
            const std::uint8_t* from = image.pixels.data() + (y * image.width + first) * channels;
            for (int c = 0; c < channels; ++c) {
                std::int32_t sum = 0;
                for (int k = 0; k < taps; ++k) {
                    sum += weights.of(x)[k] * from[k * channels + c];
                }
                *to++ = resized_pixel(sum);
            }
        }
    }
    return out;
}

FITNAS_LAZY_AGAIN raster resize_height(const raster& image, const resized_part& part) {
    const resize_weights weights(image.height, part);
    const int height = part.count;
    const auto row = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
    raster out{height, image.width, image.channels, {}};
    out.pixels.resize(static_cast<std::size_t>(height) * row);
    std::vector<std::int32_t> sums(row);
    for (int y = 0; y < height; ++y) {
        const int first = weights.first[static_cast<std::size_t>(y)];
        const int taps = (std::min)(weights.taps, image.height - first);
        std::fill(sums.begin(), sums.end(), 0);
        for (int k = 0; k < taps; ++k) {
            const std::int32_t weight = weights.of(y)[k];
            const std::uint8_t* from = image.pixels.data() + static_cast<std::size_t>(first + k) * row;
            for (std::size_t i = 0; i < row; ++i) {
                sums[i] += weight * from[i];
            }
        }
        std::transform(sums.begin(), sums.end(), out.pixels.begin() + static_cast<std::ptrdiff_t>(row) * y,
                       resized_pixel);
    }
    return out;
}

FITNAS_LAZY_AGAIN raster resize_parts(const raster& image, const resized_part& rows,
                                      const resized_part& columns) {
    const auto all_of = [](const resized_part& part, int side) {
        return part.whole == side && part.count == side;
    };
    const raster wide = all_of(columns, image.width) ? image : resize_width(image, columns);
    return all_of(rows, image.height) ? wide : resize_height(wide, rows);
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API raster resize(const raster& image, int height, int width) {
    if (height < 1 || width < 1 || image.height < 1 || image.width < 1) {
        throw shape_error("[F0497] resize: expected sizes of at least 1 x 1, got " +
                          std::to_string(image.height) + " x " + std::to_string(image.width) + " to " +
                          std::to_string(height) + " x " + std::to_string(width));
    }
    detail::require_pixels("resize", image);
    return detail::resize_parts(image, {height, 0, height}, {width, 0, width});
}

FITNAS_API raster resize(const raster& image, int height, int width, resizing how) {
    if (how == resizing::none && (image.height != height || image.width != width)) {
        throw shape_error("[F0477] resize: resizing::none changes no size: expected an image of " +
                          std::to_string(height) + " x " + std::to_string(width) + ", got " +
                          std::to_string(image.height) + " x " + std::to_string(image.width));
    }
    const bool empty = height < 1 || width < 1 || image.height < 1 || image.width < 1; // is refused there
    if (how != resizing::centre_crop || empty) {
        return resize(image, height, width);
    }
    detail::require_pixels("resize", image);
    // The side that needs more decides; of the other one a rest is cut off.
    const std::int64_t by_height = std::int64_t{height} * image.width;
    const std::int64_t by_width = std::int64_t{width} * image.height;
    const std::int64_t whole_height = by_height >= by_width ? height : by_width / image.width;
    const std::int64_t whole_width = by_height >= by_width ? by_height / image.height : width;
    return detail::resize_parts(image, detail::middle_of(whole_height, height),
                                detail::middle_of(whole_width, width));
}

} // namespace fitnas

#endif

#endif
