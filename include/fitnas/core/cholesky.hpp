/// @file
/// @brief Solves with positive definite matrices whose bits do not depend on a library's threads.

#ifndef FITNAS_CORE_CHOLESKY_HPP
#define FITNAS_CORE_CHOLESKY_HPP

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/xtensor.hpp>

namespace fitnas::detail {

using square_matrix = xt::xtensor<double, 2, xt::layout_type::row_major>;

/// Overwrites the upper triangle of a positive definite matrix by U with U'U = a (Cholesky). Sums have one
/// order, so that bits do not depend on a library's threads.
FITNAS_LAZY void factorise(square_matrix& a);

/// (U')^-1 b for the factor U.
FITNAS_LAZY std::vector<double> whitened(const square_matrix& factor, std::vector<double> b);

/// (U'U)^-1 b.
FITNAS_LAZY std::vector<double> solved(const square_matrix& factor, std::vector<double> b);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void factorise(square_matrix& a) {
    const std::size_t n = a.shape(0);
    for (std::size_t k = 0; k < n; ++k) {
        double* const pivot = &a(k, 0);
        const double root = std::sqrt(pivot[k]);
        for (std::size_t j = k; j < n; ++j) {
            pivot[j] /= root;
        }
        for (std::size_t i = k + 1; i < n; ++i) {
            double* const row = &a(i, 0);
            const double factor = pivot[i];
            for (std::size_t j = i; j < n; ++j) {
                row[j] -= factor * pivot[j];
            }
        }
    }
}

FITNAS_LAZY_AGAIN std::vector<double> whitened(const square_matrix& factor, std::vector<double> b) {
    for (std::size_t i = 0; i < b.size(); ++i) {
        b[i] /= factor(i, i);
        for (std::size_t j = i + 1; j < b.size(); ++j) {
            b[j] -= factor(i, j) * b[i];
        }
    }
    return b;
}

FITNAS_LAZY_AGAIN std::vector<double> solved(const square_matrix& factor, std::vector<double> b) {
    b = whitened(factor, std::move(b));
    for (std::size_t i = b.size(); i-- > 0;) {
        for (std::size_t j = i + 1; j < b.size(); ++j) {
            b[i] -= factor(i, j) * b[j];
        }
        b[i] /= factor(i, i);
    }
    return b;
}

} // namespace fitnas::detail

#endif

#endif
