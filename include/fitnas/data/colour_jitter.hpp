/// @file
/// @brief Random changes of brightness, contrast and saturation.

#ifndef FITNAS_DATA_COLOUR_JITTER_HPP
#define FITNAS_DATA_COLOUR_JITTER_HPP

#include <cstdint>

#include <fitnas/config.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/nn/shape.hpp>

namespace fitnas {

/// @brief How far colours change: each x gives a factor between max(0, 1 - x) and 1 + x, by which the image
/// is moved away from black, from its mean grey, or from the greys of its pixels; the three in a random
/// order, as torchvision's `ColorJitter` without hue.
struct colour_jitter {
    double brightness = 0; ///< at least 0; 0: as it is
    double contrast = 0;   ///< the same
    double saturation = 0; ///< the same; grey images have none

    friend bool operator==(const colour_jitter&, const colour_jitter&) = default;
};

namespace detail {

/// @throws option_error where one is outside its range, or there are colours and not 1 or 3 channels
FITNAS_LAZY FITNAS_COLD void require_jitter(const colour_jitter& o, shape image);

/// @param pixels of one image of 1 or 3 channels, changed; rounded down after each of the three, as Pillow's
/// `ImageEnhance` does
FITNAS_LAZY void jitter(const colour_jitter& o, random_stream random, shape image, std::uint8_t* pixels);

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <fitnas/core/error.hpp>
#include <fitnas/core/number_text.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_jitter(const colour_jitter& o, shape image) {
    for (const double x : {o.brightness, o.contrast, o.saturation}) {
        if (!(x >= 0) || !std::isfinite(x)) {
            throw option_error("[F0436] colour_jitter: expected finite numbers from 0, got " +
                               number_text(x));
        }
    }
    if (o != colour_jitter{} && image.channels != 1 && image.channels != 3) {
        throw option_error("[F0437] colour_jitter: expected images of 1 or 3 channels, got " +
                           to_string(image));
    }
}

FITNAS_LAZY_AGAIN void jitter(const colour_jitter& o, random_stream random, shape image,
                              std::uint8_t* pixels) {
    const auto channels = static_cast<std::size_t>(image.channels);
    const std::span<std::uint8_t> values(pixels, static_cast<std::size_t>(image.size()));
    const auto grey = [&](std::size_t at) { // as `with_channels` has it
        return channels == 1
                   ? std::uint32_t{values[at]}
                   : (19595U * values[at] + 38470U * values[at + 1] + 7471U * values[at + 2] + 32768U) >> 16U;
    };
    const auto away = [](std::uint8_t value, std::uint32_t from, float factor) {
        const float origin = static_cast<float>(from);
        const float moved = origin + factor * (static_cast<float>(value) - origin);
        return static_cast<std::uint8_t>(std::clamp(moved, 0.0F, 255.0F));
    };
    const std::array<double, 3> ranges = {o.brightness, o.contrast, o.saturation};
    std::array<int, 3> order = {0, 1, 2};
    random.shuffle(std::span<int>(order));
    for (const int which : order) {
        const double x = ranges[static_cast<std::size_t>(which)];
        const double low = (std::max)(0.0, 1 - x);
        const auto factor = static_cast<float>(low + (1 + x - low) * random.uniform());
        if (x == 0 || (which == 2 && channels == 1)) {
            continue;
        }
        std::uint64_t sum = 0;
        for (std::size_t i = 0; which == 1 && i < values.size(); i += channels) {
            sum += grey(i);
        }
        const auto count = static_cast<std::uint64_t>(image.pixels());
        const auto mean = static_cast<std::uint32_t>((2 * sum + count) / (2 * count));
        for (std::size_t i = 0; i < values.size(); i += channels) {
            const std::uint32_t from = which == 0 ? 0 : which == 1 ? mean : grey(i);
            for (std::size_t c = i; c < i + channels; ++c) {
                values[c] = away(values[c], from, factor);
            }
        }
    }
}

} // namespace fitnas::detail

#endif

#endif
