/// @file
/// @brief First values of a recipe's parameters.

#ifndef FITNAS_NN_INITIALISE_HPP
#define FITNAS_NN_INITIALISE_HPP

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/nn/recipe.hpp>

namespace fitnas {

namespace detail {

inline void fill_normal(std::span<float> values, double deviation, random_stream& random) {
    for (float& v : values) {
        v = static_cast<float>(deviation * random.normal());
    }
}

FITNAS_LAZY void initialise(const primitive& p, shape in, std::span<float> values, random_stream& random);

} // namespace detail

/// @brief First values of a recipe's parameters: normal with variance 2 / fan-in for convolutions (He et al.,
/// arXiv 1502.01852, equation 10), deviation 0.01 for linear layers, biases 0, batch norm 1 and 0.
/// @param steps the recipe
/// @param input the shape that comes in
/// @param parameters all of its parameters, overwritten
/// @param random where the numbers come from
/// @throws shape_error where there are more or fewer parameters than the recipe has
FITNAS_API void initialise(const recipe& steps, shape input, std::span<float> parameters,
                           random_stream& random);

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void initialise(const primitive& p, shape in, std::span<float> values,
                                  random_stream& random) {
    const auto channels = static_cast<std::size_t>(in.channels);
    const auto he = [](double fan_in) { return std::sqrt(2.0 / fan_in); };
    switch (p.kind) {
    case primitive_kind::pointwise:
        fill_normal(values, he(in.channels), random);
        break;
    case primitive_kind::convolution:
        fill_normal(values, he(static_cast<double>(in.channels) * p.kernel * p.kernel), random);
        break;
    case primitive_kind::depthwise:
        fill_normal(values, he(static_cast<double>(p.kernel) * p.kernel), random);
        break;
    case primitive_kind::batch_norm:
        std::fill(values.begin(), values.end(), 0.0F);
        std::fill_n(values.begin(), channels, 1.0F);
        break;
    case primitive_kind::linear:
        std::fill(values.begin(), values.end(), 0.0F);
        fill_normal(values.first(channels * static_cast<std::size_t>(p.width)), 0.01, random);
        break;
    case primitive_kind::squeeze_excite: {
        const auto hidden = static_cast<std::size_t>(p.hidden(in));
        std::fill(values.begin(), values.end(), 0.0F);
        fill_normal(values.first(hidden * channels), he(in.channels), random);
        fill_normal(values.subspan(hidden * channels + hidden, hidden * channels),
                    he(static_cast<double>(hidden)), random);
        break;
    }
    case primitive_kind::custom:
        p.user->initialise(in, values, random);
        break;
    default:
        break;
    }
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API void initialise(const recipe& steps, shape input, std::span<float> parameters,
                           random_stream& random) {
    const auto expected = static_cast<std::size_t>(summarise(steps, input).parameters);
    if (parameters.size() != expected) {
        throw shape_error("[F0109] initialise: the recipe has " + std::to_string(expected) +
                          " parameters, got " + std::to_string(parameters.size()));
    }
    detail::for_each_primitive(steps, input, [&](const detail::placed_primitive& p) {
        const auto size = static_cast<std::size_t>(p.what->parameters(p.input));
        detail::initialise(*p.what, p.input, parameters.subspan(p.offset, size), random);
    });
}

} // namespace fitnas

#endif

#endif
