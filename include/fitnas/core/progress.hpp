/// @file
/// @brief What long work tells whoever watches it. The library itself prints nothing.

#ifndef FITNAS_CORE_PROGRESS_HPP
#define FITNAS_CORE_PROGRESS_HPP

#include <chrono>
#include <functional>
#include <limits>
#include <string_view>

namespace fitnas {

/// @brief How far a piece of work is.
struct progress {
    std::string_view stage{}; ///< for example "train"
    long long done = 0;       ///< steps, networks, epochs: whatever the stage counts
    long long total = 0;      ///< at least 1
    double seconds = 0;       ///< since the stage began
    /// The mean loss of the present epoch; not a number where a stage has none.
    double loss = std::numeric_limits<double>::quiet_NaN();
    /// The mean accuracy of the present epoch, in [0, 1]; not a number where a stage has none.
    double accuracy = std::numeric_limits<double>::quiet_NaN();

    /// @return seconds to go at the pace so far
    double seconds_left() const {
        return done > 0 ? seconds * static_cast<double>(total - done) / static_cast<double>(done) : 0;
    }
};

/// @brief Called on the thread that works, after each step; an exception that it throws ends the work.
using observer = std::function<void(const progress&)>;

/// @brief A clock that starts when it is made.
class stopwatch {
public:
    double seconds() const { return std::chrono::duration<double>(clock::now() - m_start).count(); }

private:
    using clock = std::chrono::steady_clock;
    clock::time_point m_start = clock::now();
};

} // namespace fitnas

#endif
