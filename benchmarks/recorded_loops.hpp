// In place of <fitnas/core/parallel.hpp>, before any other header of the library: loops that can be recorded.
// While they are, all runs on one thread, and each round of each loop is timed.

#ifndef FITNAS_BENCHMARKS_RECORDED_LOOPS_HPP
#define FITNAS_BENCHMARKS_RECORDED_LOOPS_HPP

#ifdef FITNAS_CORE_PARALLEL_HPP
#error "recorded_loops.hpp must come before the library"
#endif
#define FITNAS_CORE_PARALLEL_HPP

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <omp.h>

namespace bench {

inline double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Work on one thread: what lies between the loops, and the rounds of each, in seconds.
struct recording {
    struct loop {
        std::size_t first; // of its rounds
        std::size_t count;
    };
    double total = 0;
    std::vector<loop> loops;
    std::vector<double> rounds;

    double in_loops() const {
        double sum = 0;
        for (const double round : rounds) {
            sum += round;
        }
        return sum;
    }
    double serial() const { return total - in_loops(); }

    // On so many threads, each with a block of neighbouring rounds: the loops until the last thread is done.
    double loops_on(int threads) const {
        double sum = 0;
        for (const loop& l : loops) {
            const auto of = static_cast<std::size_t>(threads);
            double longest = 0;
            for (std::size_t t = 0; t < of; ++t) {
                // As `schedule(static)`: the first threads have one round more.
                const std::size_t small = l.count / of;
                const std::size_t begin = t * small + (std::min)(t, l.count % of);
                const std::size_t end = begin + small + (t < l.count % of ? 1 : 0);
                double own = 0;
                for (std::size_t i = begin; i < end; ++i) {
                    own += rounds[l.first + i];
                }
                longest = (std::max)(longest, own);
            }
            sum += longest;
        }
        return sum;
    }
};

inline recording* recorded = nullptr; // where loops are written down; null: they run on all threads
inline bool inside = false;           // a recorded loop

// @return what `work()` comes to on one thread
template <class Work>
recording record(Work&& work) {
    recording r;
    r.rounds.reserve(std::size_t{1} << 16U);
    r.loops.reserve(std::size_t{1} << 12U);
    recorded = &r;
    const double start = now();
    work();
    r.total = now() - start;
    recorded = nullptr;
    return r;
}

} // namespace bench

namespace fitnas {

inline constexpr int sum_groups = 8;

inline int thread_count() { return omp_get_max_threads(); }
inline int thread_index() { return omp_get_thread_num(); }

template <class Body>
void parallel_for(std::ptrdiff_t n, Body body) {
    if (bench::recorded == nullptr) {
        if (n > 1 && omp_in_parallel() == 0) {
#pragma omp parallel for schedule(static)
            for (std::ptrdiff_t i = 0; i < n; ++i) {
                body(i);
            }
            return;
        }
        for (std::ptrdiff_t i = 0; i < n; ++i) {
            body(i);
        }
        return;
    }
    const bool counts = n > 1 && !bench::inside;
    if (!counts) {
        for (std::ptrdiff_t i = 0; i < n; ++i) {
            body(i);
        }
        return;
    }
    bench::inside = true;
    bench::recorded->loops.push_back({bench::recorded->rounds.size(), static_cast<std::size_t>(n)});
    double before = bench::now();
    for (std::ptrdiff_t i = 0; i < n; ++i) {
        body(i);
        const double after = bench::now();
        bench::recorded->rounds.push_back(after - before);
        before = after;
    }
    bench::inside = false;
}

template <class Body>
void parallel_groups(std::ptrdiff_t n, int groups, Body body) {
    parallel_for(groups, [&](std::ptrdiff_t group) {
        body(static_cast<int>(group), n * group / groups, n * (group + 1) / groups);
    });
}
template <class Body>
void parallel_groups(std::ptrdiff_t n, Body body) {
    parallel_groups(n, sum_groups, std::move(body));
}

} // namespace fitnas

#endif
