/// @file
/// @brief GCN layer: a linear map of what is left when the nodes are pooled.

#ifndef FITNAS_PREDICTOR_GCN_LINEAR_HPP
#define FITNAS_PREDICTOR_GCN_LINEAR_HPP

#include <fitnas/predictor/gcn/affine.hpp>

namespace fitnas::gcn {

/// @brief x W + b; `linear<1>` is the end of a model.
/// @tparam Width how many numbers an architecture has behind it
template <int Width>
struct linear {
    static_assert(Width >= 1, "[F0620] gcn::linear<Width>: the width must be at least 1");
    static constexpr place works_on = place::pooled;
    static constexpr signal output(signal /*in*/) { return {1, Width, true}; }
    static constexpr std::size_t parameters(signal in) { return detail::affine_parameters(in, Width); }
    static void initialise(signal in, float* p, random_stream& random) {
        detail::initialise_affine(in, Width, p, random);
    }

    static void forward(const site& at, const float* x, float* y) {
        detail::multiply_weights(at.input, at.count, x, at.parameters, Width, y);
        const float* bias = at.parameters + static_cast<std::ptrdiff_t>(at.input.width) * Width;
        for (int g = 0; g < at.count; ++g) {
            detail::add_scaled(1, bias, Width, y + static_cast<std::ptrdiff_t>(g) * Width);
        }
    }

    static void backward(const site& at, const float* x, const float* /*y*/, const float* dy, float* dx,
                         float* dp) {
        detail::add_bias_gradient(at.count, dy, Width,
                                  dp + static_cast<std::ptrdiff_t>(at.input.width) * Width);
        detail::add_weights_gradient(at.input, at.count, x, dy, Width, dp);
        if (dx != nullptr) {
            detail::input_gradient(at.input, at.count, dy, at.parameters, Width, dx);
        }
    }
};

} // namespace fitnas::gcn

#endif
