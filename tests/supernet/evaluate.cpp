#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/scorer.hpp>

#include "small_spaces.hpp"

using namespace fitnas;
using space = small::space;

namespace {

supernet<space> trained(const dataset& data) {
    supernet<space> net(seed{1});
    train(net, data.train, {.epochs = 4, .batch = 32, .sampling = sampling::strict_fair});
    return net;
}

// The weights of one path, layer after layer.
std::vector<float> path_weights(const supernet<space>& net, const architecture<space>& a) {
    std::vector<float> values;
    for (const space_layer& l : space::tables.layers) {
        const space_block& b = space::layout().block(l, a);
        const auto part = net.parameters().subspan(static_cast<std::size_t>(b.offset),
                                                   static_cast<std::size_t>(b.parameters));
        values.insert(values.end(), part.begin(), part.end());
    }
    return values;
}

} // namespace

TEST_CASE("scores are what the same weights score in a network by itself") {
    const dataset data = small::images();
    const supernet<space> net = trained(data);
    const auto some = different_networks<space>();
    const score_table<space> table = evaluate<space>(net, some, data, {.calibration = data.train.size()});
    REQUIRE(table.size() == some.size());
    double best = 0;
    for (std::size_t i = 0; i < some.size(); ++i) {
        CAPTURE(to_string<space>(some[i]));
        network<space> alone(some[i]);
        const std::vector<float> values = path_weights(net, some[i]);
        REQUIRE(values.size() == alone.parameters().size());
        std::copy(values.begin(), values.end(), alone.parameters().begin());
        alone.calibrate(data.train, data.train.size());
        // The same images in another order: sums may round otherwise, so one image may tip over.
        CHECK(table.scores[i] == doctest::Approx(accuracy(alone, data.validation)).epsilon(0.02));
        best = (std::max)(best, table.scores[i]);
    }
    CHECK(best > 0.6);
}

TEST_CASE("sharing first layers and cutting into batches changes nothing") {
    const dataset data = small::images();
    const supernet<space> net = trained(data);
    const auto some = sample<space>(8, seed{3});
    const evaluation<space> together = evaluate_both<space>(net, some, data);
    CHECK(together.by_loss().scores == together.negative_loss);
    CHECK(together.by_loss().architectures == some);
    CHECK(together.by_loss().kind == score_kind::supernet);
    CHECK(scorer(net, data)(some) == together.accuracy.scores);
    CHECK(scorer(net, data, {}, score_measure::negative_loss)(some) == together.negative_loss);
    for (const std::size_t batch : {1U, 37U, 64U, 199U}) { // 37: in each 33 or 34 images
        CAPTURE(batch);
        const evaluation<space> in_batches = evaluate_both<space>(net, some, data, {.batch = batch});
        CHECK(in_batches.accuracy.scores == together.accuracy.scores);
        CHECK(in_batches.negative_loss == together.negative_loss);
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
        const evaluation<space> alone = evaluate_both<space>(net, {&some[i], 1}, data);
        CHECK(alone.accuracy.scores[0] == together.accuracy.scores[i]);
        CHECK(alone.negative_loss[0] == together.negative_loss[i]);
    }
}

TEST_CASE("an accuracy is a count of images, divided once") {
    const dataset data = small::images();
    const supernet<space> net = trained(data);
    const auto all = different_networks<space>();
    for (const std::size_t batch : {7U, 30U, 63U, 2000U}) {
        for (const statistics kind : {statistics::calibrated, statistics::batch}) {
            for (const std::size_t images : {199U, 0U}) {
                const double n = images == 0 ? 200 : 199;
                const auto table =
                    evaluate<space>(net, all, data, {.statistics = kind, .images = images, .batch = batch});
                for (const double share : table.scores) {
                    CHECK(share == std::round(share * n) / n);
                }
            }
        }
    }
}

TEST_CASE("equal networks get equal scores and rows keep their order") {
    const dataset data = small::images();
    const supernet<space> net = trained(data);
    const std::vector<architecture<space>> codes{parse<space>("102"), parse<space>("012"),
                                                 parse<space>("002"), parse<space>("102")};
    const score_table<space> table = evaluate<space>(net, codes, data);
    CHECK(table.architectures == codes);
    CHECK(table.scores[0] == table.scores[1]);
    CHECK(table.scores[0] == table.scores[3]);
    CHECK(evaluate<space>(net, std::vector<architecture<space>>{}, data).empty());
}

TEST_CASE("the test split is never read") {
    dataset data = small::images();
    const supernet<space> net = trained(data);
    const auto some = sample<space>(3, seed{3});
    const std::vector<double> scores = evaluate<space>(net, some, data).scores;
    data.test = {};
    CHECK(evaluate<space>(net, some, data).scores == scores);
}

TEST_CASE("statistics of the batch itself, a part of the images, and an observer") {
    const dataset data = small::images();
    const supernet<space> net = trained(data);
    const auto some = sample<space>(4, seed{3});
    const score_table<space> calibrated = evaluate<space>(net, some, data);
    const score_table<space> batch = evaluate<space>(net, some, data, {.statistics = statistics::batch});
    for (std::size_t i = 0; i < some.size(); ++i) {
        CHECK(batch.scores[i] == doctest::Approx(calibrated.scores[i]).epsilon(0.1));
    }
    long long calls = 0;
    progress last;
    const score_table<space> part =
        evaluate<space>(net, some, data, {.images = 50, .batch = 25, .observer = [&](const progress& p) {
                                              ++calls;
                                              last = p;
                                          }});
    CHECK(calls == 8);
    CHECK(last.done == last.total);
    for (const double s : part.scores) {
        CHECK(s * 50 == doctest::Approx(std::round(s * 50)));
    }
}

TEST_CASE("images that are sorted by class are scored like mixed ones") {
    const dataset mixed = small::images();
    std::vector<std::size_t> order; // as a folder of folders gives them
    for (int c = 0; c < 4; ++c) {
        for (std::size_t i = 0; i < mixed.validation.size(); ++i) {
            if (mixed.validation.label(i) == c) {
                order.push_back(i);
            }
        }
    }
    const dataset sorted{mixed.train, subset(mixed.validation, order), mixed.test};
    const supernet<space> net = trained(mixed);
    const auto all = different_networks<space>();
    const auto scores = [&](const dataset& data, const evaluate_options& o) {
        return evaluate<space>(net, all, data, o).scores;
    };
    CHECK(scores(sorted, {}) == scores(mixed, {}));
    // A part is that of `stratified_indices`, of which each class has a fourth.
    const std::vector<std::size_t> chosen = stratified_indices(sorted.validation, 40, seed{6});
    const dataset part{sorted.train, subset(sorted.validation, chosen), {}};
    const std::vector<int> labels = image_dataset(part.validation).labels;
    for (int c = 0; c < 4; ++c) {
        CHECK(std::count(labels.begin(), labels.end(), c) == 10);
    }
    CHECK(scores(sorted, {.images = 40, .seed = seed{6}}) == scores(part, {.seed = seed{6}}));
    CHECK(scores(sorted, {.images = 40, .seed = seed{6}}) != scores(sorted, {.images = 40, .seed = seed{7}}));
    // Chunks that give statistics have every class; of one class each they would give other networks.
    const auto whole = scores(mixed, {.statistics = statistics::batch});
    const auto chunks = scores(sorted, {.statistics = statistics::batch, .batch = 50});
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(std::abs(chunks[i] - whole[i]) < 0.1);
    }
}

TEST_CASE("bad input is refused") {
    const dataset data = small::images();
    const supernet<space> net;
    const auto some = sample<space>(2, seed{3});
    CHECK_THROWS_AS(evaluate<space>(net, some, data, {.calibration = 0}), option_error);
    CHECK_THROWS_AS(evaluate<space>(net, some, data, {.batch = 0}), option_error);
    CHECK_THROWS_AS(evaluate<space>(net, some, data, {.images = 201}), option_error);
    const std::vector<architecture<space>> wrong{{0, 0, 3}};
    CHECK_THROWS_AS(evaluate<space>(net, wrong, data), architecture_error);
    CHECK_THROWS_AS(evaluate<space>(net, some, datasets::synthetic({.image = {8, 8, 3}, .classes = 4})),
                    shape_error);
    dataset without = data;
    without.validation = {};
    CHECK_THROWS_AS(evaluate<space>(net, some, without), data_error);
}
