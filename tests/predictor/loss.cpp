#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/loss.hpp>

#include "../nn/golden_file.hpp"

using namespace fitnas;

namespace {

double approximate(float x) { return static_cast<double>(x); }

} // namespace

TEST_CASE("mse by hand") {
    const std::vector<float> outputs{1, 2, 4};
    const std::vector<double> targets{0, 2, 1};
    std::vector<float> gradient(3, NAN);
    CHECK(evaluate_loss(loss::mse, outputs, targets, gradient) == doctest::Approx(10.0 / 3));
    CHECK(approximate(gradient[0]) == doctest::Approx(2.0 / 3));
    CHECK(gradient[1] == 0);
    CHECK(approximate(gradient[2]) == doctest::Approx(2.0));
}

TEST_CASE("differences by hand: pairs' squared errors, whatever the mean") {
    // Errors 1, 0 and 3: their differences are 1, 2 and 3, half the mean of the squares 14 / 6.
    const std::vector<float> outputs{1, 2, 4};
    const std::vector<double> targets{0, 2, 1};
    std::vector<float> gradient(3, NAN);
    CHECK(evaluate_loss(loss::differences, outputs, targets, gradient) == doctest::Approx(14.0 / 6));
    CHECK(approximate(gradient[0]) == doctest::Approx(1.0 - 4.0 / 3));
    CHECK(approximate(gradient[1]) == doctest::Approx(0.0 - 4.0 / 3));
    CHECK(approximate(gradient[2]) == doctest::Approx(3.0 - 4.0 / 3));
    const std::vector<float> shifted{11, 12, 14};
    CHECK(evaluate_loss(loss::differences, shifted, targets, gradient) == doctest::Approx(14.0 / 6));
    // One alone has no pair.
    CHECK(evaluate_loss(loss::differences, std::vector<float>{3}, std::vector<double>{1},
                        std::span(gradient).first(1)) == 0);
    CHECK(gradient[0] == 0);
}

TEST_CASE("pairwise by hand: every pair with different targets counts once") {
    // Targets order 0 > 1 = 2: the pairs are (0, 1) with margin ln 3 and (0, 2) with margin 0.
    const std::vector<float> outputs{std::log(3.0F), 0, std::log(3.0F)};
    const std::vector<double> targets{5, 1, 1};
    std::vector<float> gradient(3, NAN);
    // log(1 + 1/3) and log 2; slopes 1 / (1 + 3) and 1 / 2.
    CHECK(evaluate_loss(loss::pairwise, outputs, targets, gradient) ==
          doctest::Approx(0.5 * (std::log(4.0 / 3) + std::log(2.0))));
    CHECK(approximate(gradient[0]) == doctest::Approx(-0.5 * (0.25 + 0.5)));
    CHECK(approximate(gradient[1]) == doctest::Approx(0.5 * 0.25));
    CHECK(approximate(gradient[2]) == doctest::Approx(0.5 * 0.5));
}

TEST_CASE("both losses and their gradients agree with PyTorch") {
    for (const char* name : {"chain", "complete", "lattice"}) {
        const golden::file file(name, "predictor");
        const std::vector<float> outputs = file["outputs"].floats();
        for (const auto& [kind, text] :
             {std::pair(loss::mse, "mse"), std::pair(loss::pairwise, "pairwise")}) {
            std::vector<float> gradient(outputs.size(), NAN);
            const double got = evaluate_loss(kind, outputs, file["targets"].values, gradient);
            CHECK(got == doctest::Approx(file[text].scalar()).epsilon(1e-5));
            const golden::tensor& expected = file[std::string(text) + ":output_gradient"];
            CHECK(golden::relative_error(gradient, expected.values) < 1e-5);
        }
    }
}

TEST_CASE("margins of any size keep the pairwise loss finite") {
    std::vector<float> gradient(2);
    CHECK(evaluate_loss(loss::pairwise, std::vector<float>{-1e4F, 1e4F}, std::vector<double>{1, 0},
                        gradient) == doctest::Approx(2e4));
    CHECK(gradient == std::vector<float>{-1, 1});
    CHECK(evaluate_loss(loss::pairwise, std::vector<float>{1e4F, -1e4F}, std::vector<double>{1, 0},
                        gradient) == 0);
    CHECK(gradient == std::vector<float>{0, 0});
}

TEST_CASE("a pairwise loss of many pairs without any margin is log 2") {
    // 79,800 pairs: their product of 2s is no float.
    const std::vector<float> outputs(400, 1.5F);
    std::vector<double> targets(outputs.size());
    for (std::size_t i = 0; i < targets.size(); ++i) {
        targets[i] = static_cast<double>(i * 7 % targets.size());
    }
    std::vector<float> gradient(outputs.size(), NAN);
    CHECK(evaluate_loss(loss::pairwise, outputs, targets, gradient) == doctest::Approx(std::log(2.0)));
    // Half a pull up for each that is worse, half a pull down for each that is better.
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const double worse = targets[i];
        const double better = 399 - targets[i];
        CHECK(approximate(gradient[i]) == doctest::Approx(0.5 * (better - worse) / 79800).epsilon(1e-5));
    }
}

TEST_CASE("equal targets have no order") {
    std::vector<float> gradient(2, NAN);
    CHECK(evaluate_loss(loss::pairwise, std::vector<float>{1, 2}, std::vector<double>{3, 3}, gradient) == 0);
    CHECK(gradient == std::vector<float>{0, 0});
}

TEST_CASE("a loss of outputs that are not numbers is none") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> gradient(2);
    for (const loss kind : {loss::mse, loss::differences, loss::pairwise}) {
        CHECK_FALSE(std::isfinite(
            evaluate_loss(kind, std::vector<float>{nan, 2}, std::vector<double>{1, 0}, gradient)));
    }
}

TEST_CASE("spans of different lengths are refused") {
    std::vector<float> gradient(2);
    CHECK_THROWS_AS(evaluate_loss(loss::mse, std::vector<float>{1}, std::vector<double>{1, 0}, gradient),
                    shape_error);
    CHECK_THROWS_AS(evaluate_loss(loss::mse, std::vector<float>{1, 2}, std::vector<double>{1}, gradient),
                    shape_error);
    CHECK_THROWS_WITH_AS(
        evaluate_loss(loss::mse, {}, {}, {}),
        "[F0630] evaluate_loss: 0 outputs, 0 targets and a gradient of 0; all must be equal and at "
        "least 1",
        shape_error);
}
