/// @file
/// @brief GCN layer: graph convolution.

#ifndef FITNAS_PREDICTOR_GCN_CONV_HPP
#define FITNAS_PREDICTOR_GCN_CONV_HPP

#include <fitnas/predictor/gcn/affine.hpp>

namespace fitnas::gcn {

namespace detail {

/// Calls `body(i, edges)` for each node with its row of the adjacency.
template <class Body>
FITNAS_INLINE void for_each_node(std::span<const encoding::edge> adjacency, int nodes, Body&& body) {
    std::size_t first = 0;
    for (int i = 0; i < nodes; ++i) {
        std::size_t last = first;
        while (last < adjacency.size() && adjacency[last].row == i) {
            ++last;
        }
        body(i, adjacency.subspan(first, last - first));
        first = last;
    }
}

/// to = start + the node's row of A z, where node j's row of z is at row(j).
template <int Width, class Start, class Row>
FITNAS_INLINE void propagate_row(std::span<const encoding::edge> edges, Start start, const Row& row,
                                 float* to) {
    const encoding::edge* e = edges.data();
    sum_rows(
        Width, static_cast<int>(edges.size()), start, [=](int k) { return e[k].weight; },
        [=](int k) { return row(e[k].column); }, to);
}

/// y = A z + b for each architecture; without b where it is `nullptr`.
template <int Width, class Bias>
void propagate(const site& at, const float* z, Bias bias, float* y) {
    for (int g = 0; g < at.count; ++g, z += static_cast<std::ptrdiff_t>(at.input.nodes) * Width) {
        for_each_node(at.adjacency, at.input.nodes, [&](int, std::span<const encoding::edge> edges) {
            propagate_row<Width>(
                edges, bias, [=](int j) { return z + static_cast<std::ptrdiff_t>(j) * Width; }, y);
            y += Width;
        });
    }
}

} // namespace detail

/// @brief A X W + b with the encoding's normalised adjacency A (Kipf and Welling, "Semi-supervised
/// classification with graph convolutional networks", arXiv 1609.02907, equation 2); the activation is a
/// layer of its own.
/// @tparam Width how many features a node has behind it
template <int Width>
struct conv {
    static_assert(Width >= 1, "[F0618] gcn::conv<Width>: the width must be at least 1");
    static constexpr place works_on = place::nodes;
    static constexpr signal output(signal in) { return {in.nodes, Width}; }
    static constexpr std::size_t parameters(signal in) { return detail::affine_parameters(in, Width); }
    static void initialise(signal in, float* p, random_stream& random) {
        detail::initialise_affine(in, Width, p, random);
    }

    static void forward(const site& at, const float* x, float* y) {
        const float* bias = at.parameters + static_cast<std::ptrdiff_t>(at.input.width) * Width;
        detail::multiply_weights(at.input, at.count * at.input.nodes, x, at.parameters, Width, at.scratch);
        detail::propagate<Width>(at, at.scratch, bias, y);
    }

    static void backward(const site& at, const float* x, const float* /*y*/, const float* dy, float* dx,
                         float* dp) {
        const int rows = at.count * at.input.nodes;
        detail::add_bias_gradient(rows, dy, Width, dp + static_cast<std::ptrdiff_t>(at.input.width) * Width);
        // A is symmetric, so this is the gradient of X W.
        detail::propagate<Width>(at, dy, nullptr, at.scratch);
        detail::add_weights_gradient(at.input, rows, x, at.scratch, Width, dp);
        if (dx != nullptr) {
            detail::input_gradient(at.input, rows, at.scratch, at.parameters, Width, dx);
        }
    }
};

namespace detail {
template <class Layer>
inline constexpr bool is_conv = false;
template <int Width>
inline constexpr bool is_conv<conv<Width>> = true;
} // namespace detail

} // namespace fitnas::gcn

#endif
