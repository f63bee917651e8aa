/// What every metric of two columns must refuse.
#ifndef FITNAS_TESTS_METRICS_REFUSALS_HPP
#define FITNAS_TESTS_METRICS_REFUSALS_HPP

#include <limits>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/error.hpp>

#include "../support/thrown.hpp"

template <class Metric>
void check_refusals(const std::string& name, Metric&& metric) {
    CAPTURE(name);
    const auto call = [&](const std::vector<double>& x, const std::vector<double>& y) {
        metric(std::span<const double>(x), std::span<const double>(y));
    };
    CHECK(thrown<fitnas::shape_error>([&] { call({}, {}); }) ==
          "[F0805] " + name + ": expected at least 2 pairs of values, got 0");
    CHECK(thrown<fitnas::shape_error>([&] { call({1}, {1}); }) ==
          "[F0805] " + name + ": expected at least 2 pairs of values, got 1");
    CHECK(thrown<fitnas::shape_error>([&] {
              call({1, 2, 3}, {1, 2});
          }) == "[F0804] " + name + ": expected two columns of one length, got 3 and 2 values");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(contains(thrown<fitnas::numeric_error>([&] { call({1, 2, nan}, {1, 2, 3}); }), "in row 2"));
    CHECK(contains(thrown<fitnas::numeric_error>([&] { call({1, 2, 3}, {1, -infinity, 3}); }), "in row 1"));
}

#endif
