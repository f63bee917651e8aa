// Paths of a step side by side, each on a thread of its own: the same bits as one after the other.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/parallel.hpp>
#include <fitnas/nn/sgd.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/train.hpp>
#include <fitnas/supernet/update.hpp>

#include "../../benchmarks/allocations.hpp"
#include "../support/thread_peers.hpp"
#include "../support/with_threads.hpp"
#include "every_primitive.hpp"
#include "graph_spaces.hpp"
#include "small_spaces.hpp"

using namespace fitnas;
using support::with_threads;

namespace {

template <class Space>
const dataset& images() {
    static const dataset data = datasets::synthetic({.image = Space::input,
                                                     .classes = Space::classes,
                                                     .train = 64,
                                                     .validation = 4,
                                                     .test = 4,
                                                     .seed = seed{5},
                                                     .shift = 1});
    return data;
}

template <class Space>
std::uint64_t trained(const train_options& o) {
    supernet<Space> net(seed{1});
    train(net, images<Space>().train, o);
    return small::hash(net.parameters());
}

// The gradient of paths one after the other, and of each alone, added.
template <class Space>
void check_sum(const std::vector<architecture<Space>>& codes) {
    const supernet<Space> net(seed{1});
    const detail::weights& w = net.weights();
    std::vector<float> x(5 * static_cast<std::size_t>(Space::input.size()));
    random_stream random(seed{3}, purpose::user);
    detail::fill_normal(x, 1.0, random);
    std::vector<int> labels(5);
    std::iota(labels.begin(), labels.end(), 0);
    for (int& label : labels) {
        label %= Space::classes;
    }
    const std::vector<std::size_t> sizes = detail::layer_parameters(w.part());
    std::vector<std::size_t> layers(sizes.size());
    std::exclusive_scan(sizes.begin(), sizes.end(), layers.begin(), std::size_t{0});
    std::vector<float> place(layers.back() + sizes.back(), -3.0F);
    detail::path_runner whole(w);
    detail::path_runner apart(w, false, false);
    std::vector<float> sum(w.values().size());
    for (const auto& code : codes) {
        CAPTURE(to_string<Space>(code));
        const detail::network_path path = w.path(code);
        const batch_loss one = whole.run(w, path, x.data(), labels, 0.1);
        const batch_loss other = apart.run(w, path, x.data(), labels, 0.1, {}, {place.data(), layers});
        CHECK(one.loss == other.loss);
        for (std::size_t i = 0; i < path.size(); ++i) {
            const detail::weight_block& b = w.block(path[i]);
            for (std::size_t v = 0; v < b.size; ++v) {
                sum[b.offset + v] += place[layers[i] + v];
            }
        }
        CHECK(small::hash(sum) == small::hash(whole.gradient()));
    }
    CHECK(apart.gradient().empty());
}

// Two cells of five operators and two of one: a strictly fair step has five paths.
using five = operator_set<op::mbconv<3, 2>, op::identity, op::mbconv<5, 3, 2>, op::max_pool<3>, op::conv<3>>;
struct five_paths : search_space<image<8, 8, 1>, stem<8>, stage<five, 2, 8, 2>, head<16, 4>> {};

const train_options options{.epochs = 1,
                            .batch = 16,
                            .sampling = sampling::strict_fair,
                            .label_smoothing = 0.1,
                            .augment = {.crop_padding = 1, .flip = true}};

} // namespace

TEST_CASE("the gradients of paths, each by itself, add up to those of paths one after the other") {
    check_sum<small::space>(sample<small::space>(8, seed{1}));
    check_sum<small::graph_space>(sample<small::graph_space>(30, seed{1}));
    check_sum<small::two_graphs>(sample<small::two_graphs>(20, seed{1}));
    check_sum<small::concat_space>(sample<small::concat_space>(20, seed{1}));
    check_sum<every::thin_space>(
        {parse<every::thin_space>("0"), parse<every::thin_space>("1"), parse<every::thin_space>("1")});
    std::vector<architecture<every::space>> all;
    for (const char* code : every::codes) {
        all.push_back(parse<every::space>(code));
    }
    check_sum<every::space>(all);
}

#if FITNAS_HAS_OPENMP

TEST_CASE("paths go side by side where there are as many as threads, at most four a thread") {
    const supernet<five_paths> net(seed{1});
    const auto together = [&](int threads, std::size_t paths) {
        const with_threads these(threads);
        return detail::path_a_thread(net.weights(), false, paths).count(paths);
    };
    CHECK(together(1, 5) == 0);
    CHECK(together(2, 5) == 4);
    CHECK(together(2, 1) == 0);
    CHECK(together(3, 5) == 3);
    CHECK(together(5, 5) == 5);
    CHECK(together(6, 5) == 0);
    CHECK(together(2, 30) == 8);
    const with_threads two(2);
    CHECK(detail::path_a_thread(net.weights(), false, 6).count(3) == 2); // the rest of a step
}

TEST_CASE_TEMPLATE("a path a thread comes to the bits of paths one after the other", Space, small::space,
                   five_paths, every::thin_space, small::graph_space, small::two_graphs) {
    for (const sampling way : {sampling::strict_fair, sampling::sandwich}) {
        for (const double distillation : {0.0, 0.5}) {
            for (const int parts : {1, 2}) {
                train_options o = options;
                o.sampling = way;
                o.distillation = distillation;
                o.parts = parts;
                o.path_a_thread = false;
                const std::uint64_t in_turns = trained<Space>(o);
                for (const int threads : {1, 2, 3, 4}) {
                    const with_threads these(threads);
                    CAPTURE(threads);
                    o.path_a_thread = true;
                    o.recompute_activations = threads == 2;
                    CHECK(trained<Space>(o) == in_turns);
                }
            }
        }
    }
}

TEST_CASE("a training goes on with another number of threads, or with paths one after the other") {
    const std::uint64_t expected = trained<five_paths>(options);
    for (const bool first : {false, true}) {
        supernet<five_paths> net(seed{1});
        training_state kept;
        train_options begin = options;
        begin.path_a_thread = first;
        begin.keep = {.save = [&](const training_state& s) { kept = s; },
                      .stop = [steps = 0]() mutable { return ++steps == 2; }};
        CHECK_THROWS_AS(train(net, images<five_paths>().train, begin), interrupted);
        const with_threads these(first ? 3 : 2);
        train_options end = options;
        end.path_a_thread = !first;
        end.keep = {.from = &kept};
        train(net, images<five_paths>().train, end);
        CHECK(small::hash(net.parameters()) == expected);
    }
}

TEST_CASE("paths go one after the other where more would not fit, and where images are shared") {
    const with_threads two(2);
    const supernet<five_paths> net(seed{1});
    const detail::weights& w = net.weights();
    const auto count = [&](const train_options& o) {
        return detail::paths_that_fit(w, o, detail::work_of(o.batch, o.parts, o.peers, o.share), 5, 1);
    };
    CHECK(count(options) == 5);
    train_options o = options;
    o.memory_limit = training_bytes<five_paths>(16, false, 5);
    CHECK(o.memory_limit > training_bytes<five_paths>(16) + training_bytes<five_paths>(16) / 2);
    CHECK(count(o) == 5);
    --o.memory_limit;
    CHECK(count(o) == 1);
    CHECK(trained<five_paths>(o) == trained<five_paths>(options));
    o = options;
    o.path_a_thread = false;
    CHECK(count(o) == 1);
    o = options;
    support::thread_peers::run(2, [&](support::thread_peers& own) {
        train_options mine = options;
        mine.peers = &own;
        const detail::step_work work = detail::work_of(16, 0, &own, step_share::paths);
        CHECK(detail::paths_that_fit(w, mine, work, 5, 1) == (own.rank() == 0 ? 2 : 3));
        for (const step_share share : {step_share::images, step_share::images_synchronised}) {
            CHECK(detail::paths_that_fit(w, mine, detail::work_of(16, 0, &own, share), 5, 1) == 1);
        }
    });
}

TEST_CASE("large paths go one after the other") {
    const with_threads two(2);
    const supernet<spaces::nas_bench_macro> net(seed{1});
    const auto count = [&](std::size_t batch) {
        const train_options o{.batch = batch, .sampling = sampling::strict_fair};
        return detail::paths_that_fit(net.weights(), o, detail::work_of(batch, 0, nullptr, o.share), 3, 1);
    };
    CHECK(detail::step_floats(spaces::nas_bench_macro::layout(), 128, false) * 4 > detail::most_path_bytes);
    CHECK(count(128) == 1);
    CHECK(count(16) == 3);
}

TEST_CASE("no step after the first allocates, whichever paths come to whichever thread") {
    const with_threads two(2);
    supernet<five_paths> net(seed{1});
    detail::weights& w = net.weights();
    const detail::step_work alone;
    detail::weights_update<sgd> update(
        w, alone, [](std::size_t n) { return sgd(n); }, false, 5);
    const dataset& data = images<five_paths>();
    const detail::loaded_images all(data.train, shuffled_indices(64, seed{0}, 0),
                                    normalisation_of(data.train));
    detail::path_sampler sampler(five_paths::operator_counts, sampling::strict_fair, seed{2});
    std::vector<batch_loss> losses;
    losses.reserve(5);
    long long before = 0;
    for (std::uint64_t step = 0; step < 12; ++step) {
        losses.clear();
        update.add(
            sampler.paths(step), all.values.data(), all.labels, 0, [](const auto&) { return soft_labels{}; },
            losses);
        update.apply(0.01);
        before = step == 0 ? bench::allocations() : before;
    }
    CHECK(losses.size() == 5);
    CHECK(bench::allocations() == before);
}

#endif
