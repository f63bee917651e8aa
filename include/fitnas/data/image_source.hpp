/// @file
/// @brief Labelled images, wherever they are: what training and scoring see of them.

#ifndef FITNAS_DATA_IMAGE_SOURCE_HPP
#define FITNAS_DATA_IMAGE_SOURCE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/hash.hpp>
#include <fitnas/data/random_crop.hpp>
#include <fitnas/nn/shape.hpp>

namespace fitnas {

/// @brief Images of one shape and their labels. An `image_dataset` has them in memory, an `image_view` shows
/// some of another source's; derive from this to show images that are elsewhere. Functions are called by
/// several threads at a time.
class image_source {
public:
    image_source() = default;
    image_source(const image_source&) = default;
    image_source(image_source&&) = default;
    image_source& operator=(const image_source&) = default;
    image_source& operator=(image_source&&) = default;
    virtual ~image_source() = default;

    /// @return how many images there are
    virtual std::size_t size() const = 0;
    /// @return the shape of one image
    virtual shape image_shape() const = 0;
    /// @return how many classes there are; labels are below
    virtual int class_count() const = 0;
    /// @return what the classes are called, by their labels; empty where nobody said
    virtual std::vector<std::string> class_names() const { return {}; }
    /// @return how many labels there are: as many as images, unless the source contradicts itself
    virtual std::size_t label_count() const { return size(); }
    /// @param image below `label_count()`
    virtual int label(std::size_t image) const = 0;
    /// @param image below `size()`
    /// @param room for one image, which may be written to
    /// @return H x W x C pixels, 0 to 255, in `room` or where they lie
    virtual const std::uint8_t* read(std::size_t image, std::uint8_t* room) const = 0;
    /// @brief Reads a part of an image, scaled to the shape of all. Unless overridden it is cut out of what
    /// `read` gives; a source that has images in other sizes cuts before it scales.
    /// @param crop gives the part, from the size of what it is cut out of
    /// @return as `read`
    FITNAS_API virtual const std::uint8_t* read_crop(std::size_t image, const drawn_crop& crop,
                                                     std::uint8_t* room) const;

    bool empty() const { return size() == 0; }
    /// @return a hash of what the images hold, wherever they came from: 16 hexadecimal digits
    FITNAS_API virtual std::string fingerprint() const;
    /// @return that of some images, in their order
    FITNAS_API virtual std::string fingerprint_of(std::span<const std::size_t> images) const;
    /// @return how many images, evenly spread, mean and deviation of the channels are taken of where there
    /// are more: all, unless reading them takes long
    virtual std::size_t statistics_limit() const { return (std::numeric_limits<std::size_t>::max)(); }
};

namespace detail {
FITNAS_LAZY std::vector<int> labels_of(const image_source& data);
} // namespace detail

namespace detail {
/// @throws shape_error where there is not one label an image
FITNAS_LAZY void require_labels(const image_source& data, const char* what);
} // namespace detail

/// @brief Refuses a set of images that contradicts itself.
/// @param what the file or set, for the message
/// @throws data_error where there are no images, images and labels differ in number, a label is outside [0,
/// classes), or some classes have names and others none
FITNAS_COLD FITNAS_API void require_consistent(const image_source& data, const std::string& what);

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <fitnas/data/resize.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<int> labels_of(const image_source& data) {
    std::vector<int> labels;
    labels.reserve(data.label_count());
    for (std::size_t i = 0; i < data.label_count(); ++i) {
        labels.push_back(data.label(i));
    }
    return labels;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API std::string image_source::fingerprint() const {
    std::vector<std::size_t> all(size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return fingerprint_of(all);
}

FITNAS_API std::string image_source::fingerprint_of(std::span<const std::size_t> images) const {
    // Eight images are a whole number of words.
    constexpr std::size_t together = 8;
    const auto pixels = static_cast<std::size_t>(image_shape().size());
    std::vector<std::uint8_t> some(together * pixels);
    std::vector<std::uint8_t> room(pixels);
    detail::hash64 hash;
    hash.add(std::uint64_t{images.size() * pixels});
    for (std::size_t first = 0; first < images.size(); first += together) {
        std::size_t bytes = 0;
        for (std::size_t i = first; i < images.size() && i < first + together; ++i, bytes += pixels) {
            std::memcpy(some.data() + bytes, read(images[i], room.data()), pixels);
        }
        hash.add_words(some.data(), bytes);
    }
    std::vector<int> labels;
    for (const std::size_t i : images) {
        labels.push_back(label(i));
    }
    hash.add(labels.data(), labels.size() * sizeof(int));
    return hash.text();
}

FITNAS_API const std::uint8_t* image_source::read_crop(std::size_t image, const drawn_crop& crop,
                                                       std::uint8_t* room) const {
    const shape s = image_shape();
    const auto pixels = static_cast<std::size_t>(s.size());
    const std::uint8_t* from = read(image, room);
    const raster part =
        detail::cut(raster{s.height, s.width, s.channels, {from, from + pixels}}, crop.of(s.height, s.width));
    std::memcpy(room, resize(part, s.height, s.width).pixels.data(), pixels);
    return room;
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_labels(const image_source& data, const char* what) {
    if (data.label_count() != data.size()) {
        throw shape_error("[F0419] " + std::string(what) + ": expected one label an image, got " +
                          std::to_string(data.size()) + " images and " + std::to_string(data.label_count()) +
                          " labels");
    }
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API void require_consistent(const image_source& data, const std::string& what) {
    if (data.empty() || data.image_shape().size() == 0) {
        throw data_error("[F0420] " + what + ": expected at least one image, got none");
    }
    if (data.label_count() != data.size()) {
        throw data_error("[F0421] " + what + ": expected one label an image, got " +
                         std::to_string(data.size()) + " images and " + std::to_string(data.label_count()) +
                         " labels");
    }
    if (data.class_count() < 1) {
        throw data_error("[F0422] " + what + ": expected at least one class, got " +
                         std::to_string(data.class_count()));
    }
    const std::size_t names = data.class_names().size();
    if (names != 0 && names != static_cast<std::size_t>(data.class_count())) {
        throw data_error("[F0454] " + what + ": expected a name for each of the " +
                         std::to_string(data.class_count()) + " classes, or none, got " +
                         std::to_string(names));
    }
    for (std::size_t i = 0; i < data.size(); ++i) {
        if (const int label = data.label(i); label < 0 || label >= data.class_count()) {
            throw data_error("[F0423] " + what + ": expected labels from 0 to " +
                             std::to_string(data.class_count() - 1) + ", got " + std::to_string(label) +
                             " for image " + std::to_string(i));
        }
    }
}

} // namespace fitnas

#endif

#endif
