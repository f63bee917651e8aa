// A space of one network has nothing to search, and a table of one row nothing to fit: stated outcomes.

#include <limits>

#include <doctest/doctest.h>

#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/cross_validation.hpp>
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
    const auto asked = search::iterative<one_network>(model, [](const auto& t) { return ridge(t); }, {});
    CHECK(asked.best.architecture == architecture<one_network>{0, 0, 0});
    CHECK(asked.best.predicted == 7);
    CHECK(asked.scores.size() == 1);
    CHECK(!asked.predictor);
}

TEST_CASE("every search under a limit that leaves one network gives that network") {
    using space = small_space;
    // The only one with the fewest macs.
    architecture<space> cheapest{};
    long long least = std::numeric_limits<long long>::max();
    for (const architecture<space>& a : different_networks<space>()) {
        if (cost::macs<space>(a) < least) {
            least = cost::macs<space>(a);
            cheapest = a;
        }
    }
    const cost::limit limit = cost::macs_at_most(least);
    const auto model = model_by<space>([](const auto& a) { return 3.0 + a[0]; });
    const auto check = [&](const auto& list) {
        REQUIRE(list.size() == 1);
        CHECK(list.front().architecture == cheapest);
        CHECK(list.front().predicted == 3.0 + cheapest[0]);
    };
    window_sum<space> sum(3);
    sum.add({0, 1, {0, 1, 2}});
    check(search::exhaustive(model, {.top = 5, .limit = limit}));
    check(search::exact(windows<space>(sum), {.top = 5, .limit = limit}));
    check(search::evolution(model, {.top = 5, .limit = limit}));
    check(search::random(model, {.samples = 50, .top = 5, .limit = limit}));
    check(search::pareto(model, {.limit = limit}));
    check(search::detail::large_front(windows<space>(sum), {.limit = limit}));
    check(search::table<space>(model).top(3, limit));
    const auto fit_ridge = [](const auto& t) { return ridge(t); };
    check(search::segment<space, search::segments<3, 2>>(model, fit_ridge, {.limit = limit}).best);
    const auto asked = search::iterative<space>(model, fit_ridge, {.limit = limit});
    CHECK(asked.best.architecture == cheapest);
    CHECK(asked.scores.size() == 1);
    CHECK(!asked.predictor);
    CHECK(search::iterative<space>(model, {.limit = limit}).best.architecture == cheapest);
    // Of a space too large to enumerate, by those that do not draw uniformly.
    using large = spaces::mobile_19x6;
    architecture<large> light{};
    long long macs = 0;
    for (const space_layer& l : large::tables.layers) {
        int chosen = 0;
        const auto of = [&](int o) {
            return large::tables.blocks[static_cast<std::size_t>(l.first_block + o)].macs;
        };
        for (int o = 1; o < l.candidates; ++o) {
            chosen = of(o) < of(chosen) ? o : chosen;
        }
        macs += of(chosen);
        if (l.cell_index >= 0) {
            light[static_cast<std::size_t>(l.cell_index)] = static_cast<std::uint8_t>(chosen);
        }
    }
    const cost::limit lightest = cost::macs_at_most(macs);
    const windows<large> tables(window_sum<large>(1));
    CHECK(search::exact(tables, {.limit = lightest}).front().architecture == canonical<large>(light));
    CHECK(search::evolution(tables, {.generations = 2, .limit = lightest}).front().architecture ==
          canonical<large>(light));
    CHECK(search::pareto(tables, {.limit = lightest}).front().architecture == canonical<large>(light));
}

TEST_CASE("iterative sampling of networks that all score alike ends where they are used up") {
    const auto model = model_by<few>([](const auto&) { return 0.1; });
    const auto fit_ridge = [](const auto& t) { return ridge(t); };
    const auto found = search::iterative<few>(model, fit_ridge, {});
    CHECK(found.scores.size() == 3);
    CHECK(found.best.architecture == architecture<few>{0, 0, 0});
    CHECK(!found.predictor);
    // Where others are left, there is no telling which to ask for.
    using more = codes<6, 6, 6>;
    const auto flat = model_by<more>([](const auto&) { return 0.1; });
    CHECK_THROWS_WITH_AS(search::iterative<more>(flat, fit_ridge, {}), doctest::Contains("[F0324]"),
                         numeric_error);
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
