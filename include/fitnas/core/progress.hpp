/// @file
/// @brief What long work tells whoever watches it. The library itself prints nothing.

#ifndef FITNAS_CORE_PROGRESS_HPP
#define FITNAS_CORE_PROGRESS_HPP

#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fitnas/core/error.hpp>

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
    double waited = 0; ///< seconds of these in which a training had no images

    /// @return seconds to go at the pace so far
    double seconds_left() const {
        return done > 0 ? seconds * static_cast<double>(total - done) / static_cast<double>(done) : 0;
    }
};

/// @brief Called after each step, by one thread at a time; an exception that it throws ends the work. To
/// cancel a search and keep what it has found, throw `interrupted`.
using observer = std::function<void(const progress&)>;

/// @brief An `interrupted` with what the work had come to: of the type of the whole result, in the same
/// order, good for use, but incomplete.
///
/// @code
/// try {
///     list = search::exact(model, {.observer = [&](const progress& p) {
///         if (p.seconds > 60) { throw interrupted("a minute is enough"); }
///     }});
/// } catch (const interrupted_with<std::vector<search::candidate<space>>>& e) {
///     list = e.partial(); // the best of what was looked at
/// }
/// @endcode
template <class Result>
class interrupted_with : public interrupted {
public:
    /// The interruption, with what was found before it.
    interrupted_with(const interrupted& by, Result partial) // says what that said
        : interrupted(by), m_partial(std::make_shared<const Result>(std::move(partial))) {}

    const Result& partial() const { return *m_partial; } ///< what was found before it

private:
    std::shared_ptr<const Result> m_partial; // so that copies cannot throw
};

/// @brief A clock that starts when it is made.
class stopwatch {
public:
    /// Since it was made or reset.
    double seconds() const { return std::chrono::duration<double>(clock::now() - m_start).count(); }

private:
    using clock = std::chrono::steady_clock;
    clock::time_point m_start = clock::now();
};

namespace detail {

/// Tells whoever watches a stage, where anyone does, how far it is. Its clock starts when it is made.
class teller {
public:
    /// @param watch lives longer
    template <class Count>
    teller(const observer& watch, std::string_view stage, Count total)
        : m_watch(watch), m_stage(stage), m_total(static_cast<long long>(total)) {}

    template <class Count>
    void operator()(Count done) const {
        if (m_watch) {
            m_watch({.stage = m_stage,
                     .done = static_cast<long long>(done),
                     .total = m_total,
                     .seconds = m_clock.seconds()});
        }
    }

private:
    const observer& m_watch;
    std::string_view m_stage;
    long long m_total;
    stopwatch m_clock;
};

/// Does the work; where it is interrupted, what it came to goes along.
/// @param partial asked then
template <class Work, class Partial>
auto or_partial(Work&& work, Partial&& partial) {
    try {
        return work();
    } catch (const interrupted& e) {
        throw interrupted_with<decltype(partial())>(e, partial());
    }
}

} // namespace detail

} // namespace fitnas

#endif
