// Activations that are computed again in backward: the same bits, whatever is trained and how.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/parallel.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/fine_tune.hpp>
#include <fitnas/supernet/retrain.hpp>
#include <fitnas/supernet/train.hpp>
#include <fitnas/supernet/training_scorer.hpp>

#include "every_primitive.hpp"
#include "graph_spaces.hpp"
#include "small_spaces.hpp"

using namespace fitnas;

namespace {

constexpr std::size_t count = 9;

template <class Space>
std::vector<float> some_images() {
    std::vector<float> images(count * static_cast<std::size_t>(Space::layout().input.size()));
    random_stream random(seed{3}, purpose::user);
    detail::fill_normal(images, 1.0, random);
    return images;
}

// Gradients of paths one after the other, and their logits, which outlive backward.
template <class Space>
void check_paths(const std::vector<architecture<Space>>& codes) {
    const supernet<Space> net(seed{1});
    const detail::weights& w = net.weights();
    const std::vector<float> images = some_images<Space>();
    std::vector<int> labels(count);
    for (std::size_t i = 0; i < count; ++i) {
        labels[i] = static_cast<int>(i) % Space::classes;
    }
    detail::path_runner plain(w);
    detail::path_runner again(w, true);
    for (const auto& code : codes) {
        CAPTURE(to_string<Space>(code));
        const detail::network_path path = w.path(code);
        const std::span<const float> z = plain.logits(w, path, images.data(), count);
        const std::vector<float> logits(z.begin(), z.end());
        for (detail::path_runner* runner : {&plain, &again}) {
            runner->run(w, path, images.data(), labels, 0.1);
            const std::span<const float> left = runner->logits();
            CHECK(std::equal(left.begin(), left.end(), logits.begin(), logits.end()));
        }
        CHECK(small::hash(plain.gradient()) == small::hash(again.gradient()));
    }
    CHECK(std::any_of(again.gradient().begin(), again.gradient().end(), [](float g) { return g != 0; }));
    CHECK(again.memory().most() < plain.memory().most());
}

template <class Space>
std::uint64_t trained(train_options options, bool recompute) {
    const dataset data = small::images();
    supernet<Space> net(seed{1});
    options.recompute_activations = recompute;
    train(net, data.train, options);
    return small::hash(net.parameters());
}

} // namespace

TEST_CASE("gradients by activations that are computed again are the same bits, and logits stay") {
    check_paths<small::space>(sample<small::space>(8, seed{1}));
    check_paths<small::graph_space>(sample<small::graph_space>(40, seed{1}));
    check_paths<small::graph_space>({parse<small::graph_space>("444444"), parse<small::graph_space>("000000"),
                                     parse<small::graph_space>("414134"),
                                     parse<small::graph_space>("133441")});
    check_paths<small::two_graphs>(sample<small::two_graphs>(30, seed{1}));
    check_paths<small::concat_space>(sample<small::concat_space>(30, seed{1}));
    check_paths<every::thin_space>({parse<every::thin_space>("0"), parse<every::thin_space>("1")});
    std::vector<architecture<every::space>> all;
    for (const char* code : every::codes) {
        all.push_back(parse<every::space>(code));
    }
    check_paths<every::space>(all);
}

TEST_CASE("a training that computes activations again is the same, by all ways of sampling") {
    for (const sampling kind :
         {sampling::uniform, sampling::strict_fair, sampling::fair_in_turn, sampling::sandwich}) {
        const train_options options{.epochs = 2,
                                    .batch = 64,
                                    .sampling = kind,
                                    .label_smoothing = 0.1,
                                    .largest_epochs = 1,
                                    .distillation = 0.5,
                                    .average = 0.5};
        CHECK(trained<small::space>(options, true) == trained<small::space>(options, false));
        CHECK(trained<small::graph_space>(options, true) == trained<small::graph_space>(options, false));
    }
}

#if FITNAS_HAS_OPENMP
TEST_CASE("a training that computes activations again is the same on 1, 2 and 4 threads") {
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    const std::uint64_t one = trained<small::graph_space>({.epochs = 1, .batch = 50}, true);
    for (const int threads : {2, 4}) {
        omp_set_num_threads(threads);
        CHECK(trained<small::graph_space>({.epochs = 1, .batch = 50}, true) == one);
    }
    omp_set_num_threads(before);
}
#endif

TEST_CASE("a training may go on with activations computed again, or without") {
    const dataset data = small::images();
    const train_options options{.epochs = 2, .batch = 64};
    const std::uint64_t expected = trained<small::space>(options, false);
    for (const bool first : {false, true}) {
        supernet<small::space> net(seed{1});
        training_state kept;
        train_options begin = options;
        begin.recompute_activations = first;
        begin.keep = {.save = [&](const training_state& s) { kept = s; },
                      .stop = [steps = 0]() mutable { return ++steps == 5; }};
        CHECK_THROWS_AS(train(net, data.train, begin), interrupted);
        CHECK(kept.step == 5);
        train_options end = options;
        end.recompute_activations = !first;
        end.keep = {.from = &kept};
        train(net, data.train, end);
        CHECK(small::hash(net.parameters()) == expected);
    }
}

TEST_CASE("one network, trained alone, tuned or scored, is the same with activations computed again") {
    using space = small::concat_space;
    const dataset data = datasets::synthetic(
        {.image = space::input, .classes = 4, .train = 128, .validation = 100, .test = 100, .seed = seed{5}});
    const supernet<space> super(seed{1});
    const auto some = sample<space>(3, seed{2});
    const auto all = [&](bool recompute) {
        const train_options options{.epochs = 1, .batch = 32, .recompute_activations = recompute};
        network<space> alone(some[0], seed{1});
        train(alone, data.train, options);
        const auto again = retrain<space>(some[1], data, options);
        const evaluation<space> tuned = fine_tune<space>(super, some, data, options);
        const std::vector<double> losses = tuned.negative_loss;
        return std::tuple(small::hash(alone.parameters()), small::hash(again.network.parameters()),
                          again.test_accuracy, losses,
                          training_scorer<space>{.data = &data, .options = options}(some));
    };
    CHECK(all(true) == all(false));
}
