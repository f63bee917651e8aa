/// @file
/// @brief Cells that are graphs as pictures: nodes in a row, edges with the names of their operators.

#ifndef FITNAS_STUDY_GRAPH_HPP
#define FITNAS_STUDY_GRAPH_HPP

#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/space/canonical.hpp>

namespace fitnas::study {

namespace detail {

/// An edge to draw. What plays no part is pale.
struct drawn_edge {
    int from = 0; ///< nodes, counted from the graph's first
    int to = 0;
    std::string name{};
    bool plays_a_part = true;
};

FITNAS_API std::string graph_picture(const std::vector<drawn_edge>& edges, const std::string& title);

} // namespace detail

/// @return SVG: each graph that the architecture has choices in, once, edges that are left out or lead
/// nowhere pale; empty where the space has no graphs. Takes the colours of the page.
template <search_space_type Space>
std::string graph_svg(const architecture<Space>& a) {
    std::string svg;
    if constexpr (fitnas::detail::has_graphs<Space>) {
        for (int first = 0; first < Space::cells; first = fitnas::detail::end_of_run<Space>(first)) {
            if (Space::layer_of(first).graph < 0) {
                continue;
            }
            const int end = fitnas::detail::end_of_run<Space>(first);
            const auto part = fitnas::detail::networks_of_graph<Space>(first).plays_a_part(
                std::span<const std::uint8_t>(a).subspan(static_cast<std::size_t>(first),
                                                         static_cast<std::size_t>(end - first)));
            const int origin = Space::layer_of(first).from;
            std::vector<detail::drawn_edge> edges;
            for (int c = first; c < end; ++c) {
                const space_layer& l = Space::layer_of(c);
                const space_block& b = Space::block_of(c, a[static_cast<std::size_t>(c)]);
                edges.push_back({l.from - origin, l.to - origin, std::string(b.name),
                                 part[static_cast<std::size_t>(c - first)] != 0 && !b.steps.gives_zeros()});
            }
            svg += detail::graph_picture(edges, "cells " + std::to_string(first) + " to " +
                                                    std::to_string(end - 1) + " of the code");
        }
    }
    return svg;
}

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

namespace fitnas::study::detail {

FITNAS_API std::string graph_picture(const std::vector<drawn_edge>& edges, const std::string& title) {
    constexpr int step = 150; // between nodes
    constexpr int radius = 14;
    constexpr int rise = 46; // of an arc, for each node that it passes
    int last = 0;
    for (const drawn_edge& e : edges) {
        last = (std::max)(last, e.to);
    }
    int above = 0;
    int below = 0;
    for (const drawn_edge& e : edges) {
        int& side = e.from % 2 == 0 ? above : below;
        side = (std::max)(side, rise * (e.to - e.from - 1));
    }
    const int middle = above + 40;
    const int width = last * step + 60;
    const int height = middle + below + 30;
    const auto x = [&](int node) { return 30 + node * step; };
    char text[1024];
    std::snprintf(text, sizeof text,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"%s\" width=\"%d\" "
                  "viewBox=\"0 0 %d %d\" font-family=\"system-ui, sans-serif\" font-size=\"13\" "
                  "fill=\"currentColor\"><title>%s</title>\n",
                  title.c_str(), width, width, height, title.c_str());
    std::string svg = text;
    for (const drawn_edge& e : edges) {
        // Edges that pass nodes go above or below by turns, so that two from neighbouring nodes do not cross.
        const int passed = e.to - e.from - 1;
        const int bow = passed == 0 ? 0 : (e.from % 2 == 0 ? -1 : 1) * rise * passed;
        const int centre = (x(e.from) + x(e.to)) / 2;
        const int edge = bow == 0 ? 0 : bow < 0 ? -radius : radius; // of a node, where the curve meets it
        const int start = x(e.from) + (passed == 0 ? radius : 0);
        const int end = x(e.to) - (passed == 0 ? radius : 0);
        // The height of a quadratic curve is half of its control point's, from which it comes in.
        const int control = middle + 2 * bow;
        const double turn = -std::atan2(end - centre, middle + edge - control) * 180 / std::numbers::pi;
        const char* pale = e.plays_a_part ? "" : " opacity=\"0.3\" stroke-dasharray=\"4 3\"";
        std::snprintf(text, sizeof text,
                      "<g%s><path d=\"M%d %dQ%d %d %d %d\" fill=\"none\" stroke=\"currentColor\" "
                      "stroke-width=\"1.5\"/><path d=\"M%d %dl-5 -8l10 0z\" stroke=\"none\" "
                      "transform=\"rotate(%d %d %d)\"/>"
                      "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" stroke=\"none\">%s</text></g>\n",
                      pale, start, middle + edge, centre, control, end, middle + edge, end, middle + edge,
                      static_cast<int>(std::lround(turn)), end, middle + edge, centre,
                      middle + bow - (bow < 0 ? radius : 6), e.name.c_str());
        svg += text;
    }
    for (int node = 0; node <= last; ++node) {
        std::snprintf(
            text, sizeof text,
            "<circle cx=\"%d\" cy=\"%d\" r=\"%d\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"/>"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d</text>\n",
            x(node), middle, radius, node == 0 || node == last ? "var(--c4)" : "var(--c0)", x(node),
            middle + 5, node);
        svg += text;
    }
    return svg + "</svg>\n";
}

} // namespace fitnas::study::detail

#endif

#endif
