/// @file
/// @brief GCN layer: the mean over the nodes.

#ifndef FITNAS_PREDICTOR_GCN_MEAN_POOL_HPP
#define FITNAS_PREDICTOR_GCN_MEAN_POOL_HPP

#include <algorithm>

#include <fitnas/predictor/gcn/layer.hpp>

namespace fitnas::gcn {

/// @brief One vector an architecture: the mean of its nodes'.
struct mean_pool : detail::without_parameters {
    static constexpr place works_on = place::nodes;
    static constexpr signal output(signal in) { return {1, in.width, true}; }

    static void forward(const site& at, const float* x, float* y) {
        const int width = at.input.width;
        const float share = 1.0F / static_cast<float>(at.input.nodes);
        for (int g = 0; g < at.count; ++g, y += width) {
            std::fill(y, y + width, 0.0F);
            for (int i = 0; i < at.input.nodes; ++i, x += width) {
                for (int f = 0; f < width; ++f) {
                    y[f] += share * x[f];
                }
            }
        }
    }

    static void backward(const site& at, const float* /*x*/, const float* /*y*/, const float* dy, float* dx,
                         float* /*dp*/) {
        const int width = at.input.width;
        const float share = 1.0F / static_cast<float>(at.input.nodes);
        for (int g = 0; dx != nullptr && g < at.count; ++g, dy += width) {
            for (int i = 0; i < at.input.nodes; ++i, dx += width) {
                std::transform(dy, dy + width, dx, [&](float d) { return share * d; });
            }
        }
    }
};

} // namespace fitnas::gcn

#endif
