#include <set>

#include <doctest/doctest.h>

#include <fitnas/search/random.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/spaces.hpp>

#include "models.hpp"

using namespace fitnas;

TEST_CASE("a sample under limits") {
    using space = spaces::mobile_19x6;
    const cost::limit limit = cost::macs_at_most(380'000'000) && cost::parameters_at_most(4'200'000);
    const auto some = search::sample_under<space>(limit, 300, seed{4});
    CHECK(some.size() == 300);
    CHECK(std::set(some.begin(), some.end()).size() == 300);
    for (const auto& a : some) {
        CHECK(limit.meets<space>(a));
    }
    CHECK(search::sample_under<space>(limit, 300, seed{4}) == some);
    CHECK(search::sample_under<space>(limit, 300, seed{5}) != some);
    // Without limits it is the sample of the space.
    CHECK(search::sample_under<space>({}, 300, seed{4}) == sample<space>(300, seed{4}));
}

TEST_CASE("a small space gives all that keep the limits") {
    const cost::limit limit = cost::macs_at_most(30'000);
    std::vector<architecture<small_space>> expected;
    for (const auto& a : different_networks<small_space>()) {
        if (limit.meets<small_space>(a)) {
            expected.push_back(a);
        }
    }
    auto all = search::sample_under<small_space>(limit, 1000, seed{4});
    CHECK(all != expected); // the order is random
    std::sort(all.begin(), all.end());
    CHECK(all == expected);
}

TEST_CASE("random search returns the best of its sample") {
    using space = spaces::nas_bench_macro;
    const auto model = model_by<space>(noise_of<space>);
    std::size_t calls = 0;
    std::vector<architecture<space>> scored;
    const auto score = [&](std::span<const architecture<space>> some) {
        ++calls;
        scored.assign(some.begin(), some.end());
        return model.predict(some);
    };
    const auto found = search::random<space>(score, {.samples = 200, .top = 7, .seed = seed{2}});
    CHECK(calls == 1);
    CHECK(scored == search::sample_under<space>({}, 200, seed{2}));
    std::sort(scored.begin(), scored.end(), [](const auto& a, const auto& b) {
        return noise_of<space>(a) != noise_of<space>(b) ? noise_of<space>(a) > noise_of<space>(b) : a < b;
    });
    REQUIRE(found.size() == 7);
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i].architecture == scored[i]);
        CHECK(found[i].predicted == noise_of<space>(scored[i]));
    }
    const auto predicted = search::random(model, {.samples = 200, .top = 7, .seed = seed{2}});
    REQUIRE(predicted.size() == 7);
    CHECK(predicted.back().architecture == found.back().architecture);
}

TEST_CASE("random search refuses what it cannot do") {
    const auto model = model_by<small_space>(noise_of<small_space>);
    CHECK_THROWS_WITH_AS(search::random(model, {.samples = 0}),
                         "[F0716] random: samples: expected at least 1, got 0", option_error);
    CHECK_THROWS_WITH_AS(search::random(model, {.top = 0}), "[F0701] random: top: expected at least 1, got 0",
                         option_error);
    CHECK_THROWS_AS(search::random(model, {.limit = cost::macs_at_most(100)}), limit_error);
    // Possible, but too rare for the draws of a large space.
    using space = spaces::mobile_19x6;
    const auto flat = model_by<space>([](const auto&) { return 1.0; });
    CHECK_THROWS_WITH_AS(
        search::random(flat, {.samples = 5, .limit = cost::macs_at_most(250'000'000), .draws = 20}),
        "[F0314] random: of 100 random codes, where 5 different networks were asked for, only 0 meets macs "
        "<= "
        "250000000; the least is 247129856",
        limit_error);
}

TEST_CASE("limits that are possible one by one but not together are named") {
    const auto never = few_macs_but_slow();
    const auto model = model_by<spaces::nas_bench_macro>([](const auto&) { return 1.0; });
    CHECK_THROWS_WITH_AS(search::random(model, {.limit = never}),
                         doctest::Contains("random: no architecture of the space meets macs <= 7713280"),
                         limit_error);
}
