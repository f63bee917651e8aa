#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/cholesky.hpp>
#include <fitnas/core/linalg.hpp>

using namespace fitnas;

TEST_CASE("Cholesky: the factor, and solutions as LAPACK finds them") {
    // Squares of a matrix that is far from diagonal.
    constexpr std::size_t n = 7;
    detail::square_matrix a({n, n}, 0.0);
    matrix b({n, 1}, 0.0);
    std::vector<double> right;
    for (std::size_t i = 0; i < n; ++i) {
        right.push_back(static_cast<double>(i * i) - 3.5);
        b(i, 0) = right.back();
        for (std::size_t j = 0; j < n; ++j) {
            a(i, j) = i == j ? 1 : 0;
            for (std::size_t k = 0; k < n; ++k) {
                a(i, j) +=
                    static_cast<double>((i * k + 2 * i) % 5) * static_cast<double>((j * k + 2 * j) % 5);
            }
        }
    }
    detail::square_matrix factor = a;
    detail::factorise(factor);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i; j < n; ++j) {
            double product = 0;
            for (std::size_t k = 0; k <= i; ++k) {
                product += factor(k, i) * factor(k, j);
            }
            CHECK(product == doctest::Approx(a(i, j)).epsilon(1e-12));
        }
    }
    const matrix expected = solve(matrix(a), b);
    const std::vector<double> found = detail::solved(factor, right);
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
        CHECK(found[i] == doctest::Approx(expected(i, 0)).epsilon(1e-9));
        squares += right[i] * expected(i, 0);
    }
    // The squares of what is whitened are those by the inverse.
    double whitened = 0;
    for (const double v : detail::whitened(factor, right)) {
        whitened += v * v;
    }
    CHECK(whitened == doctest::Approx(squares).epsilon(1e-9));
}
