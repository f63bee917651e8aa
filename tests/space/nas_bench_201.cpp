// Cells of NAS-Bench-201 as the benchmark writes them.

#include <string>

#include <doctest/doctest.h>

#include <fitnas/space/nas_bench_201.hpp>
#include <fitnas/space/sample.hpp>

using namespace fitnas;
using space = spaces::nas_bench_201<>;

TEST_CASE("a cell of NAS-Bench-201 as the benchmark writes it, both ways") {
    // The example of the benchmark's own page, its digits in the order 0>1, 0>2, 1>2, 0>3, 1>3, 2>3.
    const char* text =
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|";
    CHECK(parse_nas_bench_201(text) == parse<space>("334131"));
    CHECK(nas_bench_201_text(parse<space>("334131")) == text);
    CHECK(nas_bench_201_text(parse<space>("000002")) ==
          "|none~0|+|none~0|none~1|+|none~0|none~1|nor_conv_1x1~2|");
    for (const auto& a : sample<space>(200, seed{1})) {
        CHECK(parse_nas_bench_201(nas_bench_201_text(a)) == a);
    }
}

TEST_CASE("what is no cell of NAS-Bench-201 is refused with the place") {
    for (const char* wrong : {"", "334131", "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|",
                              "|nor_conv_5x5~0|", "|none~0|+|none~1|none~0|+|none~0|none~1|none~2|",
                              "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|x"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(parse_nas_bench_201(wrong), architecture_error);
    }
    try {
        parse_nas_bench_201("|nor_conv_5x5~0|");
    } catch (const architecture_error& e) {
        CHECK(std::string(e.what()).find("at \"nor_conv_5x5~0|\"") != std::string::npos);
    }
}
