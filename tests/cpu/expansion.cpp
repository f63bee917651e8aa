// A 1x1 convolution in front of a depthwise one is computed in cache and known by the moments of its input:
// the same recipe with a primitive between the two, which keeps them apart, has to agree. With products of
// bfloat16, where the moments are not rounded, it agrees as far as those do.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/cpu/block.hpp>
#include <fitnas/op/mbconv.hpp>

using namespace fitnas;

namespace {

constexpr double tolerance = FITNAS_BFLOAT16 ? 0.02 : 2e-5;
constexpr double gradient_tolerance = FITNAS_BFLOAT16 ? 0.15 : 2e-4;

// y = x
struct copy_of {
    static constexpr std::string_view name = "copy_of";
    static constexpr shape output(shape in) { return in; }
    static constexpr long long parameters(shape) { return 0; }
    static constexpr long long macs(shape) { return 0; }
    static void initialise(shape, std::span<float>, random_stream&) {}
    static void forward(shape, std::span<const float> x, std::span<const float>, std::span<float> y) {
        std::copy(x.begin(), x.end(), y.begin());
    }
    static void backward(shape, std::span<const float>, std::span<const float>, std::span<const float> dy,
                         std::span<float> dx, std::span<float>) {
        std::copy(dy.begin(), dy.end(), dx.begin());
    }
};

recipe apart(const recipe& r) {
    recipe result;
    for (const primitive& p : r) {
        if (p.kind == primitive_kind::depthwise) {
            result.push_back(custom<copy_of>());
        }
        result.push_back(p);
    }
    return result;
}

tensor4 random_tensor(int images, shape s, float mean, std::uint64_t key) {
    tensor4 t =
        tensor4::from_shape({static_cast<std::size_t>(images), static_cast<std::size_t>(s.height),
                             static_cast<std::size_t>(s.width), static_cast<std::size_t>(s.channels)});
    random_stream random(seed{key}, purpose::initialise);
    for (float& v : t) {
        v = mean + static_cast<float>(random.normal());
    }
    return t;
}

// The largest difference, in parts of the largest value. Of rounded products the root of the mean square: a
// ReLU that is open on one side alone makes a difference as large as a value.
template <class A, class B>
double difference(const A& a, const B& b) {
    REQUIRE(a.size() == b.size());
    double most = 0;
    double largest = 0;
    double squares = 0;
    double all = 0;
    auto y = b.begin();
    for (auto x = a.begin(); x != a.end(); ++x, ++y) {
        const double d = std::abs(static_cast<double>(*x) - static_cast<double>(*y));
        most = std::max(most, d);
        largest = std::max(largest, std::abs(static_cast<double>(*y)));
        squares += d * d;
        all += static_cast<double>(*y) * static_cast<double>(*y);
    }
    REQUIRE(largest > 0);
    return FITNAS_BFLOAT16 ? std::sqrt(squares / all) : most / largest;
}

void require_equal(const recipe& r, shape in, int images, float mean = 0) {
    block one(r, in, seed{3});
    block other(apart(r), in, seed{3});
    REQUIRE(one.parameters().size() == other.parameters().size());
    random_stream random(seed{5}, purpose::initialise);
    for (std::size_t i = 0; i < one.parameters().size(); ++i) { // batch norm's too
        one.parameters()[i] += 0.3F * static_cast<float>(random.normal());
    }
    std::copy(one.parameters().begin(), one.parameters().end(), other.parameters().begin());

    const tensor4 x = random_tensor(images, in, mean, 7);
    const tensor4 dy = random_tensor(images, one.output(), 0, 11);
    CHECK(difference(one.forward(x), other.forward(x)) < tolerance);
    CHECK(difference(one.backward(dy), other.backward(dy)) < gradient_tolerance);
    CHECK(difference(one.gradient(), other.gradient()) < gradient_tolerance);
}

} // namespace

TEST_CASE("an expansion made in cache is the stored one") {
    using cell_shape = cell;
    for (const shape in : {shape{7, 5, 3}, shape{8, 8, 16}, shape{9, 12, 20}, shape{4, 6, 32}}) {
        for (const int stride : {1, 2}) {
            const cell_shape c{in, in.channels, stride};
            CAPTURE(to_string(in));
            CAPTURE(stride);
            require_equal(op::mbconv<3, 3>::build(c), in, 5);
            require_equal(op::mbconv<5, 6>::build(c), in, 3);
            require_equal(op::mbconv<7, 2, 0, activation::hard_swish>::build(c), in, 4);
            require_equal(op::mbconv<3, 4, 2, activation::relu6>::build(c), in, 9);
        }
    }
}

TEST_CASE("an expansion's statistics do not suffer from means that are large beside deviations") {
    const shape in{8, 8, 12};
    require_equal(op::mbconv<3, 6>::build({in, 12, 1}), in, 20, 8.0F);
}

TEST_CASE("a 1x1 convolution with another reader, or another writer, is stored") {
    const shape in{6, 6, 8};
    require_equal({pointwise(16), batch_norm(), relu(), depthwise(3, 3), batch_norm()}, in, 3);
    require_equal({pointwise(8, 2), batch_norm(), relu(), depthwise(3), batch_norm()}, in, 3);
    require_equal({relu(), pointwise(8), batch_norm(), depthwise(3), batch_norm(), relu()}, in, 3);
    require_equal({pointwise(8), batch_norm(), relu(), depthwise(1, 2), batch_norm()}, in, 3);
}

TEST_CASE("wide inputs, which training stores, are scored with the same statistics") {
    const shape in{6, 6, 136};
    const recipe r = op::mbconv<5, 2>::build({in, 136, 1});
    block stored(r, in, seed{3});
    const tensor4 x = random_tensor(12, in, 0.5F, 7);
    const tensor4 expected = stored.forward(x);
    detail::block_plan plan(r, in);
    arena memory;
    detail::workspace shared;
    tensor4 y = expected;
    const auto score = [&](const detail::block_run* given) {
        std::fill(y.begin(), y.end(), -1.0F);
        return detail::forward(plan, stored.parameters().data(), x.data(), 12, y.data(), given, memory,
                               shared);
    };
    const detail::block_run run = score(nullptr);
    CHECK(difference(y, expected) < tolerance);
    score(&run);
    CHECK(difference(y, expected) < tolerance);
}
