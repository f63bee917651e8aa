#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <set>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/rng.hpp>

using namespace fitnas;

// Random123 (D. E. Shaw Research), tests/kat_vectors, the lines "philox4x32 10".
static_assert(philox4x32({0, 0, 0, 0}, {0, 0}) ==
              std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
              std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});

TEST_CASE("philox gives its published vectors at run time too") {
    volatile std::uint32_t first = 0x243f6a88; // keeps the compiler from computing it
    CHECK(philox4x32({first, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
          std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
    first = 0;
    CHECK(philox4x32({first, 0, 0, 0}, {0, 0}) ==
          std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
}

TEST_CASE("a stream is a sequence of philox blocks under its seed") {
    random_stream random(seed{0x0123456789abcdef}, purpose::user);
    for (std::uint32_t block = 0; block < 3; ++block) {
        const auto expected = philox4x32({block, 0, 0, 0}, {0x89abcdef, 0x01234567});
        for (const std::uint32_t word : expected) {
            CHECK(random.bits() == word);
        }
    }
}

TEST_CASE("streams of different names differ, of one name are equal") {
    std::set<std::array<std::uint32_t, 4>> seen;
    std::size_t streams = 0;
    const auto draw = [&](seed s, purpose p, std::uint64_t step, std::uint64_t index) {
        random_stream random(s, p, step, index);
        random_stream again(s, p, step, index);
        std::array<std::uint32_t, 4> words{};
        for (std::uint32_t& w : words) {
            w = random.bits();
            CHECK(again.bits() == w);
        }
        seen.insert(words);
        ++streams;
    };
    const std::uint64_t last_step = (std::uint64_t{1} << 56U) - 1;
    for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32U}) {
        for (const purpose p : {purpose::user, purpose::initialise, purpose::shuffle, purpose::calibrate}) {
            for (const std::uint64_t step :
                 {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32U, last_step}) {
                for (const std::uint64_t index : {0ULL, 1ULL, 0xffffffffULL}) {
                    draw(seed{value}, p, step, index);
                }
            }
        }
    }
    CHECK(seen.size() == streams);
}

TEST_CASE("uniform numbers lie in [0, 1), with the moments of the uniform distribution") {
    random_stream random(seed{1}, purpose::user);
    constexpr int n = 200000;
    double sum = 0;
    double squares = 0;
    double lowest = 1;
    double highest = 0;
    for (int i = 0; i < n; ++i) {
        const double u = random.uniform();
        lowest = std::fmin(lowest, u);
        highest = std::fmax(highest, u);
        sum += u;
        squares += u * u;
    }
    CHECK(lowest >= 0);
    CHECK(lowest < 1e-4);
    CHECK(highest < 1);
    CHECK(highest > 1 - 1e-4);
    // Five standard errors.
    CHECK(std::abs(sum / n - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
    CHECK(std::abs(squares / n - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / n));
}

TEST_CASE("neighbouring streams are not correlated") {
    constexpr int n = 50000;
    double by_index = 0;
    double by_step = 0;
    double by_purpose = 0;
    double by_seed = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
        const auto first = [](seed s, purpose p, std::uint64_t step, std::uint64_t index) {
            return random_stream(s, p, step, index).uniform() - 0.5;
        };
        const double here = first(seed{i}, purpose::path, i, i);
        by_index += here * first(seed{i}, purpose::path, i, i + 1);
        by_step += here * first(seed{i}, purpose::path, i + 1, i);
        by_purpose += here * first(seed{i}, purpose::sample, i, i);
        by_seed += here * first(seed{i + 1}, purpose::path, i, i);
    }
    const double bound = 5 * std::sqrt(1.0 / n) / 12; // five standard errors of a mean of products
    CHECK(std::abs(by_index / n) < bound);
    CHECK(std::abs(by_step / n) < bound);
    CHECK(std::abs(by_purpose / n) < bound);
    CHECK(std::abs(by_seed / n) < bound);
}

TEST_CASE("below(n) is unbiased") {
    for (const std::uint32_t n : {1U, 2U, 3U, 6U, 7U, 10U, 64U}) {
        CAPTURE(n);
        random_stream random(seed{n}, purpose::user);
        std::vector<int> counts(n);
        const int draws = 20000 * static_cast<int>(n);
        for (int i = 0; i < draws; ++i) {
            const std::uint32_t drawn = random.below(n);
            REQUIRE(drawn < n);
            ++counts[drawn];
        }
        double chi2 = 0;
        for (const int count : counts) {
            chi2 += (count - 20000.0) * (count - 20000.0) / 20000.0;
        }
        // Mean n - 1, variance 2 (n - 1): the 1 - 1e-6 quantile lies below this (Laurent and Massart, 2000).
        const double t = 13.8;
        CHECK(chi2 <= n - 1 + 2 * std::sqrt((n - 1) * t) + 2 * t);
    }
}

TEST_CASE("below(n) rejects what would favour small numbers where n does not divide 2^32") {
    // Without rejection, floor(bits n / 2^32) of n = 3 * 2^30 gives multiples of 3 twice as often.
    random_stream random(seed{5}, purpose::user);
    constexpr std::uint32_t n = 3U << 30U;
    std::array<int, 3> counts{};
    for (int i = 0; i < 90000; ++i) {
        ++counts[random.below(n) % 3];
    }
    for (const int count : counts) {
        CHECK(std::abs(count - 30000) < 5 * std::sqrt(90000 * 2.0 / 9));
    }
}

TEST_CASE("normal numbers have the moments of the normal distribution") {
    random_stream random(seed{2}, purpose::user);
    constexpr int n = 200000;
    std::array<double, 5> moments{};
    int beyond_two = 0;
    for (int i = 0; i < n; ++i) {
        const double x = random.normal();
        REQUIRE(std::isfinite(x));
        for (int m = 1; m <= 4; ++m) {
            moments[static_cast<std::size_t>(m)] += std::pow(x, m) / n;
        }
        beyond_two += std::abs(x) > 2 ? 1 : 0;
    }
    CHECK(std::abs(moments[1]) < 5 * std::sqrt(1.0 / n));
    CHECK(std::abs(moments[2] - 1) < 5 * std::sqrt(2.0 / n));
    CHECK(std::abs(moments[3]) < 5 * std::sqrt(15.0 / n));
    CHECK(std::abs(moments[4] - 3) < 5 * std::sqrt(96.0 / n));
    const double tail = std::erfc(std::sqrt(2.0));
    CHECK(std::abs(beyond_two - n * tail) < 5 * std::sqrt(n * tail));
}

TEST_CASE("shuffle puts a permutation, each one equally often") {
    std::vector<int> items(1000);
    std::iota(items.begin(), items.end(), 0);
    random_stream(seed{3}, purpose::shuffle).shuffle(std::span<int>(items));
    CHECK(std::set<int>(items.begin(), items.end()).size() == 1000);
    int fixed = 0;
    for (int i = 0; i < 1000; ++i) {
        fixed += items[static_cast<std::size_t>(i)] == i ? 1 : 0;
    }
    CHECK(fixed < 10); // one on average

    std::array<int, 24> counts{};
    for (std::uint64_t i = 0; i < 24000; ++i) {
        std::array<int, 4> four{0, 1, 2, 3};
        random_stream(seed{4}, purpose::shuffle, i).shuffle(std::span<int>(four));
        // Number of the permutation (Lehmer code).
        int number = 0;
        for (std::size_t a = 0; a < 4; ++a) {
            int smaller = 0;
            for (std::size_t b = a + 1; b < 4; ++b) {
                smaller += four[b] < four[a] ? 1 : 0;
            }
            number = number * static_cast<int>(4 - a) + smaller;
        }
        ++counts[static_cast<std::size_t>(number)];
    }
    double chi2 = 0;
    for (const int count : counts) {
        chi2 += (count - 1000.0) * (count - 1000.0) / 1000.0;
    }
    CHECK(chi2 < 23 + 2 * std::sqrt(23 * 13.8) + 2 * 13.8);

    std::vector<int> none;
    random_stream(seed{3}, purpose::shuffle).shuffle(std::span<int>(none));
    CHECK(none.empty());
}
