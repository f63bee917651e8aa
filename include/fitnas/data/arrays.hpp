/// @file
/// @brief Images of one's own that are in memory already.

#ifndef FITNAS_DATA_ARRAYS_HPP
#define FITNAS_DATA_ARRAYS_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/number_text.hpp>
#include <fitnas/core/xtensor.hpp>
#include <fitnas/data/image_dataset.hpp>

namespace fitnas {

/// @brief The order in which the values of images lie.
enum class image_layout : std::uint8_t {
    nhwc, ///< N x H x W x C, or N x H x W where there is one channel
    nchw, ///< N x C x H x W, as PyTorch has them
};

/// @brief How arrays become images.
struct array_options {
    image_layout layout = image_layout::nhwc; ///< the order of the values
    double white = 1; ///< of floats: what becomes 255, above 0; 0 stays 0, between them is rounded
    int classes = 0;  ///< labels are below; 0: the largest label and 1
};

namespace detail {

/// @param what pixels or labels
FITNAS_LAZY [[noreturn]] FITNAS_COLD void refuse_value(const std::string& source, const char* what,
                                                       const std::string& most, const std::string& value,
                                                       std::size_t index, const char* advice);

template <class Pixel, class Label>
constexpr void check_array_types() {
    static_assert(
        (std::is_same_v<Pixel, std::byte> || std::is_arithmetic_v<Pixel>)&&std::is_integral_v<Label>,
        "[F0484] make_image_dataset: expected pixels of bytes, integers or floats, labels of integers");
}

/// @return a pixel of a value in [0, 255] or, of floats, in [0, white]
template <class T>
std::uint8_t pixel_of(T value, double white, const std::string& source, std::size_t index) {
    if constexpr (std::is_floating_point_v<T>) {
        const auto v = static_cast<double>(value);
        if (v >= 0 && v <= white) {
            return static_cast<std::uint8_t>(v * 255 / white + 0.5);
        }
        refuse_value(source, "float pixels", number_text(white), number_text(v), index,
                     ": array_options::white says what is white");
    } else if constexpr (std::is_same_v<T, std::byte>) {
        return std::to_integer<std::uint8_t>(value);
    } else {
        if (std::in_range<std::uint8_t>(value)) {
            return static_cast<std::uint8_t>(value);
        }
        refuse_value(source, "pixels", "255", std::to_string(value), index, "");
    }
}

template <class Iterator>
std::vector<int> labels_from(Iterator first, std::size_t count, const std::string& source) {
    std::vector<int> labels(count);
    for (std::size_t i = 0; i < count; ++i, ++first) {
        const auto label = *first;
        if (label < 0 || !std::in_range<int>(+label)) {
            refuse_value(source, "labels", "2147483647", std::to_string(label), i, "");
        }
        labels[i] = static_cast<int>(label);
    }
    return labels;
}

/// @param first of count x image.size() values
/// @param source for messages
template <class Iterator>
image_dataset images_from(Iterator first, std::size_t count, shape image, std::vector<int> labels,
                          const array_options& options, const std::string& source) {
    const auto channels = static_cast<std::size_t>(image.channels);
    const std::size_t area = static_cast<std::size_t>(image.height) * static_cast<std::size_t>(image.width);
    image_dataset data;
    data.images = pixel_tensor::from_shape(
        {count, static_cast<std::size_t>(image.height), static_cast<std::size_t>(image.width), channels});
    std::uint8_t* const to = data.images.data();
    const bool planes = options.layout == image_layout::nchw && channels > 1;
    const std::size_t values = count * area * channels;
    for (std::size_t i = 0; i < values; ++i, ++first) {
        const std::size_t plane = i / area; // of all images, where they lie in planes
        const std::size_t place =
            planes ? (plane / channels * area + i % area) * channels + plane % channels : i;
        to[place] = pixel_of(*first, options.white, source, i);
    }
    data.classes = options.classes != 0 ? options.classes
                   : labels.empty()     ? 0
                                        : *std::max_element(labels.begin(), labels.end()) + 1;
    data.labels = std::move(labels);
    require_consistent(data, source);
    return data;
}

/// @param sizes N x H x W, or four in the order of the layout
/// @return the shape of one image
/// @throws shape_error where there are other dimensions, or an image has no or too many values
FITNAS_LAZY shape image_shape_of(const std::vector<std::size_t>& sizes, image_layout layout,
                                 const std::string& source);

/// @throws shape_error where `values` are no whole number of images
FITNAS_LAZY std::size_t whole_images(std::size_t values, shape image);

} // namespace detail

/// @brief Images from values that lie one after the other.
/// @param pixels contiguous: a span, vector, array or xtensor container of `std::byte`, integers from 0 to
/// 255, or floats from 0 to `array_options::white`
/// @param image the shape of one
/// @param labels one an image, of integers: a span, a vector, a one-dimensional xtensor
/// @throws shape_error where there are no whole images; data_error where a value is outside its range, or
/// labels do not match
template <class Pixels, class Labels>
requires requires(const Pixels& p) {
    std::data(p);
    std::size(p);
}
image_dataset make_image_dataset(const Pixels& pixels, shape image, const Labels& labels,
                                 const array_options& options = {}) {
    detail::check_array_types<std::decay_t<decltype(*std::data(pixels))>,
                              std::decay_t<decltype(*std::begin(labels))>>();
    const std::string source = "make_image_dataset";
    return detail::images_from(std::data(pixels), detail::whole_images(std::size(pixels), image), image,
                               detail::labels_from(std::begin(labels), std::size(labels), source), options,
                               source);
}

/// @brief Images from an xtensor container or expression.
/// @param images N x H x W, N x H x W x C or, as `array_options::layout` says, N x C x H x W; values as above
/// @throws shape_error where it has other dimensions; data_error as above
template <class Expression, class Labels>
image_dataset make_image_dataset(const xt::xexpression<Expression>& images, const Labels& labels,
                                 const array_options& options = {}) {
    detail::check_array_types<typename Expression::value_type, std::decay_t<decltype(*std::begin(labels))>>();
    const std::string source = "make_image_dataset";
    const Expression& e = images.derived_cast();
    const std::vector<std::size_t> sizes(e.shape().begin(), e.shape().end());
    const shape image = detail::image_shape_of(sizes, options.layout, source);
    return detail::images_from(e.template begin<xt::layout_type::row_major>(), sizes[0], image,
                               detail::labels_from(std::begin(labels), std::size(labels), source), options,
                               source);
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void refuse_value(const std::string& source, const char* what, const std::string& most,
                                    const std::string& value, std::size_t index, const char* advice) {
    throw data_error("[F0498] " + source + ": expected " + what + " from 0 to " + most + ", got " + value +
                     " for value " + std::to_string(index) + advice);
}

FITNAS_LAZY_AGAIN shape image_shape_of(const std::vector<std::size_t>& sizes, image_layout layout,
                                       const std::string& source) {
    std::string text;
    bool possible = sizes.size() == 3 || sizes.size() == 4;
    std::uint64_t values = 1;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        text += (i == 0 ? "" : " x ") + std::to_string(sizes[i]);
        if (possible && i > 0) {
            possible = sizes[i] >= 1 && sizes[i] <= ((std::uint64_t{1} << 31U) - 1) / values;
            values *= possible ? sizes[i] : 1;
        }
    }
    if (!possible) {
        throw shape_error("[F0499] " + source +
                          ": expected images in an array N x H x W, N x H x W x C or, with "
                          "image_layout::nchw, N x C x H x W, none of 2^31 values or more, got " +
                          text);
    }
    const auto size = [&](std::size_t i) { return static_cast<int>(sizes[i]); };
    if (sizes.size() == 3) {
        return {size(1), size(2), 1};
    }
    return layout == image_layout::nhwc ? shape{size(1), size(2), size(3)} : shape{size(2), size(3), size(1)};
}

FITNAS_LAZY_AGAIN std::size_t whole_images(std::size_t values, shape image) {
    const bool none = image.height < 1 || image.width < 1 || image.channels < 1;
    if (none || values % static_cast<std::size_t>(image.size()) != 0) {
        throw shape_error("[F0486] make_image_dataset: expected the values of whole images of " +
                          to_string(image) + ", got " + std::to_string(values) + " values");
    }
    return values / static_cast<std::size_t>(image.size());
}

} // namespace fitnas::detail

#endif

#endif
