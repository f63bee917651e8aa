// Each search is cancelled through its observer, and gives what it has found: sorted as the whole result is,
// and never better than it.

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/table.hpp>
#include <fitnas/search/evolution.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/search/exhaustive.hpp>
#include <fitnas/search/iterative.hpp>
#include <fitnas/search/pareto.hpp>
#include <fitnas/search/random.hpp>
#include <fitnas/search/segment.hpp>
#include <fitnas/space/spaces.hpp>

#include "models.hpp"
#include "random_windows.hpp"

using namespace fitnas;

namespace {

using large = spaces::mobile_19x6;
using small_list = std::vector<search::candidate<small_space>>;
using large_list = std::vector<search::candidate<large>>;

// Throws at the n-th call.
observer cancelled_at(int n) {
    return [n, calls = 0](const progress& p) mutable {
        CHECK(p.done <= p.total);
        if (++calls == n) {
            throw interrupted("enough");
        }
    };
}

// What a cancelled search gives.
template <class Result, class Search>
Result partial_of(Search&& run) {
    try {
        run();
    } catch (const interrupted_with<Result>& e) {
        CHECK(std::string(e.what()) == "enough");
        return e.partial();
    }
    FAIL("it was not interrupted with a partial result");
    std::abort();
}

template <class List, class Value>
void check_sorted(const List& list, Value&& value_of) {
    CHECK(std::is_sorted(list.begin(), list.end(), [&](const auto& a, const auto& b) {
        return value_of(a) != value_of(b) ? value_of(a) > value_of(b) : b.architecture > a.architecture;
    }));
}
constexpr auto predicted = [](const auto& c) { return c.predicted; };
constexpr auto score = [](const auto& c) { return c.score; };

} // namespace

TEST_CASE("exhaustive: the best of the batches so far") {
    const auto model = model_by<small_space>([](const auto& a) { return noise_of<small_space>(a); });
    const auto found = partial_of<small_list>(
        [&] { search::exhaustive(model, {.top = 4, .batch = 16, .observer = cancelled_at(3)}); });
    REQUIRE(found.size() == 4);
    check_sorted(found, predicted);
    for (const auto& c : found) {
        CHECK(index_of<small_space>(c.architecture) < 48);
    }
    // All that the first three batches have.
    std::vector<double> values;
    for (std::uint64_t i = 0; i < 48; ++i) {
        const auto a = architecture_at<small_space>(i);
        if (canonical<small_space>(a) == a) {
            values.push_back(noise_of<small_space>(a));
        }
    }
    std::sort(values.rbegin(), values.rend());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i].predicted == values[i]);
    }
    CHECK(partial_of<small_list>([&] {
              search::exhaustive(
                  model,
                  {.limit = cost::macs_at_most(1'000'000'000), .batch = 1, .observer = cancelled_at(1)});
          }).size() == 1);
}

TEST_CASE("exact: a list that keeps the limits, and how far it may be from the best") {
    const auto model = random_windows<large>(3);
    const cost::limit limit = cost::macs_at_most(300'000'000);
    search::exact_report report;
    const auto all = search::exact(model, {.top = 5, .limit = limit}, &report);
    CHECK(report.gap == 0);
    // Who only watches changes nothing.
    int watched = 0;
    const auto same = search::exact(
        model, {.top = 5, .limit = limit, .beam = 1, .observer = [&](const progress&) { ++watched; }});
    CHECK(watched > 20);
    for (std::size_t i = 0; i < same.size(); ++i) {
        CHECK(same[i].architecture == all[i].architecture);
    }
    for (const int calls : {1, 19, 20, watched}) { // in the first list, and in the search
        search::exact_report done;
        const auto found = partial_of<large_list>([&] {
            search::exact(model, {.top = 5, .limit = limit, .beam = 1, .observer = cancelled_at(calls)},
                          &done);
        });
        check_sorted(found, predicted);
        CHECK((found.size() == 5 || done.gap == std::numeric_limits<double>::infinity()));
        for (std::size_t i = 0; i < found.size(); ++i) {
            CHECK(found[i].macs <= 300'000'000);
            CHECK(found[i].predicted <= all[i].predicted);
            CHECK(found[i].predicted + done.gap >= all[i].predicted);
            CHECK(model.predict(found[i].architecture) == found[i].predicted);
        }
    }
    // Other exceptions pass as they are.
    CHECK_THROWS_AS(search::exact(model, {.limit = limit,
                                          .observer = [](const progress&) { throw shape_error("mine"); }}),
                    shape_error);
}

TEST_CASE("evolution: the best of the generations so far") {
    const separable_score<large> truth(1);
    const auto model = model_by<large>(truth);
    const search::evolution_options options{.population = 20, .generations = 9, .top = 6};
    search::evolution_options stopped = options;
    stopped.observer = cancelled_at(4);
    search::evolution_options shorter = options;
    shorter.generations = 4;
    const auto found = partial_of<large_list>([&] { search::evolution(model, stopped); });
    const auto expected = search::evolution(model, shorter);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i].architecture == expected[i].architecture);
        CHECK(found[i].predicted == expected[i].predicted);
    }
    // A scorer may throw it too.
    int calls = 0;
    const auto tired = [&](std::span<const architecture<large>> some) {
        if (++calls == 3) {
            throw interrupted("enough");
        }
        return model.predict(some);
    };
    CHECK(partial_of<large_list>([&] { search::evolution<large>(tired, options); }).size() == 6);
}

TEST_CASE("random: the best of the batches so far") {
    const auto model = model_by<large>(separable_score<large>(2));
    const auto found = partial_of<large_list>(
        [&] { search::random(model, {.samples = 500, .top = 7, .batch = 50, .observer = cancelled_at(2)}); });
    REQUIRE(found.size() == 7);
    check_sorted(found, predicted);
    const auto first =
        search::random(model, {.samples = 100, .top = 7}); // a sample begins with the smaller one
    for (std::size_t i = 0; i < 7; ++i) {
        CHECK(found[i].architecture == first[i].architecture);
    }
    std::vector<std::size_t> sizes;
    const auto counted = [&](std::span<const architecture<large>> some) {
        sizes.push_back(some.size());
        return model.predict(some);
    };
    search::random<large>(counted, {.samples = 100});
    search::random<large>(counted, {.samples = 100, .observer = [](const progress&) {}});
    CHECK(sizes == std::vector<std::size_t>{100, 64, 36});
}

TEST_CASE("iterative: the scores so far, the best of them, and the last predictor") {
    const separable_score<large> truth(4);
    const auto scorer = model_by<large>(truth);
    const auto fit_ridge = [](const auto& table) { return ridge(table); };
    using result = search::iterative_result<ridge<large>>;
    const auto found = partial_of<result>([&] {
        search::iterative<large>(scorer, fit_ridge,
                                 {.evaluations = 60, .rounds = 5, .observer = cancelled_at(3)});
    });
    CHECK(found.scores.size() == 30 + 6 + 6);
    CHECK(found.best.predicted == *std::max_element(found.scores.scores.begin(), found.scores.scores.end()));
    CHECK(std::isfinite(found.predictor->predict(found.best.architecture)));
    // Before anything is fitted there is nothing to give.
    const auto tired = [](std::span<const architecture<large>>) -> std::vector<double> {
        throw interrupted("at once");
    };
    CHECK_THROWS_AS(search::iterative<large>(tired, fit_ridge, {}), interrupted);
}

TEST_CASE("segment: the segments that are done, and the best whole architectures that were scored") {
    const separable_score<large> truth(5);
    std::set<architecture<large>> asked;
    const auto scorer = [&](std::span<const architecture<large>> some) {
        asked.insert(some.begin(), some.end());
        return model_by<large>(truth).predict(some);
    };
    using result = search::segment_result<large>;
    for (const int calls : {1, 2, 3, 4, 6, 15}) {
        asked.clear();
        const auto found = partial_of<result>([&] {
            search::segment<large, search::segments<4, 4, 4, 4, 3>>(
                scorer, [](const auto& table) { return ridge(table); },
                {.samples = 60,
                 .rescored = 12,
                 .limit = cost::macs_at_most(500'000'000),
                 .observer = cancelled_at(calls)});
        });
        CHECK(found.segments.size() == static_cast<std::size_t>(calls / 3));
        CHECK(found.best.size() == (calls == 1 ? 0U : 12U));
        check_sorted(found.best, score);
        for (const auto& c : found.best) {
            CHECK(asked.count(c.architecture) == 1);
            CHECK(c.score == truth(c.architecture));
            CHECK(c.macs <= 500'000'000);
        }
    }
}

TEST_CASE("pareto: the front of what was looked at") {
    const auto model = random_windows<large>(6);
    const auto whole = search::pareto(model);
    for (const int calls : {1, 7, 19}) {
        const auto found =
            partial_of<large_list>([&] { search::pareto(model, {.observer = cancelled_at(calls)}); });
        REQUIRE(!found.empty());
        for (std::size_t i = 0; i < found.size(); ++i) {
            CHECK(model.predict(found[i].architecture) == found[i].predicted);
            if (i > 0) {
                CHECK(found[i].macs > found[i - 1].macs);
                CHECK(found[i].predicted > found[i - 1].predicted);
            }
        }
        CHECK(found.back().predicted <= whole.back().predicted);
    }
    const auto small_model = model_by<small_space>([](const auto& a) { return noise_of<small_space>(a); });
    const auto found = partial_of<small_list>(
        [&] { search::pareto(small_model, {.batch = 20, .observer = cancelled_at(2)}); });
    REQUIRE(!found.empty());
    for (const auto& c : found) {
        CHECK(index_of<small_space>(c.architecture) < 40);
    }
}

TEST_CASE("sizes that cannot fit are refused, others do not overflow") {
    const auto model = random_windows<large>(8);
    CHECK_THROWS_WITH_AS(search::exact(model, {.top = 1'000'000'000'000}),
                         doctest::Contains("exact: a list of 1000000000000 and a beam of 4096: needs "),
                         option_error);
    CHECK_THROWS_WITH_AS(sample<large>(std::size_t{1} << 45U, seed{1}),
                         doctest::Contains("sample: 35184372088832 different networks: needs "),
                         option_error);
    CHECK_THROWS_WITH_AS(search::random(model, {.samples = std::size_t{1} << 45U}),
                         doctest::Contains("different networks: needs "), option_error);
    CHECK_THROWS_WITH_AS(
        (search::segment<large, search::segments<4, 4, 4, 4, 3>>(
            model_by<large>(separable_score<large>(1)), [](const auto& table) { return ridge(table); },
            {.samples = 10, .rescored = 6, .completions = SIZE_MAX})),
        doctest::Contains("needs "), option_error);
    CHECK_THROWS_WITH_AS(dense_table<large>(model, UINT64_MAX - 1), doctest::Contains("needs "),
                         option_error);
    const auto few = search::evolution(
        model, {.population = 10, .generations = 2, .top = SIZE_MAX, .draws = SIZE_MAX / 4});
    CHECK(few.size() == 20);
    const auto all = search::exhaustive(random_windows<small_space>(1), {.top = SIZE_MAX});
    CHECK(all.size() == different_networks<small_space>().size());
}
