/// @file
/// @brief What becomes of a product's register tiles: the concept of an epilogue, and the plainest of them.

#ifndef FITNAS_CORE_EPILOGUE_HPP
#define FITNAS_CORE_EPILOGUE_HPP

#include <cstddef>

#include <fitnas/core/simd.hpp>

namespace fitnas::detail {

using simd::lanes;

/// Rows of a register tile: with two vectors of columns they fill the registers without spilling.
inline constexpr int gemm_rows = lanes == 16 ? 8 : 4;
/// Columns of a register tile.
inline constexpr int panel = 2 * lanes;

/// What an epilogue makes for a panel of columns of the product: called with a first row and the values of
/// `gemm_rows` rows or of one, in order from the first row on, then told to finish. It must not store what
/// lies behind the last column. What it sums up over the rows stays in registers.
template <class P, int Vectors>
concept panel_epilogue = requires(P p, int row, simd::tile<gemm_rows, Vectors>& values,
                                  simd::tile<1, Vectors>& one) {
    p(row, values);
    p(row, one);
    p.finish();
};

/// What takes a product's values while they are in registers, and stores them once: `panel<Vectors>(column)`
/// makes what takes the Vectors * lanes columns from `column` on. Models: `store_rows` here, `forward_rows`
/// and `backward_rows` of 1x1 convolutions, `expanded_rows` and `add_rows` of expansions.
template <class E>
concept epilogue = requires(const E& e, int column) {
    { e.template panel<1>(column) } -> panel_epilogue<1>;
    { e.template panel<2>(column) } -> panel_epilogue<2>;
};

/// Stores into a row-major matrix of n columns, or adds to it.
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

} // namespace fitnas::detail

#endif
