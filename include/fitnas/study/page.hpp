/// @file
/// @brief The page of a report: one HTML file with its style, its data and its charts inside.

#ifndef FITNAS_STUDY_PAGE_HPP
#define FITNAS_STUDY_PAGE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/io/csv_rows.hpp>
#include <fitnas/io/json.hpp>
#include <fitnas/study/folder.hpp>
#include <fitnas/study/plot.hpp>

namespace fitnas::study {

/// @return text as it stands in HTML
inline std::string html_text(std::string_view text) { return detail::xml_text(text); }

/// @return a table; columns whose first field is a number are set to the right
FITNAS_COLD FITNAS_API std::string html_table(const csv_rows& table);

/// @brief What a page shows. Charts are drawn by Chart.js in the browser, from data that is there as CSV.
class page {
public:
    /// A page without contents.
    explicit page(std::string title) : m_title(std::move(title)) {}

    /// @brief What stands first, whenever it is said.
    void lead(const std::string& markup) { m_lead += markup; }
    /// @brief A heading.
    void section(const std::string& title) { m_body += "<h2>" + html_text(title) + "</h2>\n"; }
    /// @brief A paragraph.
    void text(const std::string& words) { m_body += "<p>" + html_text(words) + "</p>\n"; }
    /// Adds a table.
    void table(const csv_rows& rows) { m_body += html_table(rows); }
    /// @brief A table of names and texts that may be long, which are broken where the window ends.
    void long_table(const csv_rows& rows) { m_body += "<div class=long>" + html_table(rows) + "</div>"; }
    /// @brief Anything else.
    void html(const std::string& markup) { m_body += markup; }

    /// @brief Data for charts, by name; the page has it as CSV, and so has the folder `charts/`.
    void data(const std::string& name, const csv_rows& rows) { m_data.emplace_back(name, rows); }

    /// @brief A chart.
    /// @param spec `{"title", "data", "x": {"title"}, "y": {"title"}, "series": [{"label", "x", "y", "where",
    /// "line"}], ...}`: x and y name columns of the data, `where` one whose value must be 1
    FITNAS_COLD void chart(json spec);

    /// @brief Writes the page, and its data under `folder/charts/`.
    /// @param chart_js path of Chart.js, which is copied into the page; where it cannot be read, the page
    /// says so and has everything but the charts
    /// @return whether it could be read
    /// @throws data_error where the page cannot be written
    FITNAS_COLD bool write(const std::string& folder, const std::string& file,
                           const std::string& chart_js) const;

private:
    static void replace(std::string& text, std::string_view what, std::string_view by) {
        for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
            text.replace(at, what.size(), by);
        }
    }

    static constexpr const char* head = R"html(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>@TITLE@</title><link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --paper: #fdfdfc; --ink: #1d2430; --faint: #5d6675; --line: #d9dde3;
  --c0: #2266bb; --c1: #d1580a; --c2: #23855a; --c3: #8d4fb0; --c4: #777f8b; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171c; --ink: #e6e9ee; --faint: #a2abb8; --line: #343b46;
  --c0: #6aa9f5; --c1: #f79a55; --c2: #5cc896; --c3: #c79be6; --c4: #949dab; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; }
p { max-width: 75ch; } .missing { border: 2px solid var(--c1); padding: .6rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 1.5rem; }
figure { margin: 0; min-width: 0; } figcaption { font-weight: 600; min-height: 3em; display: flex; align-items: end; }
.chart { position: relative; height: 340px; } a { color: var(--c0); } .data { font-size: .85rem; }
.scroll { overflow-x: auto; margin: .8rem 0; } summary { cursor: pointer; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .25rem 1rem .25rem 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
.long td { overflow-wrap: anywhere; min-width: 6rem; } .found li { max-width: 80ch; margin: .4rem 0; }
th { color: var(--faint); font-weight: 600; } th.n, td.n { text-align: right; } svg { max-width: 100%; height: auto; }
</style></head><body><main>
)html";

    static constexpr const char* script = R"js(
const rowsOf = name => {
  const lines = document.getElementById("data-" + name).textContent.trim().split("\n").map(l => l.split(","));
  return lines.slice(1).map(fields => Object.fromEntries(lines[0].map((key, i) => [key, fields[i]])));
};
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const points = s => rowsOf(s.data).filter(r => r[s.x] !== "" && r[s.y] !== "" && (!s.where || r[s.where] === "1"))
  .map(r => ({ x: +r[s.x], y: +r[s.y], name: r.arch }));
const axis = (a, ticks) => ({ ...a, title: { display: true, text: a.title, color: colour("--ink") },
  ticks: { color: colour("--faint"), maxRotation: 0, ...ticks, ...a.ticks }, grid: { color: colour("--line") } });
const short = { callback: v => String(+v.toPrecision(6)) };
const digits = v => String(+v.toPrecision(5));
function config(spec) {
  const bars = spec.type === "bar";
  const datasets = spec.series.map((s, i) => {
    const c = colour("--c" + (s.colour ?? i));
    return bars
      ? { label: s.label, data: rowsOf(spec.data).map(r => +r[s.y]), backgroundColor: c }
      : { label: s.label, data: points({ data: spec.data, ...s }), borderColor: c, backgroundColor: c + (s.line ? "" : "b0"),
          showLine: !!s.line, stepped: !!s.stepped, borderWidth: 2, pointRadius: s.radius ?? 3, pointStyle: s.shape ?? "circle" };
  });
  return {
    type: bars ? "bar" : "scatter",
    data: { labels: bars ? rowsOf(spec.data).map(r => r[spec.labels]) : undefined, datasets },
    options: {
      animation: false, maintainAspectRatio: false, responsive: true, scales: {
        x: bars ? { ...axis(spec.x), stacked: true } : { type: "linear", ...axis(spec.x, short) },
        y: { ...axis(spec.y, short), stacked: bars } },
      plugins: {
        legend: { display: spec.series.length > 1, labels: { color: colour("--ink"), boxWidth: 12, usePointStyle: true } },
        tooltip: { callbacks: { label: t => bars ? `${t.dataset.label}: ${digits(t.raw)}`
          : [t.raw.name, t.dataset.label].filter(Boolean).join(", ")
            + ` (${spec.x.title} ${digits(t.raw.x)}, ${spec.y.title} ${digits(t.raw.y)})` } } } } };
}
function draw() {
  charts.forEach((spec, i) => {
    const canvas = document.getElementById("chart" + i);
    Chart.getChart(canvas)?.destroy();
    new Chart(canvas, config(spec));
  });
}
draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
document.querySelectorAll("a[data-csv]").forEach(a => {
  const text = document.getElementById("data-" + a.dataset.csv).textContent.trimStart();
  a.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  a.download = a.dataset.csv + ".csv";
});
)js";

    std::string m_title;
    std::string m_lead;
    std::string m_body;
    std::vector<std::pair<std::string, csv_rows>> m_data;
    json m_charts = json::array();
};

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study {

FITNAS_API std::string html_table(const csv_rows& table) {
    const auto number = [](const std::string& text) {
        return fitnas::detail::read_number<double>(text).has_value();
    };
    std::vector<std::string> kinds;
    for (std::size_t i = 0; i < table.header.size(); ++i) {
        kinds.push_back(!table.rows.empty() && number(table.rows.front()[i]) ? " class=n>" : ">");
    }
    std::string html = "<div class=scroll><table>";
    const auto row = [&](const std::string& tag, const std::vector<std::string>& fields) {
        html += "<tr>";
        for (std::size_t i = 0; i < fields.size(); ++i) {
            html += "<" + tag + kinds[i] + html_text(fields[i]) + "</" + tag + ">";
        }
        html += "</tr>\n";
    };
    row("th", table.header);
    for (const auto& fields : table.rows) {
        row("td", fields);
    }
    return html + "</table></div>\n";
}

FITNAS_API void page::chart(json spec) {
    m_body += "<figure><figcaption>" + html_text(spec["title"].get<std::string>()) +
              "</figcaption><div class=chart><canvas id=chart" + std::to_string(m_charts.size()) +
              " role=img aria-label=\"" + html_text(spec["title"].get<std::string>()) +
              "\"></canvas></div><a class=data data-csv=\"" + html_text(spec["data"].get<std::string>()) +
              "\">data as CSV</a></figure>\n";
    m_charts.push_back(std::move(spec));
}

FITNAS_API bool page::write(const std::string& folder, const std::string& file,
                            const std::string& chart_js) const {
    std::string library;
    try {
        library = fitnas::detail::read_text(chart_js);
    } catch (const data_error&) {
    }
    std::string html = head;
    replace(html, "@TITLE@", html_text(m_title));
    make_folder(folder + "/charts");
    html += "<h1>" + html_text(m_title) + "</h1>\n";
    if (library.empty()) {
        html += "<p class=missing>There are no charts: Chart.js was not found at " + html_text(chart_js) +
                " when this page was written. It is in Debian's package libjs-chart.js; another place is "
                "given by --chart-js. All tables are here, and the charts' data is in the folder "
                "charts/.</p>\n";
    }
    html += m_lead + m_body;
    for (const auto& [name, rows] : m_data) {
        write_rows(folder + "/charts/" + name + ".csv", rows);
        std::string text = fitnas::detail::csv_line(rows.header);
        for (const auto& row : rows.rows) {
            text += fitnas::detail::csv_line(row);
        }
        html += "<script type=\"text/csv\" id=\"data-" + name + "\">\n" + text + "</script>\n";
    }
    if (!library.empty()) {
        std::string specs = m_charts.dump();
        replace(specs, "</", "<\\/");
        html += "<script>" + library + "</script>\n<script>const charts = " + specs + ";\n" + script +
                "</script>\n";
    }
    fitnas::detail::write_text(folder + "/" + file, html + "</main></body></html>\n");
    return !library.empty();
}

} // namespace fitnas::study

#endif

#endif
