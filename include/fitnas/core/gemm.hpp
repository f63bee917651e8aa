/// @file
/// @brief Matrix products: register tiles over packed operands, on one thread, for any size.
///
/// The left operand is *blocked*: `[columns / lanes][rows][lanes]`, one vector's width of columns after the
/// other. The right operand is *packed*: panels of `panel` columns, `[rows][panel]` each. Both are padded
/// with zeros, so only whoever stores a result has to know where it ends. Both hold words; of bfloat16 each
/// has two numbers, neighbours in a row of the left operand and in a column of the right one.

#ifndef FITNAS_CORE_GEMM_HPP
#define FITNAS_CORE_GEMM_HPP

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <fitnas/core/line_queue.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/core/simd.hpp>
#include <fitnas/core/words.hpp>

namespace fitnas {

namespace detail {

using simd::lanes;

/// Rows of a register tile: with two vectors of columns they fill the registers without spilling.
inline constexpr int gemm_rows = lanes == 16 ? 8 : 4;
/// Columns of a register tile.
inline constexpr int panel = 2 * lanes;

/// Floats between two blocks of a blocked operand: whole groups of four rows, and an odd one that keeps
/// blocks off one cache set.
constexpr std::size_t block_stride(int rows) {
    return static_cast<std::size_t>((rows + 3) / 4 * 4 + 1) * static_cast<std::size_t>(lanes);
}
/// Floats of a blocked operand.
constexpr std::size_t blocked_size(int rows, int columns) {
    return block_stride(rows) * static_cast<std::size_t>(simd::padded(columns) / lanes);
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
    const int width = (std::min)(panel, n - j0);
    b += j0 * column_step;
    if (width < panel) {
        std::fill_n(out, static_cast<std::ptrdiff_t>(panel) * k, 0.0F);
    }
    if (column_step == 1) {
        for (int i = 0; i < k; ++i) {
            std::copy_n(b + i * row_step, width, out + static_cast<std::ptrdiff_t>(i) * panel);
        }
    } else {
        for (int j = 0; j < width; ++j) {
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

/// One register tile: Rows x Vectors of A B, kept in registers and handed to `store(row, accumulators)`.
template <class Words, int Rows, int Vectors, class Store>
FITNAS_INLINE void multiply_tile(int k_padded, const float* a, std::size_t a_stride, const float* b, int row,
                                 Store& store) {
    simd::tile<Rows, Vectors> acc = {};
    for (int block = 0; block < k_padded / lanes; ++block) {
        const float* x = a + static_cast<std::size_t>(block) * a_stride;
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
template <class Words, int Vectors, class Epilogue>
void multiply_panel(int rows, int k_padded, const float* a, std::size_t a_stride, const float* b, int column,
                    const Epilogue& epilogue, line_queue& next) {
    auto store = epilogue.template panel<Vectors>(column);
    int row = 0;
    for (; row + gemm_rows <= rows; row += gemm_rows) {
        next.ask();
        multiply_tile<Words, gemm_rows, Vectors>(k_padded, a + row * lanes, a_stride, b, row, store);
    }
    for (; row < rows; ++row) {
        multiply_tile<Words, 1, Vectors>(k_padded, a + row * lanes, a_stride, b, row, store);
    }
    store.finish();
}

/// A B for a blocked A (rows x k words) and a packed B (k words x n). For every panel of columns
/// `epilogue.panel<Vectors>(column)` makes an object, which is called with (row, accumulators) for each
/// register tile, then told to `finish()`: what it sums up over the rows stays in registers.
template <class Words = float_words, class Epilogue>
void multiply(int rows, int n, int k, const float* a, std::size_t a_stride, const float* b,
              const Epilogue& epilogue, line_queue& next) {
    const int k_padded = simd::padded(k);
    for (int column = 0; column < n;
         column += panel, b += static_cast<std::size_t>(panel) * static_cast<std::size_t>(k_padded)) {
        // Narrow vectors take one width of panels, which is half to compile; its second vector may be empty.
        if (lanes < 16 || n - column > lanes) {
            multiply_panel<Words, 2>(rows, k_padded, a, a_stride, b, column, epilogue, next);
        } else if constexpr (lanes >= 16) {
            multiply_panel<Words, 1>(rows, k_padded, a, a_stride, b, column, epilogue, next);
        }
    }
}

template <class Words = float_words, class Epilogue>
void multiply(int rows, int n, int k, const float* a, std::size_t a_stride, const float* b,
              const Epilogue& epilogue) {
    line_queue none;
    multiply<Words>(rows, n, k, a, a_stride, b, epilogue, none);
}

/// One tile of `multiply_transposed`: gemm_rows x Vectors.
template <class Words, int Vectors>
FITNAS_INLINE void multiply_transposed_tile(int rows, const float* g, const float* a, std::size_t a_stride,
                                            float* c, int ldc, bool accumulate) {
    simd::tile<gemm_rows, Vectors> acc = {};
    if (accumulate) {
        for (int i = 0; i < gemm_rows; ++i) {
            for (int v = 0; v < Vectors; ++v) {
                acc[i][v] = simd::load(c + static_cast<std::ptrdiff_t>(i) * ldc + v * lanes);
            }
        }
    }
    FITNAS_UNROLL(2)
    for (int r = 0; r < rows; ++r) {
        simd::vecs<Vectors> y;
        for (int v = 0; v < Vectors; ++v) {
            y[v] = simd::load(a + static_cast<std::size_t>(v) * a_stride + r * lanes);
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
            simd::store(c + static_cast<std::ptrdiff_t>(i) * ldc + v * lanes, acc[i][v]);
        }
    }
}

/// c (padded n x k_columns, leading dimension ldc) = G^T A, or += where `accumulate`, for blocked G (rows x
/// n) and A (rows x k), rows in words. c has room for n rounded up to gemm_rows and k rounded up to `panel`;
/// what is left there behind n and k means nothing.
template <class Words = float_words>
void multiply_transposed(int rows, int n, int k, const float* g, std::size_t g_stride, const float* a,
                         std::size_t a_stride, float* c, int ldc, bool accumulate, line_queue& next) {
    for (int column = 0; column < k; column += panel) {
        const float* from = a + static_cast<std::size_t>(column / lanes) * a_stride;
        for (int i = 0; i < n; i += gemm_rows) {
            next.ask();
            const float* x = g + static_cast<std::size_t>(i / lanes) * g_stride + i % lanes;
            float* out = c + static_cast<std::ptrdiff_t>(i) * ldc + column;
            if (k - column > lanes) {
                multiply_transposed_tile<Words, 2>(rows, x, from, a_stride, out, ldc, accumulate);
            } else {
                multiply_transposed_tile<Words, 1>(rows, x, from, a_stride, out, ldc, accumulate);
            }
        }
    }
}

template <class Words = float_words>
void multiply_transposed(int rows, int n, int k, const float* g, std::size_t g_stride, const float* a,
                         std::size_t a_stride, float* c, int ldc, bool accumulate) {
    line_queue none;
    multiply_transposed<Words>(rows, n, k, g, g_stride, a, a_stride, c, ldc, accumulate, none);
}

/// How often a product of these sizes asks for the next lines.
constexpr std::ptrdiff_t tiles_of_product(int rows, int n) {
    return static_cast<std::ptrdiff_t>((rows + gemm_rows - 1) / gemm_rows) * ((n + panel - 1) / panel);
}

/// Leading dimension and rows of the result of `multiply_transposed`.
constexpr int transposed_columns(int k) { return (k + panel - 1) / panel * panel; }
constexpr int transposed_rows(int n) { return simd::padded(n); }

/// Epilogue of `multiply`: stores into a row-major matrix of n columns, or adds to it.
struct store_rows {
    float* out;
    int n;
    int ld;
    bool accumulate;

    template <int Vectors>
    struct panel_store {
        const store_rows& to;
        int column;

        template <std::size_t Count>
        FITNAS_INLINE void operator()(int row, simd::vecs<Vectors> (&acc)[Count]) const {
            constexpr auto Rows = static_cast<int>(Count);
            for (int r = 0; r < Rows; ++r) {
                float* at = to.out + static_cast<std::ptrdiff_t>(row + r) * to.ld + column;
                for (int v = 0; v < Vectors; ++v, at += lanes) {
                    const int left = to.n - column - v * lanes;
                    simd::store(at, to.accumulate ? acc[r][v] + simd::load(at, left) : acc[r][v], left);
                }
            }
        }
        void finish() const {}
    };
    template <int Vectors>
    panel_store<Vectors> panel(int column) const {
        return {*this, column};
    }
};

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
inline void gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const float* a, int lda,
                 const float* b, int ldb, float* c, int ldc, bool accumulate) {
    constexpr int chunk = 64;
    const std::size_t packed = detail::packed_size(k, n);
    float* panels = thread_scratch(packed + detail::blocked_size(chunk, k));
    float* block = panels + packed;
    detail::pack_panels(b, transpose_b ? 1 : ldb, transpose_b ? ldb : 1, k, n, panels);
    const std::size_t stride = detail::block_stride(chunk);
    const std::ptrdiff_t row_step = transpose_a ? 1 : lda;
    const std::ptrdiff_t column_step = transpose_a ? lda : 1;
    for (int first = 0; first < m; first += chunk) {
        const int rows = (std::min)(chunk, m - first);
        for (int i = 0; i < simd::padded(k); ++i) {
            float* to = block + static_cast<std::size_t>(i / detail::lanes) * stride + i % detail::lanes;
            for (int r = 0; r < rows; ++r) {
                to[r * detail::lanes] = i < k ? a[(first + r) * row_step + i * column_step] : 0.0F;
            }
        }
        detail::multiply(
            rows, n, k, block, stride, panels,
            detail::store_rows{c + static_cast<std::ptrdiff_t>(first) * ldc, n, ldc, accumulate});
    }
}

} // namespace fitnas

#endif
