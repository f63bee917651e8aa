/// @file
/// @brief The shape of one image's activations.

#ifndef FITNAS_NN_SHAPE_HPP
#define FITNAS_NN_SHAPE_HPP

#include <string>

#include <fitnas/config.hpp>

namespace fitnas {

/// @brief Height, width and channels of one image's activations; in memory H x W x C, row-major.
struct shape {
    int height = 0;   ///< in pixels
    int width = 0;    ///< in pixels
    int channels = 0; ///< numbers a pixel

    /// @return height times width
    constexpr long long pixels() const { return static_cast<long long>(height) * width; }
    /// @return the number of values of one image
    constexpr long long size() const { return pixels() * channels; }
    friend constexpr bool operator==(const shape&, const shape&) = default;
};

/// @return for example "32 x 32 x 3"
inline std::string to_string(const shape& s) {
    return std::to_string(s.height) + " x " + std::to_string(s.width) + " x " + std::to_string(s.channels);
}

/// @brief Where an operator stands: the shape that comes in, and the width and stride that are asked for.
struct cell {
    shape input;    ///< what comes in
    int width = 0;  ///< channels of what goes out
    int stride = 1; ///< at 2 every second pixel of each direction is left out

    /// @return the shape that must come out: every stride-th pixel (rounded up), `width` channels
    constexpr shape output() const {
        return {(input.height + stride - 1) / stride, (input.width + stride - 1) / stride, width};
    }
    /// @return whether what comes out has the shape of what comes in
    constexpr bool keeps_shape() const { return output() == input; }
    friend constexpr bool operator==(const cell&, const cell&) = default;
};

} // namespace fitnas

#endif
