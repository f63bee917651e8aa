/// @file
/// @brief An observer of work that several threads do.

#ifndef FITNAS_CORE_SHARED_OBSERVER_HPP
#define FITNAS_CORE_SHARED_OBSERVER_HPP

#include <atomic>
#include <exception>
#include <mutex>
#include <utility>

#include <fitnas/core/progress.hpp>

namespace fitnas::detail {

/// It is called by one at a time; after it threw, no more.
class shared_observer {
public:
    explicit shared_observer(const observer& watch) : m_watch(watch) {}

    /// @return whether the work should go on
    bool operator()(const progress& p) {
        if (!m_watch || stopped()) {
            return !stopped();
        }
        const std::lock_guard<std::mutex> lock(m_mutex);
        if (!m_failure) {
            try {
                m_watch(p);
            } catch (...) {
                stop(std::current_exception());
            }
        }
        return !stopped();
    }
    bool watches() const { return static_cast<bool>(m_watch); }
    bool stopped() const { return m_stopped.load(std::memory_order_acquire); }
    /// What the observer threw.
    std::exception_ptr failure() const { return m_failure; }
    /// Throws it, from any thread.
    void rethrow() const {
        if (stopped()) {
            std::rethrow_exception(m_failure);
        }
    }

private:
    void stop(std::exception_ptr failure) {
        m_failure = std::move(failure);
        m_stopped.store(true, std::memory_order_release);
    }

    const observer& m_watch;
    std::mutex m_mutex;
    std::atomic<bool> m_stopped{false};
    std::exception_ptr m_failure;
};

} // namespace fitnas::detail

#endif
