/// @file
/// @brief Scatter plots as SVG: one text, to be written into a file or a page.

#ifndef FITNAS_STUDY_PLOT_HPP
#define FITNAS_STUDY_PLOT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/number_text.hpp>

namespace fitnas::study {

/// @brief Text around a plot.
struct plot_labels {
    std::string title{}; ///< stands above
    std::string x{};     ///< of the horizontal axis
    std::string y{};     ///< of the vertical axis
};

namespace detail {

/// Text as it stands in XML.
FITNAS_LAZY std::string xml_text(std::string_view text);

/// An axis from `low` to `high`, which are ticks; a tick each `step`, printed with `digits` behind the point.
struct plot_axis {
    double low = 0;
    double high = 1;
    double step = 1;
    int digits = 0;
    int steps = 1;
};

/// Four to ten ticks at round numbers (1, 2 or 5 times a power of ten) around the values.
/// @param values finite, at least one
FITNAS_LAZY plot_axis axis_of(std::span<const double> values);

} // namespace detail

/// @brief A scatter plot; the name of a point shows where the pointer rests on it.
/// @param x,y as many finite values each, at least one
/// @param names of the points, as many
/// @return an SVG document of 460 x 400 units
/// @throws shape_error where there is no point, or lengths differ; numeric_error where a value is not finite,
/// or values are too far from each other for a double
FITNAS_COLD FITNAS_API std::string scatter_svg(std::span<const double> x, std::span<const double> y,
                                               std::span<const std::string> names, const plot_labels& labels);

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN std::string xml_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

FITNAS_LAZY_AGAIN plot_axis axis_of(std::span<const double> values) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    // Equal values have room around them.
    const double width = (std::max)(*most - *least, 1e-6 * (std::max)(std::abs(*most), 1e-300));
    double step = std::pow(10.0, std::floor(std::log10(width)));
    if (width / step < 2) {
        step /= 5;
    } else if (width / step < 5) {
        step /= 2;
    }
    plot_axis axis;
    axis.step = step;
    axis.low = std::floor(*least / step) * step;
    axis.steps = (std::max)(1, static_cast<int>(std::ceil((*most - axis.low) / step - 1e-9)));
    axis.high = axis.low + axis.steps * step;
    axis.digits = std::clamp(-static_cast<int>(std::floor(std::log10(step) + 1e-9)), 0, 40);
    return axis;
}

} // namespace fitnas::study::detail

namespace fitnas::study {

FITNAS_API std::string scatter_svg(std::span<const double> x, std::span<const double> y,
                                   std::span<const std::string> names, const plot_labels& labels) {
    if (x.empty() || x.size() != y.size() || x.size() != names.size()) {
        throw shape_error(
            "[F1083] scatter_svg: x, y and names: expected as many of each, at least one, got " +
            std::to_string(x.size()) + ", " + std::to_string(y.size()) + " and " +
            std::to_string(names.size()));
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (const double v : {x[i], y[i]}) {
            if (!(std::abs(v) <= 1e300)) {
                throw numeric_error("[F1084] scatter_svg: point " + std::to_string(i) + " (" + names[i] +
                                    "): expected numbers between -1e300 and 1e300, got " +
                                    fitnas::detail::number_text(v));
            }
        }
    }
    const detail::plot_axis across = detail::axis_of(x);
    const detail::plot_axis up = detail::axis_of(y);
    constexpr double left = 70;
    constexpr double right = 445;
    constexpr double top = 40;
    constexpr double bottom = 340;
    const auto place = [](double v, const detail::plot_axis& axis, double from, double to) {
        return from + (v - axis.low) / (axis.high - axis.low) * (to - from);
    };
    const auto text = [](double v) { return fitnas::detail::fixed_point_text(v, 1); };
    const auto label = [&](double at_x, double at_y, const char* anchor, const std::string& words,
                           const std::string& more = {}) {
        return "<text x=\"" + text(at_x) + "\" y=\"" + text(at_y) + "\" text-anchor=\"" + anchor + "\"" +
               more + ">" + detail::xml_text(words) + "</text>\n";
    };
    const auto line = [&](double x1, double y1, double x2, double y2) {
        return "<line x1=\"" + text(x1) + "\" y1=\"" + text(y1) + "\" x2=\"" + text(x2) + "\" y2=\"" +
               text(y2) + "\" stroke=\"#ccd\"/>\n";
    };
    std::string svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 460 400\" width=\"460\" height=\"400\" "
        "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"460\" height=\"400\" "
        "fill=\"white\"/>\n" +
        label(230, 22, "middle", labels.title, " font-size=\"14\"") +
        label(0.5 * (left + right), 385, "middle", labels.x) +
        label(18, 190, "middle", labels.y, " transform=\"rotate(-90 18 190)\"");
    for (int i = 0; i <= across.steps; ++i) {
        const double v = across.low + i * across.step;
        const double at = place(v, across, left, right);
        svg += line(at, top, at, bottom + 5);
        svg += label(at, bottom + 20, "middle", fitnas::detail::fixed_point_text(v, across.digits));
    }
    for (int i = 0; i <= up.steps; ++i) {
        const double v = up.low + i * up.step;
        const double at = place(v, up, bottom, top);
        svg += line(left - 5, at, right, at);
        svg += label(left - 8, at + 4, "end", fitnas::detail::fixed_point_text(v, up.digits));
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        svg += "<circle cx=\"" + text(place(x[i], across, left, right)) + "\" cy=\"" +
               text(place(y[i], up, bottom, top)) +
               "\" r=\"3.5\" fill=\"#26b\" fill-opacity=\"0.6\"><title>" + detail::xml_text(names[i]) +
               "</title></circle>\n";
    }
    return svg + "</svg>\n";
}

} // namespace fitnas::study

#endif

#endif
