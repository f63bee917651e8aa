/// @file
/// @brief The epilogues of products whose results are tensors in memory, forward and backward.

#ifndef FITNAS_CPU_ROW_EPILOGUES_HPP
#define FITNAS_CPU_ROW_EPILOGUES_HPP

#include <cstddef>

#include <fitnas/core/epilogue.hpp>
#include <fitnas/cpu/group_sums.hpp>
#include <fitnas/cpu/operand.hpp>

namespace fitnas::detail {

/// Forward: stores z row-major and gathers the sums of z and z^2.
struct forward_rows {
    float* z;
    int channels;
    double* first = nullptr; ///< nullptr: no sums
    double* second = nullptr;
    bool streams = false;

    template <int Vectors>
    struct panel_store {
        const forward_rows& to;
        int column;
        simd::vecs<Vectors> sum = {};
        simd::vecs<Vectors> squares = {};

        template <std::size_t Count>
        FITNAS_INLINE void operator()(int row, simd::vecs<Vectors> (&acc)[Count]) {
            constexpr auto Rows = static_cast<int>(Count);
            for (int v = 0; v < Vectors; ++v) {
                float* at = to.z + static_cast<std::ptrdiff_t>(row) * to.channels + column + v * lanes;
                const int left = to.channels - column - v * lanes;
                if (left <= 0) {
                    break;
                }
                for (int r = 0; r < Rows; ++r) {
                    sum[v] += acc[r][v];
                    squares[v] = simd::fma(acc[r][v], acc[r][v], squares[v]);
                }
                if constexpr (can_stream) {
                    if (to.streams) {
                        for (int r = 0; r < Rows; ++r, at += to.channels) {
                            simd::stream(at, acc[r][v]);
                        }
                        continue;
                    }
                }
                if (left >= lanes) {
                    for (int r = 0; r < Rows; ++r, at += to.channels) {
                        simd::store(at, acc[r][v]);
                    }
                } else {
                    for (int r = 0; r < Rows; ++r, at += to.channels) {
                        simd::store(at, acc[r][v], left);
                    }
                }
            }
        }
        void finish() const {
            for (int v = 0; to.first != nullptr && v < Vectors; ++v) {
                const int c = column + v * lanes;
                add_to(to.first + c, sum[v], to.channels - c);
                add_to(to.second + c, squares[v], to.channels - c);
            }
        }
    };
    template <int Vectors>
    panel_store<Vectors> panel(int column) const {
        return {*this, column};
    }
};

/// Backward: what `finish_gradient` does, on the tile in registers.
template <activation A>
struct backward_rows {
    const affine_input& x;
    gradient_output out;
    std::ptrdiff_t at; ///< of the first row in all tensors
    int channels;
    double* first;
    double* second;
    bool streams;

    template <int Vectors>
    struct panel_store {
        const backward_rows& to;
        int column;
        simd::vecs<Vectors> sum = {};
        simd::vecs<Vectors> products = {};

        template <std::size_t Count>
        FITNAS_INLINE void operator()(int row, simd::vecs<Vectors> (&acc)[Count]) {
            constexpr auto Rows = static_cast<int>(Count);
            for (int v = 0; v < Vectors; ++v) {
                const int left = to.channels - column - v * lanes;
                if (left <= 0) {
                    break;
                }
                if constexpr (can_stream) {
                    if (to.streams) {
                        finish_tile<Rows>(row, v, acc, lanes,
                                          [](float* p, vec<> d, int) { simd::stream(p, d); });
                        continue;
                    }
                }
                if (left >= lanes) {
                    finish_tile<Rows>(row, v, acc, lanes, [](float* p, vec<> d, int) { simd::store(p, d); });
                } else {
                    finish_tile<Rows>(row, v, acc, left,
                                      [](float* p, vec<> d, int n) { simd::store(p, d, n); });
                }
            }
        }
        template <int Rows, class Put>
        FITNAS_INLINE void finish_tile(int row, int v, simd::tile<Rows, Vectors>& acc, int left, Put put) {
            const int c = column + v * lanes;
            std::ptrdiff_t i = to.at + static_cast<std::ptrdiff_t>(row) * to.channels + c;
            if constexpr (A == activation::none) {
                if (to.x.plain()) {
                    for (int r = 0; r < Rows; ++r, i += to.channels) {
                        put(to.out.du + i,
                            to.out.addend != nullptr ? acc[r][v] + simd::load(to.out.addend + i, left)
                                                     : acc[r][v],
                            left);
                    }
                    return;
                }
            }
            const affine u(to.x, c);
            const vec<> mean = to.x.mean != nullptr ? simd::load(to.x.mean + c) : vec<>{};
            for (int r = 0; r < Rows; ++r, i += to.channels) {
                const vec<> z = simd::load(to.x.z + i, left);
                vec<> d = derive_product<A>(to.x.act, acc[r][v], u(z));
                if (to.out.addend != nullptr) { // a shortcut reads the raw input of a recipe
                    d += simd::load(to.out.addend + i, left);
                }
                put(to.out.du + i, d, left);
                sum[v] += d;
                products[v] = simd::fma(d, z - mean, products[v]);
            }
        }
        void finish() const {
            for (int v = 0; to.x.mean != nullptr && v < Vectors; ++v) {
                const int c = column + v * lanes;
                add_to(to.first + c, sum[v], to.channels - c);
                add_to(to.second + c, products[v], to.channels - c);
            }
        }
    };
    template <int Vectors>
    panel_store<Vectors> panel(int column) const {
        return {*this, column};
    }
};

} // namespace fitnas::detail

#endif
