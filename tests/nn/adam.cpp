#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/nn/adam.hpp>
#include <fitnas/nn/optimiser.hpp>
#include <fitnas/nn/schedule.hpp>
#include <fitnas/nn/sgd.hpp>

using namespace fitnas;

TEST_CASE("adam is algorithm 2 of Loshchilov and Hutter") {
    // As it stands there, in double precision: m and v, their corrections, then one update.
    const double b1 = 0.8;
    const double b2 = 0.95;
    const double epsilon = 1e-3;
    const double decay = 0.2;
    std::vector<double> expected{1, -2, 0.5};
    std::vector<double> m(3);
    std::vector<double> v(3);
    std::vector<float> values{1, -2, 0.5F};
    adam optimiser(3, {.beta1 = 0.8F, .beta2 = 0.95F, .epsilon = 1e-3F, .weight_decay = 0.2F});
    for (int t = 1; t <= 20; ++t) {
        const double rate = 0.1 / t;
        std::vector<float> gradient;
        for (std::size_t i = 0; i < 3; ++i) {
            const double g =
                std::sin(t * (1.0 + static_cast<double>(i))) * std::pow(10.0, static_cast<double>(i) - 1);
            gradient.push_back(static_cast<float>(g));
            m[i] = b1 * m[i] + (1 - b1) * g;
            v[i] = b2 * v[i] + (1 - b2) * g * g;
            const double m_hat = m[i] / (1 - std::pow(b1, t));
            const double v_hat = v[i] / (1 - std::pow(b2, t));
            expected[i] -= rate * (m_hat / (std::sqrt(v_hat) + epsilon) + decay * expected[i]);
        }
        optimiser.step(values, gradient, rate);
        for (std::size_t i = 0; i < 3; ++i) {
            CHECK(static_cast<double>(values[i]) == doctest::Approx(expected[i]).epsilon(1e-5));
        }
    }
}

TEST_CASE("the first step of adam is as long as the learning rate, whatever the gradient") {
    std::vector<float> values{0, 0};
    adam(2, {.weight_decay = 0}).step(values, std::vector<float>{1e-3F, -50}, 0.01);
    CHECK(static_cast<double>(values[0]) == doctest::Approx(-0.01).epsilon(1e-4));
    CHECK(static_cast<double>(values[1]) == doctest::Approx(0.01).epsilon(1e-4));
}

TEST_CASE("without a gradient only the decay is left") {
    std::vector<float> values{4};
    adam(1, {.weight_decay = 0.5F}).step(values, std::vector<float>{0}, 0.1);
    CHECK(static_cast<double>(values[0]) == doctest::Approx(4 * 0.95));
}

TEST_CASE("adam refuses constants out of range and spans of another length") {
    CHECK_THROWS_AS(adam(1, {.beta1 = 1}), option_error);
    CHECK_THROWS_AS(adam(1, {.beta2 = -0.1F}), option_error);
    CHECK_THROWS_AS(adam(1, {.epsilon = 0}), option_error);
    CHECK_THROWS_AS(adam(1, {.weight_decay = -1}), option_error);
    CHECK_THROWS_AS(adam(1, {.beta1 = NAN}), option_error);
    adam optimiser(2);
    std::vector<float> values(2);
    CHECK_THROWS_WITH_AS(optimiser.step(values, std::vector<float>(3), 0.1),
                         "[F0102] adam: made for 2 values, got 2 and a gradient of 3", shape_error);
    CHECK_THROWS_AS(optimiser.step(std::span(values).first(1), std::vector<float>(2), 0.1), shape_error);
}

TEST_CASE("an optimiser goes on from its state, and multiplies the gradient by the share first") {
    const auto check = [](const auto& make) {
        const std::vector<float> gradient{0.5F, -1, 2, 0.25F};
        const std::vector<float> half{0.25F, -0.5F, 1, 0.125F};
        auto first = make();
        auto second = make();
        std::vector<float> values{1, 2, 3, 4};
        std::vector<float> shared = values;
        for (int i = 0; i < 3; ++i) {
            first.step(values, half, 0.1);
            second.step(shared, gradient, 0.1, 0.5);
        }
        CHECK(values == shared);
        auto next = make();
        const std::span<const float> state = first.state();
        std::copy(state.begin(), state.end(), next.state().begin());
        std::vector<float> copied = values;
        first.step(values, gradient, 0.2);
        next.step(copied, gradient, 0.2);
        CHECK(values == copied);
    };
    static_assert(optimiser_type<adam> && optimiser_type<sgd> && !optimiser_type<adam_options>);
    static_assert(schedule_type<cosine_schedule> && schedule_type<constant_rate> && !schedule_type<sgd>);
    check([] { return adam(4); });
    check([] { return sgd(4); });
}
