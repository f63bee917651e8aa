#include <limits>

#include <doctest/doctest.h>

#include <fitnas/search/exhaustive.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/spaces.hpp>

#include "models.hpp"

using namespace fitnas;

namespace {

using code = architecture<small_space>;
const auto noise = model_by<small_space>(noise_of<small_space>);

/// All that keep the limit, best first, ties in the order of the codes.
std::vector<code> ranked(const cost::limit& limit) {
    std::vector<code> all;
    for_each_architecture<small_space>([&](const code& a) {
        if (canonical<small_space>(a) == a && limit.meets<small_space>(a)) {
            all.push_back(a);
        }
    });
    std::stable_sort(all.begin(), all.end(), [](const code& a, const code& b) {
        return noise_of<small_space>(a) > noise_of<small_space>(b);
    });
    return all;
}

} // namespace

TEST_CASE("exhaustive search is what looking at everything finds") {
    const latency_table table = random_latencies<small_space>(5);
    for (const cost::limit& limit :
         {cost::limit{}, cost::macs_at_most(30'000), cost::parameters_at_most(600),
          cost::macs_at_most(33'000) && cost::parameters_at_most(800) && cost::latency_at_most(table, 4.0)}) {
        const std::vector<code> expected = ranked(limit);
        REQUIRE(expected.size() > 5);
        CHECK((limit.empty() || expected.size() < ranked({}).size()));
        for (const std::size_t batch : {1U, 7U, 108U, 16384U}) {
            for (const std::size_t top : {std::size_t{1}, std::size_t{5}, expected.size() + 100}) {
                const auto found = search::exhaustive(noise, {.top = top, .limit = limit, .batch = batch});
                REQUIRE(found.size() == (std::min)(top, expected.size()));
                for (std::size_t i = 0; i < found.size(); ++i) {
                    CHECK(found[i].architecture == expected[i]);
                    CHECK(found[i].predicted == noise_of<small_space>(expected[i]));
                    CHECK(found[i].macs == cost::macs<small_space>(expected[i]));
                    CHECK(found[i].parameters == cost::parameters<small_space>(expected[i]));
                    if (limit.bounds.size() < 3) {
                        CHECK(found[i].costs.empty());
                    } else {
                        CHECK(found[i].cost("latency") == table.milliseconds<small_space>(expected[i]));
                    }
                    CHECK(std::isnan(found[i].score));
                }
            }
        }
    }
}

TEST_CASE("equal networks are found once") {
    CHECK(search::exhaustive(noise, {.top = 1000}).size() == different_networks<small_space>().size());
    CHECK(different_networks<small_space>().size() == (1 + 2 + 4 + 8) * 4);
}

TEST_CASE("codes without costs are searched too") {
    using bare = codes<5, 4, 3>;
    const separable_score<bare> score(4);
    const auto found = search::exhaustive(model_by<bare>(score), {.top = 100});
    CHECK(found.size() == 60);
    CHECK(found.front().architecture == score.best());
    CHECK(found.front().macs == 0);
    CHECK_THROWS_AS(search::exhaustive(model_by<bare>(score), {.limit = cost::macs_at_most(1)}),
                    option_error);
}

TEST_CASE("exhaustive search refuses what it cannot do") {
    CHECK_THROWS_WITH_AS(search::exhaustive(noise, {.top = 0}),
                         "[F0701] exhaustive: top: expected at least 1, got 0", option_error);
    CHECK_THROWS_WITH_AS(search::exhaustive(noise, {.batch = 0}),
                         "[F0705] exhaustive: batch: expected at least 1, got 0", option_error);
    CHECK_THROWS_AS(search::exhaustive(noise, {.limit = cost::macs_at_most(10)}), limit_error);
    CHECK_THROWS_AS(search::exhaustive(model_by<spaces::mobile_19x6>([](const auto&) { return 0.0; })),
                    option_error);

    const auto lost = model_by<small_space>(
        [](const code& a) { return a[4] == 1 ? std::numeric_limits<double>::quiet_NaN() : 0.0; });
    CHECK_THROWS_AS(search::exhaustive(lost), numeric_error);
    struct short_model {
        using space = small_space;
        std::vector<double> predict(std::span<const code>) const { return {1.0}; }
    };
    CHECK_THROWS_WITH_AS(search::exhaustive(short_model{}),
                         "[F0702] exhaustive: the model gave 1 values for 60 architectures", shape_error);
}

TEST_CASE("limits that are possible one by one but not together are named") {
    // The cheapest by macs has more than the fewest parameters, or the two limits would not conflict.
    std::vector<code> all = different_networks<small_space>();
    const auto macs = [](const code& a, const code& b) {
        return cost::macs<small_space>(a) < cost::macs<small_space>(b);
    };
    const long long fewest = cost::macs<small_space>(*std::min_element(all.begin(), all.end(), macs));
    double quickest = std::numeric_limits<double>::infinity();
    std::vector<double> milliseconds(small_space::layout().blocks.size(), 0.0);
    milliseconds[1] = 5; // the identity of the first cell is cheap in macs, but slow
    const latency_table table(small_space::layout(), milliseconds);
    for (const code& a : all) {
        quickest = (std::min)(quickest, table.milliseconds<small_space>(a));
    }
    CHECK(quickest == 0);
    CHECK_THROWS_WITH_AS(
        search::exhaustive(noise, {.limit = cost::macs_at_most(fewest) && cost::latency_at_most(table, 1)}),
        ("[F0314] exhaustive: no architecture of the space meets macs <= " + std::to_string(fewest) +
         " and latency <= 1 ms; the least of each: macs " + std::to_string(fewest) + ", latency 0 ms")
            .c_str(),
        limit_error);
}
