// The progress lines of the examples, in a log.

#include "../../examples/console.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include <doctest/doctest.h>

namespace {

std::string text_of(std::FILE* file) {
    std::rewind(file);
    std::string text;
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
        text += static_cast<char>(c);
    }
    return text;
}

long long lines_of(std::FILE* file) {
    const std::string text = text_of(file);
    CHECK(text.find('\r') == std::string::npos);
    return std::count(text.begin(), text.end(), '\n');
}

} // namespace

TEST_CASE("in a log there is a line at least every 30 s, and none much more often") {
    for (const double pace : {0.01, 1.0, 9.9, 10.0, 15.5, 29.0}) { // seconds between two words of the work
        CAPTURE(pace);
        std::FILE* log = std::tmpfile();
        REQUIRE(log != nullptr);
        double now = 0;
        console::bar bar("work", log, [&] { return now; });
        double last = 0; // line
        for (long size = 0; now < 600; now += pace) {
            bar({.done = static_cast<long long>(now), .total = 10000, .seconds = now});
            if (std::ftell(log) > size) {
                size = std::ftell(log);
                last = now;
            }
            CHECK(now + pace - last <= 30);
        }
        CHECK(lines_of(log) <= 41);
        std::fclose(log);
    }
}

TEST_CASE("short work has a line at each quarter, and nothing after its end") {
    std::FILE* log = std::tmpfile();
    REQUIRE(log != nullptr);
    double now = 0;
    console::bar bar("work", log, [&] { return now; });
    for (int done = 0; done <= 100; ++done, now += 0.01) {
        bar({.done = done, .total = 100, .seconds = now});
    }
    bar({.done = 100, .total = 100, .seconds = 20});
    CHECK(lines_of(log) == 5);
    CHECK(text_of(log).find("100 %  in 1 s") != std::string::npos);
    std::fclose(log);
}
