/// @file
/// @brief The gradient of weights, which groups of rows sum up by themselves.

#ifndef FITNAS_CPU_WEIGHT_GRADIENT_HPP
#define FITNAS_CPU_WEIGHT_GRADIENT_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/core/gemm.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/workspace.hpp>

namespace fitnas::detail {

/// The gradient of n x k weights: each group of rows sums up a part of its own.
class weight_gradient {
public:
    /// @param together rows of a part that are written together
    weight_gradient(int n, int k, workspace& ws, int together = gemm_rows)
        : groups(static_cast<long long>(n) * k > 32768 ? sum_groups / 2 : sum_groups),
          m_n(n),
          m_k(k),
          m_ld(transposed_columns(k)),
          m_size(static_cast<std::size_t>(
                     (std::max)(transposed_rows(n), (n + together - 1) / together * together)) *
                 static_cast<std::size_t>(m_ld)),
          m_parts(ws.weights.reserve(m_size * static_cast<std::size_t>(groups))) {}

    /// Fewer where the weights are large: each group's part is as large as they.
    const int groups;

    /// Nothing yet; needed only where no `add` comes with `first`.
    void clear(int group) const { std::fill_n(part(group), m_size, 0.0F); }
    /// Adds G^T X for blocked G (rows x n) and X (rows x k), rows in words.
    /// @param first whether this is the first of the group
    template <class Words = float_words>
    void add(int group, int rows, const blocked& g, const blocked& x, bool first, line_queue& next) const {
        multiply_transposed<Words>({rows, m_n, m_k}, g, x, {part(group), m_ld, !first}, next);
    }
    /// Adds the parts, in order, into the gradient (n x k).
    void add_up(float* gradient) const {
        parallel_for(m_n, [&](std::ptrdiff_t i) {
            for (int j = 0; j < m_k; j += lanes) {
                vec<> sum{};
                for (int group = 0; group < groups; ++group) {
                    sum += simd::load(part(group) + i * m_ld + j);
                }
                float* to = gradient + i * m_k + j;
                simd::store(to, simd::load(to, m_k - j) + sum, m_k - j);
            }
        });
    }
    /// The same into k x n.
    void add_up_transposed(float* gradient) const {
        parallel_for(m_n, [&](std::ptrdiff_t i) {
            for (int j = 0; j < m_k; j += lanes) {
                vec<> sum{};
                for (int group = 0; group < groups; ++group) {
                    sum += simd::load(part(group) + i * m_ld + j);
                }
                for (int v = 0; v < (std::min)(lanes, m_k - j); ++v) {
                    gradient[(j + v) * static_cast<std::ptrdiff_t>(m_n) + i] += sum[v];
                }
            }
        });
    }
    /// A group's part, `ld()` floats from row to row.
    float* part(int group) const { return m_parts + static_cast<std::size_t>(group) * m_size; }
    int ld() const { return m_ld; }

private:
    int m_n;
    int m_k;
    int m_ld;
    std::size_t m_size;
    float* m_parts;
};

} // namespace fitnas::detail

#endif
