#include <algorithm>
#include <clocale>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <fitnas/core/error.hpp>
#include <fitnas/core/memory_limit.hpp>
#include <fitnas/core/number_text.hpp>
#include <fitnas/core/rng.hpp>

#include "../support/test_locale.hpp"

using namespace fitnas;
using detail::fixed_point_text;
using detail::general_text;
using detail::number_text;
using detail::read_number;

namespace {

// As printf writes it, but for the decimal comma.
std::string printed(const char* format, int digits, double value) {
    char text[400];
    std::snprintf(text, sizeof text, format, digits, value);
    std::string result = text;
    std::replace(result.begin(), result.end(), *std::localeconv()->decimal_point, '.');
    return result;
}

void check_texts() {
    CHECK(fixed_point_text(0.97, 3) == "0.970");
    CHECK(fixed_point_text(1234567.5, 1) == "1234567.5");
    CHECK(fixed_point_text(-0.0004, 3) == "-0.000");
    CHECK(fixed_point_text(2.5, 0) == "2");
    CHECK(fixed_point_text(-std::numeric_limits<double>::max(), 0).size() == 310);
    CHECK(general_text(0.1, 17) == "0.10000000000000001");
    CHECK(general_text(1234567, 4) == "1.235e+06");
    CHECK(number_text(0.5) == "0.5");
    CHECK(number_text(1234567.0) == "1234567");
    CHECK(number_text(1.0 / 3) == "0.333333");
    CHECK(number_text(0.25F) == "0.25");
    CHECK(number_text(std::numeric_limits<double>::infinity()) == "inf");
    CHECK(number_text(std::numeric_limits<double>::quiet_NaN()) == "nan");
    CHECK(exact_text(1234.5) == "1234.5");
    CHECK(to_string(memory_size(1500000)) == "1500000 bytes (1.4 MiB)");

    CHECK(read_number<double>("0.5") == 0.5);
    CHECK(read_number<double>("+.5e1") == 5);
    CHECK(read_number<double>("-2") == -2);
    CHECK(read_number<double>("1e-5") == 1e-5);
    CHECK(std::isnan(read_number<double>("nan").value()));
    CHECK(read_number<long long>("+12") == 12);
    for (const char* none : {"", "+", "-", "+-1", "-+1", "++1", "0,5", "1.234,5", "1 ", " 1", "0x10", "1e999",
                             "1e-999", "half", "1.5.5"}) {
        CAPTURE(std::string(none));
        CHECK_FALSE(read_number<double>(none));
    }
    CHECK_FALSE(read_number<long long>("1.0"));
    CHECK_FALSE(read_number<long long>("9223372036854775808"));
    CHECK_FALSE(read_number<std::uint64_t>("-1"));
    CHECK_FALSE(read_number<double>(std::string("1\0", 2)));
}

} // namespace

TEST_CASE("numbers are written and read the same in every locale") {
    check_texts();
    const german_program now;
    check_texts();
}

TEST_CASE("texts of numbers are those of printf in the C locale") {
    random_stream random(seed{3}, purpose::user);
    for (int i = 0; i < 3000; ++i) {
        const std::uint64_t bits = std::uint64_t{random.bits()} << 32U | random.bits();
        double value = 0;
        std::memcpy(&value, &bits, sizeof value);
        if (!std::isfinite(value)) {
            continue;
        }
        CHECK(fixed_point_text(value, i % 8) == printed("%.*f", i % 8, value));
        CHECK(general_text(value, 1 + i % 17) == printed("%.*g", 1 + i % 17, value));
        CHECK(fixed_point_text(random.normal(), 3).size() < 8);
    }
}
