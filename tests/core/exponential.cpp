#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <fitnas/core/exponential.hpp>

using fitnas::detail::exponential;

TEST_CASE("e^x is close everywhere, bounded at the ends, and keeps what is not a number") {
    double worst = 0;
    for (float x = -86.9F; x < 87.9F; x += 0.0137F) {
        const double exact = std::exp(static_cast<double>(x));
        worst = (std::max)(worst, std::abs(static_cast<double>(exponential(x)) - exact) / exact);
    }
    CHECK(worst < 1e-6);
    CHECK(exponential(0) == 1);
    CHECK(exponential(-1000) == exponential(-87));
    CHECK(exponential(std::numeric_limits<float>::infinity()) == exponential(88));
    CHECK(std::isfinite(exponential(88)));
    CHECK(std::isnan(exponential(std::numeric_limits<float>::quiet_NaN())));
}
