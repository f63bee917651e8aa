/// @file
/// @brief SIGINT and SIGTERM as a question that long work can ask.

#ifndef FITNAS_IO_SIGNAL_GUARD_HPP
#define FITNAS_IO_SIGNAL_GUARD_HPP

#include <atomic>
#include <csignal>

#include <fitnas/config.hpp>

namespace fitnas {

namespace detail {
inline std::atomic<int> signal_seen = 0;
static_assert(std::atomic<int>::is_always_lock_free, "[F0959] a signal handler writes an atomic int");

/// The second signal of the kind ends the program, as if there were no guard.
extern "C" inline void fitnas_note_signal(int number) {
    signal_seen = number;
    std::signal(number, SIG_DFL);
}
} // namespace detail

/// @brief While it lives, the first SIGINT and the first SIGTERM do not end the program: they are noted, and
/// work that asks can end where nothing is lost. One at a time, made on the main thread; any thread may ask.
class signal_guard {
public:
    signal_guard() {
        detail::signal_seen = 0;
        m_interrupt = std::signal(SIGINT, detail::fitnas_note_signal);
        m_terminate = std::signal(SIGTERM, detail::fitnas_note_signal);
    }
    ~signal_guard() {
        std::signal(SIGINT, m_interrupt);
        std::signal(SIGTERM, m_terminate);
    }
    signal_guard(const signal_guard&) = delete;
    signal_guard& operator=(const signal_guard&) = delete;

    /// @return the signal that came, 0 where none did
    int seen() const { return detail::signal_seen; }

private:
    using handler = void (*)(int);
    handler m_interrupt = SIG_DFL;
    handler m_terminate = SIG_DFL;
};

} // namespace fitnas

#endif
