#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/nn/gradient_check.hpp>
#include <fitnas/space/cost.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/train.hpp>

#include "small_spaces.hpp"

using namespace fitnas;
using space = small::space;

namespace {

bool same(std::span<const float> a, std::span<const float> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::string message_of(const image_source& data, const train_options& options) {
    supernet<space> net;
    const std::vector<float> before(net.parameters().begin(), net.parameters().end());
    try {
        train(net, data, options);
    } catch (const error& e) {
        CHECK(same(net.parameters(), before));
        return e.what();
    }
    return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a supernet learns by both ways of sampling") {
    const dataset data = small::images();
    for (const sampling kind : {sampling::uniform, sampling::strict_fair}) {
        CAPTURE(static_cast<int>(kind));
        supernet<space> net(seed{1});
        const train_report report =
            train(net, data.train, {.epochs = 6, .batch = 32, .sampling = kind, .learning_rate = 0.1});
        REQUIRE(report.epochs.size() == 6);
        CHECK(report.epochs.back().loss < 0.7 * report.epochs.front().loss);
        CHECK(report.epochs.back().accuracy > 0.7);
    }
}

TEST_CASE("ways of sampling are called as their enumerators are") {
    const auto name = [](sampling s) { return sampling_names[static_cast<std::size_t>(s)]; };
    CHECK(name(sampling::uniform) == "uniform");
    CHECK(name(sampling::strict_fair) == "strict_fair");
    CHECK(name(sampling::fair_in_turn) == "fair_in_turn");
    CHECK(name(sampling::sandwich) == "sandwich");
}

TEST_CASE("a uniform step trains one operator a cell and leaves the others alone") {
    const dataset data = small::images();
    supernet<space> net(seed{1});
    supernet<space> before = net;
    train(net, data.train, {.epochs = 1, .batch = data.train.size()});
    for (int cell = 0; cell < space::cells; ++cell) {
        CAPTURE(cell);
        int changed = 0;
        int silent = 0; // operators without parameters
        for (int o = 0; o < space::operator_counts[static_cast<std::size_t>(cell)]; ++o) {
            silent += net.parameters(cell, o).empty();
            changed += !same(net.parameters(cell, o), before.parameters(cell, o));
        }
        CHECK(changed <= 1);
        CHECK(changed + silent >= 1);
    }
}

TEST_CASE("a strictly fair step trains every operator") {
    const dataset data = small::images();
    supernet<space> net(seed{1});
    supernet<space> before = net;
    train(net, data.train, {.epochs = 1, .batch = data.train.size(), .sampling = sampling::strict_fair});
    for (int cell = 0; cell < space::cells; ++cell) {
        for (int o = 0; o < space::operator_counts[static_cast<std::size_t>(cell)]; ++o) {
            CAPTURE(cell);
            CAPTURE(o);
            CHECK(net.parameters(cell, o).empty() ==
                  same(net.parameters(cell, o), before.parameters(cell, o)));
        }
    }
}

TEST_CASE("strictly fair paths name the operators of each cell equally often, whatever the counts") {
    const std::vector<int> counts{2, 3, 1, 4};
    detail::path_sampler sampler(counts, sampling::strict_fair, seed{9});
    CHECK(sampler.size() == 12);
    std::set<std::string> codes;
    for (std::uint64_t step = 0; step < 50; ++step) {
        const auto paths = sampler.paths(step);
        REQUIRE(paths.size() == 12);
        for (std::size_t c = 0; c < counts.size(); ++c) {
            std::vector<int> seen(static_cast<std::size_t>(counts[c]));
            for (const auto& path : paths) {
                ++seen.at(path[c]);
            }
            for (const int n : seen) {
                CHECK(n == 12 / counts[c]);
            }
        }
        for (const auto& path : paths) {
            codes.insert(detail::code_text(path));
        }
    }
    CHECK(codes.size() == 24); // shuffled cell by cell, so every code comes up
    CHECK_THROWS_AS(detail::path_sampler(std::vector<int>{16, 9, 5, 7}, sampling::strict_fair, seed{}),
                    option_error);
}

TEST_CASE("paths that are fair in turn are those of strictly fair steps, one a step") {
    const std::vector<int> counts{2, 3, 1, 4};
    detail::path_sampler together(counts, sampling::strict_fair, seed{9});
    detail::path_sampler in_turn(counts, sampling::fair_in_turn, seed{9});
    CHECK(in_turn.size() == 1);
    for (std::uint64_t group = 0; group < 3; ++group) {
        const auto paths = together.paths(group);
        for (std::size_t i = 0; i < paths.size(); ++i) {
            const auto one = in_turn.paths(group * 12 + i);
            REQUIRE(one.size() == 1);
            CHECK(one.front() == paths[i]);
        }
    }
}

TEST_CASE("a sandwich is the largest path, the smallest, and two random ones") {
    const space_layout& layout = space::layout();
    const auto largest = detail::extreme_code(layout, true);
    const auto smallest = detail::extreme_code(layout, false);
    const auto macs = [](const std::vector<std::uint8_t>& code) {
        architecture<space> a{};
        std::copy(code.begin(), code.end(), a.begin());
        return cost::macs<space>(a);
    };
    for_each_architecture<space>([&](const architecture<space>& a) {
        CHECK(macs(smallest) <= cost::macs<space>(a));
        CHECK(macs(largest) >= cost::macs<space>(a));
    });
    detail::path_sampler sampler(space::operator_counts, sampling::sandwich, seed{9}, largest, smallest);
    CHECK(sampler.size() == 4);
    std::set<std::string> codes;
    for (std::uint64_t step = 0; step < 50; ++step) {
        const auto paths = sampler.paths(step);
        REQUIRE(paths.size() == 4);
        CHECK(paths[0] == largest);
        CHECK(paths[1] == smallest);
        codes.insert(detail::code_text(paths[2]));
        codes.insert(detail::code_text(paths[3]));
    }
    CHECK(codes.size() == 12);
}

TEST_CASE("the first epochs may train the largest path alone") {
    const dataset data = small::images();
    supernet<space> net(seed{1});
    supernet<space> before = net;
    train_options o{.epochs = 2, .batch = 100, .largest_epochs = 1};
    o.keep = {.every = 5, .save = [&](const training_state& s) {
                  if (s.step == 5) { // the end of the first epoch
                      const auto largest = detail::extreme_code(space::layout(), true);
                      for (int cell = 0; cell < space::cells; ++cell) {
                          for (int op = 0; op < space::operator_counts[static_cast<std::size_t>(cell)];
                               ++op) {
                              CAPTURE(cell);
                              CAPTURE(op);
                              const bool used = op == largest[static_cast<std::size_t>(cell)] &&
                                                !net.parameters(cell, op).empty();
                              CHECK(used != same(net.parameters(cell, op), before.parameters(cell, op)));
                          }
                      }
                  }
              }};
    CHECK(train(net, data.train, o).epochs.size() == 2);
}

TEST_CASE("an average is the mean of the weights after the last steps") {
    const dataset data = small::images();
    train_options o{.epochs = 2, .batch = 100}; // 10 steps
    supernet<space> last(seed{1});
    std::vector<double> mean(last.parameters().size());
    o.keep = {.every = 1, .save = [&](const training_state& s) {
                  for (std::size_t i = 0; s.step > 6 && i < mean.size(); ++i) {
                      mean[i] += static_cast<double>(last.parameters()[i]) / 4;
                  }
              }};
    train(last, data.train, o);
    o.keep = {};
    o.average = 0.35; // rounded up
    supernet<space> net(seed{1});
    train(net, data.train, o);
    double largest = 0;
    double moved = 0;
    for (std::size_t i = 0; i < mean.size(); ++i) {
        const auto value = static_cast<double>(net.parameters()[i]);
        largest = (std::max)(largest, std::abs(value - mean[i]));
        moved = (std::max)(moved, std::abs(value - static_cast<double>(last.parameters()[i])));
    }
    CHECK(largest < 1e-6);
    CHECK(moved > 1e-4);
}

TEST_CASE("a distilled path follows the largest one, which follows the labels") {
    // One cell with two operators, one step: by hand.
    using ops = operator_set<op::conv<3>, op::mbconv<3, 4>>;
    using tiny = search_space<image<8, 8, 1>, stem<4>, stage<ops, 1, 6, 2>, head<8, 4>>;
    const dataset data = datasets::synthetic({.image = {8, 8, 1}, .classes = 4, .train = 16});
    const std::vector<std::uint8_t> largest = detail::extreme_code(tiny::layout(), true);
    const std::vector<std::uint8_t> smallest = detail::extreme_code(tiny::layout(), false);
    REQUIRE(largest != smallest);
    for (const sampling kind : {sampling::strict_fair, sampling::sandwich}) {
        CAPTURE(static_cast<int>(kind));
        supernet<tiny> net(seed{1});
        supernet<tiny> by_hand = net;
        train(net, data.train,
              {.epochs = 1,
               .batch = 16,
               .sampling = kind,
               .learning_rate = 0.1,
               .momentum = 0,
               .weight_decay = 0,
               .distillation = 0.8});
        detail::weights& w = by_hand.weights();
        const detail::loaded_images all(data.train, shuffled_indices(16, seed{0}, 0),
                                        normalisation_of(data.train));
        const float* images = all.values.data();
        detail::path_runner runner(w);
        const auto logits = runner.logits(w, w.path(largest), images, 16);
        const std::vector<float> teacher(logits.begin(), logits.end());
        detail::path_sampler sampler(tiny::operator_counts, kind, seed{0}, largest, smallest);
        std::vector<float> uses(w.blocks().size());
        for (const auto& code : sampler.paths(0)) {
            const detail::network_path path = w.path(code);
            runner.run(w, path, images, all.labels, 0, {teacher, code == largest ? 0 : 0.8});
            for (const int b : path) {
                ++uses[static_cast<std::size_t>(b)];
            }
        }
        for (std::size_t b = 0; b < w.blocks().size(); ++b) {
            for (std::size_t i = w.blocks()[b].offset; i < w.blocks()[b].offset + w.blocks()[b].size; ++i) {
                w.values()[i] -= 0.1F / uses[b] * runner.gradient()[i];
                CHECK(net.parameters()[i] == doctest::Approx(w.values()[i]).epsilon(1e-4));
            }
        }
    }
}

TEST_CASE("one network is trained as before, whatever a supernet's paths would be") {
    const dataset data = small::images();
    const auto a = parse<space>("012");
    network<space> plain(a, seed{1});
    network<space> other(a, seed{1});
    train(plain, data.train, {.epochs = 2});
    train(other, data.train,
          {.epochs = 2, .sampling = sampling::sandwich, .largest_epochs = 1, .distillation = 0.5});
    CHECK(same(plain.parameters(), other.parameters()));
}

TEST_CASE("the gradient of a whole path is right") {
    supernet<space> net(seed{2});
    detail::weights& w = net.weights();
    random_stream random(seed{3}, purpose::user);
    const std::vector<int> labels{0, 3, 1, 2, 2, 1};
    std::vector<float> images(labels.size() * 64);
    detail::fill_normal(images, 1.0, random);
    for (const char* code : {"000", "112", "101", "012"}) {
        CAPTURE(code);
        detail::path_runner runner(w);
        const detail::network_path path = w.path(parse<space>(code));
        runner.run(w, path, images.data(), labels, 0.1);
        const std::vector<float> gradient(runner.gradient().begin(), runner.gradient().end());
        detail::path_runner other(w);
        const gradient_report report = check_gradient(
            w.values(), gradient, [&] { return other.run(w, path, images.data(), labels, 0.1).loss; },
            {.step = 5e-3});
        INFO(report.log);
        CHECK(report.ok);
        for (const detail::weight_block& b : w.blocks()) {
            const bool used = std::any_of(path.begin(), path.end(), [&](int i) { return &w.block(i) == &b; });
            const auto first = gradient.begin() + static_cast<std::ptrdiff_t>(b.offset);
            const bool zero = std::all_of(first, first + static_cast<std::ptrdiff_t>(b.size),
                                          [](float g) { return g == 0; });
            CHECK(zero == (!used || b.size == 0));
        }
    }
}

TEST_CASE("paths of a step are averaged block by block, and each step begins anew") {
    // One cell with two operators: a strictly fair step is both, whatever their order.
    using ops = operator_set<op::conv<3>, op::mbconv<3, 1>>;
    using tiny = search_space<image<8, 8, 1>, stem<4>, stage<ops, 1, 6, 2>, head<8, 4>>;
    const dataset data = datasets::synthetic({.image = {8, 8, 1}, .classes = 4, .train = 16});
    supernet<tiny> net(seed{1});
    supernet<tiny> by_hand = net;
    train(net, data.train,
          {.epochs = 2,
           .batch = 16,
           .sampling = sampling::strict_fair,
           .learning_rate = 0.1,
           .momentum = 0,
           .weight_decay = 0});

    detail::weights& w = by_hand.weights();
    for (const std::uint64_t step : {0U, 1U}) {
        const float rate = step == 0 ? 0.1F : 0.05F; // half a cosine of two steps
        detail::path_runner runner(w);
        const detail::loaded_images all(data.train, shuffled_indices(16, seed{0}, step),
                                        normalisation_of(data.train));
        runner.run(w, w.path(std::vector<std::uint8_t>{0}), all.values.data(), all.labels, 0);
        runner.run(w, w.path(std::vector<std::uint8_t>{1}), all.values.data(), all.labels, 0);
        for (std::size_t b = 0; b < w.blocks().size(); ++b) {
            const float share =
                b == 1 || b == 2 ? 1.0F : 0.5F; // the cell's operators once, stem and head twice
            for (std::size_t i = w.blocks()[b].offset; i < w.blocks()[b].offset + w.blocks()[b].size; ++i) {
                w.values()[i] -= rate * share * runner.gradient()[i];
            }
        }
    }
    for (std::size_t i = 0; i < w.values().size(); ++i) {
        CHECK(net.parameters()[i] == doctest::Approx(w.values()[i]).epsilon(1e-4));
    }
}

TEST_CASE("the accuracy of an epoch is a count of images over all paths, divided once") {
    const dataset data = small::images();
    for (const sampling paths : {sampling::uniform, sampling::strict_fair}) {
        for (const std::size_t batch : {10U, 37U, 100U}) {
            supernet<space> net(seed{1});
            const double images =
                static_cast<double>(batch * (paths == sampling::uniform ? 1 : 6)); // of 2, 2 and 3 operators
            const auto steps = static_cast<long long>(512 / batch);
            const auto check = [&](const progress& p) {
                const double n = static_cast<double>((p.done - 1) % steps + 1) * images;
                CHECK(p.accuracy == std::round(p.accuracy * n) / n);
            };
            const auto report =
                train(net, data.train, {.epochs = 2, .batch = batch, .sampling = paths, .observer = check});
            const double n = static_cast<double>(steps) * images;
            for (const epoch_report& e : report.epochs) {
                CHECK(e.accuracy == std::round(e.accuracy * n) / n);
            }
        }
    }
}

TEST_CASE("an observer sees every step and can end the training") {
    const dataset data = small::images();
    supernet<space> net;
    std::vector<progress> seen;
    train(net, data.train,
          {.epochs = 2, .batch = 100, .observer = [&](const progress& p) { seen.push_back(p); }});
    REQUIRE(seen.size() == 10);
    CHECK(seen.front().done == 1);
    CHECK(seen.back().done == 10);
    CHECK(seen.back().total == 10);
    CHECK(seen.back().stage == "train");
    CHECK(seen.back().loss > 0);
    CHECK(seen.back().accuracy >= 0);
    CHECK(seen.back().seconds_left() == 0);
    CHECK_THROWS_AS(
        train(net, data.train, {.observer = [](const progress&) { throw std::runtime_error("stop"); }}),
        std::runtime_error);
}

TEST_CASE("bad options and data are refused before anything changes") {
    const dataset data = small::images();
    CHECK(contains(message_of(data.train, {.batch = 513}), "train_options::batch: expected 1 to 512"));
    CHECK(contains(message_of(data.train, {.batch = 0}), "train_options::batch"));
    CHECK(
        contains(message_of(data.train, {.epochs = 0}), "train_options::epochs: expected at least 1, got 0"));
    CHECK(contains(message_of(data.train, {.learning_rate = 0}), "train_options::learning_rate"));
    CHECK(contains(message_of(data.train, {.learning_rate = std::numeric_limits<double>::quiet_NaN()}),
                   "learning_rate"));
    CHECK(contains(message_of(data.train, {.momentum = 1}), "momentum"));
    CHECK(contains(message_of(data.train, {.weight_decay = -1}), "weight_decay"));
    CHECK(contains(message_of(data.train, {.epochs = 3, .warmup = 3}), "train_options::warmup"));
    CHECK(contains(message_of(data.train, {.label_smoothing = 1}), "train_options::label_smoothing"));
    CHECK(contains(message_of(data.train, {.epochs = 3, .largest_epochs = 3}),
                   "largest_epochs: expected 0 to 2"));
    CHECK(contains(message_of(data.train, {.final_rate = 1.5}), "train_options::final_rate"));
    CHECK(contains(message_of(data.train, {.distillation = -0.1}), "train_options::distillation"));
    CHECK(contains(message_of(data.train, {.average = std::numeric_limits<double>::quiet_NaN()}),
                   "train_options::average: expected a number from 0 to 1"));
    CHECK(contains(message_of(data.train, {.augment = {.crop_padding = -1}}), "crop_padding"));
    image_dataset wrong(data.train);
    wrong.labels.pop_back();
    CHECK(contains(message_of(wrong, {}), "512 images and 511 labels"));
    wrong = image_dataset(data.train);
    wrong.classes = 5;
    CHECK(contains(message_of(wrong, {}), "the network has 4 classes, the images 5"));
    wrong = image_dataset(datasets::synthetic({.image = {8, 9, 1}, .classes = 4}).train);
    CHECK(contains(message_of(wrong, {}),
                   "takes images of 8 x 8 x 1 (height x width x channels), got 8 x 9 x 1"));
    CHECK_THROWS_AS(supernet<space>().parameters(3, 0), architecture_error);
    CHECK_THROWS_AS(supernet<space>().parameters(0, 2), architecture_error);
}

TEST_CASE("a loss that turns non-finite ends the training with the place and the path") {
    const dataset data = small::images();
    supernet<space> net;
    std::string text;
    try {
        train(net, data.train, {.epochs = 3, .batch = 64, .learning_rate = 1e30});
    } catch (const numeric_error& e) {
        text = e.what();
    }
    CAPTURE(text);
    CHECK(contains(text, "in epoch 1, step"));
    CHECK(contains(text, "for the path"));
    CHECK(contains(text, "learning rate"));
    CHECK(contains(text, "the first value that is not finite is in the "));
    CHECK(same(net.parameters(), supernet<space>().parameters()));
    net.parameters()[3] = std::numeric_limits<float>::infinity();
    try {
        train(net, data.train);
    } catch (const numeric_error& e) {
        text = e.what();
    }
    CHECK(contains(text, "train: before the first step: there are weights that are not finite, first in "
                         "stem.step0_convolution.weight"));
    CHECK_THROWS_AS(evaluate<space>(net, different_networks<space>(), data), numeric_error);
}

TEST_CASE("where values stop being finite is named: weight, statistics, output, gradient") {
    const dataset data = small::images();
    const auto refusal = [&](int cell, int op, std::size_t at, float value) {
        supernet<space> net(seed{1});
        net.parameters(cell, op)[at] = value;
        std::string text = "nothing was thrown";
        try {
            train(net, data.train, {.epochs = 1, .batch = 512, .sampling = sampling::strict_fair});
        } catch (const numeric_error& e) {
            text = e.what();
        }
        CHECK(net.parameters(cell, op)[at] == value);
        return text;
    };
    // cell 2, operator 0: pointwise 16 x 8, then batch norm's 16 scales and 16 shifts.
    const std::string text = refusal(2, 0, 128, 3e38F); // one scale
    CAPTURE(text);
    CHECK(contains(text, "in epoch 1, step 1 of 1"));
    CHECK(contains(text, "cell2.op0_mb2_k3.step"));
    const std::string weight = refusal(2, 0, 5, 3e38F); // products and their squares overflow
    CAPTURE(weight);
    CHECK(contains(weight, "the statistics of cell2.op0_mb2_k3.step"));

    // Gradients of a step are looked at before they move a weight.
    supernet<space> net(seed{1});
    detail::weights& w = net.weights();
    const detail::step_work alone;
    detail::weights_update<sgd> update(w, alone, [](std::size_t n) { return sgd(n); });
    const auto code = parse<space>("002");
    std::vector<float> images(static_cast<std::size_t>(space::input.size()) * 4, 0.5F);
    const std::vector<int> labels{0, 1, 2, 3};
    update.add(code, images.data(), labels, 0);
    CHECK(update.gradient_not_finite().empty());
    images[7] = std::numeric_limits<float>::quiet_NaN();
    update.add(code, images.data(), labels, 0);
    CHECK(update.gradient_not_finite() == "stem.step0_convolution.weight");
    CHECK(detail::first_not_finite(w, w.path(code), images.data(), 4) ==
          "the statistics of stem.step1_batch_norm");
}

TEST_CASE("the logits of a run are there when its backward is done") {
    const supernet<space> net(seed{1});
    const detail::weights& w = net.weights();
    detail::path_runner runner(w);
    const std::vector<int> labels{0, 1, 2, 3};
    std::vector<float> images;
    random_stream random(seed{2}, purpose::initialise, 0);
    for (int i = 0; i < 4 * space::input.size(); ++i) {
        images.push_back(static_cast<float>(random.normal()));
    }
    for (const char* code : {"000", "112"}) {
        const auto path = w.path(parse<space>(code));
        const auto forward = runner.logits(w, path, images.data(), 4);
        const std::vector<float> expected(forward.begin(), forward.end());
        runner.run(w, path, images.data(), labels, 0);
        CHECK(std::equal(expected.begin(), expected.end(), runner.logits().begin(), runner.logits().end()));
    }
}

TEST_CASE("mobile_19x6 reports its costs and trains a step on a batch of 8") {
    using mobile = spaces::mobile_19x6;
    image_dataset data(
        datasets::synthetic({.image = {224, 224, 3}, .classes = 8, .train = 8, .validation = 0, .test = 0})
            .train);
    data.classes = 1000;
    architecture<mobile> largest;
    largest.fill(5);
    CHECK(cost::macs<mobile>({}) < cost::macs<mobile>(largest));
    CHECK(cost::parameters<mobile>({}) < cost::parameters<mobile>(largest));
    supernet<mobile> net(seed{1});
    CHECK(net.parameters().size() == static_cast<std::size_t>(mobile::supernet_parameters));
    const train_report report = train(net, data, {.epochs = 1, .batch = 8});
    CHECK(report.epochs.at(0).loss > 0.5);
    CHECK(report.epochs.at(0).loss < 50);
}
