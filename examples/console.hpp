// Progress on the terminal. The library prints nothing itself; it calls an observer, and this is one.

#ifndef FITNAS_EXAMPLES_CONSOLE_HPP
#define FITNAS_EXAMPLES_CONSOLE_HPP

#include <cmath>
#include <cstdio>
#include <string>

#include <unistd.h>

#include <fitnas/core/progress.hpp>

namespace console {

// "1:05" or "12 s".
inline std::string duration(double seconds) {
    const auto whole = static_cast<long>(std::lround(seconds));
    char text[32];
    if (whole < 60) {
        std::snprintf(text, sizeof text, "%ld s", whole);
    } else {
        std::snprintf(text, sizeof text, "%ld:%02ld min", whole / 60, whole % 60);
    }
    return text;
}

// A bar that is redrawn on a terminal, and a line at each quarter where output goes elsewhere. It goes to
// stderr, so that stdout holds results alone.
class bar {
public:
    explicit bar(std::string name) : m_name(std::move(name)) {}

    void operator()(const fitnas::progress& p) {
        const bool last = p.done == p.total;
        if (isatty(STDERR_FILENO) != 0 && isatty(STDOUT_FILENO) != 0) {
            if (!last && p.seconds - m_drawn < 0.1) {
                return;
            }
            m_drawn = p.seconds;
            std::fprintf(stderr, "\r%s%s", line(p, last).c_str(), last ? "\n" : "");
        } else {
            const long long quarter = 4 * p.done / p.total;
            if (quarter > m_quarter) {
                m_quarter = quarter;
                std::fprintf(stderr, "%s\n", line(p, last).c_str());
            }
        }
    }

private:
    std::string line(const fitnas::progress& p, bool last) const {
        constexpr int width = 24;
        const auto full = static_cast<std::size_t>(width * p.done / p.total);
        char numbers[128];
        std::snprintf(numbers, sizeof numbers, " %3.0f %%  %-18s",
                      100.0 * static_cast<double>(p.done) / static_cast<double>(p.total),
                      (last ? "in " + duration(p.seconds) : duration(p.seconds_left()) + " left").c_str());
        std::string text = m_name;
        text.resize(34, ' ');
        text += "[" + std::string(full, '#') + std::string(width - full, ' ') + "]" + numbers;
        if (std::isfinite(p.loss)) {
            std::snprintf(numbers, sizeof numbers, " loss %.3f", p.loss);
            text += numbers;
        }
        if (std::isfinite(p.accuracy)) {
            std::snprintf(numbers, sizeof numbers, "  accuracy %.1f %%", 100 * p.accuracy);
            text += numbers;
        }
        return text;
    }

    std::string m_name;
    double m_drawn = -1;
    long long m_quarter = -1;
};

} // namespace console

#endif
