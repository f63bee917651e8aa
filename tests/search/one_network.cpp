// A space of one network has nothing to search, and a table of one row nothing to fit: stated outcomes.

#include <doctest/doctest.h>

#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/search/evolution.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/search/exhaustive.hpp>
#include <fitnas/search/iterative.hpp>
#include <fitnas/search/pareto.hpp>
#include <fitnas/search/random.hpp>
#include <fitnas/search/segment.hpp>
#include <fitnas/search/table.hpp>

#include "models.hpp"

using namespace fitnas;

namespace {

using only = operator_set<op::conv<3>>;
struct one_network : search_space<image<8, 8, 2>, stem<4>, stage<only, 3, 4>, head<8, 3>> {};
// Three codes of one network each, and no more.
using few = codes<1, 3, 1>;

template <class List>
void check_only(const List& list) {
    REQUIRE(list.size() == 1);
    CHECK(list.front().architecture == architecture<one_network>{0, 0, 0});
    CHECK(list.front().predicted == 7);
}

} // namespace

TEST_CASE("every search of a space of one network gives that network") {
    static_assert(one_network::size == 1);
    const auto model = model_by<one_network>([](const auto&) { return 7.0; });
    check_only(search::exhaustive(model, {.top = 5}));
    check_only(search::exact(windows<one_network>(window_sum<one_network>(7)), {.top = 5}));
    check_only(search::evolution(model, {.top = 5}));
    check_only(search::random(model, {.samples = 50, .top = 5}));
    check_only(search::pareto(model));
    const search::table<one_network> table(model);
    check_only(table.top(3));
    const auto found =
        search::segment<one_network, search::segments<2, 1>>(model, [](const auto& t) { return ridge(t); });
    check_only(found.best);
    CHECK(found.segments.size() == 2);
    CHECK_THROWS_AS(search::iterative<one_network>(model, [](const auto& t) { return ridge(t); }, {}), error);
}

TEST_CASE("all predictions equal: the networks come in the order of their codes") {
    const auto model = model_by<few>([](const auto&) { return 1.0; });
    const auto list = search::exhaustive(model, {.top = 2});
    REQUIRE(list.size() == 2);
    CHECK(list[0].architecture == architecture<few>{0, 0, 0});
    CHECK(list[1].architecture == architecture<few>{0, 1, 0});
}

TEST_CASE("one network, or scores that are all equal, cannot be fitted by anything") {
    score_table<few> one;
    one.push_back({0, 1, 0}, 0.5);
    score_table<few> equal;
    for_each_architecture<few>([&](const architecture<few>& a) { equal.push_back(a, 0.5); });
    const auto fit_ridge = [](const auto& t) { return ridge(t); };
    const char* few_networks = "the table has 1 different network, at least 2 are needed";
    const char* no_difference = "scores are equal to 0.5";
    CHECK_THROWS_WITH_AS(fit_default(one), doctest::Contains(few_networks), shape_error);
    CHECK_THROWS_WITH_AS(choose_plan(one), doctest::Contains(few_networks), shape_error);
    CHECK_THROWS_WITH_AS(cross_validate(one, fit_ridge), doctest::Contains(few_networks), shape_error);
    CHECK_THROWS_WITH_AS(fit_default(equal), doctest::Contains(no_difference), numeric_error);
    CHECK_THROWS_WITH_AS(choose_plan(equal), doctest::Contains(no_difference), numeric_error);
    CHECK_THROWS_WITH_AS(cross_validate(equal, fit_ridge), doctest::Contains(no_difference), numeric_error);
    CHECK_THROWS_WITH_AS(fit_ridge(equal), doctest::Contains(no_difference), numeric_error);
}
