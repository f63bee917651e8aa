// Progress on the terminal. The library prints nothing itself; it calls an observer, and this is one.

#ifndef FITNAS_EXAMPLES_CONSOLE_HPP
#define FITNAS_EXAMPLES_CONSOLE_HPP

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include <unistd.h>

#include <fitnas/core/progress.hpp>

namespace console {

// "1:05 min" or "12 s".
inline std::string duration(double seconds) {
    const long whole = std::lround(seconds);
    const long rest = whole % 60;
    return whole < 60 ? std::to_string(whole) + " s"
                      : std::to_string(whole / 60) + (rest < 10 ? ":0" : ":") + std::to_string(rest) + " min";
}

// A bar that is redrawn on a terminal; where output goes elsewhere, a line at each quarter and 15 s after the
// last: at least every 30 s, since work may say only every 10 s how far it is. It goes to stderr, so that
// stdout holds results alone.
class bar {
public:
    // clock gives seconds; by default real ones
    explicit bar(std::string name, std::FILE* to = stderr, std::function<double()> clock = {})
        : m_name(std::move(name)), m_to(to), m_clock(std::move(clock)) {}

    void operator()(const fitnas::progress& p) {
        const bool last = p.done >= p.total;
        const double now = m_clock ? m_clock() : m_real_clock.seconds();
        const long long quarter = 4 * p.done / p.total;
        const bool terminal = isatty(fileno(m_to)) != 0 && isatty(STDOUT_FILENO) != 0;
        const bool due =
            last || (terminal ? now - m_drawn >= 0.1 : quarter > m_quarter || now - m_drawn >= 15);
        if (m_ended || !due) {
            return;
        }
        m_ended = last;
        m_drawn = now;
        m_quarter = quarter;
        std::fprintf(m_to, "%s%s%s", terminal ? "\r" : "", line(p, last).c_str(),
                     last || !terminal ? "\n" : "");
    }

private:
    static std::string wide(std::string text, std::size_t width) {
        text.resize((std::max)(text.size(), width), ' ');
        return text;
    }

    std::string line(const fitnas::progress& p, bool last) const {
        constexpr long long width = 24;
        const auto full = static_cast<std::size_t>(width * p.done / p.total);
        const std::string percent = std::to_string(100 * p.done / p.total);
        const std::string time = last         ? "in " + duration(p.seconds)
                                 : p.done > 0 ? duration(p.seconds_left()) + " left"
                                              : "";
        std::string text = wide(m_name, 36) + "[" + std::string(full, '#') + std::string(width - full, ' ') +
                           "] " + std::string(3 - percent.size(), ' ') + percent + " %  " + wide(time, 18);
        if (std::isfinite(p.loss)) {
            text += " loss " + fitnas::detail::fixed_point_text(p.loss, 3);
        }
        if (std::isfinite(p.accuracy)) {
            text += "  accuracy " + fitnas::detail::fixed_point_text(100 * p.accuracy, 1) + " %";
        }
        return text;
    }

    std::string m_name;
    std::FILE* m_to;
    std::function<double()> m_clock;
    fitnas::stopwatch m_real_clock;
    double m_drawn = -1;
    long long m_quarter = -1;
    bool m_ended = false;
};

} // namespace console

#endif
