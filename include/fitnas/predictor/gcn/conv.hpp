/// @file
/// @brief GCN layer: graph convolution.

#ifndef FITNAS_PREDICTOR_GCN_CONV_HPP
#define FITNAS_PREDICTOR_GCN_CONV_HPP

#include <fitnas/predictor/gcn/affine.hpp>

namespace fitnas::gcn {

namespace detail {

/// y = A z + b for each architecture; without b where it is null.
inline void propagate(const site& at, int width, const float* z, const float* bias, float* y) {
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(at.input.nodes) * width;
    for (int g = 0; g < at.count; ++g, z += size, y += size) {
        std::fill(y, y + size, 0.0F);
        for (int i = 0; bias != nullptr && i < at.input.nodes; ++i) {
            std::copy(bias, bias + width, y + static_cast<std::ptrdiff_t>(i) * width);
        }
        for (const encoding::edge& e : at.adjacency) {
            add_scaled(e.weight, z + static_cast<std::ptrdiff_t>(e.column) * width, width,
                       y + static_cast<std::ptrdiff_t>(e.row) * width);
        }
    }
}

} // namespace detail

/// @brief A X W + b with the encoding's normalised adjacency A (Kipf and Welling, "Semi-supervised
/// classification with graph convolutional networks", arXiv 1609.02907, equation 2); the activation is a
/// layer of its own.
/// @tparam Width how many features a node has behind it
template <int Width>
struct conv {
    static_assert(Width >= 1, "gcn::conv<Width>: the width must be at least 1");
    static constexpr place works_on = place::nodes;
    static constexpr signal output(signal in) { return {in.nodes, Width}; }
    static constexpr std::size_t parameters(signal in) { return detail::affine_parameters(in, Width); }
    static void initialise(signal in, float* p, random_stream& random) {
        detail::initialise_affine(in, Width, p, random);
    }

    static void forward(const site& at, const float* x, float* y) {
        const float* bias = at.parameters + static_cast<std::ptrdiff_t>(at.input.width) * Width;
        detail::multiply_weights(at.input, at.count * at.input.nodes, x, at.parameters, Width, at.scratch);
        detail::propagate(at, Width, at.scratch, bias, y);
    }

    static void backward(const site& at, const float* x, const float* /*y*/, const float* dy, float* dx,
                         float* dp) {
        const int rows = at.count * at.input.nodes;
        detail::add_bias_gradient(rows, dy, Width, dp + static_cast<std::ptrdiff_t>(at.input.width) * Width);
        // A is symmetric, so this is the gradient of X W.
        detail::propagate(at, Width, dy, nullptr, at.scratch);
        detail::add_weights_gradient(at.input, rows, x, at.scratch, Width, dp);
        if (dx != nullptr) {
            detail::input_gradient(at.input, rows, at.scratch, at.parameters, Width, dx);
        }
    }
};

} // namespace fitnas::gcn

#endif
