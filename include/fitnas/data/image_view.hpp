/// @file
/// @brief Some images of a source, without a copy of their pixels.

#ifndef FITNAS_DATA_IMAGE_VIEW_HPP
#define FITNAS_DATA_IMAGE_VIEW_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/data/image_dataset.hpp>

namespace fitnas {

/// @brief A source, or some of its images, by value: copies share the pixels, which live as long as any of
/// them.
class image_view final : public image_source {
public:
    /// @brief No images.
    image_view() : image_view(image_dataset{}) {}
    /// @brief All images of a source, which is moved in or copied.
    template <class Source>
    requires(std::derived_from<Source, image_source> && !std::same_as<Source, image_view>)
        image_view(Source source)
        : m_source(std::make_shared<const Source>(std::move(source))) {}
    /// @brief All images of a source that others have too.
    explicit image_view(std::shared_ptr<const image_source> source) : m_source(std::move(source)) {
        if (!m_source) {
            throw option_error("[F0470] image_view: expected a source of images, got none");
        }
    }

    /// @return the images with these numbers, in their order
    /// @throws shape_error where a number is past the end, or there is not one label an image
    image_view subset(std::span<const std::size_t> numbers) const;

    std::size_t size() const override { return m_numbers ? m_numbers->size() : m_source->size(); }
    shape image_shape() const override { return m_source->image_shape(); }
    int class_count() const override { return m_source->class_count(); }
    std::vector<std::string> class_names() const override { return m_source->class_names(); }
    std::size_t label_count() const override {
        return m_numbers ? m_numbers->size() : m_source->label_count();
    }
    int label(std::size_t image) const override { return m_source->label(number(image)); }
    const std::uint8_t* read(std::size_t image, std::uint8_t* room) const override {
        return m_source->read(number(image), room);
    }
    const std::uint8_t* read_crop(std::size_t image, const drawn_crop& crop,
                                  std::uint8_t* room) const override {
        return m_source->read_crop(number(image), crop, room);
    }
    std::string fingerprint() const override {
        return m_numbers ? m_source->fingerprint_of(*m_numbers) : m_source->fingerprint();
    }
    FITNAS_API std::string fingerprint_of(std::span<const std::size_t> images) const override;
    std::size_t statistics_limit() const override { return m_source->statistics_limit(); }

private:
    std::size_t number(std::size_t image) const { return m_numbers ? (*m_numbers)[image] : image; }

    std::shared_ptr<const image_source> m_source;
    std::shared_ptr<const std::vector<std::size_t>> m_numbers; // none: all of the source
};

/// @brief The images with these numbers, in their order, without a copy of their pixels.
/// @throws shape_error where a number is past the end, or there is not one label an image
inline image_view subset(const image_view& data, std::span<const std::size_t> indices) {
    return data.subset(indices);
}

/// @brief Three splits: weights are trained on `train`, architectures are compared on `validation`, and
/// `test` is for the last step only.
struct dataset {
    image_view train;      ///< to learn from
    image_view validation; ///< to compare networks by
    image_view test;       ///< for the last figures alone
};

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API std::string image_view::fingerprint_of(std::span<const std::size_t> images) const {
    std::vector<std::size_t> numbers;
    for (const std::size_t i : images) {
        numbers.push_back(number(i));
    }
    return m_source->fingerprint_of(numbers);
}

FITNAS_API image_view image_view::subset(std::span<const std::size_t> numbers) const {
    detail::require_labels(*this, "subset");
    std::vector<std::size_t> chosen;
    chosen.reserve(numbers.size());
    for (const std::size_t i : numbers) {
        if (i >= size()) {
            throw shape_error("[F0424] subset: expected image numbers below " + std::to_string(size()) +
                              ", got " + std::to_string(i));
        }
        chosen.push_back(number(i));
    }
    image_view part = *this;
    part.m_numbers = std::make_shared<const std::vector<std::size_t>>(std::move(chosen));
    return part;
}

} // namespace fitnas

#endif

#endif
