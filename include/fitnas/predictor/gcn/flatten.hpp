/// @file
/// @brief GCN layer: all nodes side by side.

#ifndef FITNAS_PREDICTOR_GCN_FLATTEN_HPP
#define FITNAS_PREDICTOR_GCN_FLATTEN_HPP

#include <algorithm>

#include <fitnas/predictor/gcn/layer.hpp>

namespace fitnas::gcn {

/// @brief One vector an architecture: its nodes' vectors, one after the other. What follows can tell nodes
/// apart.
struct flatten : detail::without_parameters {
    static constexpr place works_on = place::nodes;
    static constexpr signal output(signal in) { return {1, in.nodes * in.width, true, in.sparse}; }

    static void forward(const site& at, const float* x, float* y) {
        std::copy(x, x + static_cast<std::size_t>(at.count) * at.input.size(), y);
    }

    static void backward(const site& at, const float* /*x*/, const float* /*y*/, const float* dy, float* dx,
                         float* /*dp*/) {
        if (dx != nullptr) {
            std::copy(dy, dy + static_cast<std::size_t>(at.count) * at.input.size(), dx);
        }
    }
};

} // namespace fitnas::gcn

#endif
