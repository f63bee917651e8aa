// Scoring many paths at once, a branch of them on each thread: what it comes to, in what order it is told,
// and what happens where something fails.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/parallel.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/memory_use.hpp>

#include "../support/thread_peers.hpp"
#include "../support/with_threads.hpp"
#include "every_primitive.hpp"
#include "graph_spaces.hpp"
#include "small_spaces.hpp"

using namespace fitnas;
using support::with_threads;

#if FITNAS_HAS_OPENMP

namespace {

template <class Space>
const dataset& images() {
    static const dataset data = datasets::synthetic({.image = Space::input,
                                                     .classes = Space::classes,
                                                     .train = 40,
                                                     .validation = 30,
                                                     .test = 1,
                                                     .seed = seed{5}});
    return data;
}

// Each architecture by itself, every pass on the calling thread.
template <class Space>
std::vector<double> one_by_one(const supernet<Space>& net, const std::vector<architecture<Space>>& some,
                               const evaluate_options& o) {
    const with_threads one(1);
    std::vector<double> losses;
    for (const architecture<Space>& a : some) {
        losses.push_back(evaluate_both<Space>(net, {&a, 1}, images<Space>(), o).negative_loss.front());
    }
    return losses;
}

// A primitive that refuses to be run.
template <int Number>
struct refusing {
    static constexpr std::string_view name = "refusing";
    static constexpr shape output(shape in) { return in; }
    static constexpr long long parameters(shape) { return 0; }
    static constexpr long long macs(shape in) { return in.size(); }
    static void initialise(shape, std::span<float>, random_stream&) {}
    static void forward(shape, std::span<const float>, std::span<const float>, std::span<float>) {
        throw std::runtime_error("operator " + std::to_string(Number));
    }
    static void backward(shape, std::span<const float>, std::span<const float>, std::span<const float>,
                         std::span<float>, std::span<float>) {}
};
template <int Number>
struct refuses {
    static constexpr std::string_view name = "refuses";
    static constexpr recipe build(cell c) {
        return {convolution(3, c.width, c.stride), custom<refusing<Number>>()};
    }
};
struct refusing_space
    : search_space<image<8, 8, 1>, stem<4>,
                   stage<operator_set<op::conv<3>, op::mbconv<3, 1>, refuses<2>, refuses<3>>, 2, 4>,
                   head<8, 4>> {};

// A first cell that counts how often it is run.
struct counting {
    static constexpr std::string_view name = "counting";
    static inline std::atomic<long long> calls{0};
    static constexpr shape output(shape in) { return in; }
    static constexpr long long parameters(shape) { return 0; }
    static constexpr long long macs(shape in) { return in.size(); }
    static void initialise(shape, std::span<float>, random_stream&) {}
    static void forward(shape, std::span<const float>, std::span<const float> x, std::span<float> y) {
        ++calls;
        std::copy(x.begin(), x.end(), y.begin());
    }
    static void backward(shape, std::span<const float>, std::span<const float>, std::span<const float>,
                         std::span<float>, std::span<float>) {}
};
struct counts {
    static constexpr std::string_view name = "counts";
    static constexpr recipe build(cell) { return {custom<counting>()}; }
};
struct counting_space
    : search_space<image<8, 8, 1>, stem<4>, stage<operator_set<counts>, 1, 4>,
                   stage<operator_set<op::conv<3>, op::mbconv<3, 1>, op::mbconv<3, 2>>, 3, 4>, head<8, 4>> {};

} // namespace

TEST_CASE("a layer that all paths share is run once by each thread, however many branches it takes") {
    const supernet<counting_space> net(seed{1});
    const auto all = different_networks<counting_space>();
    REQUIRE(all.size() == 27);
    const auto calls = [&](int threads) {
        const with_threads now(threads);
        counting::calls = 0;
        evaluate<counting_space>(net, all, images<counting_space>());
        return counting::calls.load();
    };
    const long long once = calls(1);
    CHECK(once == 40 + 30); // images of calibration, and those that are scored
    for (const int threads : {2, 3, 4}) {
        CAPTURE(threads);
        const long long found = calls(threads);
        CHECK(found >= once);
        CHECK(found <= threads * once);
    }
}

TEST_CASE_TEMPLATE("scores of branches are those of each network by itself, for any number of threads", Space,
                   small::space, small::graph_space, small::concat_space, every::space) {
    const supernet<Space> net(seed{1});
    const auto some = sample<Space>(std::is_same_v<Space, small::space> ? 9 : 20, seed{2});
    for (const statistics kind : {statistics::calibrated, statistics::batch}) {
        const evaluate_options o{.statistics = kind, .batch = 12};
        const std::vector<double> plain = one_by_one<Space>(net, some, o);
        for (const int threads : {1, 2, 3, 4}) {
            CAPTURE(threads);
            const with_threads now(threads);
            CHECK(evaluate_both<Space>(net, some, images<Space>(), o).negative_loss == plain);
        }
        const with_threads now(4);
        evaluate_options one_path = o; // on all threads
        one_path.memory_limit =
            evaluation_bytes<Space>(10, kind == statistics::calibrated ? images<Space>().train.size() : 0);
        CHECK(evaluate_both<Space>(net, some, images<Space>(), one_path).negative_loss == plain);
        support::thread_peers::run(2, [&](support::thread_peers& own) {
            const with_threads each(2);
            evaluate_options shared = o;
            shared.peers = &own;
            CHECK(evaluate_both<Space>(net, some, images<Space>(), shared).negative_loss == plain);
        });
    }
}

TEST_CASE("as many paths go along at once as there are threads, where they fit and there are enough") {
    const detail::selection all(small::space::layout());
    const auto at_once = [&](std::size_t paths, std::uint64_t room) {
        return detail::paths_at_once(all, 100, 50, room, paths);
    };
    const auto bytes = [](std::size_t paths) { return evaluation_bytes<small::space>(100, 50, paths); };
    CHECK(bytes(3) - bytes(2) == bytes(5) - bytes(4));
    CHECK(bytes(3) > bytes(2));
    {
        const with_threads now(4);
        CHECK(at_once(100, UINT64_MAX) == 4);
        CHECK(at_once(16, UINT64_MAX) == 4);
        CHECK(at_once(15, UINT64_MAX) == 1);
        CHECK(at_once(100, bytes(4)) == 4);
        CHECK(at_once(100, bytes(4) - 1) == 1);
        CHECK(detail::paths_at_once(all, 1000, 50, UINT64_MAX, 100) == 4);
        CHECK(detail::paths_at_once(all, 100'000, 50, UINT64_MAX, 100) == 1); // half a GiB each
    }
    { // A pass over one path has work for `sum_groups` threads.
        const with_threads now(20);
        CHECK(at_once(1000, bytes(20)) == 20);
        CHECK(at_once(1000, bytes(20) - 1) == 19);
        CHECK(at_once(40, UINT64_MAX) == 10);
        CHECK(at_once(1000, bytes(sum_groups)) == sum_groups);
        CHECK(at_once(1000, bytes(sum_groups) - 1) == 1);
    }
    const with_threads one(1);
    CHECK(at_once(100, UINT64_MAX) == 1);
}

TEST_CASE("branches cover all paths in order, get shorter, and begin where few layers are shared") {
    std::vector<detail::network_path> paths;
    for (int i = 0; i < 81; ++i) {
        paths.push_back({0, i / 27, 10 + i / 9 % 3, 20 + i / 3 % 3, 30 + i % 3});
    }
    CHECK(detail::cut_branches(paths, 1) == std::vector<std::size_t>{0, 81});
    CHECK(detail::cut_branches({}, 4) == std::vector<std::size_t>{0});
    CHECK(detail::cut_branches({paths.data(), 1}, 4) == std::vector<std::size_t>{0, 1});
    for (const std::size_t threads : {2U, 3U, 4U, 100U}) {
        CAPTURE(threads);
        const std::vector<std::size_t> cuts = detail::cut_branches(paths, threads);
        CHECK(cuts.front() == 0);
        CHECK(cuts.back() == 81);
        CHECK(std::adjacent_find(cuts.begin(), cuts.end(), std::greater_equal<>()) == cuts.end());
        CHECK(cuts[cuts.size() - 2] == 80); // nobody waits for more than one
    }
    CHECK(detail::cut_branches(paths, 2)[1] == 18); // of 15 to 25
}

TEST_CASE("each path is told once, in the order of the count, by one thread at a time") {
    const with_threads now(4);
    const supernet<small::graph_space> net(seed{1});
    const auto some = sample<small::graph_space>(24, seed{2});
    std::vector<long long> told;
    bool inside = false;
    evaluate_options o{.batch = 16};
    o.observer = [&](const progress& p) {
        CHECK(!inside);
        inside = true;
        told.push_back(p.done);
        inside = false;
    };
    evaluate<small::graph_space>(net, some, images<small::graph_space>(), o);
    REQUIRE(told.size() % 2 == 0); // two chunks of images
    for (std::size_t i = 0; i < told.size(); ++i) {
        CHECK(told[i] == static_cast<long long>(i + 1));
    }
    long long calls = 0;
    o.observer = [&](const progress& p) {
        ++calls;
        if (p.done == 3) {
            throw interrupted("enough");
        }
    };
    CHECK_THROWS_WITH_AS(evaluate<small::graph_space>(net, some, images<small::graph_space>(), o), "enough",
                         interrupted);
    CHECK(calls == 3);
}

TEST_CASE("of networks that fail the first counts, for any number of threads") {
    const supernet<refusing_space> net(seed{1});
    const auto all = different_networks<refusing_space>();
    REQUIRE(all.size() == 16);
    for (const int threads : {1, 2, 3, 4}) {
        const with_threads now(threads);
        for (int round = 0; round < 20; ++round) {
            CHECK_THROWS_WITH_AS(evaluate<refusing_space>(net, all, images<refusing_space>()), "operator 2",
                                 std::runtime_error);
        }
    }
}

#endif
