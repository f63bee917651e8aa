/// @file
/// @brief GCN layer: sigmoid linear unit.

#ifndef FITNAS_PREDICTOR_GCN_SILU_HPP
#define FITNAS_PREDICTOR_GCN_SILU_HPP

#include <fitnas/config.hpp>
#include <fitnas/core/simd_math.hpp>
#include <fitnas/predictor/gcn/elementwise.hpp>

namespace fitnas::gcn {

/// @brief x / (1 + e^-x) (Elfwing et al., Neural Networks 107, 2018): smooth where `relu` has a kink, so that
/// what few scores say bends less from one architecture to the next.
struct silu : detail::without_parameters {
    static constexpr place works_on = place::between;
    static constexpr bool row_wise = true;
    static constexpr signal output(signal in) { return {in.nodes, in.width, in.pooled}; }

    static void forward(const site& at, const float* x, float* y);

    static void backward(const site& at, const float* x, const float* y, const float* dy, float* dx,
                         float* /*dp*/);

private:
    /// 1 / (1 + e^-x).
    static simd::vec<> logistic(simd::vec<> x);
};

} // namespace fitnas::gcn

#if FITNAS_DEFINITIONS

namespace fitnas::gcn {

FITNAS_API void silu::forward(const site& at, const float* x, float* y) {
    detail::for_each_vector(at, [&](std::size_t i, int left) {
        const simd::vec<> v = simd::load(x + i, left);
        simd::store(y + i, v * logistic(v), left);
    });
}

FITNAS_API void silu::backward(const site& at, const float* x, const float* y, const float* dy, float* dx,
                               float* /*dp*/) {
    if (dx == nullptr) {
        return;
    }
    const simd::vec<> one = simd::broadcast(1);
    detail::for_each_vector(at, [&](std::size_t i, int left) {
        const simd::vec<> s = logistic(simd::load(x + i, left));
        const simd::vec<> slope = s + simd::load(y + i, left) * (one - s);
        simd::store(dx + i, simd::load(dy + i, left) * slope, left);
    });
}

FITNAS_API simd::vec<> silu::logistic(simd::vec<> x) {
    const simd::vec<> one = simd::broadcast(1);
    const simd::vec<> none = {};
    const auto is_above = x > none;
    const simd::vec<> power = simd::exp_of_negative(is_above ? none - x : x);
    return (is_above ? one : power) / (one + power);
}

} // namespace fitnas::gcn

#endif

#endif
