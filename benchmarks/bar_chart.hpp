// A chart of bars that are made of parts, as SVG.

#ifndef FITNAS_BENCHMARKS_BAR_CHART_HPP
#define FITNAS_BENCHMARKS_BAR_CHART_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <fitnas/core/number_text.hpp>

namespace bench {

struct bar {
    std::string name;
    std::vector<double> parts; // from left to right
    std::string text;          // behind its end
};

// @param parts names, as many as each bar has parts; at most 4
// @return a document with a background of its own, since pages are light or dark
inline std::string bar_chart_svg(const std::string& title, const std::vector<std::string>& parts,
                                 const std::vector<bar>& bars) {
    static constexpr const char* colours[] = {"#1f5f8b", "#d9822b", "#6b8e4e", "#8a8a8a"};
    constexpr double left = 190;
    constexpr double longest = 420;
    constexpr int row = 40;
    constexpr int top = 78;
    const int height = top + row * static_cast<int>(bars.size()) + 6;
    const auto number = [](double v) { return fitnas::detail::fixed_point_text(v, 1); };
    const auto text = [&](double x, double y, const std::string& more, const std::string& words) {
        return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\"" + more + ">" + words + "</text>\n";
    };
    const auto box = [&](double x, double y, double width, double tall, const char* colour) {
        return "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) +
               "\" height=\"" + number(tall) + "\" fill=\"" + colour + "\"/>\n";
    };
    double most = 0;
    for (const bar& b : bars) {
        double sum = 0;
        for (const double part : b.parts) {
            sum += part;
        }
        most = (std::max)(most, sum);
    }
    std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 760 " +
                      std::to_string(height) + "\" width=\"760\" height=\"" + std::to_string(height) +
                      "\" font-family=\"sans-serif\" font-size=\"14\" fill=\"#222\">\n<title>" + title +
                      "</title>\n" + "<rect width=\"760\" height=\"" + std::to_string(height) +
                      "\" rx=\"8\" fill=\"white\"/>\n" +
                      text(16, 28, " font-size=\"16\" font-weight=\"bold\"", title);
    double at = left;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        svg += box(at, 46, 12, 12, colours[i]) + text(at + 18, 57, " font-size=\"13\"", parts[i]);
        at += 44 + 7.5 * static_cast<double>(parts[i].size());
    }
    double y = top;
    for (const bar& b : bars) {
        svg += text(left - 12, y + 19, " text-anchor=\"end\"", b.name);
        double x = left;
        for (std::size_t i = 0; i < b.parts.size(); ++i) {
            const double width = b.parts[i] / most * longest;
            svg += width < 0.05 ? "" : box(x, y, width, 28, colours[i]);
            x += width;
        }
        svg += text(x + 10, y + 19, "", b.text);
        y += row;
    }
    return svg + "</svg>\n";
}

} // namespace bench

#endif
