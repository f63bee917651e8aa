#include <string>

#include <doctest/doctest.h>

#include <fitnas/space/spaces.hpp>
#include <fitnas/study/chain.hpp>
#include <fitnas/study/graph.hpp>
#include <fitnas/study/page.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

study::page small_page() {
    study::page page("A & B");
    page.section("<heading>");
    page.table({.header = {"name", "value"}, .rows = {{"a<b", "-0.5"}}});
    page.data("d", {.header = {"arch", "x", "y"}, .rows = {{"01", "1", "2"}}});
    page.chart({{"title", "</script> & more"},
                {"data", "d"},
                {"x", {{"title", "x"}}},
                {"y", {{"title", "y"}}},
                {"series", json::array({{{"label", "s"}, {"x", "x"}, {"y", "y"}}})}});
    return page;
}

} // namespace

TEST_CASE("a page holds tables, data and the library; text is escaped") {
    const temporary_folder folder;
    const std::string library = folder.write("chart.js", "const Chart = 1;");
    CHECK(small_page().write(folder.path(), "p.html", library));
    const std::string html = folder.read("p.html");
    CHECK(contains(html, "<title>A &amp; B</title>"));
    CHECK(contains(html, "&lt;heading&gt;"));
    CHECK(contains(html, "<td class=n>-0.5</td>"));
    CHECK(contains(html, "<td>a&lt;b</td>"));
    CHECK(contains(html, "const Chart = 1;"));
    CHECK(contains(html, "arch,x,y\n01,1,2\n"));
    CHECK(contains(html, "<\\/script> & more"));
    CHECK_FALSE(contains(html, "class=missing"));
    CHECK_FALSE(contains(html, "src="));
    CHECK(folder.read("charts/d.csv") == "arch,x,y\n01,1,2\n");
}

TEST_CASE("without Chart.js the page keeps its tables and says what is missing") {
    const temporary_folder folder;
    CHECK_FALSE(small_page().write(folder.path(), "p.html", folder.path("none.js")));
    const std::string html = folder.read("p.html");
    CHECK(contains(html, "class=missing"));
    CHECK(contains(html, "libjs-chart.js"));
    CHECK(contains(html, "<td class=n>-0.5</td>"));
    CHECK_FALSE(contains(html, "new Chart"));
}

TEST_CASE("a graph is drawn with its nodes and the names of its edges, what plays no part pale") {
    using space = spaces::nas_bench_201<1>;
    const std::string svg = study::graph_svg<space>(parse<space>("030301"));
    const auto count = [&](const std::string& text) {
        std::size_t n = 0;
        for (std::size_t at = svg.find(text); at != std::string::npos; at = svg.find(text, at + 1)) {
            ++n;
        }
        return n;
    };
    CHECK(count("<svg") == 1);
    CHECK(count("<circle") == 4);
    CHECK(count(">relu_conv_k3</text>") == 2);
    CHECK(count(">identity</text>") == 1);
    CHECK(count(">none</text>") == 3);
    CHECK(count("opacity") == 3);
    // Heads point to where curves go: from their control points, at (225, 170), (150, 78) and (150, -78) from
    // the end.
    CHECK(count("rotate(-90 ") == 3);
    CHECK(count("rotate(-53 ") == 1);
    CHECK(count("rotate(-63 ") == 1);
    CHECK(count("rotate(-117 ") == 1);
    CHECK(study::graph_svg<spaces::fashion_tiny>(parse<spaces::fashion_tiny>("0123")).empty());
}

TEST_CASE("the chain has a box a layer, with names and costs") {
    using space = spaces::fashion_tiny;
    const auto a = parse<space>("0123");
    const std::string svg = study::chain_svg<space>(a);
    for (const char* name : {"stem", "identity", "mb1_k3", "mb2_k5", "mb4_k3", "head"}) {
        CHECK(contains(svg, ">" + std::string(name) + "</text>"));
    }
    CHECK(contains(svg, "14 x 14 x 8"));
    CHECK(study::short_count(999) == "999");
    CHECK(study::short_count(1000) == "1.00 k");
    CHECK(study::short_count(61984) == "62.0 k");
    CHECK(study::short_count(999600) == "1.00 M");
    CHECK(study::short_count(123456789) == "123 M");
}
