// The loss, SGD, the schedule and first values; what blocks refuse; blocks on different numbers of threads.

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/block.hpp>
#include <fitnas/nn/cross_entropy.hpp>
#include <fitnas/nn/distillation.hpp>
#include <fitnas/nn/initialise.hpp>
#include <fitnas/nn/schedule.hpp>
#include <fitnas/nn/sgd.hpp>
#include <fitnas/op/mbconv.hpp>

#include "golden_file.hpp"

using namespace fitnas;

namespace {

tensor4 normal_images(std::size_t count, shape s, seed from) {
    auto x = tensor4::from_shape({count, static_cast<std::size_t>(s.height),
                                  static_cast<std::size_t>(s.width), static_cast<std::size_t>(s.channels)});
    random_stream random(from, purpose::user);
    for (float& v : x) {
        v = static_cast<float>(random.normal());
    }
    return x;
}

// Mean and variance, relative to what they should be: each must lie within 5 of its standard errors.
void check_normal(std::span<const float> values, double variance) {
    const auto n = static_cast<double>(values.size());
    double mean = 0;
    double square = 0;
    for (const float v : values) {
        mean += static_cast<double>(v) / n;
        square += static_cast<double>(v) * static_cast<double>(v) / n;
    }
    CHECK(std::abs(mean) < 5 * std::sqrt(variance / n));
    CHECK(std::abs(square / variance - 1) < 5 * std::sqrt(2 / n));
}

bool all_are(std::span<const float> values, float expected) {
    return std::all_of(values.begin(), values.end(), [&](float v) { return v == expected; });
}

} // namespace

// --- cross_entropy
// ---------------------------------------------------------------------------------------------------

TEST_CASE("cross-entropy agrees with PyTorch") {
    const golden::file file("cross_entropy");
    const std::vector<float> logits = file["logits"].floats();
    const std::vector<int> labels = file["labels"].integers();
    for (const char* smoothing : {"0.0", "0.1"}) {
        CAPTURE(std::string(smoothing));
        const double share = detail::read_number<double>(smoothing).value();
        std::vector<float> gradient(logits.size(), std::numeric_limits<float>::quiet_NaN());
        const batch_loss got = cross_entropy(logits, labels, share, gradient);
        CHECK(got.loss == doctest::Approx(file["loss:" + std::string(smoothing)].scalar()).epsilon(1e-6));
        CHECK(static_cast<double>(got.correct) == file["correct"].scalar());
        CHECK(golden::relative_error(gradient, file["gradient:" + std::string(smoothing)].values) < 1e-6);
        CHECK(cross_entropy(logits, labels, share).loss == got.loss);
    }
}

TEST_CASE("a distillation loss by hand, and its gradient by central differences") {
    const std::vector<int> labels{2, 0};
    const std::vector<float> teacher{0.5F, -1, 2, 100, 98, 0};
    std::vector<float> logits{1, 0.25F, -0.5F, 3, -2, 0.125F};
    const auto loss = [&](double share, std::span<float> gradient = {}) {
        return distillation_loss(logits, labels, 0.1, {teacher, share}, gradient);
    };
    double soft = 0;
    for (std::size_t n = 0; n < 6; n += 3) {
        double all = 0;
        double of_teacher = 0;
        for (std::size_t c = n; c < n + 3; ++c) {
            all += std::exp(static_cast<double>(logits[c]));
            of_teacher += std::exp(static_cast<double>(teacher[c]));
        }
        for (std::size_t c = n; c < n + 3; ++c) {
            soft -= std::exp(static_cast<double>(teacher[c])) / of_teacher *
                    (static_cast<double>(logits[c]) - std::log(all)) / 2;
        }
    }
    const batch_loss hard = cross_entropy(logits, labels, 0.1);
    CHECK(loss(0).loss == hard.loss);
    CHECK(loss(1).loss == doctest::Approx(soft).epsilon(1e-12));
    CHECK(loss(0.3).loss == doctest::Approx(0.7 * hard.loss + 0.3 * soft).epsilon(1e-12));
    CHECK(loss(0.3).correct == hard.correct);
    std::vector<float> gradient(6, -7);
    CHECK(loss(0.3, gradient).loss == loss(0.3).loss);
    for (std::size_t i = 0; i < 6; ++i) {
        const float before = logits[i];
        constexpr float step = 1.0F / 512;
        logits[i] = before + step;
        const double above = loss(0.3).loss;
        logits[i] = before - step;
        const double below = loss(0.3).loss;
        logits[i] = before;
        CHECK(static_cast<double>(gradient[i]) == doctest::Approx((above - below) * 256).epsilon(1e-4));
    }
    const std::span<const float> few = std::span<const float>(teacher).first(3);
    CHECK_THROWS_AS(distillation_loss(logits, labels, 0, {few, 0.5}), shape_error);
}

TEST_CASE("of equal logits the first is the answer") {
    const std::vector<float> logits{1, 3, 3, 3, 2, 3};
    CHECK(cross_entropy(logits, std::vector<int>{1, 0}, 0).correct == 2);
    // Of what is not a number nothing is the largest.
    const std::vector<float> none{NAN, NAN, NAN, 0, NAN, 1};
    CHECK(cross_entropy(none, std::vector<int>{0, 2}, 0).correct == 0);
    CHECK(cross_entropy(logits, std::vector<int>{2, 2}, 0).correct == 0);
    CHECK(argmax(std::vector<float>{2, 5, 5}) == 1);
}

TEST_CASE("cross-entropy of huge logits is finite and right") {
    for (const double smoothing : {0.0, 0.1}) {
        CAPTURE(smoothing);
        const std::vector<float> logits{1e4F, -1e4F, 1e4F, 0, 3e38F, -3e38F};
        std::vector<float> gradient(logits.size());
        // A logit that is far below costs the distance, with its share of the smoothing.
        const batch_loss got = cross_entropy(logits, std::vector<int>{1, 0, 0}, smoothing, gradient);
        const double far = static_cast<double>(3e38F);
        const double expected =
            ((1 - smoothing / 2) * 2e4 + smoothing / 2 * 1e4 + smoothing / 2 * 2 * far) / 3;
        CHECK(got.loss == doctest::Approx(expected));
        CHECK(got.correct == 2);
        for (const float g : gradient) {
            CHECK(std::isfinite(g));
        }
        CHECK(gradient[0] == doctest::Approx((1 - smoothing / 2) / 3));
        CHECK(gradient[1] == doctest::Approx(-(1 - smoothing / 2) / 3));
    }
    const std::vector<float> equal(5, -1e30F);
    std::vector<float> gradient(5);
    CHECK(cross_entropy(equal, std::vector<int>{4}, 0.1, gradient).loss ==
          doctest::Approx(std::log(5.0)).epsilon(1e-6));
    CHECK(gradient[0] == doctest::Approx(0.2 - 0.02));
    CHECK(gradient[4] == doctest::Approx(0.2 - 0.92));
}

TEST_CASE("cross-entropy refuses labels and sizes that do not fit") {
    const std::vector<float> logits(6, 0.0F);
    std::vector<float> gradient(5);
    CHECK_THROWS_WITH_AS(cross_entropy(logits, std::vector<int>{0, 3}, 0),
                         doctest::Contains("labels from 0 to 2, got 3"), shape_error);
    CHECK_THROWS_WITH_AS(cross_entropy(logits, std::vector<int>{-1, 0}, 0), doctest::Contains("got -1"),
                         shape_error);
    CHECK_THROWS_WITH_AS(cross_entropy(logits, std::vector<int>{0, 0, 0, 0}, 0),
                         doctest::Contains("6 logits, 4 labels"), shape_error);
    CHECK_THROWS_WITH_AS(cross_entropy(logits, std::vector<int>{0, 1}, 0, gradient),
                         doctest::Contains("a gradient of 5"), shape_error);
    CHECK_THROWS_AS(cross_entropy(logits, std::vector<int>{}, 0), shape_error);
    CHECK_THROWS_AS(cross_entropy({}, std::vector<int>{0}, 0), shape_error);
}

// --- sgd
// -------------------------------------------------------------------------------------------------------------

TEST_CASE("sgd agrees with PyTorch, each part by itself") {
    const golden::file file("sgd");
    const std::vector<std::pair<std::string, sgd_options>> cases{
        {"plain", {.momentum = 0, .weight_decay = 0}},
        {"momentum", {.momentum = 0.9, .weight_decay = 0}},
        {"decay", {.momentum = 0.8, .weight_decay = 0.05}},
        {"nesterov", {.momentum = 0.9, .weight_decay = 0.05, .nesterov = true}}};
    constexpr std::size_t part_size[] = {4, 7};
    for (const auto& one : cases) {
        CAPTURE(one.first);
        std::vector<float> values = file["start"].floats();
        sgd parts[] = {sgd(part_size[0], one.second), sgd(part_size[1], one.second)};
        for (std::size_t step = 0; step < file["rates"].values.size(); ++step) {
            CAPTURE(step);
            const std::vector<float> all = file["gradients"].floats();
            for (std::size_t part = 0, first = 0; part < 2; first += part_size[part++]) {
                if (file["named"].row(step)[part] == 0) {
                    continue;
                }
                const std::span<const float> gradient =
                    std::span<const float>(all).subspan(step * values.size() + first, part_size[part]);
                parts[part].step(std::span<float>(values).subspan(first, part_size[part]), gradient,
                                 file["rates"].values[step], file["shares"].values[step]);
            }
            CHECK(golden::relative_error(values, file[one.first].row(step)) < 1e-6);
        }
    }
}

TEST_CASE("sgd updates every value of a long part once") {
    constexpr std::size_t size = 40000; // more than two pieces of work
    std::vector<float> values(size, 1.0F);
    const std::vector<float> gradient(size, 0.5F);
    sgd(size, {.momentum = 0, .weight_decay = 0}).step(values, gradient, 0.5);
    CHECK(all_are(values, 0.75F));
}

TEST_CASE("sgd refuses constants outside their ranges and spans of another length") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(sgd(3, {.momentum = 1.0}), doctest::Contains("got 1 and"), option_error);
    CHECK_THROWS_AS(sgd(3, {.momentum = -0.1}), option_error);
    CHECK_THROWS_AS(sgd(3, {.momentum = nan}), option_error);
    CHECK_THROWS_WITH_AS(sgd(3, {.weight_decay = -1e-3}), doctest::Contains("weight_decay at least 0"),
                         option_error);
    CHECK_THROWS_AS(sgd(3, {.weight_decay = nan}), option_error);

    sgd optimiser(3);
    std::vector<float> values{1, 2, 3};
    std::vector<float> longer(4);
    const std::vector<float> gradient{1, 1};
    CHECK_THROWS_WITH_AS(optimiser.step(values, gradient, 0.1), doctest::Contains("a gradient of 2"),
                         shape_error);
    CHECK_THROWS_WITH_AS(optimiser.step(longer, gradient, 0.1), doctest::Contains("made for 3 values, got 4"),
                         shape_error);
    CHECK(values == std::vector<float>{1, 2, 3});
}

// --- cosine_schedule
// -------------------------------------------------------------------------------------------------

TEST_CASE("the schedule agrees with PyTorch") {
    const golden::file file("schedule");
    for (const int warmup : {0, 4}) {
        CAPTURE(warmup);
        const cosine_schedule rate{.peak = 0.3, .steps = 20, .warmup = static_cast<double>(warmup)};
        for (int step = 0; step < 20; ++step) {
            CAPTURE(step);
            const double expected =
                file["warmup_" + std::to_string(warmup)].values.at(static_cast<std::size_t>(step));
            CHECK(rate(step) == doctest::Approx(expected).epsilon(1e-6));
        }
    }
}

TEST_CASE("the schedule rises to its peak, then falls to almost 0") {
    for (const double warmup : {0.0, 1.0, 7.0, 7.5}) {
        CAPTURE(warmup);
        const cosine_schedule rate{.peak = 2, .steps = 1000, .warmup = warmup};
        double highest = 0;
        for (long long step = 0; step < rate.steps; ++step) {
            CAPTURE(step);
            CHECK(rate(step) > 0);
            CHECK(rate(step) <= rate.peak);
            highest = (std::max)(highest, rate(step));
            if (step > 0) {
                const bool rising =
                    static_cast<double>(step) <= warmup; // the peak is the first step after it
                CHECK((rising ? rate(step) > rate(step - 1) : rate(step) < rate(step - 1)));
            }
        }
        CHECK(highest == doctest::Approx(rate.peak));
        CHECK(rate(rate.steps - 1) < 1e-5 * rate.peak);
    }
    CHECK(cosine_schedule{.peak = 2, .steps = 1}(0) == 2);
    CHECK(cosine_schedule{.peak = 2, .steps = 100, .floor = 0.5}(0) == 2);
    CHECK(cosine_schedule{.peak = 2, .steps = 100, .floor = 0.5}(50) == doctest::Approx(1.25));
    CHECK(cosine_schedule{.peak = 2, .steps = 100000, .floor = 0.5}(99999) == doctest::Approx(0.5));
    CHECK(cosine_schedule{.peak = 2, .steps = 100}(50) == doctest::Approx(1));
}

// --- initialise
// ------------------------------------------------------------------------------------------------------

TEST_CASE("first values have the variances and constants of their kinds") {
    const shape in{4, 4, 64};
    const recipe steps{pointwise(128), convolution(3, 32), depthwise(5),
                       batch_norm(),   squeeze_excite(2),  linear(500)};
    std::vector<float> values(static_cast<std::size_t>(summarise(steps, in).parameters), -7.0F);
    random_stream random(seed{3}, purpose::initialise);
    initialise(steps, in, values, random);
    std::span<const float> rest = values;
    const auto take = [&](std::size_t n) {
        const std::span<const float> part = rest.first(n);
        rest = rest.subspan(n);
        return part;
    };
    check_normal(take(64 * 128), 2.0 / 64);
    check_normal(take(128 * 32 * 9), 2.0 / (128 * 9));
    check_normal(take(32 * 25), 2.0 / 25);
    CHECK(all_are(take(32), 1)); // batch norm: scales
    CHECK(all_are(take(32), 0)); // and shifts
    check_normal(take(16 * 32), 2.0 / 32);
    CHECK(all_are(take(16), 0));
    check_normal(take(32 * 16), 2.0 / 16);
    CHECK(all_are(take(32), 0));
    check_normal(take(32 * 500), 1e-4);
    CHECK(all_are(take(500), 0));
    CHECK(rest.empty());
}

TEST_CASE("first values depend on the seed alone") {
    const recipe steps = op::mbconv<3, 6, 4>::build({{4, 4, 8}, 8, 1});
    const auto values = [&](std::uint64_t from) {
        const block b(steps, {4, 4, 8}, seed{from});
        return std::vector<float>(b.parameters().begin(), b.parameters().end());
    };
    CHECK(values(1) == values(1));
    CHECK(values(1) != values(2));
}

TEST_CASE("initialise refuses a buffer of another size") {
    random_stream random(seed{1}, purpose::initialise);
    std::vector<float> values(11, 5.0F);
    CHECK_THROWS_WITH_AS(initialise({pointwise(4)}, {2, 2, 3}, values, random),
                         doctest::Contains("has 12 parameters, got 11"), shape_error);
    CHECK(all_are(values, 5));
    values.resize(13);
    CHECK_THROWS_AS(initialise({pointwise(4)}, {2, 2, 3}, values, random), shape_error);
}

// --- block
// -----------------------------------------------------------------------------------------------------------

TEST_CASE("blocks refuse recipes that do not fit") {
    const shape in{6, 6, 4};
    const auto refuses = [&](const recipe& steps) {
        CHECK_THROWS_WITH_AS(block(steps, in), doctest::Contains("does not fit an input of 6 x 6 x 4"),
                             shape_error);
    };
    refuses({convolution(4, 8)});
    refuses({depthwise(2)});
    refuses({zero(4), pointwise(4)});
    CHECK_NOTHROW(block({max_pool(2, 2)}, in)); // pools may be even
    refuses({average_pool(0)});
    refuses({depthwise(-3)});
    refuses({pointwise(0)});
    refuses({linear(-1)});
    refuses({squeeze_excite(0)});
    refuses({pointwise(8, 0)});
    refuses({pointwise(5), residual()});
    refuses({depthwise(3, 2), residual()});
    CHECK_NOTHROW(block({pointwise(5), residual_if_same_shape()}, in));
    CHECK_THROWS_AS(block({pointwise(4)}, {0, 6, 4}), shape_error);
    CHECK_THROWS_AS(block({pointwise(4)}, {-6, -6, 4}), shape_error);
}

TEST_CASE("blocks refuse images and gradients of other shapes") {
    block b({pointwise(5, 2)}, {6, 4, 3});
    CHECK(b.output() == shape{3, 2, 5});
    CHECK_THROWS_WITH_AS(b.backward(normal_images(2, {3, 2, 5}, seed{1})),
                         doctest::Contains("forward saw 0 images"), shape_error);
    CHECK_THROWS_WITH_AS(b.forward(normal_images(2, {4, 6, 3}, seed{1})),
                         doctest::Contains("of 6 x 4 x 3 (height x width x channels), got 2 of 4 x 6 x 3"),
                         shape_error);
    CHECK_THROWS_AS(b.forward(normal_images(2, {6, 4, 4}, seed{1})), shape_error);
    CHECK_THROWS_WITH_AS(b.forward(normal_images(0, {6, 4, 3}, seed{1})),
                         doctest::Contains("at least one image"), shape_error);
    b.forward(normal_images(2, {6, 4, 3}, seed{1}));
    CHECK_THROWS_WITH_AS(b.backward(normal_images(2, {6, 4, 3}, seed{1})),
                         doctest::Contains("backward: expected at least one image of 3 x 2 x 5 (height x "
                                           "width x channels), got 2 of 6 x 4 x 3"),
                         shape_error);
    CHECK_THROWS_WITH_AS(b.backward(normal_images(3, {3, 2, 5}, seed{1})),
                         doctest::Contains("forward saw 2 images, got gradients of 3"), shape_error);
    CHECK(all_are(b.gradient(), 0));
    CHECK_NOTHROW(b.backward(normal_images(2, {3, 2, 5}, seed{1})));
    CHECK_FALSE(all_are(b.gradient(), 0));
    b.zero_gradient();
    CHECK(all_are(b.gradient(), 0));
}

TEST_CASE("a block of nothing gives its images and gradients back") {
    block b({}, {3, 4, 2});
    const tensor4 x = normal_images(2, {3, 4, 2}, seed{1});
    CHECK(b.forward(x) == x);
    CHECK(b.backward(x) == x);
    CHECK(b.parameters().empty());
}

TEST_CASE("a recipe holds 16 primitives") {
    recipe steps;
    for (int i = 0; i < recipe::capacity; ++i) {
        steps.push_back(i % 2 == 0 ? pointwise(3) : batch_norm());
    }
    CHECK(steps.size() == 16);
    CHECK_THROWS_WITH_AS(steps.push_back(relu()), "[F0110] a recipe has at most 16 primitives", shape_error);
    CHECK(steps.size() == 16);
    block b(steps, {3, 3, 2}); // and the longest runs
    b.forward(normal_images(4, {3, 3, 2}, seed{1}));
    const tensor4 dx = b.backward(normal_images(4, {3, 3, 3}, seed{2}));
    CHECK(std::all_of(dx.begin(), dx.end(), [](float v) { return std::isfinite(v); }));
}

#if FITNAS_HAS_OPENMP
TEST_CASE("blocks give the same bits on 1, 2 and 4 threads") {
    const shape in{14, 13, 20};
    const std::vector<recipe> all{
        op::mbconv<5, 3, 4, activation::hard_swish>::build({in, 20, 1}),
        op::mbconv<3, 6>::build({in, 30, 2}),
        {convolution(3, 24, 2), batch_norm(), relu6(), max_pool(3), batch_norm(), average_pool(3, 2)},
        {pointwise(40), batch_norm(), relu(), global_pool(), linear(10)}};
    const int usual = thread_count();
    for (const recipe& steps : all) {
        std::vector<std::vector<float>> results;
        for (const int threads : {1, 2, 4}) {
            omp_set_num_threads(threads);
            block b(steps, in, seed{1});
            std::vector<float> result;
            const auto keep = [&](const auto& values) {
                result.insert(result.end(), values.begin(), values.end());
            };
            keep(b.forward(normal_images(9, in, seed{2})));
            keep(b.backward(normal_images(9, b.output(), seed{3})));
            keep(b.gradient());
            results.push_back(result);
        }
        CHECK(results[0] == results[1]);
        CHECK(results[0] == results[2]);
        CHECK_FALSE(all_are(results[0], results[0][0]));
    }
    omp_set_num_threads(usual);
}
#endif
