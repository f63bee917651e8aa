/// @file
/// @brief Matrix products: register tiles over packed operands, on one thread, for any size.
///
/// The left operand is *blocked*: `[columns / lanes][rows][lanes]`, runs of one vector's
/// columns. The right operand is *packed*: panels of `panel` columns, `[rows][panel]` each. Both are padded
/// with zeros, so only whoever stores a result has to know where it ends. Both hold words; of bfloat16 each
/// has two numbers, neighbours in a row of the left operand and in a column of the right one.

#ifndef FITNAS_CORE_GEMM_HPP
#define FITNAS_CORE_GEMM_HPP

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <fitnas/config.hpp>
#include <fitnas/core/epilogue.hpp>
#include <fitnas/core/line_queue.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/core/simd.hpp>
#include <fitnas/core/words.hpp>

namespace fitnas {

namespace detail {

/// `blocked::stride` of so many rows: whole groups of four rows, and an odd one that keeps runs off one cache
/// set.
constexpr std::size_t blocked_stride(int rows) {
    return static_cast<std::size_t>((rows + 3) / 4 * 4 + 1) * static_cast<std::size_t>(lanes);
}
/// Floats of a blocked operand.
constexpr std::size_t blocked_size(int rows, int columns) {
    return blocked_stride(rows) * static_cast<std::size_t>(simd::padded(columns) / lanes);
}
/// Floats of a packed operand.
constexpr std::size_t packed_size(int rows, int columns) {
    return static_cast<std::size_t>((columns + panel - 1) / panel) * panel *
           static_cast<std::size_t>(simd::padded(rows));
}

/// The panel of B (k x n) that begins at column j0; element (i, j) is at b[i * row_step + j * column_step].
template <class Words = float_words>
requires(Words::each == 1) void pack_panel(const float* b, std::ptrdiff_t row_step,
                                           std::ptrdiff_t column_step, int k, int n, int j0, float* out) {
    const int columns = (std::min)(panel, n - j0);
    b += j0 * column_step;
    if (columns < panel) {
        std::fill_n(out, static_cast<std::ptrdiff_t>(panel) * k, 0.0F);
    }
    if (column_step == 1) {
        for (int i = 0; i < k; ++i) {
            std::copy_n(b + i * row_step, columns, out + static_cast<std::ptrdiff_t>(i) * panel);
        }
    } else {
        for (int j = 0; j < columns; ++j) {
            for (int i = 0; i < k; ++i) {
                out[static_cast<std::ptrdiff_t>(i) * panel + j] = b[i * row_step + j * column_step];
            }
        }
    }
    std::fill_n(out + static_cast<std::ptrdiff_t>(panel) * k, panel * (simd::padded(k) - k), 0.0F);
}

#if FITNAS_BFLOAT16
/// The same in words of two rows.
template <class Words>
requires(Words::each == 2) void pack_panel(const float* b, std::ptrdiff_t row_step,
                                           std::ptrdiff_t column_step, int k, int n, int j0, float* out) {
    const int words = simd::padded(Words::count(k));
    float* rows = thread_scratch(static_cast<std::size_t>(2 * panel) * static_cast<std::size_t>(words));
    pack_panel(b, row_step, column_step, k, n, j0, rows);
    std::fill_n(rows + static_cast<std::ptrdiff_t>(panel) * simd::padded(k),
                panel * (2 * words - simd::padded(k)), 0.0F);
    for (int i = 0; i < words; ++i, rows += 2 * panel, out += panel) {
        for (int j = 0; j < panel; j += lanes) {
            simd::store(out + j, Words::pair(simd::load(rows + j), simd::load(rows + panel + j)));
        }
    }
}
#endif

/// All panels of B, on the calling thread.
template <class Words = float_words>
void pack_panels(const float* b, std::ptrdiff_t row_step, std::ptrdiff_t column_step, int k, int n,
                 float* out) {
    for (int j = 0; j < n; j += panel) {
        pack_panel<Words>(b, row_step, column_step, k, n, j,
                          out + static_cast<std::ptrdiff_t>(j) * simd::padded(Words::count(k)));
    }
}

/// A blocked operand, of words.
struct blocked {
    const float* data;
    std::size_t stride; ///< from one run of `lanes` columns to the next

    blocked from_row(int r) const { return {data + static_cast<std::ptrdiff_t>(r) * lanes, stride}; }
    blocked from_column(int c) const {
        return {data + static_cast<std::size_t>(c / lanes) * stride + c % lanes, stride};
    }
};

/// The sizes of a product of rows x k by k x n; k in words.
struct product_size {
    int rows;
    int n;
    int k;
};

/// One register tile: Rows x Vectors of A B, kept in registers and handed to `store(row, accumulators)`.
template <class Words, int Rows, int Vectors, class Store>
FITNAS_INLINE void multiply_tile(int k_padded, const blocked& a, const float* b, int row, Store& store) {
    simd::tile<Rows, Vectors> acc = {};
    for (int run = 0; run < k_padded / lanes; ++run) {
        const float* x = a.data + static_cast<std::size_t>(run) * a.stride;
        FITNAS_UNROLL(4)
        for (int i = 0; i < lanes; ++i, b += panel) {
            simd::vecs<Vectors> y;
            for (int v = 0; v < Vectors; ++v) {
                y[v] = simd::load(b + v * lanes);
            }
            FITNAS_UNROLL(8)
            for (int r = 0; r < Rows; ++r) {
                const simd::vec<> factor = simd::broadcast(x[r * lanes + i]);
                for (int v = 0; v < Vectors; ++v) {
                    acc[r][v] = Words::multiply_add(factor, y[v], acc[r][v]);
                }
            }
        }
    }
    store(row, acc);
}

/// All rows of one panel.
template <class Words, int Vectors, epilogue Epilogue>
void multiply_panel(int rows, int k_padded, const blocked& a, const float* b, int column, const Epilogue& to,
                    line_queue& next) {
    auto store = to.template panel<Vectors>(column);
    int row = 0;
    for (; row + gemm_rows <= rows; row += gemm_rows) {
        next.ask();
        multiply_tile<Words, gemm_rows, Vectors>(k_padded, a.from_row(row), b, row, store);
    }
    for (; row < rows; ++row) {
        multiply_tile<Words, 1, Vectors>(k_padded, a.from_row(row), b, row, store);
    }
    store.finish();
}

/// A B for a blocked A and a packed B, handed to an epilogue.
template <class Words = float_words, epilogue Epilogue>
void multiply(const product_size& size, const blocked& a, const float* b, const Epilogue& to,
              line_queue& next) {
    const int k_padded = simd::padded(size.k);
    for (int column = 0; column < size.n;
         column += panel, b += static_cast<std::size_t>(panel) * static_cast<std::size_t>(k_padded)) {
        // Narrow vectors take panels of one kind, which is half to compile; its second vector may be empty.
        if (lanes < 16 || size.n - column > lanes) {
            multiply_panel<Words, 2>(size.rows, k_padded, a, b, column, to, next);
        } else if constexpr (lanes >= 16) {
            multiply_panel<Words, 1>(size.rows, k_padded, a, b, column, to, next);
        }
    }
}

template <class Words = float_words, epilogue Epilogue>
void multiply(const product_size& size, const blocked& a, const float* b, const Epilogue& to) {
    line_queue none;
    multiply<Words>(size, a, b, to, none);
}

/// Where a product of transposed operands goes: row-major, `ld` floats from row to row. It has room for rows
/// rounded up to gemm_rows and columns rounded up to `panel`; what is left there behind the last means
/// nothing.
struct transposed_result {
    float* data;
    int ld;
    bool accumulate; ///< whether the product is added to what is there
};

/// One tile of `multiply_transposed`: gemm_rows x Vectors.
template <class Words, int Vectors>
FITNAS_INLINE void multiply_transposed_tile(int rows, const float* g, const blocked& a,
                                            const transposed_result& to) {
    simd::tile<gemm_rows, Vectors> acc = {};
    if (to.accumulate) {
        for (int i = 0; i < gemm_rows; ++i) {
            for (int v = 0; v < Vectors; ++v) {
                acc[i][v] = simd::load(to.data + static_cast<std::ptrdiff_t>(i) * to.ld + v * lanes);
            }
        }
    }
    FITNAS_UNROLL(2)
    for (int r = 0; r < rows; ++r) {
        simd::vecs<Vectors> y;
        for (int v = 0; v < Vectors; ++v) {
            y[v] = simd::load(a.data + static_cast<std::size_t>(v) * a.stride + r * lanes);
        }
        FITNAS_UNROLL(8)
        for (int i = 0; i < gemm_rows; ++i) {
            const simd::vec<> factor = simd::broadcast(g[r * lanes + i]);
            for (int v = 0; v < Vectors; ++v) {
                acc[i][v] = Words::multiply_add(factor, y[v], acc[i][v]);
            }
        }
    }
    for (int i = 0; i < gemm_rows; ++i) {
        for (int v = 0; v < Vectors; ++v) {
            simd::store(to.data + static_cast<std::ptrdiff_t>(i) * to.ld + v * lanes, acc[i][v]);
        }
    }
}

/// G^T A (n x k) for blocked G (rows x n) and A (rows x k), rows in words.
template <class Words = float_words>
void multiply_transposed(const product_size& size, const blocked& g, const blocked& a,
                         const transposed_result& to, line_queue& next) {
    for (int column = 0; column < size.k; column += panel) {
        const blocked from = a.from_column(column);
        for (int i = 0; i < size.n; i += gemm_rows) {
            next.ask();
            const float* x = g.from_column(i).data;
            const transposed_result out{to.data + static_cast<std::ptrdiff_t>(i) * to.ld + column, to.ld,
                                        to.accumulate};
            if (size.k - column > lanes) {
                multiply_transposed_tile<Words, 2>(size.rows, x, from, out);
            } else {
                multiply_transposed_tile<Words, 1>(size.rows, x, from, out);
            }
        }
    }
}

template <class Words = float_words>
void multiply_transposed(const product_size& size, const blocked& g, const blocked& a,
                         const transposed_result& to) {
    line_queue none;
    multiply_transposed<Words>(size, g, a, to, none);
}

/// How often a product of these sizes asks for the next lines.
constexpr std::ptrdiff_t tiles_of_product(int rows, int n) {
    return static_cast<std::ptrdiff_t>((rows + gemm_rows - 1) / gemm_rows) * ((n + panel - 1) / panel);
}

/// Leading dimension and rows of the result of `multiply_transposed`.
constexpr int transposed_columns(int k) { return (k + panel - 1) / panel * panel; }
constexpr int transposed_rows(int n) { return simd::padded(n); }

} // namespace detail

/// @brief C = op(A) op(B), or C += op(A) op(B), row-major, on the calling thread.
///
/// @param transpose_a whether op(A) is the transpose of the stored A
/// @param transpose_b whether op(B) is the transpose of the stored B
/// @param m rows of op(A) and C
/// @param n columns of op(B) and C
/// @param k columns of op(A), rows of op(B)
/// @param lda,ldb,ldc floats from one stored row to the next
/// @param accumulate whether the product is added to C
FITNAS_API void gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const float* a, int lda,
                     const float* b, int ldb, float* c, int ldc, bool accumulate);

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API void gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const float* a, int lda,
                     const float* b, int ldb, float* c, int ldc, bool accumulate) {
    constexpr int chunk = 64;
    const std::size_t packed = detail::packed_size(k, n);
    float* panels = thread_scratch(packed + detail::blocked_size(chunk, k));
    float* left = panels + packed;
    detail::pack_panels(b, transpose_b ? 1 : ldb, transpose_b ? ldb : 1, k, n, panels);
    const std::size_t stride = detail::blocked_stride(chunk);
    const std::ptrdiff_t row_step = transpose_a ? 1 : lda;
    const std::ptrdiff_t column_step = transpose_a ? lda : 1;
    for (int first = 0; first < m; first += chunk) {
        const int rows = (std::min)(chunk, m - first);
        for (int i = 0; i < simd::padded(k); ++i) {
            float* to = left + static_cast<std::size_t>(i / simd::lanes) * stride + i % simd::lanes;
            for (int r = 0; r < rows; ++r) {
                to[r * simd::lanes] = i < k ? a[(first + r) * row_step + i * column_step] : 0.0F;
            }
        }
        detail::multiply(
            {rows, n, k}, {left, stride}, panels,
            detail::store_rows{c + static_cast<std::ptrdiff_t>(first) * ldc, n, ldc, accumulate});
    }
}

} // namespace fitnas

#endif

#endif
