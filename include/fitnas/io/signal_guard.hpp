/// @file
/// @brief SIGINT, SIGTERM and SIGHUP as a question that long work can ask.

#ifndef FITNAS_IO_SIGNAL_GUARD_HPP
#define FITNAS_IO_SIGNAL_GUARD_HPP

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <mutex>

#if defined(__unix__) || defined(__APPLE__)
#include <signal.h>
#define FITNAS_HAS_SIGACTION 1
#else
#define FITNAS_HAS_SIGACTION 0
#endif

#include <fitnas/config.hpp>

namespace fitnas {

namespace detail {

extern "C" inline void fitnas_note_signal(int number);

#if FITNAS_HAS_SIGACTION
using signal_action = struct sigaction;
inline constexpr std::array<int, 3> noted_signals{SIGINT, SIGTERM, SIGHUP};

inline signal_action present_action(int number) {
    signal_action present = {};
    sigaction(number, nullptr, &present);
    return present;
}
inline void set_action(int number, const signal_action& action) { sigaction(number, &action, nullptr); }
inline signal_action noting_action() {
    signal_action noting = {};
    noting.sa_handler = fitnas_note_signal;
    noting.sa_flags = SA_RESTART | SA_ONSTACK;
    sigemptyset(&noting.sa_mask);
    return noting;
}
inline bool is_handler(const signal_action& action, void (*handler)(int)) {
    return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == handler;
}
#else // what a program was told to do can only be known by telling it something else
using signal_action = void (*)(int);
inline constexpr std::array<int, 2> noted_signals{SIGINT, SIGTERM};

inline void set_action(int number, signal_action action) { std::signal(number, action); }
inline signal_action present_action(int number) {
    const signal_action present = std::signal(number, SIG_IGN);
    set_action(number, present);
    return present;
}
inline signal_action noting_action() { return fitnas_note_signal; }
inline bool is_handler(signal_action action, void (*handler)(int)) { return action == handler; }
#endif

/// What is known of one signal.
struct noted_signal {
    signal_action before{};       ///< what the program does with it where nothing guards
    std::atomic<int> pending = 0; ///< how often it came since the newest guard was made
};

/// The guards that live, of all threads.
struct signal_guards {
    std::mutex mutex;
    int count = 0;
    std::array<noted_signal, noted_signals.size()> kinds{};
    std::atomic<int> last = 0;      ///< the signal that came last
    std::atomic<unsigned> came = 0; ///< how many came, of all kinds
};
inline signal_guards all_signal_guards;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<unsigned>::is_always_lock_free,
              "[F0959] a signal handler writes an atomic int");

/// The second signal of the kind does what it does without a guard.
extern "C" inline void fitnas_note_signal(int number) {
    const int reason = errno; // of what is interrupted
    signal_guards& all = all_signal_guards;
    for (std::size_t i = 0; i < noted_signals.size(); ++i) {
        if (noted_signals[i] == number) {
            if (all.kinds[i].pending.fetch_add(1) > 0) {
                set_action(number, all.kinds[i].before);
                std::raise(number);
            } else {
                all.last = number;
                ++all.came;
#if !FITNAS_HAS_SIGACTION // which forgets handlers that it has called
                std::signal(number, fitnas_note_signal);
#endif
            }
        }
    }
    errno = reason;
}

} // namespace detail

/// @brief While it lives, the first SIGINT, SIGTERM and SIGHUP do not end the program: they are noted, and
/// work that asks can end where nothing is lost. The second of a kind does what it does without a guard.
///
/// A signal that the program ignores stays ignored, so that `nohup` and jobs in the background of a script go
/// on. There may be several guards, in any threads and any order: one signal is noted by all that live. When
/// the last is gone, all is as the program had set it, flags and masks too; what the program sets while a
/// guard lives holds, then and afterwards.
class signal_guard {
public:
    signal_guard();
    ~signal_guard();
    signal_guard(const signal_guard&) = delete;
    signal_guard& operator=(const signal_guard&) = delete;

    /// @return the last signal that came since the guard was made, 0 where none did
    int seen() const {
        return detail::all_signal_guards.came == m_before ? 0 : detail::all_signal_guards.last.load();
    }

private:
    unsigned m_before = 0; ///< signals that came before it was made
};

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API signal_guard::signal_guard() {
    detail::signal_guards& all = detail::all_signal_guards;
    const std::lock_guard lock(all.mutex);
    ++all.count;
    m_before = all.came;
    for (std::size_t i = 0; i < detail::noted_signals.size(); ++i) {
        const int number = detail::noted_signals[i];
        all.kinds[i].pending = 0;
        const detail::signal_action present = detail::present_action(number);
        if (!detail::is_handler(present, SIG_IGN) &&
            !detail::is_handler(present, detail::fitnas_note_signal)) {
            all.kinds[i].before = present;
            detail::set_action(number, detail::noting_action());
        }
    }
}

FITNAS_API signal_guard::~signal_guard() {
    detail::signal_guards& all = detail::all_signal_guards;
    const std::lock_guard lock(all.mutex);
    if (--all.count > 0) {
        return;
    }
    for (std::size_t i = 0; i < detail::noted_signals.size(); ++i) {
        const int number = detail::noted_signals[i];
        if (detail::is_handler(detail::present_action(number), detail::fitnas_note_signal)) {
            detail::set_action(number, all.kinds[i].before);
        }
    }
}

} // namespace fitnas

#endif

#endif
