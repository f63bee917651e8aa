/// @file
/// @brief Labelled images in memory.

#ifndef FITNAS_DATA_IMAGE_DATASET_HPP
#define FITNAS_DATA_IMAGE_DATASET_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/xtensor.hpp>
#include <fitnas/data/image_source.hpp>

namespace fitnas {

/// @brief Images of one shape and their labels, in memory and open to changes.
struct image_dataset : image_source {
    pixel_tensor images{{0, 0, 0, 0}}; ///< N x H x W x C, pixels 0 to 255
    std::vector<int> labels;           ///< N, each in [0, classes)
    int classes = 0;                   ///< how many there are: labels are below
    std::vector<std::string> names{};  ///< of the classes, by their labels; empty: they have none

    image_dataset() = default;
    /// Checks that they fit together.
    image_dataset(pixel_tensor pixels, std::vector<int> numbers, int count)
        : images(std::move(pixels)), labels(std::move(numbers)), classes(count) {}
    /// @brief A copy in memory of what a source shows.
    explicit image_dataset(const image_source& other);

    std::size_t size() const override { return images.shape(0); }
    shape image_shape() const override {
        return {static_cast<int>(images.shape(1)), static_cast<int>(images.shape(2)),
                static_cast<int>(images.shape(3))};
    }
    int class_count() const override { return classes; }
    std::vector<std::string> class_names() const override { return names; }
    std::size_t label_count() const override { return labels.size(); }
    int label(std::size_t image) const override { return labels[image]; }
    const std::uint8_t* read(std::size_t image, std::uint8_t* /*room*/) const override {
        return images.data() + image * static_cast<std::size_t>(image_shape().size());
    }
};

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API image_dataset::image_dataset(const image_source& other)
    : classes(other.class_count()), names(other.class_names()) {
    const shape s = other.image_shape();
    images =
        pixel_tensor::from_shape({other.size(), static_cast<std::size_t>(s.height),
                                  static_cast<std::size_t>(s.width), static_cast<std::size_t>(s.channels)});
    const auto pixels = static_cast<std::size_t>(s.size());
    for (std::size_t i = 0; i < other.size(); ++i) {
        std::uint8_t* const to = images.data() + i * pixels;
        if (const std::uint8_t* from = other.read(i, to); from != to) {
            std::memcpy(to, from, pixels);
        }
    }
    labels = detail::labels_of(other);
}

} // namespace fitnas

#endif

#endif
