/// @file
/// @brief Loops of layers that act on each number by itself.

#ifndef FITNAS_PREDICTOR_GCN_ELEMENTWISE_HPP
#define FITNAS_PREDICTOR_GCN_ELEMENTWISE_HPP

#include <fitnas/core/simd.hpp>
#include <fitnas/predictor/gcn/layer.hpp>

namespace fitnas::gcn::detail {

/// Calls `body(i, count)` for vectors of `count` numbers that together cover a layer's input.
template <class Body>
FITNAS_INLINE void for_each_vector(const site& at, const Body& body) {
    constexpr std::size_t step = simd::lanes;
    const std::size_t size = static_cast<std::size_t>(at.count) * at.input.size();
    std::size_t i = 0;
    for (; i + step <= size; i += step) {
        body(i, simd::lanes);
    }
    if (i < size) {
        body(i, static_cast<int>(size - i));
    }
}

} // namespace fitnas::gcn::detail

#endif
