#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/gemm.hpp>
#include <fitnas/core/rng.hpp>

using namespace fitnas;

namespace {

/// What stands around a matrix: if it is read, it shows in the result.
constexpr float poison = std::numeric_limits<float>::quiet_NaN();

/// A rows x columns matrix inside a larger block of poison.
struct framed {
    int rows;
    int columns;
    int ld;
    std::vector<float> values;

    static constexpr int border = 40; // more than a register tile is wide

    framed(int r, int c, int extra) : rows(r), columns(c), ld(c + extra) {
        values.assign(static_cast<std::size_t>(rows * ld + 2 * border), poison);
    }
    float* data() { return values.data() + border; }
    float& at(int r, int c) { return data()[r * ld + c]; }
    void fill(random_stream& random) {
        for (int r = 0; r < rows; ++r) {
            for (int c = 0; c < columns; ++c) {
                at(r, c) = static_cast<float>(random.uniform() * 2 - 1);
            }
        }
    }
    /// How many values around the matrix are not poison any more.
    int stray() {
        int count = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto place = static_cast<int>(i) - border;
            const bool inside = place >= 0 && place < rows * ld && place % ld < columns;
            count += !inside && !std::isnan(values[i]) ? 1 : 0;
        }
        return count;
    }
};

/// Largest error against a triple loop in double, in units of what single precision allows.
double worst_error(bool ta, bool tb, int m, int n, int k, int extra, bool accumulate) {
    random_stream random(seed{9}, purpose::user, static_cast<std::uint64_t>(m * 1000 + n),
                         static_cast<std::uint64_t>(k));
    framed a(ta ? k : m, ta ? m : k, extra);
    framed b(tb ? n : k, tb ? k : n, extra + (extra > 0 ? 2 : 0));
    framed c(m, n, extra > 0 ? extra + 1 : 0);
    a.fill(random);
    b.fill(random);
    c.fill(random);
    std::vector<double> expected;
    std::vector<double> scale;
    for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) {
            double sum = accumulate ? c.at(i, j) : 0.0;
            double size = 1 + std::abs(sum);
            for (int p = 0; p < k; ++p) {
                const double product = static_cast<double>(ta ? a.at(p, i) : a.at(i, p)) *
                                       static_cast<double>(tb ? b.at(j, p) : b.at(p, j));
                sum += product;
                size += std::abs(product);
            }
            expected.push_back(sum);
            scale.push_back(size);
        }
    }
    if (!accumulate) { // what was there must not matter
        for (int i = 0; i < m; ++i) {
            for (int j = 0; j < n; ++j) {
                c.at(i, j) = std::numeric_limits<float>::quiet_NaN();
            }
        }
    }
    gemm(ta, tb, m, n, k, a.data(), a.ld, b.data(), b.ld, c.data(), c.ld, accumulate);
    CHECK(c.stray() == 0);
    CHECK(a.stray() == 0);
    CHECK(b.stray() == 0);
    double worst = 0;
    for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) {
            const auto place = static_cast<std::size_t>(i * n + j);
            const double error = std::abs(c.at(i, j) - expected[place]) / scale[place] /
                                 static_cast<double>(std::numeric_limits<float>::epsilon());
            worst = error <= worst ? worst : error; // a NaN gets through
        }
    }
    return worst;
}

} // namespace

TEST_CASE("gemm equals the triple loop for every size around its tiles") {
    const std::vector<int> sizes = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33};
    for (const int m : sizes) {
        for (const int n : sizes) {
            for (const int k : {1, 3, 8, 16, 17, 33}) {
                CAPTURE(m);
                CAPTURE(n);
                CAPTURE(k);
                const bool odd = (m + n + k) % 2 != 0;
                CHECK(worst_error(false, false, m, n, k, odd ? 3 : 0, !odd) < 8);
            }
        }
    }
}

TEST_CASE("gemm takes transposes, strides and sums, in any combination") {
    for (const bool ta : {false, true}) {
        for (const bool tb : {false, true}) {
            for (const bool accumulate : {false, true}) {
                for (const int extra : {0, 1, 13}) {
                    CAPTURE(ta);
                    CAPTURE(tb);
                    CAPTURE(accumulate);
                    CAPTURE(extra);
                    CHECK(worst_error(ta, tb, 1, 1, 1, extra, accumulate) < 8);
                    CHECK(worst_error(ta, tb, 19, 37, 11, extra, accumulate) < 8);
                    CHECK(worst_error(ta, tb, 64, 32, 48, extra, accumulate) < 8);
                    CHECK(worst_error(ta, tb, 65, 1, 130, extra, accumulate) < 8);
                    CHECK(worst_error(ta, tb, 131, 70, 5, extra, accumulate) < 8);
                    CHECK(worst_error(ta, tb, 1, 100, 300, extra, accumulate) < 8);
                }
            }
        }
    }
}

TEST_CASE("gemm of nothing: no column, no row, an empty sum") {
    float a = 2;
    float b = 3;
    float c = 5;
    gemm(false, false, 0, 1, 1, &a, 1, &b, 1, &c, 1, false);
    gemm(false, false, 1, 0, 1, &a, 1, &b, 1, &c, 1, false);
    gemm(false, false, 1, 1, 0, &a, 1, &b, 1, &c, 1, true);
    CHECK(c == 5);
    gemm(false, false, 1, 1, 0, &a, 1, &b, 1, &c, 1, false);
    CHECK(c == 0);
}

TEST_CASE("gemm does not spread what is not finite beyond its row and column") {
    framed a(9, 5, 0);
    framed b(5, 20, 0);
    framed c(9, 20, 0);
    random_stream random(seed{1}, purpose::user);
    a.fill(random);
    b.fill(random);
    a.at(4, 2) = std::numeric_limits<float>::quiet_NaN();
    b.at(1, 7) = std::numeric_limits<float>::infinity();
    gemm(false, false, 9, 20, 5, a.data(), a.ld, b.data(), b.ld, c.data(), c.ld, false);
    for (int i = 0; i < 9; ++i) {
        for (int j = 0; j < 20; ++j) {
            CHECK(std::isfinite(c.at(i, j)) == (i != 4 && j != 7));
        }
    }
}

// The kernels of nn/ write gradients of weights with this one.
TEST_CASE("multiply_transposed is or adds G^T A of blocked operands, for n and k around a vector") {
    using namespace fitnas::detail;
    const auto blocked_matrix = [](int rows, int columns, auto&& value) {
        std::vector<float> out(blocked_size(rows, columns));
        for (int r = 0; r < rows; ++r) {
            for (int c = 0; c < columns; ++c) {
                const std::size_t place = static_cast<std::size_t>(c / lanes) * blocked_stride(rows) +
                                          static_cast<std::size_t>(r * lanes + c % lanes);
                out[place] = value(r, c);
            }
        }
        return out;
    };
    const auto g_value = [](int r, int c) { return std::sin(static_cast<float>(7 * r + 3 * c)); };
    const auto a_value = [](int r, int c) { return std::cos(static_cast<float>(5 * r - 2 * c)); };
    for (const int rows : {1, 5, 64}) {
        for (const int n : {1, 7, 8, 17}) {
            for (const int k : {1, 16, 17, 33}) {
                const std::vector<float> g = blocked_matrix(rows, n, g_value);
                const std::vector<float> a = blocked_matrix(rows, k, a_value);
                const int ldc = transposed_columns(k);
                const auto size = static_cast<std::size_t>(transposed_rows(n) * ldc);
                std::vector<float> c(size + 64, 0.5F);
                multiply_transposed({rows, n, k}, {g.data(), blocked_stride(rows)},
                                    {a.data(), blocked_stride(rows)}, {c.data(), ldc, true});
                std::vector<float> fresh(size, std::numeric_limits<float>::quiet_NaN());
                multiply_transposed({rows, n, k}, {g.data(), blocked_stride(rows)},
                                    {a.data(), blocked_stride(rows)}, {fresh.data(), ldc, false});
                double worst = 0;
                for (int i = 0; i < n; ++i) {
                    for (int j = 0; j < k; ++j) {
                        double sum = 0.5;
                        for (int r = 0; r < rows; ++r) {
                            sum += static_cast<double>(g_value(r, i)) * static_cast<double>(a_value(r, j));
                        }
                        const auto at = static_cast<std::size_t>(i * ldc + j);
                        worst = std::fmax(worst, std::abs(c[at] - sum));
                        CHECK(std::abs(fresh[at] - (sum - 0.5)) < 1e-5);
                    }
                }
                CHECK(worst < 1e-5);
                for (std::size_t i = size; i < c.size(); ++i) {
                    CHECK(c[i] == 0.5F);
                }
            }
        }
    }
}
