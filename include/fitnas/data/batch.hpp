/// @file
/// @brief Batches: pixels to normalised floats, with or without augmentation.

#ifndef FITNAS_DATA_BATCH_HPP
#define FITNAS_DATA_BATCH_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/data/colour_jitter.hpp>
#include <fitnas/data/image_source.hpp>
#include <fitnas/data/random_crop.hpp>

namespace fitnas {

/// @brief What turns pixels into network inputs: (pixel / 255 - mean) * scale, one mean and scale a channel.
struct normalisation {
    std::vector<float> mean;  ///< of pixels in [0, 1]
    std::vector<float> scale; ///< 1 / standard deviation of pixels in [0, 1]
};

/// @brief Random changes to training images.
struct augmentation {
    int crop_padding = 0; ///< pad by so many pixels on each side, then crop the old size at a random place
    bool flip = false;    ///< mirror left to right, every second image on average
    std::optional<random_resized_crop> resized_crop{}; ///< first a part of each image, scaled to its shape
    colour_jitter jitter{};                            ///< then its colours
};

/// @brief Mean and standard deviation of each channel over all images, or over those that the source says
/// are enough (`image_source::statistics_limit`).
///
/// A channel that has one value everywhere gets the scale 1.
/// @throws data_error where there are no images
FITNAS_API normalisation normalisation_of(const image_source& data);

/// @brief 0 to n - 1 in a random order that depends on (seed, epoch) alone.
FITNAS_API std::vector<std::size_t> shuffled_indices(std::size_t n, seed s, std::uint64_t epoch);

namespace detail {

/// The normalised value of each pixel value, channels x 256.
FITNAS_LAZY std::vector<float> byte_values(const normalisation& norm);
/// The same, where these images can be loaded so.
FITNAS_LAZY std::vector<float> pixel_values(const image_source& data, std::span<const std::size_t> indices,
                                            const normalisation& norm, bool with_labels);

/// Room for the pixels of a batch, for sources that need some: memory is touched only by what is written.
class reading_room {
public:
    reading_room(shape one, std::size_t images)
        : m_size(one.size()),
          m_pixels(
              std::make_unique_for_overwrite<std::uint8_t[]>(images * static_cast<std::size_t>(m_size))) {}
    std::uint8_t* of(std::ptrdiff_t image) const { return m_pixels.get() + image * m_size; }

private:
    long long m_size;
    std::unique_ptr<std::uint8_t[]> m_pixels;
};

/// @throws option_error where an option does not suit these images
FITNAS_LAZY FITNAS_COLD void require_augmentation(const augmentation& o, shape image);

/// An image as an epoch sees it, but for what `place_image` does.
/// @return H x W x C pixels, in `room` or where they lie
FITNAS_LAZY const std::uint8_t* read_augmented(const image_source& data, std::size_t number,
                                               const augmentation& augment, seed s, std::uint64_t epoch,
                                               std::uint8_t* room);

/// Moves, mirrors and normalises it.
FITNAS_LAZY void place_image(const std::uint8_t* from, shape one, std::size_t number, const float* values,
                             const augmentation& augment, seed s, std::uint64_t epoch, float* to);

/// One image seen through a window that is moved by (dy, dx) and mirrored; what lies outside is 0.
FITNAS_LAZY void load_image(const std::uint8_t* from, shape s, const float* values, int dy, int dx,
                            bool mirror, float* to);

} // namespace detail

/// @brief Loads images as they are.
/// @param indices n image numbers
/// @param images n x H x W x C, overwritten
/// @param labels n, overwritten; null where they are not wanted
/// @throws shape_error where an index is past the end, the normalisation has other channels, or labels are
/// wanted and there is not one an image
FITNAS_API void load_batch(const image_source& data, std::span<const std::size_t> indices,
                           const normalisation& norm, float* images, int* labels);

/// @brief Loads images for training: crops, colours, shifts and mirror images, random per (seed, epoch, image
/// number), so the same whatever the batch or the thread.
///
/// The padding is the channel's mean, that is 0 after normalisation, as around the inputs of every
/// convolution.
/// @param images n x H x W x C, overwritten
/// @param labels n, overwritten; null where they are not wanted
/// @throws shape_error as above; option_error where an augmentation is outside its range
FITNAS_API void load_batch(const image_source& data, std::span<const std::size_t> indices,
                           const normalisation& norm, float* images, int* labels, const augmentation& augment,
                           seed s, std::uint64_t epoch);

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API normalisation normalisation_of(const image_source& data) {
    if (data.empty() || data.image_shape().size() == 0) {
        throw data_error("[F0401] normalisation_of: expected at least one image, got none");
    }
    const shape one = data.image_shape();
    const auto channels = static_cast<std::size_t>(one.channels);
    const std::size_t count = (std::min)(data.size(), (std::max)(data.statistics_limit(), std::size_t{1}));
    const double pixels = static_cast<double>(count) * static_cast<double>(one.pixels());
    const auto spread = [&](std::size_t i) { // evenly, in numbers that stay below the size
        return data.size() / count * i + data.size() % count * i / count;
    };
    // Sums and sums of squares of each channel: whole numbers, so their order is no matter.
    std::array<std::vector<std::uint64_t>, sum_groups> sums;
    parallel_groups(static_cast<std::ptrdiff_t>(count),
                    [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
                        std::vector<std::uint64_t>& mine = sums[static_cast<std::size_t>(group)];
                        mine.resize(2 * channels);
                        std::vector<std::uint8_t> room(static_cast<std::size_t>(one.size()));
                        for (std::ptrdiff_t i = first; i < last; ++i) {
                            const std::size_t number = spread(static_cast<std::size_t>(i));
                            const std::uint8_t* from = data.read(number, room.data());
                            for (long long p = 0; p < one.pixels(); ++p) {
                                for (std::size_t c = 0; c < channels; ++c) {
                                    const std::uint64_t value = *from++;
                                    mine[2 * c] += value;
                                    mine[2 * c + 1] += value * value;
                                }
                            }
                        }
                    });
    normalisation result;
    for (std::size_t c = 0; c < channels; ++c) {
        std::uint64_t sum = 0;
        std::uint64_t squares = 0;
        for (const std::vector<std::uint64_t>& group : sums) {
            if (!group.empty()) {
                sum += group[2 * c];
                squares += group[2 * c + 1];
            }
        }
        const double mean = static_cast<double>(sum) / pixels;
        const double variance = static_cast<double>(squares) / pixels - mean * mean;
        result.mean.push_back(static_cast<float>(mean / 255));
        // Below this only rounding is left: two pixel values differ by at least 1.
        result.scale.push_back(variance < 1e-9 ? 1.0F : static_cast<float>(255 / std::sqrt(variance)));
    }
    return result;
}

FITNAS_API std::vector<std::size_t> shuffled_indices(std::size_t n, seed s, std::uint64_t epoch) {
    std::vector<std::size_t> indices(n);
    for (std::size_t i = 0; i < n; ++i) {
        indices[i] = i;
    }
    random_stream random(s, purpose::shuffle, epoch);
    random.shuffle(std::span<std::size_t>(indices));
    return indices;
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<float> byte_values(const normalisation& norm) {
    std::vector<float> values(norm.mean.size() * 256);
    for (std::size_t c = 0; c < norm.mean.size(); ++c) {
        for (std::size_t p = 0; p < 256; ++p) {
            values[c * 256 + p] = (static_cast<float>(p) / 255.0F - norm.mean[c]) * norm.scale[c];
        }
    }
    return values;
}

FITNAS_LAZY_AGAIN std::vector<float> pixel_values(const image_source& data,
                                                  std::span<const std::size_t> indices,
                                                  const normalisation& norm, bool with_labels) {
    const auto channels = static_cast<std::size_t>(data.image_shape().channels);
    if (norm.mean.size() != channels || norm.scale.size() != channels) {
        throw shape_error("[F0402] load_batch: the images have " + std::to_string(channels) +
                          " channels, the normalisation has " + std::to_string(norm.mean.size()) +
                          " means and " + std::to_string(norm.scale.size()) + " scales");
    }
    if (with_labels) {
        require_labels(data, "load_batch");
    }
    for (const std::size_t i : indices) {
        if (i >= data.size()) {
            throw shape_error("[F0403] load_batch: expected image numbers below " +
                              std::to_string(data.size()) + ", got " + std::to_string(i));
        }
    }
    return byte_values(norm);
}

FITNAS_LAZY_AGAIN void require_augmentation(const augmentation& o, shape image) {
    const int largest = (std::max)(image.height, image.width);
    if (o.crop_padding < 0 || o.crop_padding > largest) {
        throw option_error("[F0404] augmentation::crop_padding: expected 0 to " + std::to_string(largest) +
                           " for images of " + to_string(image) + ", got " + std::to_string(o.crop_padding));
    }
    if (o.resized_crop) {
        require_crop(*o.resized_crop);
    }
    require_jitter(o.jitter, image);
}

FITNAS_LAZY_AGAIN const std::uint8_t* read_augmented(const image_source& data, std::size_t number,
                                                     const augmentation& augment, seed s, std::uint64_t epoch,
                                                     std::uint8_t* room) {
    const std::uint8_t* from =
        augment.resized_crop
            ? data.read_crop(number, {*augment.resized_crop, {s, purpose::crop, epoch, number}}, room)
            : data.read(number, room);
    if (augment.jitter == colour_jitter{}) {
        return from;
    }
    const shape one = data.image_shape();
    if (from != room) {
        std::memcpy(room, from, static_cast<std::size_t>(one.size()));
    }
    jitter(augment.jitter, {s, purpose::colour, epoch, number}, one, room);
    return room;
}

FITNAS_LAZY_AGAIN void place_image(const std::uint8_t* from, shape one, std::size_t number,
                                   const float* values, const augmentation& augment, seed s,
                                   std::uint64_t epoch, float* to) {
    random_stream random(s, purpose::augment, epoch, number);
    const auto places = static_cast<std::uint32_t>(2 * augment.crop_padding + 1);
    const int dy = static_cast<int>(random.below(places)) - augment.crop_padding;
    const int dx = static_cast<int>(random.below(places)) - augment.crop_padding;
    const bool mirror = augment.flip && (random.bits() & 1U) != 0;
    load_image(from, one, values, dy, dx, mirror, to);
}

FITNAS_LAZY_AGAIN void load_image(const std::uint8_t* from, shape s, const float* values, int dy, int dx,
                                  bool mirror, float* to) {
    for (int y = 0; y < s.height; ++y) {
        for (int x = 0; x < s.width; ++x) {
            const int from_y = y + dy;
            const int from_x = (mirror ? s.width - 1 - x : x) + dx;
            const bool inside = from_y >= 0 && from_y < s.height && from_x >= 0 && from_x < s.width;
            for (int c = 0; c < s.channels; ++c) {
                *to++ = inside ? values[c * 256 + from[(from_y * s.width + from_x) * s.channels + c]] : 0.0F;
            }
        }
    }
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API void load_batch(const image_source& data, std::span<const std::size_t> indices,
                           const normalisation& norm, float* images, int* labels) {
    const std::vector<float> values = detail::pixel_values(data, indices, norm, labels != nullptr);
    const shape s = data.image_shape();
    const detail::reading_room room(s, indices.size());
    parallel_for(static_cast<std::ptrdiff_t>(indices.size()), [&](std::ptrdiff_t i) {
        const std::size_t number = indices[static_cast<std::size_t>(i)];
        const std::uint8_t* from = data.read(number, room.of(i));
        float* to = images + i * s.size();
        for (long long p = 0; p < s.pixels(); ++p) {
            for (int c = 0; c < s.channels; ++c) {
                *to++ = values[static_cast<std::size_t>(c * 256 + *from++)];
            }
        }
        if (labels != nullptr) {
            labels[i] = data.label(number);
        }
    });
}

FITNAS_API void load_batch(const image_source& data, std::span<const std::size_t> indices,
                           const normalisation& norm, float* images, int* labels, const augmentation& augment,
                           seed s, std::uint64_t epoch) {
    const shape one = data.image_shape();
    detail::require_augmentation(augment, one);
    const std::vector<float> values = detail::pixel_values(data, indices, norm, labels != nullptr);
    const detail::reading_room room(one, indices.size());
    parallel_for(static_cast<std::ptrdiff_t>(indices.size()), [&](std::ptrdiff_t i) {
        const std::size_t number = indices[static_cast<std::size_t>(i)];
        const std::uint8_t* from = detail::read_augmented(data, number, augment, s, epoch, room.of(i));
        detail::place_image(from, one, number, values.data(), augment, s, epoch, images + i * one.size());
        if (labels != nullptr) {
            labels[i] = data.label(number);
        }
    });
}

} // namespace fitnas

#endif

#endif
