/// @file
/// @brief Parts of images at random, to be scaled to one size.

#ifndef FITNAS_DATA_RANDOM_CROP_HPP
#define FITNAS_DATA_RANDOM_CROP_HPP

#include <fitnas/config.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/data/raster.hpp>

namespace fitnas {

/// @brief A part of an image: a random share of its area, at a random ratio of its sides, at a random place;
/// as torchvision's `RandomResizedCrop` (Szegedy et al., arXiv 1409.4842).
struct random_resized_crop {
    double min_area = 0.08;    ///< of the whole, above 0
    double max_area = 1;       ///< from min_area to 1
    double min_ratio = 3. / 4; ///< width / height, above 0
    double max_ratio = 4. / 3; ///< at least min_ratio
};

/// @brief A rectangle of pixels.
struct image_part {
    int top = 0;    ///< the first row
    int left = 0;   ///< the first column
    int height = 0; ///< rows
    int width = 0;  ///< columns

    friend bool operator==(const image_part&, const image_part&) = default;
};

/// @brief The part that was drawn for one image in one epoch.
class drawn_crop {
public:
    /// @param random names the draw
    drawn_crop(const random_resized_crop& options, const random_stream& random)
        : m_options(options), m_random(random) {}

    /// @param height,width of the image, at least 1
    /// @return the same for the same size; where ten draws do not fit, the largest middle whose ratio is in
    /// the range
    image_part of(int height, int width) const;

private:
    random_resized_crop m_options;
    random_stream m_random;
};

namespace detail {

/// @throws option_error where a bound is outside its range
FITNAS_LAZY FITNAS_COLD void require_crop(const random_resized_crop& o);

/// @param part inside of the image
FITNAS_LAZY raster cut(const raster& image, const image_part& part);

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include <fitnas/core/number_text.hpp>

namespace fitnas {

FITNAS_API image_part drawn_crop::of(int height, int width) const {
    random_stream random = m_random;
    const auto between = [&](double low, double high) { return low + (high - low) * random.uniform(); };
    const auto whole = [](double side) { return static_cast<int>(std::lround((std::min)(side, 1e9))); };
    const auto place = [&](int rest) {
        return static_cast<int>(random.below(static_cast<std::uint32_t>(rest) + 1));
    };
    for (int attempt = 0; attempt < 10; ++attempt) {
        const double area = double{1} * height * width * between(m_options.min_area, m_options.max_area);
        const double ratio = std::exp(between(std::log(m_options.min_ratio), std::log(m_options.max_ratio)));
        const int w = whole(std::sqrt(area * ratio));
        const int h = whole(std::sqrt(area / ratio));
        if (w >= 1 && w <= width && h >= 1 && h <= height) {
            const int top = place(height - h);
            return {top, place(width - w), h, w};
        }
    }
    const double ratio = static_cast<double>(width) / height;
    const int h =
        ratio < m_options.min_ratio ? std::clamp(whole(width / m_options.min_ratio), 1, height) : height;
    const int w =
        ratio > m_options.max_ratio ? std::clamp(whole(height * m_options.max_ratio), 1, width) : width;
    return {(height - h) / 2, (width - w) / 2, h, w};
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_crop(const random_resized_crop& o) {
    if (!(o.min_area > 0 && o.min_area <= o.max_area && o.max_area <= 1)) {
        throw option_error("[F0432] random_resized_crop: expected 0 < min_area <= max_area <= 1, got " +
                           number_text(o.min_area) + " and " + number_text(o.max_area));
    }
    if (!(o.min_ratio > 0 && o.min_ratio <= o.max_ratio) || !std::isfinite(o.max_ratio)) {
        throw option_error("[F0433] random_resized_crop: expected 0 < min_ratio <= max_ratio, got " +
                           number_text(o.min_ratio) + " and " + number_text(o.max_ratio));
    }
}

FITNAS_LAZY_AGAIN raster cut(const raster& image, const image_part& part) {
    raster out{part.height, part.width, image.channels, {}};
    const std::ptrdiff_t row = std::ptrdiff_t{part.width} * image.channels;
    out.pixels.reserve(static_cast<std::size_t>(part.height * row));
    for (std::ptrdiff_t y = 0; y < part.height; ++y) {
        const auto from = image.pixels.begin() + ((part.top + y) * image.width + part.left) * image.channels;
        out.pixels.insert(out.pixels.end(), from, from + row);
    }
    return out;
}

} // namespace fitnas::detail

#endif

#endif
