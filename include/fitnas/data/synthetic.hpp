/// @file
/// @brief A small learnable problem made of random numbers, for tests and first steps.

#ifndef FITNAS_DATA_SYNTHETIC_HPP
#define FITNAS_DATA_SYNTHETIC_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/memory_limit.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/data/image_view.hpp>

namespace fitnas {

/// @brief What `datasets::synthetic` makes.
struct synthetic_options {
    shape image{16, 16, 3};       ///< at least 1 x 1 x 1
    int classes = 10;             ///< at least 1
    std::size_t train = 1000;     ///< images of the training split
    std::size_t validation = 200; ///< images of the validation split
    std::size_t test = 200;       ///< images of the test split
    fitnas::seed seed{0};
    double noise = 30; ///< standard deviation of each pixel, of 255
    int shift = 2;     ///< images are moved by up to so many pixels each way
};

namespace detail {

/// The prototypes of the classes, classes x H x W x C: sums of Gaussian blobs, about -1 to 1.
FITNAS_LAZY FITNAS_COLD std::vector<float> synthetic_prototypes(const synthetic_options& options);

/// One split: image i has the class i mod classes, a random shift and noise of its own.
FITNAS_LAZY FITNAS_COLD image_dataset synthetic_split(const synthetic_options& options,
                                                      const std::vector<float>& prototypes, std::size_t n,
                                                      std::uint64_t which);

} // namespace detail

namespace datasets {

/// @brief Images that show a blurred prototype of their class, moved by some pixels and with noise; classes
/// are equally frequent in every split, to within one image.
/// @throws option_error where an option is outside its range
FITNAS_API dataset synthetic(const synthetic_options& options = {});

} // namespace datasets

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<float> synthetic_prototypes(const synthetic_options& options) {
    constexpr int blobs = 3;
    const shape s = options.image;
    std::vector<float> prototypes(static_cast<std::size_t>(options.classes) *
                                  static_cast<std::size_t>(s.size()));
    float* to = prototypes.data();
    for (int k = 0; k < options.classes; ++k) {
        random_stream random(options.seed, purpose::synthetic, 0, static_cast<std::uint64_t>(k));
        for (int b = 0; b < blobs; ++b) {
            const double y0 = random.uniform() * s.height;
            const double x0 = random.uniform() * s.width;
            const double radius = (0.12 + 0.15 * random.uniform()) * (std::max)(s.height, s.width);
            for (int c = 0; c < s.channels; ++c) {
                const double height = (random.bits() & 1U) != 0 ? 1.0 : -1.0;
                for (int y = 0; y < s.height; ++y) {
                    for (int x = 0; x < s.width; ++x) {
                        const double d = ((y - y0) * (y - y0) + (x - x0) * (x - x0)) / (2 * radius * radius);
                        to[(y * s.width + x) * s.channels + c] += static_cast<float>(height * std::exp(-d));
                    }
                }
            }
        }
        to += s.size();
    }
    return prototypes;
}

FITNAS_LAZY_AGAIN image_dataset synthetic_split(const synthetic_options& options,
                                                const std::vector<float>& prototypes, std::size_t n,
                                                std::uint64_t which) {
    const shape s = options.image;
    image_dataset data;
    data.classes = options.classes;
    data.images =
        pixel_tensor::from_shape({n, static_cast<std::size_t>(s.height), static_cast<std::size_t>(s.width),
                                  static_cast<std::size_t>(s.channels)});
    data.labels.resize(n);
    parallel_for(static_cast<std::ptrdiff_t>(n), [&](std::ptrdiff_t i) {
        random_stream random(options.seed, purpose::synthetic, which, static_cast<std::uint64_t>(i));
        const int label = static_cast<int>(i % options.classes);
        data.labels[static_cast<std::size_t>(i)] = label;
        const float* prototype = prototypes.data() + label * s.size();
        std::uint8_t* to = data.images.data() + i * s.size();
        const auto moves = static_cast<std::uint32_t>(2 * options.shift + 1);
        const int dy = static_cast<int>(random.below(moves)) - options.shift;
        const int dx = static_cast<int>(random.below(moves)) - options.shift;
        for (int y = 0; y < s.height; ++y) {
            for (int x = 0; x < s.width; ++x) {
                // Moved over the border, the border is repeated.
                const int from_y = std::clamp(y + dy, 0, s.height - 1);
                const int from_x = std::clamp(x + dx, 0, s.width - 1);
                for (int c = 0; c < s.channels; ++c) {
                    const double clean =
                        128 +
                        80.0 * static_cast<double>(prototype[(from_y * s.width + from_x) * s.channels + c]);
                    const double value = clean + options.noise * random.normal();
                    *to++ = static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
                }
            }
        }
    });
    return data;
}

} // namespace fitnas::detail

namespace fitnas::datasets {

FITNAS_API dataset synthetic(const synthetic_options& options) {
    const auto refuse = [](const std::string& message, const std::string& expected, const std::string& got) {
        throw option_error(message + ": expected " + expected + ", got " + got);
    };
    const shape s = options.image;
    if (s.height < 1 || s.width < 1 || s.channels < 1) {
        refuse("[F0428] synthetic_options::image", "positive sizes", to_string(s));
    }
    if (options.classes < 1) {
        refuse("[F0429] synthetic_options::classes", "at least 1", std::to_string(options.classes));
    }
    if (!(options.noise >= 0) || !std::isfinite(options.noise)) {
        refuse("[F0430] synthetic_options::noise", "a finite number from 0",
               detail::number_text(options.noise));
    }
    if (options.shift < 0) {
        refuse("[F0431] synthetic_options::shift", "at least 0", std::to_string(options.shift));
    }
    const memory_size size =
        memory_size::of(s.height) * memory_size::of(s.width) * memory_size::of(s.channels);
    const memory_size images = memory_size(options.train) + options.validation + options.test;
    require_memory("synthetic_options: " + std::to_string(images.value()) + " images of " + to_string(s),
                   images * (size + sizeof(int)) + size * memory_size::of(options.classes) * sizeof(float), 0,
                   "fewer or smaller ones need less");
    const std::vector<float> prototypes = detail::synthetic_prototypes(options);
    return {detail::synthetic_split(options, prototypes, options.train, 1),
            detail::synthetic_split(options, prototypes, options.validation, 2),
            detail::synthetic_split(options, prototypes, options.test, 3)};
}

} // namespace fitnas::datasets

#endif

#endif
