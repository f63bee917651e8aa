#include <map>
#include <set>

#include <doctest/doctest.h>

#include <fitnas/space/codes.hpp>
#include <fitnas/space/equal_code.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

using namespace fitnas;

TEST_CASE("random equal codes are the same network, and all of its codes come, about equally often") {
    using space = spaces::nas_bench_macro;
    std::map<architecture<space>, std::set<architecture<space>>> codes;
    for_each_architecture<space>([&](const architecture<space>& a) { codes[canonical<space>(a)].insert(a); });
    random_stream random(seed{3}, purpose::user);
    for (const auto& a : sample<space>(60, seed{4})) {
        std::map<architecture<space>, int> seen;
        constexpr int draws = 400;
        for (int i = 0; i < draws; ++i) {
            const auto b = random_equal_code<space>(a, random);
            REQUIRE(canonical<space>(b) == a);
            ++seen[b];
        }
        REQUIRE(seen.size() == codes[a].size());
        for (const auto& [code, count] : seen) {
            CHECK(count > draws / static_cast<int>(2 * seen.size()));
        }
    }
}

TEST_CASE("where nothing can move, the code stays") {
    using bare = codes<3, 2, 4>;
    random_stream random(seed{3}, purpose::user);
    CHECK(random_equal_code<bare>({2, 1, 3}, random) == architecture<bare>{2, 1, 3});
    CHECK_THROWS_AS(random_equal_code<bare>({3, 1, 3}, random), architecture_error);
    // Without an identity among the operators.
    const auto a = sample<spaces::mobile_19x6>(1, seed{1}).front();
    CHECK(random_equal_code<spaces::mobile_19x6>(a, random) == a);
}
