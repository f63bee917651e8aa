#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/memory.hpp>
#include <fitnas/core/parallel.hpp>

using namespace fitnas;

namespace {
bool aligned(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 64 == 0; }
} // namespace

TEST_CASE("an aligned buffer grows, keeps what it has for less, and is aligned") {
    aligned_buffer<float> buffer;
    CHECK(buffer.size() == 0);
    float* first = buffer.reserve(100);
    CHECK(aligned(first));
    first[99] = 7;
    CHECK(buffer.reserve(10) == first);
    CHECK(buffer.reserve(100) == first);
    CHECK(first[99] == 7);
    CHECK(buffer.size() == 100);
    float* larger = buffer.reserve(5000);
    CHECK(aligned(larger));
    CHECK(buffer.size() == 5000);
    larger[4999] = 1;
}

TEST_CASE("a buffer that was moved from is empty and can be used again") {
    aligned_buffer<double> a;
    double* p = a.reserve(8);
    aligned_buffer<double> b = std::move(a);
    CHECK(b.reserve(8) == p);
    CHECK(a.size() == 0); // NOLINT: it is what is tested
    double* q = a.reserve(8);
    CHECK(q != nullptr);
    CHECK(q != p);
    a = std::move(b);
    CHECK(a.reserve(8) == p);
    CHECK(b.size() == 0);
}

TEST_CASE("an arena hands out aligned pieces that do not overlap") {
    arena memory;
    std::vector<std::pair<float*, std::size_t>> pieces;
    for (const std::size_t n : {1U, 15U, 16U, 17U, 1000U, 3U << 20U, 5U, (1U << 20U) - 100U, 200U}) {
        float* p = memory.take(n);
        CHECK(aligned(p));
        for (std::size_t i = 0; i<n; i += n> 4096 ? 4095 : 1) {
            p[i] = static_cast<float>(pieces.size());
        }
        p[n - 1] = static_cast<float>(pieces.size());
        pieces.emplace_back(p, n);
    }
    for (std::size_t k = 0; k < pieces.size(); ++k) {
        const auto [p, n] = pieces[k];
        CHECK(p[0] == static_cast<float>(k));
        CHECK(p[n - 1] == static_cast<float>(k));
    }
}

TEST_CASE("after two rounds of the same requests an arena allocates nothing any more") {
    arena memory;
    const auto round = [&] {
        std::vector<const float*> places;
        memory.reset();
        places.push_back(memory.take(700000));
        const arena::mark before = memory.position();
        places.push_back(memory.take(600000)); // not in the first chunk
        memory.reset(before);
        places.push_back(memory.take(2000000)); // larger than a chunk, and than what was given back
        places.push_back(memory.take(100));
        places.push_back(memory.take(900000));
        return places;
    };
    round();
    // What lay in several chunks then lies in one.
    const std::vector<const float*> first = round();
    const std::size_t bytes = memory.bytes();
    CHECK(bytes >= (700000 + 2000000 + 900000) * sizeof(float));
    CHECK(bytes < 2 * (700000 + 2000000 + 900000) * sizeof(float));
    for (int i = 0; i < 5; ++i) {
        CHECK(round() == first);
        CHECK(memory.bytes() == bytes);
    }
}

TEST_CASE("reset to a mark gives back what came after it and nothing before") {
    arena memory;
    float* kept = memory.take(10);
    kept[0] = 3;
    const arena::mark here = memory.position();
    float* given_back = memory.take(10);
    memory.reset(here);
    CHECK(memory.take(10) == given_back);
    CHECK(kept[0] == 3);
    memory.reset();
    CHECK(memory.take(1) == kept);
}

TEST_CASE("scratch belongs to its thread") {
    float* mine = thread_scratch(100);
    CHECK(aligned(mine));
    CHECK(thread_scratch(50) == mine);
    std::vector<float*> seen(4);
    std::vector<int> threads(4);
    parallel_for(4, [&](std::ptrdiff_t i) {
        seen[static_cast<std::size_t>(i)] = thread_scratch(100);
        threads[static_cast<std::size_t>(i)] = thread_index();
    });
    CHECK(std::set<float*>(seen.begin(), seen.end()).size() ==
          std::set<int>(threads.begin(), threads.end()).size());
}
