/// @file
/// @brief Products of short and wide row-major matrices, on one thread, in register tiles that read the
/// operands where they lie: for weights that fit into the cache, where packing would cost what it saves.
///
/// An element of a result is one chain of fused multiply-adds in the order of the sum, wherever in a tile it
/// stands, so a row of a product depends on its own row of the left operand alone, to the bit.

#ifndef FITNAS_CORE_ROW_PRODUCT_HPP
#define FITNAS_CORE_ROW_PRODUCT_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/gemm.hpp>

namespace fitnas {

namespace detail {

/// The floats of vector v of a panel that has `columns` columns.
template <bool Full>
FITNAS_INLINE simd::vec<> load_part(const float* p, int v, int columns) {
    p += v * lanes;
    return Full ? simd::load(p) : simd::load(p, (std::max)(columns - v * lanes, 0));
}
template <bool Full>
FITNAS_INLINE void store_part(float* p, int v, int columns, simd::vec<> x) {
    p += v * lanes;
    if (Full) {
        simd::store(p, x);
    } else {
        simd::store(p, x, (std::max)(columns - v * lanes, 0));
    }
}

/// Rows x Vectors of C += A B where element (r, i) of A is at a[r * row_step + i * column_step].
template <int Rows, int Vectors, bool Full>
FITNAS_INLINE void row_product_tile(int columns, int k, const float* a, std::ptrdiff_t row_step,
                                    std::ptrdiff_t column_step, const float* b, std::ptrdiff_t ldb, float* c,
                                    std::ptrdiff_t ldc, bool accumulate) {
    simd::tile<Rows, Vectors> acc = {};
    if (accumulate) {
        for (int r = 0; r < Rows; ++r) {
            for (int v = 0; v < Vectors; ++v) {
                acc[r][v] = load_part<Full>(c + r * ldc, v, columns);
            }
        }
    }
    FITNAS_UNROLL(2)
    for (int i = 0; i < k; ++i, a += column_step, b += ldb) {
        simd::vecs<Vectors> y;
        for (int v = 0; v < Vectors; ++v) {
            y[v] = load_part<Full>(b, v, columns);
        }
        FITNAS_UNROLL(8)
        for (int r = 0; r < Rows; ++r) {
            const simd::vec<> factor = simd::broadcast(a[r * row_step]);
            for (int v = 0; v < Vectors; ++v) {
                acc[r][v] = simd::fma(factor, y[v], acc[r][v]);
            }
        }
    }
    for (int r = 0; r < Rows; ++r) {
        for (int v = 0; v < Vectors; ++v) {
            store_part<Full>(c + r * ldc, v, columns, acc[r][v]);
        }
    }
}

template <int Vectors, bool Full>
void row_product_panel(int rows, int columns, int k, const float* a, std::ptrdiff_t row_step,
                       std::ptrdiff_t column_step, const float* b, std::ptrdiff_t ldb, float* c,
                       std::ptrdiff_t ldc, bool accumulate) {
    int r = 0;
    for (; r + gemm_rows <= rows; r += gemm_rows) {
        row_product_tile<gemm_rows, Vectors, Full>(columns, k, a + r * row_step, row_step, column_step, b,
                                                   ldb, c + r * ldc, ldc, accumulate);
    }
    for (; r < rows; ++r) {
        row_product_tile<1, Vectors, Full>(columns, k, a + r * row_step, row_step, column_step, b, ldb,
                                           c + r * ldc, ldc, accumulate);
    }
}

FITNAS_LAZY void row_product(int rows, int n, int k, const float* a, std::ptrdiff_t row_step,
                             std::ptrdiff_t column_step, const float* b, std::ptrdiff_t ldb, float* c,
                             std::ptrdiff_t ldc, bool accumulate);

} // namespace detail

/// @brief The sum of x[i] y[i].
inline float dot_product(int n, const float* x, const float* y) {
    simd::vec<> sum = {};
    for (int i = 0; i < n; i += simd::lanes) {
        sum = simd::fma(simd::load(x + i, n - i), simd::load(y + i, n - i), sum);
    }
    float total = 0;
    for (int lane = 0; lane < simd::lanes; ++lane) {
        total += sum[lane];
    }
    return total;
}

/// @brief C (rows x n) = A (rows x k) B (k x n), all row-major without gaps.
FITNAS_API void row_product(int rows, int n, int k, const float* a, const float* b, float* c);

/// @brief C (m x n) += A^T B for A (rows x m) and B (rows x n), all row-major without gaps.
FITNAS_API void add_transposed_row_product(int rows, int m, int n, const float* a, const float* b, float* c);

/// @brief to (columns x rows) = the transpose of from (rows x columns), both row-major without gaps.
FITNAS_API void transpose_rows(int rows, int columns, const float* from, float* to);

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void row_product(int rows, int n, int k, const float* a, std::ptrdiff_t row_step,
                                   std::ptrdiff_t column_step, const float* b, std::ptrdiff_t ldb, float* c,
                                   std::ptrdiff_t ldc, bool accumulate) {
    for (int column = 0; column < n; column += panel) {
        const int columns = (std::min)(panel, n - column);
        if (columns == panel) {
            row_product_panel<2, true>(rows, columns, k, a, row_step, column_step, b + column, ldb,
                                       c + column, ldc, accumulate);
        } else {
            row_product_panel<2, false>(rows, columns, k, a, row_step, column_step, b + column, ldb,
                                        c + column, ldc, accumulate);
        }
    }
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API void row_product(int rows, int n, int k, const float* a, const float* b, float* c) {
    if (n > 1) {
        detail::row_product(rows, n, k, a, k, 1, b, n, c, n, false);
        return;
    }
    for (int r = 0; r < rows; ++r) {
        c[r] = dot_product(k, a + static_cast<std::ptrdiff_t>(r) * k, b);
    }
}

FITNAS_API void add_transposed_row_product(int rows, int m, int n, const float* a, const float* b, float* c) {
    if (n == 1) { // one wide row in place of a narrow column
        detail::row_product(1, m, rows, b, 1, 1, a, m, c, m, true);
        return;
    }
    // So many rows of both operands stay in the nearest cache while all tiles pass over them.
    constexpr int chunk = 64;
    for (int first = 0; first < rows; first += chunk) {
        detail::row_product(m, n, (std::min)(chunk, rows - first), a + static_cast<std::ptrdiff_t>(first) * m,
                            1, m, b + static_cast<std::ptrdiff_t>(first) * n, n, c, n, true);
    }
}

FITNAS_API void transpose_rows(int rows, int columns, const float* from, float* to) {
    for (int i = 0; i < columns; ++i) {
        for (int r = 0; r < rows; ++r) {
            *to++ = from[static_cast<std::ptrdiff_t>(r) * columns + i];
        }
    }
}

} // namespace fitnas

#endif

#endif
