/// @file
/// @brief One image without a label, as it is handed to a network, and what the network says of it.

#ifndef FITNAS_SUPERNET_ONE_IMAGE_HPP
#define FITNAS_SUPERNET_ONE_IMAGE_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/xtensor.hpp>
#include <fitnas/data/batch.hpp>
#include <fitnas/nn/shape.hpp>

namespace fitnas {

/// @brief A class, and how sure the network is of it.
struct prediction {
    int label = 0;           ///< in [0, classes)
    double probability = 0;  ///< by softmax, in [0, 1]
    std::string_view name{}; ///< of the class, where the names of all were given; lies with them
};

namespace detail {
template <class T>
concept pixel_type = std::same_as<T, std::uint8_t> || std::same_as<T, float>;
/// Values in a row in memory: a vector, an array, a span; a tensor may be of another layout.
template <class T>
concept pixels_in_a_row = !xt::is_xexpression<T>::value && requires(const T& t) {
    { std::size(t) } -> std::convertible_to<std::size_t>;
    requires pixel_type<std::remove_cv_t<std::remove_pointer_t<decltype(std::data(t))>>>;
};
template <class T>
concept pixel_expression = xt::is_xexpression<T>::value && pixel_type<typename T::value_type>;
} // namespace detail

/// @brief One image, height x width x channels, row-major: bytes from 0 to 255 as files have them, or floats
/// from 0 to 1. It is made where a function takes one, of a `std::vector`, `std::array` or `std::span` of
/// these, or of a tensor of xtensor with three dimensions; it shows their pixels and does not copy them, but
/// of tensors that are not row-major containers.
class one_image {
public:
    /// Pixels in a row.
    template <detail::pixels_in_a_row Pixels>
    one_image(const Pixels& pixels) {
        show(std::data(pixels), std::size(pixels));
    }
    /// A tensor of three dimensions.
    template <detail::pixel_expression Tensor>
    one_image(const Tensor& tensor) {
        using value = typename Tensor::value_type;
        m_dimensions = tensor.dimension();
        for (std::size_t i = 0; i < m_sizes.size() && i < m_dimensions; ++i) {
            m_sizes[i] = static_cast<std::size_t>(tensor.shape()[i]);
        }
        if constexpr (std::same_as<Tensor, xt::xtensor<value, 3, xt::layout_type::row_major>> ||
                      std::same_as<Tensor, xt::xarray<value, xt::layout_type::row_major>>) {
            show(tensor.data(), tensor.size());
        } else {
            auto& own = std::get<std::vector<value>>(m_own);
            own.assign(tensor.template begin<xt::layout_type::row_major>(),
                       tensor.template end<xt::layout_type::row_major>());
            show(own.data(), own.size());
        }
    }
    one_image(const one_image&) = delete;
    one_image& operator=(const one_image&) = delete;

    /// @brief Checks it, and hands on its pixels as a network takes them.
    /// @param bytes called with (bytes), or
    /// @param floats called with (floats)
    /// @throws shape_error where it is not of the shape `s`; data_error where a float is not from 0 to 1
    template <class Bytes, class Floats>
    void visit(const shape& s, const char* what, Bytes&& bytes, Floats&& floats) const {
        require_shape(s, what);
        if (m_bytes != nullptr) {
            bytes(m_bytes);
        } else {
            floats(m_floats);
        }
    }

private:
    void show(const std::uint8_t* p, std::size_t n) {
        m_bytes = p;
        m_size = n;
    }
    void show(const float* p, std::size_t n) {
        m_floats = p;
        m_size = n;
    }
    FITNAS_COLD void require_shape(const shape& s, const char* what) const;

    const std::uint8_t* m_bytes = nullptr;
    const float* m_floats = nullptr;
    std::size_t m_size = 0;
    std::size_t m_dimensions = 0; ///< 0: values in a row
    std::array<std::size_t, 3> m_sizes{};
    std::pair<std::vector<std::uint8_t>, std::vector<float>> m_own{};
};

namespace detail {

/// The normalised value of a float from 0 to 1 of channel c.
inline float normalised(const normalisation& norm, int c, float v) {
    const auto i = static_cast<std::size_t>(c);
    return (v - norm.mean[i]) * norm.scale[i];
}

/// @param names of the classes; empty where there are none
/// @throws option_error where there are some, and not one a class
FITNAS_COLD FITNAS_API void require_class_names(std::span<const std::string> names, int classes,
                                                const char* what);

/// The largest logit's class.
/// @throws numeric_error where a logit is not finite
FITNAS_LAZY prediction prediction_of(std::span<const float> logits, std::span<const std::string> names,
                                     const char* what);

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <cmath>

#include <fitnas/core/number_text.hpp>

namespace fitnas {

FITNAS_API void one_image::require_shape(const shape& s, const char* what) const {
    const auto is = [&](std::size_t i, int size) { return m_sizes[i] == static_cast<std::size_t>(size); };
    if (m_dimensions > 1 &&
        (m_dimensions != 3 || !is(0, s.height) || !is(1, s.width) || !is(2, s.channels))) {
        std::string sizes;
        for (std::size_t i = 0; i < (std::min)(m_dimensions, m_sizes.size()); ++i) {
            sizes += (i > 0 ? " x " : "") + std::to_string(m_sizes[i]);
        }
        throw shape_error("[F0583] " + std::string(what) + ": the network takes images of " + to_string(s) +
                          " (height x width x channels), got a tensor of " + std::to_string(m_dimensions) +
                          " dimensions, " + sizes + (m_dimensions > 3 ? " x ..." : ""));
    }
    if (m_size != static_cast<std::size_t>(s.size())) {
        throw shape_error("[F0584] " + std::string(what) + ": the network takes images of " + to_string(s) +
                          " (height x width x channels), got " + std::to_string(m_size) + " values, not " +
                          std::to_string(s.size()));
    }
    for (std::size_t i = 0; m_floats != nullptr && i < m_size; ++i) {
        if (!(m_floats[i] >= 0.0F && m_floats[i] <= 1.0F)) {
            throw data_error("[F0585] " + std::string(what) +
                             ": an image of floats: expected values from 0 to 1, got " +
                             detail::number_text(m_floats[i]) + " at " + std::to_string(i) +
                             "; pixels from 0 to 255 are given as bytes, and normalised by the network");
        }
    }
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_API void require_class_names(std::span<const std::string> names, int classes, const char* what) {
    if (!names.empty() && names.size() != static_cast<std::size_t>(classes)) {
        throw option_error("[F0586] " + std::string(what) + ": expected a name for each of the " +
                           std::to_string(classes) + " classes, or none, got " +
                           std::to_string(names.size()));
    }
}

FITNAS_LAZY_AGAIN prediction prediction_of(std::span<const float> logits, std::span<const std::string> names,
                                           const char* what) {
    std::size_t best = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        if (!std::isfinite(logits[i])) {
            throw numeric_error("[F0587] " + std::string(what) + ": the logits of the image are not finite");
        }
        best = logits[i] > logits[best] ? i : best;
    }
    double sum = 0;
    for (const float v : logits) {
        sum += std::exp(static_cast<double>(v) - static_cast<double>(logits[best]));
    }
    return {static_cast<int>(best), 1 / sum, names.empty() ? std::string_view() : names[best]};
}

} // namespace fitnas::detail

#endif

#endif
