/// @file
/// @brief A network as a picture: the chain of its operators, with what each costs.

#ifndef FITNAS_STUDY_CHAIN_HPP
#define FITNAS_STUDY_CHAIN_HPP

#include <algorithm>
#include <cstdio>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/space/cost.hpp>

namespace fitnas::study {

/// @return a count with three digits: "312", "61.9 k", "2.31 M"
FITNAS_API std::string short_count(long long n);

/// @return SVG: a box a layer from the stem to the head, with the shape behind it, and a bar for its share of
/// the macs. Takes the colours of the page.
template <search_space_type Space>
std::string chain_svg(const architecture<Space>& a) {
    constexpr int row = 44;
    constexpr int width = 460;
    long long most = 1;
    for (const space_layer& l : Space::tables.layers) {
        most = (std::max)(most, Space::layout().block(l, a).macs);
    }
    const int layers = static_cast<int>(Space::tables.layers.size());
    std::string svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"chain of operators\" "
        "width=\"" +
        std::to_string(width) + "\" viewBox=\"0 0 " + std::to_string(width) + " " +
        std::to_string(layers * row) +
        "\" font-family=\"system-ui, sans-serif\" font-size=\"13\" "
        "fill=\"currentColor\">\n";
    for (int i = 0; i < layers; ++i) {
        const space_layer& l = Space::tables.layers[static_cast<std::size_t>(i)];
        const space_block& b = Space::layout().block(l, a);
        const int y = i * row;
        const auto bar = static_cast<int>(180 * b.macs / most);
        char text[1024];
        std::snprintf(
            text, sizeof text,
            "<g><title>%.*s: %lld multiply-accumulates, %lld parameters</title>"
            "<rect x=\"1\" y=\"%d\" width=\"150\" height=\"30\" rx=\"6\" fill=\"none\" stroke=\"%s\" "
            "stroke-width=\"1.5\"/><text x=\"76\" y=\"%d\" text-anchor=\"middle\">%.*s</text>"
            "<text x=\"164\" y=\"%d\">%d x %d x %d</text>"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s macs, %s par.</text>"
            "<rect x=\"164\" y=\"%d\" width=\"%d\" height=\"5\" rx=\"2\" fill=\"var(--c0)\"/></g>\n",
            static_cast<int>(b.name.size()), b.name.data(), b.macs, b.parameters, y + 1,
            l.cell_index < 0 ? "var(--c4)" : "var(--c0)", y + 21, static_cast<int>(b.name.size()),
            b.name.data(), y + 14, b.output.height, b.output.width, b.output.channels, width - 2, y + 14,
            short_count(b.macs).c_str(), short_count(b.parameters).c_str(), y + 22, (std::max)(bar, 1));
        svg += text;
        if (i + 1 < layers) {
            std::snprintf(text, sizeof text,
                          "<path d=\"M76 %dv8m-4 -4l4 5l4 -5\" fill=\"none\" stroke=\"currentColor\"/>\n",
                          y + 33);
            svg += text;
        }
    }
    return svg + "</svg>\n";
}

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study {

FITNAS_API std::string short_count(long long n) {
    const auto value = static_cast<double>(n);
    if (n < 1000) {
        return std::to_string(n);
    }
    const double scaled = value < 999500 ? value / 1e3 : value / 1e6;
    const int digits = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
    return fitnas::detail::fixed_point_text(scaled, digits) + (value < 999500 ? " k" : " M");
}

} // namespace fitnas::study

#endif

#endif
