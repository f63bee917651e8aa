/// @file
/// @brief GCN layer: rectifier.

#ifndef FITNAS_PREDICTOR_GCN_RELU_HPP
#define FITNAS_PREDICTOR_GCN_RELU_HPP

#include <fitnas/predictor/gcn/layer.hpp>

namespace fitnas::gcn {

/// @brief max(x, 0).
struct relu : detail::without_parameters {
    static constexpr place works_on = place::between;
    static constexpr bool row_wise = true;
    static constexpr signal output(signal in) { return in; }

    static void forward(const site& at, const float* x, float* y) {
        const std::size_t size = static_cast<std::size_t>(at.count) * at.input.size();
        for (std::size_t i = 0; i < size; ++i) {
            // Not a number stays what it is, so that a fit that goes wrong is seen.
            y[i] = x[i] < 0 ? 0 : x[i];
        }
    }

    static void backward(const site& at, const float* /*x*/, const float* y, const float* dy, float* dx,
                         float* /*dp*/) {
        const std::size_t size = static_cast<std::size_t>(at.count) * at.input.size();
        for (std::size_t i = 0; dx != nullptr && i < size; ++i) {
            dx[i] = y[i] > 0 ? dy[i] : 0;
        }
    }
};

} // namespace fitnas::gcn

#endif
