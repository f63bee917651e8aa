#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/rng.hpp>
#include <fitnas/study/error_parts.hpp>

#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

using cube = std::vector<std::vector<std::vector<double>>>;

struct made_up {
    cube scores;
    std::vector<double> truth;
};

// Scores with known variances: 2 truth + bias 0.5^2 + training 0.4^2 + images 0.3^2 + rest 0.2^2, and shifts
// that all networks share.
made_up scores_of(std::size_t networks, std::size_t seeds, std::size_t folds) {
    made_up m{cube(seeds, std::vector<std::vector<double>>(folds, std::vector<double>(networks))), {}};
    random_stream random(seed{3}, purpose::user);
    for (std::size_t a = 0; a < networks; ++a) {
        const double truth = random.normal();
        const double bias = 0.5 * random.normal();
        std::vector<double> images(folds);
        for (double& v : images) {
            v = 0.3 * random.normal();
        }
        m.truth.push_back(truth);
        for (std::size_t r = 0; r < seeds; ++r) {
            const double training = 0.4 * random.normal();
            for (std::size_t f = 0; f < folds; ++f) {
                m.scores[r][f][a] = 2 * truth + bias + training + images[f] + 0.2 * random.normal() +
                                    static_cast<double>(10 * r + 100 * f);
            }
        }
    }
    return m;
}

} // namespace

TEST_CASE("known variances are found again") {
    const made_up m = scores_of(4000, 4, 5);
    const study::error_parts parts = study::split_error(m.scores, m.truth);
    CHECK(parts.images == doctest::Approx(0.09 + 0.04).epsilon(0.05));
    CHECK(parts.training == doctest::Approx(0.16).epsilon(0.05));
    CHECK(parts.quality == doctest::Approx(4.25).epsilon(0.05));
    CHECK(parts.slope == doctest::Approx(2).epsilon(0.02));
    CHECK(parts.scale == doctest::Approx(1).epsilon(0.06));
    CHECK(parts.bias == doctest::Approx(0.25).epsilon(0.1));
    CHECK(parts.total() == parts.images + parts.training + parts.bias);
}

TEST_CASE("a truth that is not sure is taken as it is") {
    made_up m = scores_of(4000, 4, 5);
    random_stream random(seed{4}, purpose::user);
    for (double& t : m.truth) {
        t += 0.5 * random.normal();
    }
    const study::error_parts parts = study::split_error(m.scores, m.truth, 0.25);
    CHECK(parts.slope == doctest::Approx(2).epsilon(0.03));
    CHECK(parts.bias == doctest::Approx(0.25).epsilon(0.35));
}

TEST_CASE("scores without error have none; without truth there is no bias") {
    made_up m = scores_of(50, 2, 2);
    for (auto& by_fold : m.scores) {
        for (auto& column : by_fold) {
            column = m.truth;
        }
    }
    const study::error_parts known = study::split_error(m.scores, m.truth);
    CHECK(known.total() == doctest::Approx(0));
    CHECK(known.slope == doctest::Approx(1));
    const study::error_parts unknown = study::split_error(m.scores);
    CHECK(unknown.images == doctest::Approx(0));
    CHECK(std::isnan(unknown.bias));
    CHECK(std::isnan(unknown.total()));
}

TEST_CASE("too few seeds, folds or networks are refused") {
    const auto refusal = [](std::size_t networks, std::size_t seeds, std::size_t folds) {
        return thrown<shape_error>([&] { study::split_error(scores_of(networks, seeds, folds).scores); });
    };
    CHECK(contains(refusal(3, 1, 2), "at least 2 seeds"));
    CHECK(contains(refusal(3, 2, 1), "at least 2 seeds"));
    CHECK(contains(refusal(2, 2, 2), "3 networks"));
    const made_up m = scores_of(4, 2, 2);
    CHECK(contains(thrown<shape_error>([&] { study::split_error(m.scores, std::vector<double>(3)); }),
                   "as many truths"));
}

TEST_CASE("parts are the same in any unit, or refused") {
    const made_up m = scores_of(60, 3, 4);
    const study::error_parts parts = study::split_error(m.scores, m.truth, 0.01);
    const auto in_unit = [&](int exponent) {
        made_up other = m;
        for (auto& seed_scores : other.scores) {
            for (auto& column : seed_scores) {
                for (double& v : column) {
                    v = std::ldexp(v, exponent);
                }
            }
        }
        for (double& t : other.truth) {
            t = std::ldexp(t, exponent);
        }
        return study::split_error(other.scores, other.truth, std::ldexp(0.01, 2 * exponent));
    };
    for (const int exponent : {-480, -200, 200, 480}) {
        const study::error_parts other = in_unit(exponent);
        CHECK(other.images == std::ldexp(parts.images, 2 * exponent));
        CHECK(other.training == std::ldexp(parts.training, 2 * exponent));
        CHECK(other.quality == std::ldexp(parts.quality, 2 * exponent));
        CHECK(other.scale == std::ldexp(parts.scale, 2 * exponent));
        CHECK(other.bias == std::ldexp(parts.bias, 2 * exponent));
        CHECK(other.slope == parts.slope);
    }
    // Their squares are no doubles.
    CHECK_THROWS_WITH_AS(in_unit(-700), doctest::Contains("[F1060] split_error: the variances"),
                         numeric_error);
    CHECK_THROWS_WITH_AS(in_unit(700), doctest::Contains("give scores and truths in another unit"),
                         numeric_error);
    const cube tiny_scores(2, std::vector<std::vector<double>>(2, {1e-200, 2e-200, 4e-200}));
    CHECK_THROWS_AS(study::split_error(tiny_scores), numeric_error);
}

TEST_CASE("equal scores have no error, to the last bit") {
    // Each network has the same score everywhere; sums of shares of 0.1 would differ from it.
    const cube scores(3, std::vector<std::vector<double>>(7, {0.1, 0.1, 0.1}));
    const study::error_parts parts = study::split_error(scores, std::vector<double>{0.1, 0.1, 0.1});
    CHECK(parts.images == 0);
    CHECK(parts.training == 0);
    CHECK(parts.quality == 0);
    CHECK(std::isnan(parts.slope)); // nothing to draw a line through
}
