/// @file
/// @brief Images that are read once, and kept: for the few of a large source that are read again and again.

#ifndef FITNAS_DATA_KEPT_IMAGES_HPP
#define FITNAS_DATA_KEPT_IMAGES_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/data/image_view.hpp>

namespace fitnas {

/// @brief The images of another source, each of which stays in memory once it was read. Parts of images
/// (`read_crop`) are read anew each time.
class kept_images final : public image_source {
public:
    /// @param source of which every image may come to be in memory
    explicit kept_images(image_view source)
        : m_source(std::move(source)),
          m_pixels(m_source.size()),
          m_once(std::make_unique<std::once_flag[]>(m_source.size())) {}

    std::size_t size() const override { return m_source.size(); }
    shape image_shape() const override { return m_source.image_shape(); }
    int class_count() const override { return m_source.class_count(); }
    std::size_t label_count() const override { return m_source.label_count(); }
    int label(std::size_t image) const override { return m_source.label(image); }
    FITNAS_API const std::uint8_t* read(std::size_t image, std::uint8_t* room) const override;
    const std::uint8_t* read_crop(std::size_t image, const drawn_crop& crop,
                                  std::uint8_t* room) const override {
        return m_source.read_crop(image, crop, room);
    }
    std::string fingerprint() const override { return m_source.fingerprint(); }
    std::string fingerprint_of(std::span<const std::size_t> images) const override {
        return m_source.fingerprint_of(images);
    }
    std::size_t statistics_limit() const override { return m_source.statistics_limit(); }

private:
    image_view m_source;
    mutable std::vector<std::vector<std::uint8_t>> m_pixels; // empty: not read yet
    std::unique_ptr<std::once_flag[]> m_once;                // of each image
};

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>

namespace fitnas {

FITNAS_API const std::uint8_t* kept_images::read(std::size_t image, std::uint8_t* /*room*/) const {
    std::call_once(m_once[image], [&] {
        std::vector<std::uint8_t> pixels(static_cast<std::size_t>(image_shape().size()));
        if (const std::uint8_t* from = m_source.read(image, pixels.data()); from != pixels.data()) {
            std::copy_n(from, pixels.size(), pixels.data());
        }
        m_pixels[image] = std::move(pixels);
    });
    return m_pixels[image].data();
}

} // namespace fitnas

#endif

#endif
