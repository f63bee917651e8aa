#include <doctest/doctest.h>

#include <fitnas/search/enumerate.hpp>

#include "models.hpp"

using namespace fitnas;

TEST_CASE("every network comes once, in order, with its prediction") {
    using code = architecture<small_space>;
    for (const std::size_t batch : {1U, 10U, 1000U}) {
        std::vector<code> seen;
        const auto model = model_by<small_space>(noise_of<small_space>);
        const auto count =
            search::for_each_prediction(model, cost::macs_at_most(30'000), batch, "test",
                                        [&](std::span<const code> some, std::span<const double> values) {
                                            REQUIRE(some.size() == values.size());
                                            REQUIRE(some.size() <= batch);
                                            for (std::size_t i = 0; i < some.size(); ++i) {
                                                CHECK(values[i] == noise_of<small_space>(some[i]));
                                                seen.push_back(some[i]);
                                            }
                                        });
        std::vector<code> expected;
        for (const code& a : different_networks<small_space>()) {
            if (cost::macs<small_space>(a) <= 30'000) {
                expected.push_back(a);
            }
        }
        CHECK(seen == expected);
        CHECK(count == expected.size());
        CHECK(expected.size() < different_networks<small_space>().size());
    }
}
