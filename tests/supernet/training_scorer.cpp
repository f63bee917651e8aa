#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/parallel.hpp>
#include <fitnas/supernet/training_scorer.hpp>

#include "../support/thrown.hpp"
#include "small_spaces.hpp"

using namespace fitnas;

TEST_CASE("a training scorer gives the mean validation accuracy of trainings from several seeds") {
    const dataset data = small::images();
    const std::vector<architecture<small::space>> some{{0, 1, 2}, {1, 1, 0}, {0, 0, 1}};
    const train_options training{.epochs = 2, .batch = 64, .seed = seed{4}};
    const training_scorer<small::space> score{&data, training, 2};
    const std::vector<double> scores = score(some);
    REQUIRE(scores.size() == 3);
    for (std::size_t i = 0; i < some.size(); ++i) {
        double mean = 0;
        for (const std::uint64_t s : {4U, 5U}) {
            train_options own = training;
            own.seed = seed{s};
            network<small::space> net(some[i], own.seed);
            train(net, data.train, own);
            mean += accuracy(net, data.validation) / 2;
        }
        CHECK(scores[i] == doctest::Approx(mean).epsilon(1e-12));
    }
    // One alone, and a split for tests that must not be read.
    dataset without = data;
    without.test = {};
    const training_scorer<small::space> blind{&without, training, 2};
    CHECK(blind(std::span(some).last(1)).front() == scores[2]);
}

TEST_CASE("a training scorer counts its trainings, and ends where its observer says so") {
    const dataset data = small::images();
    const std::vector<architecture<small::space>> some{{0, 1, 2}, {1, 1, 0}, {0, 0, 1}};
    long long most = 0;
    long long total = 0;
    training_scorer<small::space> score{&data, {.epochs = 1, .batch = 64}};
    score.options.observer = [&](const progress& p) {
        most = (std::max)(most, p.done);
        total = p.total;
    };
    score(some);
    CHECK(most == 3);
    CHECK(total == 3);
    score.options.observer = [](const progress& p) {
        if (p.done > 0) {
            throw interrupted("enough");
        }
    };
    CHECK(thrown<interrupted>([&] { score(some); }) == "enough");
    score.options.observer = {};
    score.seeds = 0;
    CHECK(thrown<option_error>([&] { score(some); }) ==
          "[F0563] training_scorer: seeds: expected at least 1, got 0");
    score.seeds = 1;
    score.options.keep.save = [](const training_state&) {};
    CHECK(thrown<option_error>([&] { score(some); }).starts_with("[F0564] training_scorer: options.keep"));
    score.options.keep = {};
    score.options.learning_rate = 1e9;
    CHECK(thrown<numeric_error>([&] { score(some); }).starts_with("[F0521] train: the loss is"));
}
