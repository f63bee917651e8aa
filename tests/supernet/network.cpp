#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/split.hpp>
#include <fitnas/space/limit.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/fine_tune.hpp>
#include <fitnas/supernet/latency.hpp>
#include <fitnas/supernet/retrain.hpp>

#include "small_spaces.hpp"

using namespace fitnas;
using space = small::space;

TEST_CASE("a network has the parameters of its architecture and learns") {
    const dataset data = small::images();
    const architecture<space> a = parse<space>("012");
    const retrained<space> r =
        retrain<space>(a, data, {.epochs = 8, .batch = 32, .learning_rate = 0.1, .seed = seed{2}});
    CHECK(static_cast<long long>(r.network.parameters().size()) == cost::parameters<space>(a));
    CHECK(r.network.architecture() == canonical<space>(a));
    CHECK(r.report.epochs.back().loss < r.report.epochs.front().loss);
    CHECK(r.test_accuracy > 0.8);
    CHECK(r.validation_accuracy > 0.8);
    CHECK(r.test_accuracy == accuracy(r.network, data.test));
    const std::vector<int> classes = classify(r.network, data.test);
    const std::vector<int> labels = image_dataset(data.test).labels;
    const auto right = std::inner_product(classes.begin(), classes.end(), labels.begin(), 0, std::plus<>(),
                                          std::equal_to<>());
    CHECK(r.test_accuracy == right / 200.0);
    // A copy works by itself.
    const network<space> copy = r.network;
    CHECK(classify(copy, data.test) == classes);
}

TEST_CASE("a path of a supernet as a network answers as the supernet does") {
    const dataset data = small::images();
    supernet<space> super(seed{1});
    train(super, data.train, {.epochs = 2, .batch = 32});
    const std::vector<architecture<space>> some{parse<space>("012"), parse<space>("100"),
                                                parse<space>("001")};
    const evaluation<space> scores =
        evaluate_both<space>(super, some, data, {.calibration = 300, .seed = seed{3}});
    const std::vector<int> labels = image_dataset(data.validation).labels;
    for (std::size_t i = 0; i < some.size(); ++i) {
        CAPTURE(i);
        network<space> one(some[i], super);
        CHECK_THROWS_AS(one.logits(data.validation), option_error);
        one.calibrate(data.train, 300, seed{3});
        CHECK(accuracy(one, data.validation) == scores.accuracy.scores[i]);
        const tensor2 logits = one.logits(data.validation);
        const double loss = cross_entropy({logits.data(), logits.size()}, labels, 0).loss;
        CHECK(-loss == scores.negative_loss[i]);
    }
}

TEST_CASE("finalists are trained from the shared weights, and scored in their order") {
    const dataset data = small::images();
    supernet<space> super(seed{1});
    train(super, data.train, {.epochs = 2, .batch = 32});
    const std::vector<float> before(super.parameters().begin(), super.parameters().end());
    // The first and the last are one network.
    const std::vector<architecture<space>> some{parse<space>("012"), parse<space>("000"),
                                                parse<space>("102")};
    REQUIRE(same_network<space>(some[0], some[2]));
    train_options o{.epochs = 1, .batch = 64, .learning_rate = 0.02};
    std::vector<long long> told;
    o.observer = [&](const progress& p) {
        told.push_back(p.done);
        CHECK(p.total == 16); // 8 steps of 2 networks
        CHECK(p.stage == "fine_tune");
    };
    const evaluation<space> tuned = fine_tune<space>(super, some, data, o);
    CHECK(told.size() == 16);
    CHECK(std::is_sorted(told.begin(), told.end()));
    CHECK(told.back() == 16);
    CHECK(std::equal(before.begin(), before.end(), super.parameters().begin()));
    CHECK(tuned.accuracy.architectures == some);
    CHECK(tuned.accuracy.scores[0] == tuned.accuracy.scores[2]);
    const evaluation<space> shared = evaluate_both<space>(super, some, data);
    o.observer = {};
    for (std::size_t i = 0; i < some.size(); ++i) {
        network<space> one(some[i], super);
        train(one, data.train, o);
        CHECK(accuracy(one, data.validation) == tuned.accuracy.scores[i]);
        CHECK(tuned.negative_loss[i] >
              shared.negative_loss[i]); // two epochs of all paths leave much to learn
    }
}

TEST_CASE("logits of an image do not depend on its neighbours") {
    const dataset data = small::images();
    network<space> net(parse<space>("002"), seed{1});
    net.calibrate(data.train);
    const tensor2 all = net.logits(data.test);
    CHECK(all.shape(0) == 200);
    CHECK(all.shape(1) == 4);
    const std::vector<std::size_t> one{17};
    const tensor2 alone = net.logits(subset(data.test, one));
    for (std::size_t c = 0; c < 4; ++c) {
        CHECK(alone(0, c) == all(17, c));
    }
}

TEST_CASE("statistics are of every class in proportion") {
    // One image a class, 16 times each, sorted: any fourth of each is as good as all.
    const dataset data = small::images();
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < 64; ++i) {
        numbers.push_back(i / 16); // synthetic images 0 to 3 are of classes 0 to 3
    }
    const image_view repeated = subset(data.train, numbers);
    network<space> net(parse<space>("002"), seed{1});
    net.calibrate(repeated);
    const tensor2 all = net.logits(data.test);
    for (std::uint64_t s = 0; s < 10; ++s) {
        for (const std::size_t images : {4U, 16U}) {
            net.calibrate(repeated, images, seed{s});
            const tensor2 some = net.logits(data.test);
            double largest = 0;
            for (std::size_t i = 0; i < all.size(); ++i) {
                largest = (std::max)(largest, std::abs(static_cast<double>(some.data()[i] - all.data()[i])));
            }
            CHECK(largest < 1e-3);
        }
    }
}

TEST_CASE("what a network cannot do is refused") {
    const dataset data = small::images();
    network<space> net(parse<space>("002"));
    CHECK_THROWS_AS(accuracy(net, data.test), option_error);
    CHECK_THROWS_AS(net.calibrate(data.train, 0), option_error);
    net.calibrate(data.train);
    CHECK_THROWS_AS(accuracy(net, image_dataset{}), data_error);
    CHECK_THROWS_AS(accuracy(net, datasets::synthetic({.image = {9, 8, 1}, .classes = 4}).test), shape_error);
    CHECK_THROWS_AS(network<space>(architecture<space>{0, 9, 0}), architecture_error);
    dataset without = data;
    without.test = {};
    CHECK_THROWS_AS(retrain<space>(parse<space>("002"), without), data_error);
}

TEST_CASE("latency is measured block by block") {
    const latency_table table = measure_latency<space>({.images = 4, .repeats = 5});
    const space_layout layout = space::layout();
    REQUIRE(table.blocks().size() == layout.blocks.size());
    for (std::size_t i = 0; i < layout.blocks.size(); ++i) {
        CAPTURE(i);
        CHECK((table.blocks()[i] > 0) == !layout.blocks[i].steps.empty());
    }
    CHECK(cost::latency<space>(table, parse<space>("002")) >
          cost::latency<space>(table, parse<space>("112")));
    const cost::limit limit = cost::latency_at_most(table, 1e9);
    CHECK(limit.meets<space>(parse<space>("000")));
    CHECK_THROWS_AS(measure_latency<space>({.images = 0}), option_error);
    CHECK_THROWS_AS(measure_latency<space>({.repeats = 0}), option_error);
    int calls = 0;
    measure_latency<space>({.repeats = 1, .observer = [&](const progress&) { ++calls; }});
    CHECK(calls == static_cast<int>(layout.blocks.size()));
}

TEST_CASE("of logits that are not finite none is the largest") {
    const dataset data = small::images();
    network<space> net(parse<space>("002"), seed{1});
    net.calibrate(data.train);
    net.parameters().back() = NAN; // a bias of the last layer
    CHECK_THROWS_WITH_AS(classify(net, data.test), "[F0560] classify: the logits of image 0 are not finite",
                         numeric_error);
    CHECK_THROWS_AS(accuracy(net, data.test), numeric_error);
}
