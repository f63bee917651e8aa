#include <doctest/doctest.h>

#include <fitnas/space/architecture.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/spaces.hpp>

#include "spaces_for_tests.hpp"

using namespace fitnas;

TEST_CASE("codes are read and written") {
    CHECK(parse<mixed_space>("2013") == architecture<mixed_space>{2, 0, 1, 3});
    CHECK(to_string<mixed_space>({2, 0, 1, 3}) == "2013");
    using large = codes<36, 11>;
    CHECK(parse<large>("za") == architecture<large>{35, 10});
    CHECK(to_string<large>({35, 10}) == "za");
    CHECK(to_string<large>({9, 9}) == "99");
    CHECK(to_string<large>({10, 0}) == "a0");
    for_each_architecture<mixed_space>([](const architecture<mixed_space>& a) {
        CHECK(parse<mixed_space>(to_string<mixed_space>(a)) == a);
    });
}

TEST_CASE("codes that the space does not have are refused by name") {
    CHECK_THROWS_WITH_AS(parse<spaces::nas_bench_macro>("0212"),
                         "[F0301] architecture code \"0212\": expected 8 characters, one a cell, got 4",
                         architecture_error);
    CHECK_THROWS_WITH_AS(parse<spaces::nas_bench_macro>(""),
                         "[F0301] architecture code \"\": expected 8 characters, one a cell, got 0",
                         architecture_error);
    CHECK_THROWS_WITH_AS(parse<spaces::nas_bench_macro>("002220123"),
                         "[F0301] architecture code \"002220123\": expected 8 characters, one a cell, got 9",
                         architecture_error);
    CHECK_THROWS_WITH_AS(parse<spaces::nas_bench_macro>("00222013"),
                         "[F0302] architecture code \"00222013\": cell 7 has the operators 0 to 2, got '3'",
                         architecture_error);
    CHECK_THROWS_WITH_AS(parse<mixed_space>("2020"),
                         "[F0302] architecture code \"2020\": cell 2 has the operators 0 to 1, got '2'",
                         architecture_error);
    for (const char* bad : {"A000", "-000", " 000",
                            "\xff"
                            "000",
                            ":000"}) {
        CHECK_THROWS_AS(parse<mixed_space>(bad), architecture_error);
    }
    CHECK_THROWS_WITH_AS(require_valid<mixed_space>({0, 0, 0, 4}),
                         "[F0303] architecture: cell 3 has the operators 0 to 3, got 4", architecture_error);
    CHECK_NOTHROW(require_valid<mixed_space>({2, 2, 1, 3}));
}

TEST_CASE("the order of the codes: the last cell changes fastest") {
    static_assert(index_of<mixed_space>({0, 0, 0, 1}) == 1);
    static_assert(index_of<mixed_space>({0, 0, 1, 0}) == 4);
    static_assert(index_of<mixed_space>({0, 1, 0, 0}) == 8);
    static_assert(index_of<mixed_space>({1, 0, 0, 0}) == 24);
    static_assert(architecture_at<mixed_space>(71) == architecture<mixed_space>{2, 2, 1, 3});
    std::uint64_t index = 0;
    architecture<mixed_space> before{};
    for_each_architecture<mixed_space>([&](const architecture<mixed_space>& a) {
        CHECK(index_of<mixed_space>(a) == index);
        CHECK(architecture_at<mixed_space>(index) == a);
        CHECK((index == 0 || before < a));
        before = a;
        ++index;
    });
    CHECK(index == mixed_space::size);
    CHECK_THROWS_WITH_AS(architecture_at<mixed_space>(72),
                         "[F0304] architecture_at: the space has 72 architectures, asked for number 72",
                         architecture_error);
}

TEST_CASE("the order reaches across a space of 6^19 codes") {
    using space = spaces::mobile_19x6;
    constexpr std::uint64_t step = 987'654'321'987;
    for (std::uint64_t i = 0; i < space::size - step; i += step) {
        REQUIRE(index_of<space>(architecture_at<space>(i)) == i);
    }
    CHECK(to_string<space>(architecture_at<space>(space::size - 1)) == std::string(19, '5'));
}
