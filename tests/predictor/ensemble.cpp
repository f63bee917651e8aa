#include <cmath>

#include <doctest/doctest.h>

#include <fitnas/predictor/ensemble.hpp>

#include "fixtures.hpp"

using namespace fitnas;
using namespace fixtures;

namespace {

struct constant {
    using space = tiny;
    double value;
    double predict(const architecture<tiny>& a) const { return value + a[0]; }
    std::vector<double> predict(std::span<const architecture<tiny>> many) const {
        std::vector<double> values;
        for (const architecture<tiny>& a : many) {
            values.push_back(predict(a));
        }
        return values;
    }
};

} // namespace

TEST_CASE("an ensemble is the mean of any predictors, and their deviation") {
    const ensemble<constant> three(std::vector<constant>{{1}, {2}, {6}});
    static_assert(predictor<ensemble<constant>>);
    const architecture<tiny> some{2, 0, 0, 0};
    CHECK(three.predict(some) == doctest::Approx(5));
    CHECK(three.spread(some) == doctest::Approx(std::sqrt(7.0))); // (4 + 1 + 9) / 2
    const std::vector<architecture<tiny>> two{{0, 0, 0, 0}, some};
    CHECK(three.predict(std::span<const architecture<tiny>>(two))[0] == doctest::Approx(3));
    CHECK(three.spread(std::span<const architecture<tiny>>(two))[1] == doctest::Approx(std::sqrt(7.0)));
    CHECK(ensemble<constant>(std::vector<constant>{{4}}).spread(some) == 0);
    CHECK_THROWS_AS(ensemble<constant>(std::vector<constant>{}), shape_error);
}

TEST_CASE("the mean of equal predictions is that prediction, in whatever order members come, in any unit") {
    const architecture<tiny> first{0, 0, 0, 0};
    for (const double v : {0.1, 0.7, 1e300, 1.7e308, 5e-324}) {
        for (std::size_t n = 1; n < 12; ++n) {
            const ensemble<constant> all(std::vector<constant>(n, constant{v}));
            CHECK(all.predict(first) == v);
            CHECK(all.spread(first) == 0);
        }
    }
    const ensemble<constant> one(std::vector<constant>{{0.1}, {0.7}, {0.2}});
    const ensemble<constant> other(std::vector<constant>{{0.7}, {0.2}, {0.1}});
    CHECK(one.predict(first) == other.predict(first));
    CHECK(ensemble<constant>(std::vector<constant>{{1e-200}, {3e-200}}).spread(first) ==
          doctest::Approx(1e-200 * std::sqrt(2.0)).epsilon(1e-12));
    CHECK(ensemble<constant>(std::vector<constant>{{1e200}, {3e200}}).spread(first) / 1e200 ==
          doctest::Approx(std::sqrt(2.0)));
    CHECK(one.predict(std::span<const architecture<tiny>>()).empty());
}

TEST_CASE("fit_ensemble fits with different seeds, the first with its own") {
    const score_table<tiny> table = tiny_table();
    const fit_options options{.epochs = 10, .seed = seed{5}};
    const auto three = fit_ensemble<chain_net>(table, 3, options);
    REQUIRE(three.members().size() == 3);
    const auto alone = fit<chain_net>(table, options);
    const architecture<tiny> some{1, 1, 3, 0};
    CHECK(three.members()[0].predict(some) == alone.predict(some));
    double mean = 0;
    for (const auto& m : three.members()) {
        mean += m.predict(some) / 3;
    }
    CHECK(three.predict(some) == doctest::Approx(mean));
    CHECK(three.spread(some) > 0);
    CHECK(three.members()[1].predict(some) != three.members()[2].predict(some));
    CHECK(fit_ensemble<chain_net>(table, 3, options).predict(some) == three.predict(some));
    CHECK_THROWS_WITH_AS(fit_ensemble<chain_net>(table, 0),
                         "[F0608] fit_ensemble: members: expected at least 1, got 0", option_error);
}
