#include <chrono>
#include <cmath>
#include <thread>

#include <doctest/doctest.h>

#include <fitnas/core/progress.hpp>

using namespace fitnas;

TEST_CASE("time left is what the pace so far makes of the rest") {
    CHECK(progress{.stage = "train", .done = 1, .total = 4, .seconds = 2}.seconds_left() == 6);
    CHECK(progress{.stage = "train", .done = 4, .total = 4, .seconds = 2}.seconds_left() == 0);
    CHECK(progress{.stage = "train", .done = 0, .total = 4, .seconds = 2}.seconds_left() ==
          0); // nothing is known
    CHECK(std::isnan(progress{}.loss));
    CHECK(std::isnan(progress{}.accuracy));
}

TEST_CASE("a stopwatch runs from when it is made") {
    const stopwatch watch;
    const double first = watch.seconds();
    CHECK(first >= 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    CHECK(watch.seconds() >= first + 0.002);
}
