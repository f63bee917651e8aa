/// @file
/// @brief The one header that includes xtensor-blas: dense solves in double precision, off the hot path.

#ifndef FITNAS_CORE_LINALG_HPP
#define FITNAS_CORE_LINALG_HPP

#include <cmath>
#include <concepts>
#include <stdexcept>
#include <string>

#include <xtensor-blas/xlinalg.hpp>

#include <fitnas/core/error.hpp>
#include <fitnas/core/xtensor.hpp>

namespace fitnas {

/// @brief A matrix in double precision, row-major.
using matrix = xt::xtensor<double, 2>;

/// @brief Solves `a x = b`. A template, so that only a program that calls it waits for LAPACK's wrappers to
/// compile.
/// @param a n x n, regular, n >= 1
/// @param b n x m, m >= 1
/// @return x, n x m, finite
/// @throws shape_error where the shapes are others
/// @throws numeric_error where the matrix is singular to working precision or something is not finite
template <std::same_as<matrix> Matrix>
Matrix solve(const Matrix& a, const Matrix& b) {
    const auto text = [](const Matrix& m) {
        return std::to_string(m.shape(0)) + " x " + std::to_string(m.shape(1));
    };
    if (a.shape(0) != a.shape(1) || a.shape(0) != b.shape(0) || a.size() == 0 || b.size() == 0) {
        throw shape_error("solve: expected a of n x n and b of n x m, got " + text(a) + " and " + text(b));
    }
    Matrix x;
    try {
        x = xt::linalg::solve(a, b);
    } catch (const std::runtime_error& e) {
        throw numeric_error(std::string("solve: the matrix of ") + text(a) + " is singular: " + e.what());
    }
    for (const double value : x) {
        if (!std::isfinite(value)) {
            throw numeric_error("solve: the matrix of " + text(a) +
                                " is singular, or a value is not finite: so is the solution");
        }
    }
    return x;
}

} // namespace fitnas

#endif
