#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/baseline.hpp>
#include <fitnas/search/budget.hpp>
#include <fitnas/search/exhaustive.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/spaces.hpp>

#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

using space = codes<4, 4, 4, 4, 4, 4>;
using code = architecture<space>;

// The truth is additive; the supernet thinks well of operator 1 wherever it stands, which is wrong.
template <class Space>
double truth_of(const architecture<Space>& a) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += a[i] * (1 + 0.1 * static_cast<double>(i));
    }
    return sum;
}
template <class Space>
double score_of(const architecture<Space>& a) {
    return truth_of<Space>(a) + 4.0 * static_cast<double>(std::count(a.begin(), a.end(), 1));
}

template <class Space, class Value>
struct counted {
    Value value;
    std::set<architecture<Space>>* asked;
    std::vector<std::size_t>* calls;
    std::vector<double> operator()(std::span<const architecture<Space>> some) const {
        calls->push_back(some.size());
        std::vector<double> values;
        for (const auto& a : some) {
            CHECK(asked->insert(a).second);
            values.push_back(value(a));
        }
        return values;
    }
};

struct asked_for {
    std::set<code> scores;
    std::set<code> truths;
    std::vector<std::size_t> score_calls;
    std::vector<std::size_t> truth_calls;

    auto score() {
        return search::priced{
            counted<space, double (*)(const code&)>{&score_of<space>, &scores, &score_calls}, 1};
    }
    auto truth() {
        return search::priced{
            counted<space, double (*)(const code&)>{&truth_of<space>, &truths, &truth_calls}, 20};
    }
};

// What a ridge on the truths says; on the scores while there are none.
constexpr auto fit_ridge = [](const auto& scores, const auto& truths) {
    return ridge(truths.size() == 0 ? scores : truths);
};

const search::budget_options options{.budget = 1000, .scores_share = 0.2, .rounds = 4, .seed = seed{3}};

} // namespace

TEST_CASE("a budget is spent on scores, then on truths in rounds, and ends at the best truth") {
    asked_for asked;
    const auto found = search::iterative<space>(asked.score(), asked.truth(), fit_ridge, options);
    // 200 scores of price 1 leave 800 for truths of price 20.
    CHECK(asked.score_calls == std::vector<std::size_t>{200});
    CHECK(asked.truth_calls == std::vector<std::size_t>{10, 10, 10, 10});
    CHECK(found.spent == 1000);
    CHECK(found.known.scores.size() == 200);
    CHECK(found.known.truths.size() == 40);
    CHECK(found.best.architecture == code{3, 3, 3, 3, 3, 3});
    CHECK(found.best.predicted == truth_of<space>(found.best.architecture));
    // The scores alone put 1 first wherever it stands.
    const auto misled = search::exhaustive(ridge(found.known.scores), {.top = 1});
    CHECK(misled.front().architecture == code{1, 1, 1, 1, 1, 1});
}

TEST_CASE("a search at two prices goes on from what is known, with the same questions") {
    asked_for whole;
    const auto all = search::iterative<space>(whole.score(), whole.truth(), fit_ridge, options);

    asked_for first;
    search::budget_options stopped = options;
    stopped.observer = [](const progress& p) {
        if (p.done >= 20) {
            throw interrupted("enough");
        }
    };
    std::optional<search::known_scores<space>> known;
    try {
        search::iterative<space>(first.score(), first.truth(), fit_ridge, stopped);
    } catch (const interrupted_with<search::budget_result<decltype(ridge(score_table<space>{}))>>& e) {
        known = e.partial().known;
        CHECK(e.partial().spent == 600);
    }
    REQUIRE(known);
    CHECK(known->truths.size() == 20);

    asked_for rest;
    const auto found = search::iterative<space>(rest.score(), rest.truth(), fit_ridge, options, *known);
    CHECK(rest.score_calls.empty());
    CHECK(rest.truth_calls == std::vector<std::size_t>{10, 10});
    CHECK(found.known.truths.architectures == all.known.truths.architectures);
    CHECK(found.known.truths.scores == all.known.truths.scores);
    CHECK(found.best.architecture == all.best.architecture);
}

TEST_CASE("what a search at two prices asks for keeps the limit, and a small space is used up") {
    using limited = spaces::fashion_tiny;
    constexpr long long most = 250'000;
    std::size_t calls = 0;
    const auto score = [&](std::span<const architecture<limited>> some) {
        ++calls;
        std::vector<double> values;
        for (const auto& a : some) {
            CHECK(cost::macs<limited>(a) <= most);
            values.push_back(truth_of<limited>(a));
        }
        return values;
    };
    const auto found = search::iterative<limited>(
        search::priced{score, 1}, search::priced{score, 10},
        {.budget = 400, .rounds = 2, .limit = cost::macs_at_most(most), .seed = seed{2}});
    CHECK(found.known.truths.size() == 30);
    CHECK(found.best.macs <= most);
    CHECK(found.predictor.has_value());

    using tiny = codes<3, 3>;
    std::vector<double> flat;
    const auto same = [](std::span<const architecture<tiny>> some) {
        return std::vector<double>(some.size(), 1);
    };
    const auto all = search::iterative<tiny>(search::priced{same, 1}, search::priced{same, 1}, fit_ridge,
                                             {.budget = 1000});
    CHECK(all.known.scores.size() == 9);
    CHECK(all.known.truths.size() == 9);
    CHECK_FALSE(all.predictor.has_value());
    CHECK(all.best.architecture == architecture<tiny>{0, 0});
}

TEST_CASE("a search at two prices refuses what it cannot spend") {
    const auto message = [](search::budget_options o, double score = 1, double truth = 20) {
        asked_for asked;
        auto a = asked.score();
        auto b = asked.truth();
        a.price = score;
        b.price = truth;
        return thrown<option_error>([&] { search::iterative<space>(a, b, fit_ridge, o); });
    };
    CHECK(message({.budget = 159, .scores_share = 0.5}) ==
          "[F0755] iterative: budget: expected at least 160, which pays 8 scores by scores_share of it and 4 "
          "truths by the rest, got 159");
    CHECK(message({.budget = 160, .scores_share = 0.5}) == "nothing was thrown");
    CHECK(message({.budget = 31, .scores_share = 0.25}, 1, 1).starts_with("[F0755]"));
    CHECK(message({.budget = 32, .scores_share = 0.25}, 1, 1) == "nothing was thrown");
    CHECK(message({}).starts_with("[F0755]"));
    CHECK(message({.budget = 100}, 0).starts_with("[F0750] iterative: price of a scorer"));
    CHECK(message({.budget = 100}, 1, -1).starts_with("[F0750]"));
    CHECK(message({.budget = 100, .scores_share = 1}).starts_with("[F0751]"));
    CHECK(message({.budget = 100, .uniform = 1.5}).starts_with("[F0752]"));
    CHECK(message({.budget = 100, .rounds = 0}).starts_with("[F0753]"));
    CHECK(message({.budget = 100, .most_scores = 7}).starts_with("[F0754]"));
}
