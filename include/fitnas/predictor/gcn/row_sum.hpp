/// @file
/// @brief Weighted sums of rows, kept in registers while they grow.

#ifndef FITNAS_PREDICTOR_GCN_ROW_SUM_HPP
#define FITNAS_PREDICTOR_GCN_ROW_SUM_HPP

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include <fitnas/core/simd.hpp>

namespace fitnas::gcn::detail {

/// Vectors of a row that stay in registers: 64 floats where the registers allow.
inline constexpr int sum_vectors = simd::lanes == 16 ? 4 : 8;

template <int Vectors, class Start, class Weight, class Row>
FITNAS_INLINE void sum_rows_part(int column, int left, int count, Start start, const Weight& weight,
                                 const Row& row, float* to) {
    simd::vecs<Vectors> sum = {};
    if constexpr (!std::is_null_pointer_v<Start>) {
        for (int v = 0; v < Vectors; ++v) {
            sum[v] = simd::load(start + column + v * simd::lanes, left - v * simd::lanes);
        }
    }
    for (int i = 0; i < count; ++i) {
        const simd::vec<> factor = simd::broadcast(weight(i));
        const float* from = row(i) + column;
        for (int v = 0; v < Vectors; ++v) {
            sum[v] = simd::fma(factor, simd::load(from + v * simd::lanes, left - v * simd::lanes), sum[v]);
        }
    }
    for (int v = 0; v < Vectors; ++v) {
        simd::store(to + column + v * simd::lanes, sum[v], left - v * simd::lanes);
    }
}

/// to (width floats) = start + the sum over i < count of weight(i) * row(i), in this order; start is
/// `nullptr`, for zeros, or floats, which may be those of `to`.
template <class Start, class Weight, class Row>
FITNAS_INLINE void sum_rows(int width, int count, Start start, const Weight& weight, const Row& row,
                            float* to) {
    constexpr int step = sum_vectors * simd::lanes;
    int column = 0;
    for (; column + step <= width; column += step) {
        sum_rows_part<sum_vectors>(column, step, count, start, weight, row, to);
    }
    for (; column < width; column += simd::lanes) {
        sum_rows_part<1>(column, width - column, count, start, weight, row, to);
    }
}

/// to += factor * from
inline void add_scaled(float factor, const float* from, int width, float* to) {
    sum_rows(
        width, 1, to, [=](int) { return factor; }, [=](int) { return from; }, to);
}

} // namespace fitnas::gcn::detail

#endif
