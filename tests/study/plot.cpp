#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/study/plot.hpp>

#include "../support/test_locale.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

std::string plot(const std::vector<double>& x, const std::vector<double>& y) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < x.size(); ++i) {
        names.push_back("code " + std::to_string(i));
    }
    return study::scatter_svg(x, y, names, {"title", "across", "up"});
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) {
        ++n;
    }
    return n;
}

} // namespace

TEST_CASE("a scatter plot has its points in their places, with names, and ticks at round numbers") {
    const std::string svg = plot({0, 0.5, 1}, {10, 30, 20});
    CHECK(count(svg, "<circle") == 3);
    // From 70 to 445 across; from 340 up to 40, where the axis ends at 10 and 30.
    CHECK(contains(
        svg, "cx=\"70.0\" cy=\"340.0\" r=\"3.5\" fill=\"#26b\" fill-opacity=\"0.6\"><title>code 0</title>"));
    CHECK(contains(svg, "cx=\"257.5\" cy=\"40.0\""));
    CHECK(contains(svg, "cx=\"445.0\" cy=\"190.0\""));
    for (const char* tick : {">0.0<", ">0.2<", ">0.8<", ">1.0<", ">10<", ">15<", ">30<"}) {
        CHECK(contains(svg, tick));
    }
    CHECK_FALSE(contains(svg, ">12<"));
    for (const char* words : {">title</text>", ">across</text>", ">up</text>"}) {
        CHECK(contains(svg, words));
    }
    CHECK(svg.ends_with("</svg>\n"));
}

TEST_CASE("every point is inside of the axes, which have 3 to 11 ticks, whatever the values are") {
    for (const double middle : {0.0, 1.0, -2.3, 1e-12, 4.5e9, -7e250, 1e-250}) {
        for (const double width : {0.0, 1e-3, 0.19, 0.2, 0.49, 0.5, 0.99, 1.0, 1e-9}) {
            const double size = middle == 0 ? 1 : std::abs(middle);
            const std::vector<double> values{middle - width * size, middle, middle + width * size};
            const study::detail::plot_axis axis = study::detail::axis_of(values);
            CAPTURE(middle);
            CAPTURE(width);
            const double slack = 1e-6 * axis.step;
            CHECK(axis.low <= values.front() + slack);
            CHECK(axis.high >= values.back() - slack);
            CHECK(axis.high > axis.low);
            CHECK(axis.steps <= 11);
            CHECK(axis.digits <= 40);
            CHECK_FALSE(contains(plot(values, values), "nan"));
        }
    }
}

TEST_CASE("text of a plot is escaped, and the same in a program with a decimal comma") {
    const std::vector<double> one{0.25};
    const std::vector<std::string> name{"<a & \"b\">"};
    const auto svg = [&] { return study::scatter_svg(one, one, name, {"<t>", "&x", "\"y\""}); };
    CHECK(contains(svg(), "<title>&lt;a &amp; &quot;b&quot;&gt;</title>"));
    CHECK(contains(svg(), ">&lt;t&gt;</text>"));
    CHECK(contains(svg(), ">&amp;x</text>"));
    CHECK(contains(svg(), ">&quot;y&quot;</text>"));
    const std::string here = svg();
    const german_program now;
    CHECK(svg() == here);
}

TEST_CASE("a plot of nothing, of columns that differ in length, or of what is no number is refused") {
    const std::vector<double> two{1, 2};
    const std::vector<std::string> names{"a", "b"};
    const auto said = [&](std::vector<double> x, const std::vector<std::string>& n) {
        return thrown<error>([&] { study::scatter_svg(x, two, n, {}); });
    };
    CHECK(contains(thrown<shape_error>([] { study::scatter_svg({}, {}, {}, {}); }), "got 0, 0 and 0"));
    CHECK(
        contains(said({1}, names), "x, y and names: expected as many of each, at least one, got 1, 2 and 2"));
    CHECK(contains(said({1, 2}, {"a"}), "got 2, 2 and 1"));
    CHECK(contains(said({1, std::numeric_limits<double>::quiet_NaN()}, names),
                   "point 1 (b): expected numbers"));
    CHECK(contains(said({std::numeric_limits<double>::infinity(), 1}, names), "point 0 (a)"));
}
