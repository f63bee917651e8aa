/// @file
/// @brief What layers with weights and a bias share: weights `[in][out]`, then the bias.

#ifndef FITNAS_PREDICTOR_GCN_AFFINE_HPP
#define FITNAS_PREDICTOR_GCN_AFFINE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/core/row_product.hpp>
#include <fitnas/predictor/gcn/layer.hpp>
#include <fitnas/predictor/gcn/row_sum.hpp>

namespace fitnas::gcn::detail {

constexpr std::size_t affine_parameters(signal in, int width) {
    return (static_cast<std::size_t>(in.width) + 1) * static_cast<std::size_t>(width);
}

/// Weights uniform in +-sqrt(6 / (in + out)) (Glorot and Bengio, AISTATS 2010, equation 16); the bias stays
/// 0.
inline void initialise_affine(signal in, int width, float* p, random_stream& random) {
    const double limit = std::sqrt(6.0 / (in.width + width));
    std::generate(p, p + static_cast<std::ptrdiff_t>(in.width) * width,
                  [&] { return static_cast<float>(limit * (2 * random.uniform() - 1)); });
}

/// y (rows x width) = x W. Where the input is sparse its zeros are skipped.
FITNAS_LAZY void multiply_weights(signal in, int rows, const float* x, const float* weights, int width,
                                  float* y);

/// dw (in x width) += x^T dy
FITNAS_LAZY void add_weights_gradient(signal in, int rows, const float* x, const float* dy, int width,
                                      float* dw);

/// dx (rows x in) = dy W^T
inline void input_gradient(signal in, int rows, const float* dy, const float* weights, int width, float* dx) {
    float* transposed = thread_scratch(static_cast<std::size_t>(in.width) * static_cast<std::size_t>(width));
    transpose_rows(in.width, width, weights, transposed);
    row_product(rows, in.width, width, dy, transposed, dx);
}

/// db += the sum of the rows of dy
inline void add_bias_gradient(int rows, const float* dy, int width, float* db) {
    sum_rows(
        width, rows, db, [](int) { return 1.0F; },
        [=](int r) { return dy + static_cast<std::ptrdiff_t>(r) * width; }, db);
}

} // namespace fitnas::gcn::detail

#if FITNAS_DEFINITIONS

namespace fitnas::gcn::detail {

FITNAS_LAZY_AGAIN void multiply_weights(signal in, int rows, const float* x, const float* weights, int width,
                                        float* y) {
    if (!in.sparse) {
        row_product(rows, width, in.width, x, weights, y);
        return;
    }
    for (int r = 0; r < rows; ++r, x += in.width, y += width) {
        std::fill(y, y + width, 0.0F);
        for (int i = 0; i < in.width; ++i) {
            if (x[i] != 0) {
                add_scaled(x[i], weights + static_cast<std::ptrdiff_t>(i) * width, width, y);
            }
        }
    }
}

FITNAS_LAZY_AGAIN void add_weights_gradient(signal in, int rows, const float* x, const float* dy, int width,
                                            float* dw) {
    if (!in.sparse) {
        add_transposed_row_product(rows, in.width, width, x, dy, dw);
        return;
    }
    for (int r = 0; r < rows; ++r, x += in.width, dy += width) {
        for (int i = 0; i < in.width; ++i) {
            if (x[i] != 0) {
                add_scaled(x[i], dy, width, dw + static_cast<std::ptrdiff_t>(i) * width);
            }
        }
    }
}

} // namespace fitnas::gcn::detail

#endif

#endif
