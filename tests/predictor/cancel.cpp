// Long fits are cancelled through their observers, and give what is done.

#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/cross_validation.hpp>
#include <fitnas/predictor/fit_default.hpp>

#include "fixtures.hpp"

using namespace fitnas;
using fixtures::codes_of;
using fixtures::tiny;
using fixtures::tiny_table;

namespace {

observer cancelled_where(bool (*when)(const progress&)) {
    return [when](const progress& p) {
        CHECK(p.done <= p.total);
        if (when(p)) {
            throw interrupted("enough");
        }
    };
}

} // namespace

TEST_CASE("cross-validation: the folds that are done") {
    const auto fit_ridge = [](const auto& table) { return ridge(table); };
    const auto whole = cross_validate(tiny_table(), fit_ridge, {.folds = 5});
    try {
        cross_validate(
            tiny_table(), fit_ridge,
            {.folds = 5, .observer = cancelled_where([](const progress& p) { return p.done == 3; })});
        FAIL("it was not interrupted");
    } catch (const interrupted_with<cross_validation_result<tiny>>& e) {
        REQUIRE(e.partial().folds.size() == 3);
        for (std::size_t i = 0; i < 3; ++i) {
            CHECK(e.partial().folds[i].predictions == whole.folds[i].predictions);
        }
        CHECK(std::isfinite(e.partial().kendall()));
    }
}

TEST_CASE("fit_default: the mean of the fits that are done") {
    const auto table = tiny_table();
    const auto models = [&](default_fit_options options) {
        options.plan = fit_plan::cautious;
        options.observer = cancelled_where(
            [](const progress& p) { return std::string(p.stage) == "fit_default" && p.done == 1; });
        return fit_default(table, options);
    };
    try {
        models({});
        FAIL("it was not interrupted");
    } catch (const interrupted_with<default_predictor<tiny>>& e) {
        CHECK(e.partial().members().size() >= 1);
        CHECK(e.partial().members().size() < 3);
        CHECK(std::isfinite(e.partial().predict(table.architectures.front())));
    }
    // One thread fits way after way: the first way's model is what is given.
    const auto one = fixtures::on_threads(1, [&] {
        try {
            models({});
        } catch (const interrupted_with<default_predictor<tiny>>& e) {
            return e.partial();
        }
        std::abort();
    });
    REQUIRE(one.members().size() == 1);
    const auto all = fit_default(table, {.plan = fit_plan::cautious});
    CHECK(one.predict(table.architectures) == all.members().front().predict(codes_of(table)));

    // Within the first fit nothing is there: not even then is anything lost but that fit.
    const observer at_once = cancelled_where([](const progress&) { return true; });
    CHECK_THROWS_AS(fit_default(table, {.plan = fit_plan::close, .observer = at_once}), interrupted);
    // Who only watches changes nothing.
    const auto watched = fit_default(table, {.plan = fit_plan::cautious, .observer = [](const progress&) {}});
    CHECK(watched.predict(table.architectures) == all.predict(table.architectures));
}
