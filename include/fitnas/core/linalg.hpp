/// @file
/// @brief The one header that includes xtensor-blas: dense solves in double precision, off the hot path.

#ifndef FITNAS_CORE_LINALG_HPP
#define FITNAS_CORE_LINALG_HPP

#include <xtensor-blas/xlinalg.hpp>

#include <fitnas/core/xtensor.hpp>

namespace fitnas {

/// @brief A matrix in double precision, row-major.
using matrix = xt::xtensor<double, 2>;

/// @brief Solves `a x = b`.
/// @param a n x n, regular
/// @param b n x m
/// @return x, n x m
/// @throws std::runtime_error where the matrix is singular
inline matrix solve(const matrix& a, const matrix& b) { return xt::linalg::solve(a, b); }

} // namespace fitnas

#endif
