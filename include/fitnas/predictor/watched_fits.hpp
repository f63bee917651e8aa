/// @file
/// @brief Fits that run beside each other under one observer.

#ifndef FITNAS_PREDICTOR_WATCHED_FITS_HPP
#define FITNAS_PREDICTOR_WATCHED_FITS_HPP

#include <atomic>
#include <cstddef>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/core/shared_observer.hpp>
#include <fitnas/predictor/fit.hpp>

namespace fitnas::detail {

/// Fits that run beside each other, and whoever watches them.
class watched_fits {
public:
    watched_fits(const observer& watch, const char* stage, std::size_t total)
        : m_watch(watch), m_stage(stage), m_total(static_cast<long long>(total)) {}

    /// The same options with an observer that stops the fit when it should not go on.
    FITNAS_LAZY fit_options watched(fit_options o);
    bool stopped() const { return m_watch.stopped(); }
    void done() {
        m_done.fetch_add(1, std::memory_order_relaxed);
        tell();
    }
    /// Throws what the observer threw, here or on another process. Collective.
    void rethrow(peers* all) const {
        do_agreed(all, [&] { m_watch.rethrow(); });
    }

private:
    FITNAS_LAZY bool tell();

    shared_observer m_watch;
    const char* m_stage;
    stopwatch m_clock;
    long long m_total;
    std::atomic<long long> m_done{0};
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN fit_options watched_fits::watched(fit_options o) {
    if (m_watch.watches()) {
        o.observer = [this](const progress&) {
            if (!tell()) {
                throw interrupted("[F0643] " + std::string(m_stage) + ": stopped by its observer");
            }
        };
    }
    return o;
}

FITNAS_LAZY_AGAIN bool watched_fits::tell() {
    return m_watch({.stage = m_stage,
                    .done = m_done.load(std::memory_order_relaxed),
                    .total = m_total,
                    .seconds = m_clock.seconds()});
}

} // namespace fitnas::detail

#endif

#endif
