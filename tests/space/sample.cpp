#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "spaces_for_tests.hpp"

using namespace fitnas;

namespace {

/// Pearson's statistic against equal chances.
double chi_square(const std::vector<double>& counts) {
    double total = 0;
    for (const double c : counts) {
        total += c;
    }
    const double expected = total / static_cast<double>(counts.size());
    double sum = 0;
    for (const double c : counts) {
        sum += (c - expected) * (c - expected) / expected;
    }
    return sum;
}

} // namespace

TEST_CASE("samples are different networks in canonical form") {
    using space = spaces::nas_bench_macro;
    const auto some = sample<space>(2000, seed{3});
    CHECK(std::set(some.begin(), some.end()).size() == 2000);
    for (const auto& a : some) {
        REQUIRE(canonical<space>(a) == a);
    }
}

TEST_CASE("a larger sample begins with the smaller, another seed is another sample") {
    using space = spaces::mobile_19x6;
    const auto large = sample<space>(300, seed{5});
    const auto small = sample<space>(100, seed{5});
    CHECK(std::equal(small.begin(), small.end(), large.begin()));
    CHECK(sample<space>(100, seed{6}) != small);
    CHECK(sample<space>(0, seed{5}).empty());
}

TEST_CASE("every code of a space with unequal cells is equally likely") {
    random_stream random(seed{11}, purpose::sample);
    std::vector<double> counts(mixed_space::size);
    for (int i = 0; i < 72 * 200; ++i) {
        const auto a = sample_one<mixed_space>(random);
        require_valid<mixed_space>(a);
        counts[index_of<mixed_space>(a)] += 1;
    }
    // 71 degrees of freedom: mean 71, standard deviation 11.9; above 120.6 with a chance of 0.0002.
    const double statistic = chi_square(counts);
    CHECK(statistic < 120.6);
    CHECK(statistic > 30); // not evener than chance either
}

TEST_CASE("operators and neighbouring pairs of a large space are equally likely") {
    using space = spaces::mobile_19x6;
    const auto some = sample<space>(7200, seed{12});
    for (std::size_t cell = 0; cell < 19; ++cell) {
        std::vector<double> single(6);
        std::vector<double> pairs(36);
        for (const auto& a : some) {
            single[a[cell]] += 1;
            pairs[a[cell] * 6U + a[(cell + 1) % 19]] += 1;
        }
        CHECK(chi_square(single) < 25.7); // 5 degrees of freedom, chance 0.0001
        CHECK(chi_square(pairs) < 76.4);  // 35 degrees of freedom, chance 0.0001
    }
}

TEST_CASE("a whole space can be sampled, and no more than that") {
    auto all = sample<mixed_space>(54, seed{1});
    std::sort(all.begin(), all.end());
    CHECK(all == different_networks<mixed_space>());
    CHECK_THROWS_WITH_AS(sample<mixed_space>(55, seed{1}),
                         "[F0320] sample: asked for 55 different networks, the space has 54", option_error);
    CHECK_THROWS_WITH_AS(sample<spaces::nas_bench_macro>(3970, seed{1}),
                         "[F0320] sample: asked for 3970 different networks, the space has 3969",
                         option_error);
}
