#include <atomic>
#include <cerrno>
#include <cstddef>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__unix__)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <doctest/doctest.h>

#include <fitnas/core/parallel.hpp>

using namespace fitnas;

namespace {

/// Runs `body` with so many threads allowed, then restores what was there.
template <class Body>
void with_threads(int n, Body&& body) {
#if FITNAS_HAS_OPENMP
    const int before = omp_get_max_threads();
    omp_set_num_threads(n);
    body();
    omp_set_num_threads(before);
#else
    static_cast<void>(n);
    body();
#endif
}

} // namespace

TEST_CASE("parallel_for visits every index once, on any number of threads") {
    for (const int threads : {1, 2, 4}) {
        for (const std::ptrdiff_t n : {-3, 0, 1, 2, 3, 8, 1000}) {
            CAPTURE(threads);
            CAPTURE(n);
            std::vector<int> visits(static_cast<std::size_t>(n < 0 ? 0 : n));
            with_threads(threads, [&] {
                parallel_for(n, [&](std::ptrdiff_t i) { ++visits.at(static_cast<std::size_t>(i)); });
            });
            for (const int v : visits) {
                CHECK(v == 1);
            }
        }
    }
}

TEST_CASE("parallel_groups cuts [0, n) into the same groups on any number of threads") {
    for (const std::ptrdiff_t n : {0, 1, 7, 8, 9, 1000, 1001}) {
        CAPTURE(n);
        std::set<std::vector<std::pair<std::ptrdiff_t, std::ptrdiff_t>>> seen;
        for (const int threads : {1, 2, 4}) {
            std::vector<std::pair<std::ptrdiff_t, std::ptrdiff_t>> groups(sum_groups, {-1, -1});
            with_threads(threads, [&] {
                parallel_groups(n, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
                    groups.at(static_cast<std::size_t>(group)) = {first, last};
                });
            });
            CHECK(groups.front().first == 0);
            CHECK(groups.back().second == n);
            for (std::size_t g = 0; g < groups.size(); ++g) {
                CHECK(groups[g].first <= groups[g].second);
                CHECK(groups[g].second - groups[g].first <= n / sum_groups + 1);
                if (g > 0) {
                    CHECK(groups[g].first == groups[g - 1].second);
                }
            }
            seen.insert(groups);
        }
        CHECK(seen.size() == 1);
    }
}

TEST_CASE("a sum gathered in groups is bit-equal on any number of threads") {
    std::set<float> sums;
    for (const int threads : {1, 2, 3, 4, 8}) {
        std::vector<float> part(sum_groups);
        with_threads(threads, [&] {
            parallel_groups(100003, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
                for (std::ptrdiff_t i = first; i < last; ++i) {
                    part[static_cast<std::size_t>(group)] += 1.0F / (1.0F + static_cast<float>(i));
                }
            });
        });
        float sum = 0;
        for (const float p : part) {
            sum += p;
        }
        sums.insert(sum);
    }
    CHECK(sums.size() == 1);
}

TEST_CASE("the exception of the smallest index comes out, and the others are swallowed") {
    for (const int threads : {1, 2, 4}) {
        with_threads(threads, [&] {
            try {
                parallel_for(100, [](std::ptrdiff_t i) {
                    if (i % 40 == 39) {
                        throw std::runtime_error(std::to_string(i));
                    }
                });
                FAIL("nothing was thrown");
            } catch (const std::runtime_error& e) {
                CHECK(std::string(e.what()) == "39");
            }
        });
    }
}

TEST_CASE("thread indices are below thread_count, and a loop inside a loop stays on its thread") {
    CHECK(thread_index() == 0);
    for (const int threads : {1, 2, 4}) {
        with_threads(threads, [&] {
            const int most = thread_count();
            std::mutex lock;
            std::set<int> outer;
            bool below = true;
            bool same = true;
            parallel_for(16, [&](std::ptrdiff_t) {
                const int mine = thread_index();
                parallel_for(5, [&](std::ptrdiff_t) {
                    const std::lock_guard<std::mutex> guard(lock);
                    same = same && thread_index() == mine;
                });
                const std::lock_guard<std::mutex> guard(lock);
                outer.insert(mine);
                below = below && mine >= 0 && mine < most;
            });
            CHECK(below);
            CHECK(same);
#if FITNAS_HAS_OPENMP
            CHECK(most == threads);
            CHECK(outer.size() == static_cast<std::size_t>(threads));
#else
            CHECK(most == 1);
#endif
        });
    }
}

#if FITNAS_HAS_OPENMP && defined(__unix__)

namespace {

void count_to_100() {
    std::atomic<int> sum{0};
    parallel_for(100, [&](std::ptrdiff_t) { ++sum; });
    _exit(sum == 100 ? 0 : 1);
}

/// @return whether a child of this process, which has run in parallel, does its work
bool child_ends(void (*work)()) {
    const pid_t child = fork();
    if (child == 0) {
        alarm(20); // ends one that hangs
        work();
        _exit(1);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

TEST_CASE("children of fork() run loops by the ways that core/parallel.hpp names") {
    const int before = thread_count();
    omp_set_num_threads(3);
    std::atomic<int> sum{0};
    parallel_for(100, [&](std::ptrdiff_t) { ++sum; });
    CHECK(child_ends([] {
        omp_set_num_threads(1);
        count_to_100();
    }));
    CHECK(child_ends([] { std::thread(count_to_100).join(); }));
    parallel_for(100, [&](std::ptrdiff_t) { ++sum; });
    CHECK(sum == 200);
    omp_set_num_threads(before);
}

#endif
