/// @file
/// @brief The one header that includes xtensor-blas: dense solves and eigenvalues in double precision, off
/// the hot path. It takes LAPACK's declarations from it, and not xlinalg.hpp, which takes as long to compile
/// as all of xtensor.

#ifndef FITNAS_CORE_LINALG_HPP
#define FITNAS_CORE_LINALG_HPP

#include <cmath>
#include <concepts>
#include <string>
#include <vector>

#include <xflens/cxxlapack/netlib/netlib.h>
#include <xtensor-blas/xblas_config.hpp>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/xtensor.hpp>

namespace fitnas {

/// @brief A matrix in double precision, row-major.
using matrix = xt::xtensor<double, 2, xt::layout_type::row_major>;

namespace detail {
FITNAS_LAZY matrix solution(const matrix& a, const matrix& b);
} // namespace detail

/// @brief Solves `a x = b` by LAPACK's dgesv.
/// @param a n x n, regular, n >= 1; a `matrix`
/// @param b n x m, m >= 1; a `matrix`
/// @return x, n x m, finite
/// @throws shape_error where the shapes are others
/// @throws numeric_error where the matrix is singular to working precision or something is not finite
template <class A, class B>
matrix solve(const A& a, const B& b) {
    static_assert(
        std::same_as<A, matrix> && std::same_as<B, matrix>,
        "[F0080] solve: expected a and b to be fitnas::matrix, in double precision and row-major: convert "
        "another type with fitnas::matrix(a)");
    return detail::solution(a, b);
}

/// @brief Eigenvalues of a symmetric matrix, from the smallest on, and their directions.
template <std::same_as<matrix> Matrix>
struct eigen_system {
    std::vector<double> values; ///< from the smallest on
    Matrix vectors;             ///< a row for each value: of length 1, at right angles to all others
};

/// @brief Eigenvalues and directions by LAPACK's dsyev. A template, so that only a program that calls it
/// needs LAPACK.
/// @param a n x n, symmetric, finite, n >= 1
/// @throws shape_error where the shape is another
/// @throws numeric_error where a value is not finite
template <std::same_as<matrix> Matrix>
eigen_system<Matrix> eigen_of(const Matrix& a) {
    if (a.shape(0) != a.shape(1) || a.size() == 0) {
        throw shape_error("[F0060] eigen_of: expected a matrix of n x n, got " + std::to_string(a.shape(0)) +
                          " x " + std::to_string(a.shape(1)));
    }
    for (const double value : a) {
        if (!std::isfinite(value)) {
            throw numeric_error("[F0061] eigen_of: a value of the matrix is not finite");
        }
    }
    // What are rows here are LAPACK's columns, and those of a symmetric matrix are the same.
    eigen_system<Matrix> found{std::vector<double>(a.shape(0)), a};
    const auto n = static_cast<xt::blas_index_t>(a.shape(0));
    xt::blas_index_t failed = 0;
    xt::blas_index_t size = -1; // asks how much to lend
    std::vector<double> lent(1);
    for (int turn = 0; turn < 2; ++turn) {
        cxxlapack::LAPACK_IMPL(dsyev)("V", "L", &n, found.vectors.data(), &n, found.values.data(),
                                      lent.data(), &size, &failed);
        if (turn == 0) {
            size = static_cast<xt::blas_index_t>(lent[0]);
            lent.resize(static_cast<std::size_t>(size));
        }
    }
    if (failed != 0) {
        throw numeric_error("[F0062] eigen_of: LAPACK did not find the eigenvalues");
    }
    return found;
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN matrix solution(const matrix& a, const matrix& b) {
    const auto text = [](const matrix& m) {
        return std::to_string(m.shape(0)) + " x " + std::to_string(m.shape(1));
    };
    if (a.shape(0) != a.shape(1) || a.shape(0) != b.shape(0) || a.size() == 0 || b.size() == 0) {
        throw shape_error("[F0002] solve: expected a of n x n and b of n x m, got " + text(a) + " and " +
                          text(b));
    }
    using by_columns = xt::xtensor<double, 2, xt::layout_type::column_major>; // LAPACK's order
    by_columns factors = a;
    by_columns x = b;
    const auto n = static_cast<xt::blas_index_t>(a.shape(0));
    const auto columns = static_cast<xt::blas_index_t>(b.shape(1));
    std::vector<xt::blas_index_t> pivots(a.shape(0));
    xt::blas_index_t failed = 0;
    cxxlapack::LAPACK_IMPL(dgesv)(&n, &columns, factors.data(), &n, pivots.data(), x.data(), &n, &failed);
    if (failed != 0) {
        throw numeric_error("[F0003] solve: the matrix of " + text(a) + " is singular");
    }
    for (const double value : x) {
        if (!std::isfinite(value)) {
            throw numeric_error("[F0004] solve: the matrix of " + text(a) +
                                " is singular, or a value is not finite: so is the solution");
        }
    }
    return matrix(x);
}

} // namespace fitnas::detail

#endif

#endif
