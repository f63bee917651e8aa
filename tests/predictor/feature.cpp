#include <array>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/feature/beside.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/feature/operators.hpp>
#include <fitnas/predictor/feature/stage_operator.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/spaces.hpp>

using namespace fitnas;

namespace {

template <class Feature, class Space>
std::vector<float> written(int cell, int operator_index) {
    std::vector<float> values(static_cast<std::size_t>(Feature::template width<Space>));
    Feature::template write<Space>(cell, operator_index, values.data());
    return values;
}

template <class Feature, class Space>
int place_of_one(int cell, int operator_index) {
    const std::vector<float> values = written<Feature, Space>(cell, operator_index);
    int place = -1;
    for (std::size_t i = 0; i < values.size(); ++i) {
        CHECK((values[i] == 0 || values[i] == 1));
        if (values[i] == 1) {
            CHECK(place == -1);
            place = static_cast<int>(i);
        }
    }
    return place;
}

} // namespace

TEST_CASE("stage_operator: cells of one output shape share their features") {
    using space = spaces::nas_bench_macro; // stages of 2, 3 and 3 cells, 3 operators
    using feature::stage_operator;
    static_assert(stage_operator::width<space> == 9);
    const std::array<int, 8> stage_of{0, 0, 1, 1, 1, 2, 2, 2};
    for (int cell = 0; cell < 8; ++cell) {
        for (int o = 0; o < 3; ++o) {
            CHECK(place_of_one<stage_operator, space>(cell, o) ==
                  3 * stage_of[static_cast<std::size_t>(cell)] + o);
        }
    }
    // Bare codes have no shapes.
    using bare = codes<3, 3, 4, 3>;
    static_assert(stage_operator::width<bare> == 10);
    CHECK(place_of_one<stage_operator, bare>(1, 2) == 2);
    CHECK(place_of_one<stage_operator, bare>(2, 0) == 3);
    CHECK(place_of_one<stage_operator, bare>(3, 2) == 9);
}

TEST_CASE("beside: one feature behind the other") {
    using bare = codes<2, 3>;
    using both = feature::beside<feature::cell_operator, feature::operators>;
    static_assert(both::width<bare> == 8);
    CHECK(written<both, bare>(0, 1) == std::vector<float>{0, 1, 0, 0, 0, 0, 1, 0});
    CHECK(written<both, bare>(1, 2) == std::vector<float>{0, 0, 0, 0, 1, 0, 0, 1});
}
