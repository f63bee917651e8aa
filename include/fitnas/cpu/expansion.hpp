/// @file
/// @brief A 1x1 convolution, batch norm and activation in front of a depthwise convolution: the wide tensor
/// between them is made in cache, some channels of one image at a time, and never lies in memory.
///
/// z = x w^T is linear in the narrow x, so its statistics follow from those of x: with mean m and covariance
/// C of x, channel e of z has mean w_e m and variance w_e^T C w_e. Backward, dz = a du + b z + c, where b and
/// c are known only when all of du has been summed up; but dx = dz w and dw = dz^T x are linear too, so one
/// pass gathers du (a w) and du^T x, and what b and c add follows from w^T b w and C.

#ifndef FITNAS_CPU_EXPANSION_HPP
#define FITNAS_CPU_EXPANSION_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/core/gemm.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/batch_norm.hpp>
#include <fitnas/cpu/blocked.hpp>
#include <fitnas/cpu/geometry.hpp>
#include <fitnas/cpu/group_sums.hpp>
#include <fitnas/cpu/workspace.hpp>

namespace fitnas::detail {

/// The 1x1 convolution: x (images x in) to `channels` channels.
struct expansion {
    const float* x;
    shape in;
    int images;
    int channels;
    const float* weights; ///< channels x input channels

    std::ptrdiff_t rows() const { return in.pixels() * images; }
};

/// Mean and covariance of x, and the covariance of z and x.
struct expansion_moments {
    float* mean;       ///< of x
    float* covariance; ///< of x, channels x channels
    float* with_x;     ///< of z and x, wide x narrow channels

    static std::size_t size(int narrow, int wide) {
        return static_cast<std::size_t>(narrow) * static_cast<std::size_t>(1 + narrow + wide);
    }
    static expansion_moments at(float* p, int channels) {
        return {p, p + channels, p + channels * (1 + channels)};
    }
};

/// Adds X^T X, the tiles on and above its diagonal, to c.
FITNAS_LAZY inline void add_gram(int rows, int k, const blocked& x, const transposed_result& c) {
    for (int column = 0; column < k; column += panel) {
        multiply_transposed({rows, (std::min)(k, column + panel), (std::min)(panel, k - column)}, x,
                            x.from_column(column), {c.data + column, c.ld, c.accumulate});
    }
}

/// Sums of x, then of the products of its channels, in double precision: [group].
struct moment_sums {
    int ld;
    std::size_t gram_size;
    double* groups;

    moment_sums(int k, workspace& ws)
        : ld(transposed_columns(k)),
          gram_size(static_cast<std::size_t>(transposed_rows(k)) * static_cast<std::size_t>(ld)),
          groups(ws.moments.reserve(size() * sum_groups)) {}
    std::size_t size() const { return static_cast<std::size_t>(ld) + gram_size; }
    double* sum(int group) const { return groups + static_cast<std::size_t>(group) * size(); }
    double* squares(int group) const { return sum(group) + ld; }
    /// Adds the groups, in order, into group 0.
    void add_up() const {
        for (int group = 1; group < sum_groups; ++group) {
            for (std::size_t i = 0; i < size(); ++i) {
                groups[i] += sum(group)[i];
            }
        }
    }
};

/// The sums of a group's tiles. Sums of a thousand rows are floats, those of more doubles.
FITNAS_LAZY inline void gather_moment_sums(const expansion& e, const row_tiles& tiles, const moment_sums& to,
                                           int group, std::ptrdiff_t first, std::ptrdiff_t last) {
    const int k = e.in.channels;
    const int batch = (std::max)(1, 1024 / tiles.most);
    std::fill_n(to.sum(group), to.size(), 0.0);
    float* rows = thread_scratch(blocked_size(tiles.most, k) + to.gram_size);
    float* gram = rows + blocked_size(tiles.most, k);
    const blocked_rows xs{rows, nullptr, blocked_stride(tiles.most)};
    for (std::ptrdiff_t t = first; t < last; ++t) {
        const row_tile tile = tiles[t];
        read_blocked(affine_input{.z = e.x}, tile, k, {{1, 1, k}}, xs, tiles.most * k);
        for (int c = 0; c < k; c += lanes) {
            const float* from = xs.as_left().from_column(c).data;
            vec<> s{};
            for (int r = 0; r < tile.count; ++r) {
                s += simd::load(from + r * lanes);
            }
            add_to(to.sum(group) + c, s, lanes);
        }
        add_gram(tile.count, k, xs.as_left(), {gram, to.ld, (t - first) % batch != 0});
        if (t + 1 == last || (t + 1 - first) % batch == 0) {
            for (int i = 0; i < k; ++i) {
                for (int j = i / panel * panel; j < k; j += lanes) {
                    add_to(to.squares(group) + i * to.ld + j, simd::load(gram + i * to.ld + j), lanes);
                }
            }
        }
    }
}

/// Fills mean and covariance of x.
FITNAS_LAZY inline void gather_moments(const expansion& e, const expansion_moments& to, workspace& ws) {
    const int k = e.in.channels;
    const row_tiles tiles(e.rows(), k, k);
    const moment_sums sums(k, ws);
    parallel_groups(tiles.count(), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        gather_moment_sums(e, tiles, sums, group, first, last);
    });
    sums.add_up();
    if (ws.sums.together != nullptr) {
        add_over(*ws.sums.together, {sums.sum(0), sums.size()});
    }
    const double* sum = sums.sum(0);
    const auto count = static_cast<double>(e.rows()) * ws.sums.processes();
    for (int i = 0; i < k; ++i) {
        to.mean[i] = static_cast<float>(sum[i] / count);
        for (int j = i; j < k; ++j) {
            const double square = sums.squares(0)[i * sums.ld + j] / count;
            const auto covariance = static_cast<float>(square - sum[i] / count * (sum[j] / count));
            to.covariance[i * k + j] = covariance;
            to.covariance[j * k + i] = covariance;
        }
    }
}

/// C (m x n) = op(A) (m x k) B (k x n), on all threads.
/// @param transpose whether op(A) is the transpose of the stored A
FITNAS_LAZY inline void multiply_matrices(bool transpose, int m, int n, int k, const float* a, const float* b,
                                          float* c) {
    const int lda = transpose ? m : k;
    parallel_groups(m, [&](int, std::ptrdiff_t first, std::ptrdiff_t last) {
        if (first < last) {
            gemm(transpose, false, static_cast<int>(last - first), n, k, a + first * (transpose ? 1 : lda),
                 lda, b, n, c + first * n, n, false);
        }
    });
}

/// Batch norm's statistics of z.
FITNAS_LAZY inline void expansion_norm(const expansion& e, const expansion_moments& moments, norm_state& norm,
                                       const float* gamma, workspace& ws) {
    const int k = e.in.channels;
    gather_moments(e, moments, ws);
    multiply_matrices(false, e.channels, k, k, e.weights, moments.covariance, moments.with_x);
    for (int i = 0; i < e.channels; ++i) {
        double mean = 0;
        double variance = 0;
        for (int j = 0; j < k; ++j) {
            const auto w = static_cast<double>(e.weights[i * k + j]);
            mean += w * static_cast<double>(moments.mean[j]);
            variance += w * static_cast<double>(moments.with_x[i * k + j]);
        }
        norm.set(i, mean, (std::max)(0.0, variance), gamma[i], gamma[e.channels + i]);
    }
}

} // namespace fitnas::detail

#endif
