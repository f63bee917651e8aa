// With FITNAS_BFLOAT16: 1x1 convolutions are products of rounded numbers, summed up in floats.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <omp.h>

#include <fitnas/cpu/block.hpp>
#include <fitnas/op/mbconv.hpp>

using namespace fitnas;

namespace {

static_assert(FITNAS_BFLOAT16 == 1);

// To the nearest with 8 bits of precision, ties to even.
double rounded(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    return static_cast<double>(std::bit_cast<float>((bits + 0x7FFFU + ((bits >> 16U) & 1U)) & 0xFFFF0000U));
}
double exact(float x) { return static_cast<double>(x); }

tensor4 random_tensor(int images, shape s, std::uint64_t key) {
    tensor4 t =
        tensor4::from_shape({static_cast<std::size_t>(images), static_cast<std::size_t>(s.height),
                             static_cast<std::size_t>(s.width), static_cast<std::size_t>(s.channels)});
    random_stream random(seed{key}, purpose::initialise);
    for (float& v : t) {
        v = static_cast<float>(random.normal());
    }
    return t;
}

// op(A) (m x k) op(B) (k x n) by the definition; element (i, j) is at a[i * row + j * column].
struct matrix {
    const float* a;
    int row;
    int column;
};
template <class Number>
std::vector<double> product(Number number, const matrix& a, const matrix& b, int m, int n, int k) {
    std::vector<double> c(static_cast<std::size_t>(m) * static_cast<std::size_t>(n));
    for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) {
            for (int l = 0; l < k; ++l) {
                c[static_cast<std::size_t>(i * n + j)] +=
                    number(a.a[i * a.row + l * a.column]) * number(b.a[l * b.row + j * b.column]);
            }
        }
    }
    return c;
}

// The largest difference, in parts of the largest value.
template <class A>
double difference(const A& a, const std::vector<double>& b) {
    REQUIRE(a.size() == b.size());
    double most = 0;
    double largest = 0;
    auto y = b.begin();
    for (const float x : a) {
        most = std::max(most, std::abs(static_cast<double>(x) - *y));
        largest = std::max(largest, std::abs(*y));
        ++y;
    }
    return most / largest;
}

} // namespace

TEST_CASE("1x1 convolutions multiply rounded numbers and sum them up in floats") {
    for (const int k : {1, 3, 16, 17, 31, 32, 33, 70}) {
        for (const int width : {1, 8, 16, 33, 64, 97}) {
            CAPTURE(k);
            CAPTURE(width);
            const shape in{3, 5, k};
            const int images = 7;
            const int rows = 15 * images; // an odd number: the last row has no neighbour
            block b({pointwise(width)}, in, seed{1});
            const tensor4 x = random_tensor(images, in, 2);
            const tensor4 dy = random_tensor(images, b.output(), 3);
            const matrix w{b.parameters().data(), k, 1};
            const matrix w_transposed{b.parameters().data(), 1, k};

            const tensor4 y = b.forward(x);
            CHECK(difference(y, product(rounded, {x.data(), k, 1}, w_transposed, rows, width, k)) < 2e-6);
            const tensor4 dx = b.backward(dy);
            CHECK(difference(dx, product(rounded, {dy.data(), width, 1}, w, rows, k, width)) < 2e-6);
            CHECK(difference(b.gradient(), product(rounded, {dy.data(), 1, width}, {x.data(), k, 1}, width, k,
                                                   rows)) < 2e-6);
            if (k > 8 && width > 8) {
                CHECK(difference(y, product(exact, {x.data(), k, 1}, w_transposed, rows, width, k)) > 1e-4);
                CHECK(difference(dx, product(exact, {dy.data(), width, 1}, w, rows, k, width)) > 1e-4);
            }
        }
    }
}

TEST_CASE("linear layers stay in floats") {
    const shape in{1, 1, 40};
    block b({linear(10)}, in, seed{1});
    const tensor4 x = random_tensor(9, in, 2);
    const tensor4 y = b.forward(x);
    CHECK(difference(y, product(exact, {x.data(), 40, 1}, {b.parameters().data(), 1, 40}, 9, 10, 40)) < 2e-6);
}

TEST_CASE("what is not finite stays so") {
    const shape in{2, 2, 20};
    block b({pointwise(20)}, in, seed{1});
    tensor4 x = random_tensor(2, in, 2);
    x(1, 1, 0, 7) = std::numeric_limits<float>::quiet_NaN();
    x(0, 1, 1, 3) = std::numeric_limits<float>::infinity();
    const tensor4 y = b.forward(x);
    CHECK(std::isnan(y(1, 1, 0, 5)));
    CHECK(std::isinf(y(0, 1, 1, 5)));
    CHECK(std::isfinite(y(0, 0, 0, 5)));
}

TEST_CASE("the same bytes on any number of threads") {
    const shape in{9, 11, 24};
    const int before = omp_get_max_threads();
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 4}) {
        omp_set_num_threads(threads);
        block b(op::mbconv<5, 6>::build({in, 24, 1}), in, seed{4});
        const tensor4 x = random_tensor(13, in, 5);
        const tensor4 y = b.forward(x);
        const tensor4 dx = b.backward(random_tensor(13, b.output(), 6));
        std::vector<float> all(y.begin(), y.end());
        all.insert(all.end(), dx.begin(), dx.end());
        all.insert(all.end(), b.gradient().begin(), b.gradient().end());
        if (first.empty()) {
            first = all;
        }
        CHECK(std::equal(all.begin(), all.end(), first.begin(), first.end(), [](float p, float q) {
            return std::bit_cast<std::uint32_t>(p) == std::bit_cast<std::uint32_t>(q);
        }));
    }
    omp_set_num_threads(before);
}
