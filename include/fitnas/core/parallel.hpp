/// @file
/// @brief The one place that speaks OpenMP. Without it everything runs on one thread, with the same results.
///
/// **fork().** The threads of a parallel loop are kept for the next one, and a child does not have them: with
/// g++'s libgomp its first loop waits for them for ever. Fork before the first call that runs in parallel, or
/// let the child call `omp_set_num_threads(1)` first, or call the library from a new `std::thread` alone,
/// which gets threads of its own. A program that was started with `OMP_NUM_THREADS=1` has none to miss; a
/// child that calls `exec` needs nothing. (LLVM's libomp makes the threads anew.)

#ifndef FITNAS_CORE_PARALLEL_HPP
#define FITNAS_CORE_PARALLEL_HPP

#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

#include <fitnas/config.hpp>

#if FITNAS_HAS_OPENMP
#include <omp.h>
#endif

namespace fitnas {

/// @return how many threads a parallel loop may use (`OMP_NUM_THREADS`)
FITNAS_API int thread_count();

/// @return the index of the calling thread inside a parallel loop, 0 outside
FITNAS_API int thread_index();

namespace detail {
/// The loop of `parallel_for`, compiled once and not for each body: calls `call(body, i)`.
#if !FITNAS_DEFINITIONS
void parallel_loop(std::ptrdiff_t n, void (*call)(void*, std::ptrdiff_t), void* body);
#else // here, and not below: g++ warns of attributes of an inline function that was declared before
FITNAS_LAZY FITNAS_NOINLINE void parallel_loop(std::ptrdiff_t n, void (*call)(void*, std::ptrdiff_t),
                                               void* body) {
#if FITNAS_HAS_OPENMP
    // A nested team would have one thread, whose index hides the index of the outer one.
    if (n > 1 && omp_in_parallel() == 0) {
        std::exception_ptr failure;
        std::ptrdiff_t failed_at = n;
#pragma omp parallel for schedule(static)
        for (std::ptrdiff_t i = 0; i < n; ++i) {
            try {
                call(body, i);
            } catch (...) {
#pragma omp critical(fitnas_parallel_for)
                if (i < failed_at) {
                    failed_at = i;
                    failure = std::current_exception();
                }
            }
        }
        if (failure) {
            std::rethrow_exception(failure);
        }
        return;
    }
#endif
    for (std::ptrdiff_t i = 0; i < n; ++i) {
        call(body, i);
    }
}
#endif
} // namespace detail

/// @brief Calls `body(i)` for every i in [0, n), in blocks of neighbours, one block a thread. Inside another
/// parallel loop it stays on the calling thread.
///
/// What `body` writes must depend on i alone; then results do not depend on the number of threads. Of the
/// exceptions thrown by bodies, the one of the smallest i is thrown again after the loop.
template <class Body>
void parallel_for(std::ptrdiff_t n, Body body) {
    detail::parallel_loop(
        n, [](void* f, std::ptrdiff_t i) { (*static_cast<Body*>(f))(i); }, std::addressof(body));
}

/// @brief Sums are gathered in this many groups of neighbouring work items, and the groups are added in
/// order: a fixed number, so that no sum depends on how many threads there are.
inline constexpr int sum_groups = 8;

/// @brief Calls `body(group, first, last)` for `groups` groups that together cover [0, n).
/// @param groups a function of the sizes alone, at most `sum_groups`
template <class Body>
void parallel_groups(std::ptrdiff_t n, int groups, Body body) {
    parallel_for(groups, [&](std::ptrdiff_t group) {
        body(static_cast<int>(group), n * group / groups, n * (group + 1) / groups);
    });
}
/// @brief The same in `sum_groups` groups.
template <class Body>
void parallel_groups(std::ptrdiff_t n, Body body) {
    parallel_groups(n, sum_groups, std::move(body));
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API int thread_count() {
#if FITNAS_HAS_OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

FITNAS_API int thread_index() {
#if FITNAS_HAS_OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

} // namespace fitnas

#endif

#endif
