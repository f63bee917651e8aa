/// @file
/// @brief GCN layer: the mean over the nodes.

#ifndef FITNAS_PREDICTOR_GCN_MEAN_POOL_HPP
#define FITNAS_PREDICTOR_GCN_MEAN_POOL_HPP

#include <algorithm>

#include <fitnas/config.hpp>
#include <fitnas/predictor/gcn/layer.hpp>
#include <fitnas/predictor/gcn/row_sum.hpp>

namespace fitnas::gcn {

/// @brief One vector an architecture: the mean of its nodes'.
struct mean_pool : detail::without_parameters {
    static constexpr place works_on = place::nodes;
    static constexpr signal output(signal in) { return {1, in.width, true}; }

    static void forward(const site& at, const float* x, float* y);

    static void backward(const site& at, const float* /*x*/, const float* /*y*/, const float* dy, float* dx,
                         float* /*dp*/);
};

} // namespace fitnas::gcn

#if FITNAS_DEFINITIONS

namespace fitnas::gcn {

FITNAS_API void mean_pool::forward(const site& at, const float* x, float* y) {
    const int width = at.input.width;
    const float share = 1.0F / static_cast<float>(at.input.nodes);
    for (int g = 0; g < at.count; ++g, y += width, x += at.input.size()) {
        detail::sum_rows(
            width, at.input.nodes, nullptr, [=](int) { return share; },
            [=](int i) { return x + static_cast<std::ptrdiff_t>(i) * width; }, y);
    }
}

FITNAS_API void mean_pool::backward(const site& at, const float* /*x*/, const float* /*y*/, const float* dy,
                                    float* dx, float* /*dp*/) {
    const int width = at.input.width;
    const float share = 1.0F / static_cast<float>(at.input.nodes);
    for (int g = 0; dx != nullptr && g < at.count; ++g, dy += width) {
        for (int i = 0; i < at.input.nodes; ++i, dx += width) {
            std::transform(dy, dy + width, dx, [&](float d) { return share * d; });
        }
    }
}

} // namespace fitnas::gcn

#endif

#endif
