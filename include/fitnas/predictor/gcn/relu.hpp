/// @file
/// @brief GCN layer: rectifier.

#ifndef FITNAS_PREDICTOR_GCN_RELU_HPP
#define FITNAS_PREDICTOR_GCN_RELU_HPP

#include <fitnas/config.hpp>
#include <fitnas/predictor/gcn/elementwise.hpp>

namespace fitnas::gcn {

/// @brief max(x, 0).
struct relu : detail::without_parameters {
    static constexpr place works_on = place::between;
    static constexpr bool row_wise = true;
    static constexpr bool in_place = true;
    static constexpr signal output(signal in) { return in; }

    static void forward(const site& at, const float* x, float* y);

    static void backward(const site& at, const float* /*x*/, const float* y, const float* dy, float* dx,
                         float* /*dp*/);
};

} // namespace fitnas::gcn

#if FITNAS_DEFINITIONS

namespace fitnas::gcn {

FITNAS_API void relu::forward(const site& at, const float* x, float* y) {
    const simd::vec<> zero = {};
    detail::for_each_vector(at, [&](std::size_t i, int left) {
        // Not a number stays what it is, so that a fit that goes wrong is seen.
        const simd::vec<> v = simd::load(x + i, left);
        simd::store(y + i, v < zero ? zero : v, left);
    });
}

FITNAS_API void relu::backward(const site& at, const float* /*x*/, const float* y, const float* dy, float* dx,
                               float* /*dp*/) {
    if (dx == nullptr) {
        return;
    }
    const simd::vec<> zero = {};
    detail::for_each_vector(at, [&](std::size_t i, int left) {
        simd::store(dx + i, simd::load(y + i, left) > zero ? simd::load(dy + i, left) : zero, left);
    });
}

} // namespace fitnas::gcn

#endif

#endif
