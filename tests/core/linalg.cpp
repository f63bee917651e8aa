#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <fitnas/core/error.hpp>
#include <fitnas/core/linalg.hpp>
#include <fitnas/core/rng.hpp>

using namespace fitnas;

TEST_CASE("solve gives the known solution of small systems") {
    const matrix a{{2, 1, -1}, {-3, -1, 2}, {-2, 1, 2}};
    const matrix b{{8, 1}, {-11, 0}, {-3, 0}};
    const matrix x = solve(a, b);
    REQUIRE(x.shape(0) == 3);
    REQUIRE(x.shape(1) == 2);
    // By hand: (2, 3, -1), and the first column of the inverse (4, -2, 5).
    const double expected[3][2] = {{2, 4}, {3, -2}, {-1, 5}};
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 2; ++j) {
            CHECK(x(i, j) == doctest::Approx(expected[i][j]).epsilon(1e-12));
        }
    }
    CHECK(solve(matrix{{4}}, matrix{{2}})(0, 0) == 0.5);
}

TEST_CASE("solve leaves a small residual, and its operands as they are") {
    for (const std::size_t n : {1U, 2U, 17U, 60U}) {
        random_stream random(seed{n}, purpose::user);
        matrix a = matrix::from_shape({n, n});
        matrix b = matrix::from_shape({n, 3});
        for (double& v : a) {
            v = random.normal();
        }
        for (double& v : b) {
            v = random.normal();
        }
        const matrix a_before = a;
        const matrix b_before = b;
        const matrix x = solve(a, b);
        CHECK((a == a_before));
        CHECK((b == b_before));
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < 3; ++j) {
                double sum = 0;
                for (std::size_t k = 0; k < n; ++k) {
                    sum += a(i, k) * x(k, j);
                }
                CHECK(std::abs(sum - b(i, j)) < 1e-9);
            }
        }
    }
}

TEST_CASE("solve refuses what it cannot solve, and says why") {
    const matrix two{{1, 2}, {3, 4}};
    CHECK_THROWS_WITH_AS(solve(two, matrix{{1}, {2}, {3}}),
                         "[F0002] solve: expected a of n x n and b of n x m, got 2 x 2 and 3 x 1",
                         shape_error);
    CHECK_THROWS_AS(solve(matrix{{1, 2, 3}, {4, 5, 6}}, matrix{{1}, {2}}), shape_error);
    CHECK_THROWS_AS(solve(matrix(), matrix()), shape_error);
    CHECK_THROWS_AS(solve(matrix{{1, 2}, {2, 4}}, matrix{{1}, {1}}), numeric_error);
    CHECK_THROWS_AS(solve(matrix{{0}}, matrix{{1}}), numeric_error);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(solve(matrix{{1, nan}, {0, 1}}, matrix{{1}, {1}}), numeric_error);
    CHECK_THROWS_AS(solve(two, matrix{{nan}, {1}}), numeric_error);
}

TEST_CASE("eigenvalues and directions of symmetric matrices") {
    // By hand: 1 and 3, along (1, -1) and (1, 1).
    const auto small = eigen_of(matrix{{2, 1}, {1, 2}});
    CHECK(small.values[0] == doctest::Approx(1));
    CHECK(small.values[1] == doctest::Approx(3));
    CHECK(small.vectors(0, 0) == doctest::Approx(-small.vectors(0, 1)));
    CHECK(std::abs(small.vectors(1, 0)) == doctest::Approx(std::sqrt(0.5)));
    CHECK(eigen_of(matrix{{4}}).values[0] == 4);

    random_stream random(seed{3}, purpose::user);
    matrix a = matrix::from_shape({30, 30});
    for (std::size_t i = 0; i < 30; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            a(i, j) = a(j, i) = random.normal();
        }
    }
    const auto found = eigen_of(a);
    for (std::size_t k = 0; k < 30; ++k) {
        CHECK((k == 0 || found.values[k - 1] <= found.values[k]));
        for (std::size_t i = 0; i < 30; ++i) { // a v = value v
            double product = 0;
            for (std::size_t j = 0; j < 30; ++j) {
                product += a(i, j) * found.vectors(k, j);
            }
            CHECK(std::abs(product - found.values[k] * found.vectors(k, i)) < 1e-12);
        }
    }
    CHECK_THROWS_WITH_AS(eigen_of(matrix{{1, 2, 3}, {4, 5, 6}}),
                         "[F0060] eigen_of: expected a matrix of n x n, got 2 x 3", shape_error);
    CHECK_THROWS_AS(eigen_of(matrix{{1, NAN}, {NAN, 1}}), numeric_error);
    CHECK_THROWS_AS(eigen_of(matrix{{INFINITY}}), numeric_error);
}
