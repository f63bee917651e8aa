/// @file
/// @brief GCN layer: sigmoid linear unit.

#ifndef FITNAS_PREDICTOR_GCN_SILU_HPP
#define FITNAS_PREDICTOR_GCN_SILU_HPP

#include <fitnas/core/exponential.hpp>
#include <fitnas/predictor/gcn/layer.hpp>

namespace fitnas::gcn {

/// @brief x / (1 + e^-x) (Elfwing et al., Neural Networks 107, 2018): smooth where `relu` has a kink, so that
/// what few scores say bends less from one architecture to the next.
struct silu : detail::without_parameters {
    static constexpr place works_on = place::between;
    static constexpr signal output(signal in) { return {in.nodes, in.width, in.pooled}; }

    static void forward(const site& at, const float* x, float* y) {
        const std::size_t size = static_cast<std::size_t>(at.count) * at.input.size();
        for (std::size_t i = 0; i < size; ++i) {
            y[i] = x[i] * logistic(x[i]);
        }
    }

    static void backward(const site& at, const float* x, const float* y, const float* dy, float* dx,
                         float* /*dp*/) {
        const std::size_t size = static_cast<std::size_t>(at.count) * at.input.size();
        for (std::size_t i = 0; dx != nullptr && i < size; ++i) {
            const float s = logistic(x[i]);
            dx[i] = dy[i] * (s + y[i] * (1 - s));
        }
    }

private:
    static float logistic(float x) { return 1 / (1 + fitnas::detail::exponential(-x)); }
};

} // namespace fitnas::gcn

#endif
