#include <doctest/doctest.h>

#include <fitnas/space/cost.hpp>
#include <fitnas/space/spaces.hpp>

#include "nas_bench_macro.hpp"
#include "spaces_for_tests.hpp"

using namespace fitnas;

TEST_CASE("costs equal the published columns of all rows of NAS-Bench-Macro") {
    using space = spaces::nas_bench_macro;
    const std::vector<macro_row> rows = nas_bench_macro_rows();
    if (rows.empty()) {
        MESSAGE("skipped: FITNAS_DATA_DIR has no nas_bench_macro_cifar10.csv");
        return;
    }
    CHECK(rows.size() == space::size);
    std::size_t wrong = 0;
    for (const macro_row& row : rows) {
        const auto a = parse<space>(row.code);
        wrong += cost::macs<space>(a) != row.macs || cost::parameters<space>(a) != row.parameters;
    }
    CHECK(wrong == 0);
}

TEST_CASE("costs are constexpr, and those of two published rows") {
    using space = spaces::nas_bench_macro;
    static_assert(cost::macs<space>({0, 0, 0, 0, 0, 0, 0, 0}) == 7'713'280);
    static_assert(cost::parameters<space>({0, 0, 0, 0, 0, 0, 0, 0}) == 387'882);
    static_assert(cost::macs<space>({0, 0, 0, 0, 0, 0, 0, 2}) == 20'910'592);
    static_assert(cost::parameters<space>({0, 0, 0, 0, 0, 0, 0, 2}) == 1'219'370);
}

TEST_CASE("costs of a space with unequal cells, by hand") {
    // stem 12x12x4, then 6x6x6, 6x6x6, fixed 6x6x6, 3x3x8, 3x3x8, head.
    constexpr long long rest_parameters = (2 * 4 * 9 + 8) + (36 + 12) + (8 * 16 + 32 + 17 * 3);
    constexpr long long rest_macs = 144 * 72 + 36 * 36 + 9 * 8 * 16 + 16 * 3;
    // identity with stride, identity, separable, identity
    static_assert(cost::parameters<mixed_space>({0, 0, 0, 0}) ==
                  rest_parameters + (24 + 12) + 0 + (54 + 12 + 48 + 16) + 0);
    static_assert(cost::macs<mixed_space>({0, 0, 0, 0}) == rest_macs + 36 * 24 + 0 + 9 * (54 + 48) + 0);
    // mbconv<3, 2> with stride, conv<3>, max pool and 1x1, average pool
    static_assert(cost::parameters<mixed_space>({1, 2, 1, 3}) ==
                  rest_parameters + (32 + 16 + 72 + 16 + 48 + 12) + (324 + 12) + (48 + 16) + 0);
    static_assert(cost::macs<mixed_space>({1, 2, 1, 3}) ==
                  rest_macs + (144 * 32 + 36 * 72 + 36 * 48) + 36 * 324 + 9 * 48 + 0);
    CHECK_THROWS_WITH_AS(cost::macs<mixed_space>({0, 3, 0, 0}),
                         "[F0303] architecture: cell 1 has the operators 0 to 2, got 3", architecture_error);
}

TEST_CASE("a cost of one's own adds up over the layers") {
    using space = mixed_space;
    const auto layers = cost::sum<space>({0, 0, 0, 0}, [](const space_block&) { return 1; });
    CHECK(layers == space::layers);
    const auto steps = cost::sum<space>({0, 0, 0, 0}, [](const space_block& b) { return b.steps.size(); });
    CHECK(steps == 3 + 2 + 0 + 3 + 5 + 0 + 5);
}
