// Every primitive, operator and combination that the engine fuses, through the one public gradient checker.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <fitnas/cpu/block.hpp>
#include <fitnas/cpu/recipe_check.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/op/mbconv.hpp>
#include <fitnas/op/pool.hpp>

using namespace fitnas;

namespace {

void require_right(const char* name, const recipe& steps, shape input, int images = 3,
                   const gradient_check_options& options = {.samples = 50}) {
    INFO(std::string(name));
    const gradient_report report = check_recipe(steps, input, images, options);
    INFO(report.log);
    CHECK(report.ok);
    CHECK(report.compared > 0);
}

// y = x w + x, one w a channel
struct scale_and_add {
    static constexpr std::string_view name = "scale_and_add";
    static constexpr shape output(shape in) { return in; }
    static constexpr long long parameters(shape in) { return in.channels; }
    static constexpr long long macs(shape in) { return in.size(); }
    static void initialise(shape, std::span<float> w, random_stream&) { std::fill(w.begin(), w.end(), 1.0F); }
    static void forward(shape, std::span<const float> x, std::span<const float> w, std::span<float> y) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            y[i] = x[i] * (w[i % w.size()] + 1);
        }
    }
    static void backward(shape, std::span<const float> x, std::span<const float> w, std::span<const float> dy,
                         std::span<float> dx, std::span<float> dw) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            dx[i] = dy[i] * (w[i % w.size()] + 1);
            dw[i % w.size()] += dy[i] * x[i];
        }
    }
};

// The same with a mistake in it.
struct wrong_backward : scale_and_add {
    static void backward(shape in, std::span<const float> x, std::span<const float> w,
                         std::span<const float> dy, std::span<float> dx, std::span<float> dw) {
        scale_and_add::backward(in, x, w, dy, dx, dw);
        dx[0] += 1;
    }
};

tensor4 normal_tensor(const std::array<std::size_t, 4>& sizes, seed from) {
    tensor4 x = tensor4::from_shape(sizes);
    random_stream random(from, purpose::user);
    for (float& v : x) {
        v = static_cast<float>(random.normal());
    }
    return x;
}

// For a linear y = f(x): <dy, y> = <dx, x> = <dw, w>.
void check_adjoint(block& b, const tensor4& x, const tensor4& y, const tensor4& dy) {
    b.zero_gradient();
    const tensor4 dx = b.backward(dy);
    const auto dot = [](const auto& a, const auto& c) {
        double sum = 0;
        auto j = c.begin();
        for (const float v : a) {
            sum += static_cast<double>(v) * static_cast<double>(*j++);
        }
        return sum;
    };
    const double value = dot(dy, y);
    const double size = std::sqrt(dot(dy, dy) * dot(y, y));
    CHECK(std::abs(dot(dx, x) - value) < 1e-5 * size);
    CHECK(std::abs(dot(b.gradient(), b.parameters()) - value) < 1e-5 * size);
}

} // namespace

TEST_CASE("primitives by themselves have right gradients") {
    for (const shape in : {shape{5, 6, 3}, shape{7, 4, 16}, shape{4, 5, 37}}) {
        CAPTURE(to_string(in));
        require_right("pointwise", {pointwise(20)}, in);
        require_right("pointwise, stride 2", {pointwise(9, 2)}, in);
        require_right("convolution 3", {convolution(3, 10)}, in);
        require_right("convolution 5, stride 2", {convolution(5, 10, 2)}, in);
        require_right("depthwise 3", {depthwise(3)}, in);
        require_right("depthwise 5", {depthwise(5)}, in);
        require_right("depthwise 7", {depthwise(7)}, in);
        require_right("depthwise 3, stride 2", {depthwise(3, 2)}, in);
        require_right("depthwise 5, stride 2", {depthwise(5, 2)}, in);
        require_right("depthwise 7, stride 2", {depthwise(7, 2)}, in);
        require_right("depthwise 9", {depthwise(9)}, in);
        require_right("depthwise 3, stride 3", {depthwise(3, 3)}, in);
        require_right("batch norm", {batch_norm()}, in);
        require_right("relu", {relu()}, in);
        require_right("relu6", {relu6()}, in);
        require_right("hard swish", {hard_swish()}, in);
        require_right("max pool", {max_pool(3)}, in);
        require_right("max pool, stride 2", {max_pool(3, 2)}, in);
        require_right("average pool", {average_pool(3)}, in);
        require_right("average pool 5, stride 2", {average_pool(5, 2)}, in);
        require_right("average pool 2, stride 2", {average_pool(2, 2)}, in);
        require_right("max pool 4, stride 3", {max_pool(4, 3)}, in);
        require_right("zero", {zero(5, 2)}, in);
        require_right("global pool", {global_pool()}, in);
        require_right("linear", {linear(11)}, in);
        require_right("squeeze-excite", {squeeze_excite(2)}, in);
        require_right("shortcut alone", {residual()}, in);
        require_right("nothing", {}, in);
        require_right("custom", {custom<scale_and_add>()}, in);
    }
}

TEST_CASE("fused combinations have right gradients") {
    const shape in{6, 5, 18};
    for (const activation act :
         {activation::none, activation::relu, activation::relu6, activation::hard_swish}) {
        CAPTURE(static_cast<int>(act));
        for (const int stride : {1, 2}) {
            CAPTURE(stride);
            require_right("pointwise", {pointwise(20, stride), batch_norm(), activate(act), pointwise(5)},
                          in);
            require_right("depthwise",
                          {pointwise(20), batch_norm(), activate(act), depthwise(3, stride), batch_norm(),
                           activate(act), pointwise(7), batch_norm()},
                          in);
            require_right("convolution",
                          {pointwise(20), batch_norm(), activate(act), convolution(3, 9, stride),
                           batch_norm(), activate(act)},
                          in);
            require_right("max pool",
                          {pointwise(20), batch_norm(), activate(act), max_pool(3, stride), batch_norm()},
                          in);
            require_right(
                "average pool",
                {pointwise(20), batch_norm(), activate(act), average_pool(3, stride), activate(act)}, in);
        }
        require_right("squeeze-excite",
                      {depthwise(3), batch_norm(), activate(act), squeeze_excite(3), pointwise(18),
                       batch_norm(), residual()},
                      in);
        require_right("head", {pointwise(20), batch_norm(), activate(act), global_pool(), linear(10)}, in, 5);
        require_right("batch norm behind a shortcut",
                      {pointwise(18), batch_norm(), activate(act), residual(), batch_norm(), activate(act)},
                      in);
        require_right("custom",
                      {pointwise(20), batch_norm(), activate(act), custom<scale_and_add>(), batch_norm(),
                       activate(act)},
                      in);
    }
    require_right("activation first", {relu(), pointwise(18), residual()}, in);
    require_right("two shortcuts",
                  {pointwise(18), batch_norm(), residual(), relu(), depthwise(3), batch_norm(), residual()},
                  in);
    require_right("two batch norms", {pointwise(9), batch_norm(), batch_norm(), relu(), relu6()}, in);
    require_right("linear, batch norm", {linear(9), batch_norm(), relu()}, in);
    require_right("larger than a tile", {pointwise(70), batch_norm(), relu(), pointwise(40)}, {20, 21, 40}, 2,
                  {.samples = 20});
}

TEST_CASE("ready-made operators have right gradients") {
    for (const cell place : {cell{{6, 6, 12}, 12, 1}, cell{{7, 6, 12}, 20, 2}, cell{{5, 5, 12}, 20, 1}}) {
        CAPTURE(to_string(place.input));
        CAPTURE(place.width);
        const auto check = [&](const gradient_report& r) {
            INFO(r.log);
            CHECK(r.ok);
        };
        check(check_operator<op::identity>(place));
        check(check_operator<op::mbconv<3, 3>>(place));
        check(check_operator<op::mbconv<5, 6>>(place));
        check(check_operator<op::mbconv<7, 1>>(place));
        check(check_operator<op::mbconv<3, 3, 4>>(place));
        check(check_operator<op::mbconv<3, 3, 4, activation::hard_swish>>(place));
        check(check_operator<op::conv<3>>(place));
        check(check_operator<op::separable<5>>(place));
        check(check_operator<op::max_pool<3>>(place));
        check(check_operator<op::avg_pool<3>>(place));
    }
}

TEST_CASE("the checker finds mistakes") {
    CHECK_FALSE(check_recipe({custom<wrong_backward>()}, {4, 4, 3}).ok);
    std::vector<float> values{1, 2, 3};
    std::vector<float> right{2, 4, 6};
    const auto loss = [&] {
        double sum = 0;
        for (const float v : values) {
            sum += static_cast<double>(v) * static_cast<double>(v);
        }
        return sum;
    };
    CHECK(check_gradient(values, right, loss).ok);
    right[1] = 5;
    const gradient_report report = check_gradient(values, right, loss);
    CHECK_FALSE(report.ok);
    CHECK(report.log.find("coordinate 1") != std::string::npos);
    right[1] = std::numeric_limits<float>::quiet_NaN();
    CHECK_FALSE(check_gradient(values, right, loss).ok);
    CHECK_THROWS_AS(check_gradient(values, std::vector<float>{1}, loss), shape_error);
}

namespace {

struct ignores_the_stride {
    static constexpr std::string_view name = "ignores_the_stride";
    static constexpr recipe build(cell c) { return {pointwise(c.width)}; }
};

} // namespace

TEST_CASE("the checker refuses recipes that do not fit") {
    CHECK_THROWS_AS(check_recipe({depthwise(4)}, {4, 4, 3}), shape_error);
    CHECK_THROWS_AS(check_recipe({pointwise(0)}, {4, 4, 3}), shape_error);
    CHECK_THROWS_AS(check_recipe({squeeze_excite(0)}, {4, 4, 3}), shape_error);
    CHECK_THROWS_AS(check_recipe({pointwise(5), residual()}, {4, 4, 3}), shape_error);
    CHECK_THROWS_AS(check_recipe({relu()}, {4, 4, 3}, 0), shape_error);
    CHECK(check_operator<ignores_the_stride>({{4, 4, 3}, 5, 1}));
    CHECK_THROWS_WITH_AS(
        check_operator<ignores_the_stride>({{4, 4, 3}, 5, 2}),
        "[F0112] check_operator: ignores_the_stride gives 4 x 4 x 5, the cell asks for 2 x 2 x 5",
        shape_error);
}

// Sizes at which the kernels go other ways: large maps plane by plane, odd widths, kernels and strides
// without a stencil of their own. A convolution is linear, so <dy, f(x)> = <dx, x> = <dw, w>, and forward is
// compared with its definition.
TEST_CASE(
    "depthwise convolutions of all sizes equal their definition, and backward is the adjoint of forward") {
    struct size {
        int height, width, channels, kernel, stride;
    };
    const auto u = [](int i) { return static_cast<std::size_t>(i); };
    for (const size s : {size{120, 130, 20, 7, 2}, size{130, 120, 70, 3, 1}, size{60, 70, 64, 3, 1},
                         size{9, 23, 17, 5, 2}, size{7, 7, 64, 5, 1}, size{5, 3, 100, 9, 1},
                         size{11, 6, 3, 3, 3}, size{4, 4, 130, 7, 2}, size{6, 5, 8, 1, 2}}) {
        CAPTURE(s.height);
        CAPTURE(s.kernel);
        CAPTURE(s.stride);
        block b({depthwise(s.kernel, s.stride)}, shape{s.height, s.width, s.channels}, seed{7});
        const tensor4 x = normal_tensor({2, u(s.height), u(s.width), u(s.channels)}, seed{8});
        const tensor4 y = b.forward(x);
        const tensor4 dy = normal_tensor({2, y.shape(1), y.shape(2), y.shape(3)}, seed{9});
        double worst = 0;
        const int p = s.kernel / 2;
        for (int oy = 0; oy < b.output().height; ++oy) {
            for (int ox = 0; ox < b.output().width; ++ox) {
                for (int c = 0; c < s.channels; ++c) {
                    double sum = 0;
                    for (int ky = 0; ky < s.kernel; ++ky) {
                        for (int kx = 0; kx < s.kernel; ++kx) {
                            const int iy = oy * s.stride + ky - p;
                            const int ix = ox * s.stride + kx - p;
                            if (iy >= 0 && iy < s.height && ix >= 0 && ix < s.width) {
                                sum += static_cast<double>(
                                           b.parameters()[u((ky * s.kernel + kx) * s.channels + c)]) *
                                       static_cast<double>(x(1, u(iy), u(ix), u(c)));
                            }
                        }
                    }
                    worst = std::fmax(worst, std::abs(sum - static_cast<double>(y(1, u(oy), u(ox), u(c)))));
                }
            }
        }
        CHECK(worst < 1e-4);
        check_adjoint(b, x, y, dy);
    }
}

// Maps of more values than are kept in a cache are written past it.
TEST_CASE("1x1 convolutions of large maps equal their definition, and backward is the adjoint of forward") {
    for (const int channels : {24, 21}) {
        CAPTURE(channels);
        const shape in{60, 70, channels};
        constexpr std::size_t width = 64;
        block b({pointwise(width)}, in, seed{7});
        const tensor4 x = normal_tensor({2, 60, 70, static_cast<std::size_t>(channels)}, seed{8});
        const tensor4 y = b.forward(x);
        double worst = 0;
        for (std::size_t row = 0; row < 2 * 60 * 70; ++row) {
            for (std::size_t o = 0; o < width; ++o) {
                double sum = 0;
                for (std::size_t c = 0; c < x.shape(3); ++c) {
                    sum += static_cast<double>(b.parameters()[o * x.shape(3) + c]) *
                           static_cast<double>(x.data()[row * x.shape(3) + c]);
                }
                worst = std::fmax(worst, std::abs(sum - static_cast<double>(y.data()[row * width + o])));
            }
        }
        CHECK(worst < 1e-4);
        check_adjoint(b, x, y, normal_tensor({2, 60, 70, width}, seed{9}));
    }
}
