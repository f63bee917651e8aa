#include <doctest/doctest.h>

#include <fitnas/search/exhaustive.hpp>
#include <fitnas/search/table.hpp>
#include <fitnas/space/codes.hpp>

#include "models.hpp"
#include "random_windows.hpp"

using namespace fitnas;

namespace {

template <class Model>
void compare(const Model& model) {
    using space = typename Model::space;
    const latency_table known = random_latencies<space>(5);
    const named_cost other = cost::latency(random_latencies<space>(6), "elsewhere");
    const search::table table(model, {known});
    CHECK(table.size() == different_networks<space>().size());
    for (const long long macs : {25'000, 28'000, 30'000, 33'000, 60'000}) {
        for (const cost::limit& extra :
             {cost::limit{}, cost::parameters_at_most(700), cost::latency_at_most(known, 3.5),
              other.at_most(3.5), cost::latency_at_most(known, 4) && other.at_most(4)}) {
            const cost::limit limit = cost::macs_at_most(macs) && extra;
            for (const std::size_t top : {1U, 4U, 500U}) {
                std::vector<search::candidate<space>> expected;
                try {
                    expected = search::exhaustive(model, {.top = top, .limit = limit});
                } catch (const limit_error&) {
                    CHECK_THROWS_AS(table.top(top, limit), limit_error);
                    continue;
                }
                const auto found = table.top(top, limit);
                REQUIRE(found.size() == expected.size());
                for (std::size_t i = 0; i < found.size(); ++i) {
                    CHECK(found[i].architecture == expected[i].architecture);
                    CHECK(found[i].predicted == expected[i].predicted);
                    CHECK(found[i].macs == expected[i].macs);
                    for (const search::cost_value& c : expected[i].costs) {
                        CHECK(found[i].cost(c.name) == c.value);
                    }
                    CHECK(found[i].costs.size() == expected[i].costs.size());
                }
                CHECK(table.best(limit).architecture == expected.front().architecture);
            }
        }
    }
}

} // namespace

TEST_CASE("a table answers what exhaustive search finds") {
    compare(model_by<small_space>(noise_of<small_space>));
    for (std::uint64_t number = 0; number < 4; ++number) {
        compare(random_windows<small_space>(number));
    }
}

TEST_CASE("a table of codes without costs") {
    using bare = codes<5, 4, 3>;
    const separable_score<bare> score(4);
    const search::table table(model_by<bare>(score));
    CHECK(table.size() == 60);
    CHECK(table.best().architecture == score.best());
    CHECK(table.top(100).size() == 60);
    CHECK_THROWS_AS(table.best(cost::macs_at_most(1)), option_error);
}

TEST_CASE("a table refuses what it cannot do") {
    const search::table table(model_by<small_space>(noise_of<small_space>));
    CHECK_THROWS_WITH_AS(table.top(0), "[F0728] table: top: expected at least 1, got 0", option_error);
    CHECK_THROWS_AS(table.best(cost::macs_at_most(10)), limit_error);
    CHECK_THROWS_AS(table.best(cost::latency_at_most(random_latencies<spaces::fashion_mini>(1), 3)),
                    shape_error);
    CHECK_THROWS_AS(search::table(model_by<small_space>(noise_of<small_space>), {latency_table()}),
                    shape_error);
}
