// Memory: what is said to be needed is what is taken, what cannot fit is refused before it begins, and
// nothing grows with the steps.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <doctest/doctest.h>

#include <fitnas/op/conv.hpp>
#include <fitnas/op/mbconv.hpp>
#include <fitnas/op/pool.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/retrain.hpp>

#include "../support/thrown.hpp"
#include "graph_spaces.hpp"
#include "small_spaces.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FITNAS_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FITNAS_TEST_SANITIZED 1
#endif
#endif
#ifndef FITNAS_TEST_SANITIZED
#define FITNAS_TEST_SANITIZED 0
#endif

using namespace fitnas;
using space = small::space;

namespace {

using wide = operator_set<op::conv<3>, op::separable<5>, op::mbconv<5, 6, 4>, op::avg_pool<3>>;
struct mixed
    : search_space<image<20, 24, 3>, stem<24>, stage<wide, 2, 32, 2>, stage<wide, 1, 80>, head<64, 7>> {};
struct huge : search_space<image<12000, 12000, 1>, stem<64>, stage<small::two, 1, 64>, head<16, 4>> {};

// What is said beside what an arena of scoring holds; it takes memory in pieces of 4 MiB at least, whose ends
// may stay unused.
void check_said(const std::string& what, memory_size floats, const arena& memory) {
    const auto said = static_cast<double>((floats * sizeof(float)).value());
    const auto taken = static_cast<double>(memory.bytes());
    CAPTURE(what);
    CAPTURE(said);
    CAPTURE(taken);
    CHECK(said < 1.1 * taken);
    CHECK(taken < 1.1 * said + 2 * 4 * 1048576.0);
}

// Some architectures, among them those that together pass every operator.
template <class Space>
std::vector<detail::network_path> some_paths(const supernet<Space>& net) {
    std::vector<detail::network_path> paths;
    for (const auto& a : sample<Space>(2, seed{3})) {
        paths.push_back(net.weights().path(a));
    }
    for (int o = 0; o < 36; ++o) {
        architecture<Space> a{};
        for (std::size_t i = 0; i < a.size(); ++i) {
            a[i] = static_cast<std::uint8_t>(o % Space::operator_counts[i]);
        }
        paths.push_back(net.weights().path(a));
    }
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    return paths;
}

// @return the share of what is said that is taken
template <class Space>
double check_step(std::size_t batch) {
    const supernet<Space> net(seed{1});
    const std::vector<float> images(batch * static_cast<std::size_t>(Space::layout().input.size()), 0.5F);
    const std::vector<int> labels(batch);
    double least = 1;
    for (const bool recompute : {false, true}) {
        CAPTURE(recompute);
        detail::path_runner runner(net.weights(), recompute);
        for (const detail::network_path& p : some_paths(net)) {
            runner.run(net.weights(), p, images.data(), labels, 0);
        }
        const std::uint64_t said = detail::step_floats(Space::layout(), batch, recompute).value();
        const std::uint64_t taken = runner.memory().most();
        CHECK(taken <= said);
        least = (std::min)(least, static_cast<double>(taken) / static_cast<double>(said));
        CHECK(runner.memory().bytes() ==
              sizeof(float) * (std::max)(said, std::uint64_t{1} << 20U)); // one piece
    }
    return least;
}

// Images to score and images for statistics, in memory.
template <class Space>
struct few_images {
    few_images(std::size_t images, std::size_t calibration)
        : data(datasets::synthetic({.image = Space::layout().input,
                                    .classes = Space::classes,
                                    .train = calibration + 1,
                                    .validation = images,
                                    .test = 1})),
          norm(normalisation_of(data.train)),
          scored(data.validation, first(images), norm),
          statistics(data.train, first(calibration), norm) {}

    static std::vector<std::size_t> first(std::size_t n) {
        std::vector<std::size_t> numbers(n);
        std::iota(numbers.begin(), numbers.end(), std::size_t{0});
        return numbers;
    }
    dataset data;
    normalisation norm;
    detail::loaded_images scored;
    detail::loaded_images statistics;
};

template <class Space>
void check_scoring(std::size_t images, std::size_t calibration) {
    const few_images<Space> few(images, calibration);
    const supernet<Space> net(seed{1});
    const memory_size said = detail::scoring_floats(Space::layout(), images, calibration);
    detail::path_scorer scorer(net.weights(), calibration > 0, said.value());
    const auto paths = some_paths(net);
    for (int round = 0; round < 2; ++round) {
        scorer.start(few.statistics, few.scored);
        for (const detail::network_path& p : paths) {
            scorer.run(p, p); // which keeps all
        }
    }
    check_said("scoring " + std::to_string(images), said, scorer.memory());
}

// Logits of paths where each keeps all, what the next shares, or nothing, are the same bits.
// @return the share of the memory that it takes to keep nothing
template <class Space>
double check_places(std::size_t calibration) {
    const few_images<Space> few(23, calibration);
    const supernet<Space> net(seed{1});
    const auto paths = some_paths(net);
    const std::size_t count = 23U * Space::classes;
    std::vector<double> taken;
    std::vector<float> expected;
    for (const std::string keeps : {"all", "what is shared", "nothing"}) {
        CAPTURE(keeps);
        detail::path_scorer scorer(net.weights(), calibration > 0, 0);
        scorer.start(few.statistics, few.scored);
        std::vector<float> logits;
        for (std::size_t p = 0; p < paths.size(); ++p) {
            detail::network_path next;
            if (keeps == "all") {
                next = paths[p];
            } else if (keeps == "what is shared" && p + 1 < paths.size()) {
                next = paths[p + 1];
            }
            const float* of_path = scorer.run(paths[p], next);
            logits.insert(logits.end(), of_path, of_path + count);
        }
        expected = expected.empty() ? logits : expected;
        CHECK(logits == expected);
        taken.push_back(static_cast<double>(scorer.memory().most()));
        CHECK(taken.back() <= taken.front());
    }
    return taken.back() / taken.front();
}

// Bytes of this process that lie in memory; 0 where that is not known.
std::size_t resident() {
    unsigned long long pages = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%*u %llu", &pages) != 1) {
            pages = 0;
        }
        std::fclose(file);
    }
    return static_cast<std::size_t>(pages) * 4096;
}

// Bytes on the heap; 0 where that is not known.
std::size_t allocated() {
#if defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 33)
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
#endif
#endif
    return 0;
}

} // namespace

TEST_CASE("what a training step is said to need is what it takes, to the float") {
    CHECK(check_step<space>(256) == 1);
    CHECK(check_step<space>(1000) == 1);
    CHECK(check_step<mixed>(16) == 1);
    CHECK(check_step<mixed>(40) == 1);
    CHECK(check_step<small::graph_space>(200) == 1);
    CHECK(check_step<small::concat_space>(400) > 0.999); // of the largest path, which is not among them
    CHECK(check_step<spaces::fashion_mini>(16) == 1);
}

TEST_CASE("what scoring is said to need is what it takes, within a tenth") {
    check_scoring<space>(1000, 512);
    check_scoring<space>(1000, 0);
    check_scoring<small::graph_space>(400, 100);
    check_scoring<small::concat_space>(800, 200);
    check_scoring<mixed>(40, 64);
    check_scoring<spaces::fashion_mini>(70, 30);
}

TEST_CASE("scoring takes memory again that nobody reads any more, and gives the same bits") {
    CHECK(check_places<space>(0) <= 1);
    CHECK(check_places<small::graph_space>(20) < 0.9);
    CHECK(check_places<small::concat_space>(0) <= 1);
    CHECK(check_places<mixed>(0) <= 1);
    CHECK(check_places<spaces::nas_bench_201<1>>(0) < 0.7);
}

TEST_CASE("what cannot fit says how many bytes it would need, before it begins") {
    const dataset data = small::images();
    supernet<space> net(seed{1});
    const std::uint64_t before = small::hash(net.parameters());
    const std::uint64_t needed = training_bytes<space>(100);
    CHECK(contains(
        thrown<option_error>([&] { train(net, data.train, {.batch = 100, .memory_limit = 1'000'000}); }),
        "train: a batch of 100 images of 8 x 8 x 1: needs " + to_string(memory_size(needed)) +
            " of memory, the limit is 1000000 bytes (976.6 KiB); a smaller train_options::batch"));
    CHECK(small::hash(net.parameters()) == before);
    train(net, data.train, {.epochs = 1, .batch = 100, .memory_limit = needed}); // just enough
    const std::uint64_t averaged = needed + sizeof(float) * net.parameters().size();
    CHECK(contains(thrown<option_error>([&] {
                       train(net, data.train, {.batch = 100, .average = 0.1, .memory_limit = averaged - 1});
                   }),
                   "needs " + to_string(memory_size(averaged))));
    train(net, data.train, {.epochs = 1, .batch = 100, .average = 0.1, .memory_limit = averaged});
    // What there is to do about it: the option that needs less, while it is not taken.
    const std::uint64_t less = training_bytes<space>(100, true);
    CHECK(less < needed);
    const std::string way_out =
        "; so does train_options::recompute_activations, " + to_string(memory_size(less));
    train_options tight{.epochs = 1, .batch = 100, .memory_limit = needed - 1};
    CHECK(contains(thrown<option_error>([&] { train(net, data.train, tight); }), way_out));
    tight.recompute_activations = true;
    tight.memory_limit = less;
    train(net, data.train, tight);
    tight.memory_limit = less - 1;
    const std::string refused = thrown<option_error>([&] { train(net, data.train, tight); });
    CHECK(contains(refused, "needs " + to_string(memory_size(less))));
    CHECK(contains(refused, "a batch of 1 " + to_string(memory_size(training_bytes<space>(1, true)))));
    CHECK(!contains(refused, "so does"));
    const auto some = sample<space>(2, seed{1});
    CHECK(training_bytes<space>(some.front(), 100, true) < training_bytes<space>(some.front(), 100));
    CHECK(contains(thrown<option_error>([&] {
                       evaluate<space>(net, some, data, {.calibration = 9, .memory_limit = 1'000'000});
                   }),
                   "evaluate: 9 images for the statistics, and 200 images together, of 8 x 8 x 1: needs "));
    evaluate<space>(net, some, data, {.memory_limit = evaluation_bytes<space>(200, 512)});
    CHECK(contains(thrown<option_error>(
                       [&] { retrain<space>(some.front(), data, {.batch = 100, .memory_limit = 1000}); }),
                   "needs " + to_string(memory_size(training_bytes<space>(some.front(), 100)))));

    // Images of 144 million pixels.
    CHECK(training_bytes<huge>(1) > std::uint64_t{100} << 30U);
    CHECK(training_bytes<huge>(1'000'000'000) > std::uint64_t{1} << 60U);
    CHECK(training_bytes<huge>(SIZE_MAX) == UINT64_MAX);
    CHECK(evaluation_bytes<huge>(SIZE_MAX, 1) == UINT64_MAX);
    image_dataset images;
    images.classes = 4;
    images.labels = {0};
    images.images = xt::xtensor<std::uint8_t, 4>::from_shape({1, 12000, 12000, 1}); // never touched
    supernet<huge> large;
    CHECK(contains(thrown<option_error>(
                       [&] { train(large, images, {.batch = 1, .memory_limit = std::uint64_t{64} << 30U}); }),
                   "train: a batch of 1 images of 12000 x 12000 x 1: needs " +
                       to_string(memory_size(training_bytes<huge>(1))) +
                       " of memory, the limit is 68719476736 bytes (64.0 GiB)"));
    CHECK(contains(thrown<option_error>([&] { require_memory("x", UINT64_MAX, 0, "y"); }),
                   "x: needs 2^64 bytes or more of memory, there are " +
                       to_string(memory_size(memory_there_is())) + "; y"));
    // Data that nobody has room for.
    CHECK(contains(thrown<option_error>([&] {
                       datasets::synthetic({.image = {1000, 1000, 3}, .train = 1'000'000'000'000});
                   }),
                   "images of 1000 x 1000 x 3: needs "));
}

TEST_CASE("batches beyond all images are refused or cut, without overflow") {
    const dataset data = small::images();
    supernet<space> net(seed{1});
    for (const std::size_t batch : {std::size_t{513}, std::size_t{1'000'000'000}, SIZE_MAX}) {
        CHECK(contains(thrown<option_error>([&] { train(net, data.train, {.batch = batch}); }),
                       "batch: expected 1 to 512"));
    }
    const auto some = sample<space>(3, seed{1});
    const auto scores = evaluate<space>(net, some, data, {.batch = 1000}).scores;
    CHECK(evaluate<space>(net, some, data, {.calibration = SIZE_MAX, .batch = SIZE_MAX}).scores == scores);
}

TEST_CASE("a size stays at its largest value where a sum or a product would not fit") {
    constexpr memory_size most = UINT64_MAX;
    static_assert(most + 1 == most && most * 2 == most && memory_size(1) * 3 + 4 == memory_size(7));
    static_assert(memory_size(std::uint64_t{1} << 32U) * (std::uint64_t{1} << 32U) == most);
    static_assert(most * 0 == memory_size(0) && memory_size::of(-3) == memory_size(0));
    CHECK(to_string(memory_size(17)) == "17 bytes");
    CHECK(to_string(memory_size(std::uint64_t{3} << 30U)) == "3221225472 bytes (3.0 GiB)");
    CHECK(to_string(most) == "2^64 bytes or more");
    CHECK(memory_there_is() > 1U << 20U);
}

TEST_CASE("memory stays flat while a supernet is trained") {
    const char* asked = std::getenv("FITNAS_FLAT_STEPS"); // the figure in docs/robustness.md is of 10,000
    const int epochs = (asked != nullptr ? std::atoi(asked) : 400) / 20;
    const dataset data = small::images();
    std::size_t early[2] = {};
    std::size_t late[2] = {};
    std::vector<std::size_t> tenths; // what is resident after each tenth of the steps
    tenths.reserve(10);
    supernet<space> net(seed{1});
    const train_options options{.epochs = epochs,
                                .batch = 25, // 20 steps an epoch
                                .sampling = sampling::strict_fair,
                                .learning_rate = 0.01,
                                .augment = {.crop_padding = 1, .flip = true},
                                .observer = [&](const progress& p) {
                                    if (p.done > 0 && p.done % (p.total / 10) == 0) {
                                        tenths.push_back(resident());
                                    }
                                    if (p.done == p.total / 10) {
                                        early[0] = resident();
                                        early[1] = allocated();
                                    } else if (p.done == p.total) {
                                        late[0] = resident();
                                        late[1] = allocated();
                                    }
                                }};
    train(net, data.train, options);
    const auto kib = [](const std::size_t(&bytes)[2]) {
        return std::to_string(bytes[0] / 1024) + " KiB resident, " + std::to_string(bytes[1]) +
               " bytes on the heap";
    };
    MESSAGE((2 * epochs) << " steps: " << kib(early) << "; " << 20 * epochs << " steps: " << kib(late));
#if !FITNAS_TEST_SANITIZED // a sanitizer keeps what was given back
    // The system may take pages away and bring them back: what grows steadily grows in most tenths.
    REQUIRE(tenths.size() == 10);
    std::vector<long long> growth;
    for (std::size_t i = 1; i < tenths.size(); ++i) {
        growth.push_back(static_cast<long long>(tenths[i]) - static_cast<long long>(tenths[i - 1]));
    }
    std::nth_element(growth.begin(), growth.begin() + 4, growth.end());
    CHECK(9 * growth[4] <= 256 * 1024);
#endif
    CHECK(late[1] <= early[1] + (std::size_t{16} << 10U));
}
