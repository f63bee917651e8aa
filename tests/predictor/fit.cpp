#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/metrics/kendall.hpp>
#include <fitnas/predictor/fit.hpp>
#include <fitnas/predictor/predictor.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "fixtures.hpp"

using namespace fitnas;
using namespace fixtures;

namespace {

using macro = spaces::nas_bench_macro;
using macro_net = gcn::model<encoding::chain<macro, feature::cell_operator>, gcn::conv<8>, gcn::relu,
                             gcn::mean_pool, gcn::linear<1>>;
static_assert(predictor<fitted<macro_net>>);

std::vector<double> parameters_of(const fitted<chain_net>& model) {
    return {model.parameters().begin(), model.parameters().end()};
}

} // namespace

TEST_CASE("a fit learns a table, with either loss and either target, in the unit of its scores") {
    const score_table<tiny> table = tiny_table();
    for (const loss kind : {loss::pairwise, loss::mse}) {
        for (const target aim : {target::standardised, target::ranks}) {
            const auto model = fit<chain_net>(table, {.loss = kind, .target = aim, .batch = 16});
            const std::vector<double> got = model.predict(codes_of(table));
            CHECK(kendall_tau(got, table.scores) > 0.9);
            double squares = 0;
            for (std::size_t i = 0; i < got.size(); ++i) {
                squares += (got[i] - table.scores[i]) * (got[i] - table.scores[i]);
            }
            // The scores' own deviation is 1.9.
            CHECK(std::sqrt(squares / static_cast<double>(got.size())) < 0.5);
            CHECK(model.predict(table.architectures[17]) == got[17]);
        }
    }
}

TEST_CASE("equal networks count once and are predicted alike") {
    score_table<macro> twice;
    score_table<macro> once;
    for (const architecture<macro>& a : sample<macro>(40, seed{1})) {
        once.push_back(a, a[0] + 0.5 * a[7] + 0.1 * a[3]);
    }
    once.push_back(canonical<macro>(parse<macro>("11101111")), 1.5);
    twice = once;
    twice.scores.back() = 1.25;
    twice.push_back(parse<macro>("11110111"), 1.75);
    const fit_options options{.epochs = 20, .batch = 8};
    const auto a = fit<macro_net>(twice, options);
    const auto b = fit<macro_net>(once, options);
    CHECK(std::equal(a.parameters().begin(), a.parameters().end(), b.parameters().begin()));
    CHECK(a.predict(parse<macro>("11101111")) == a.predict(parse<macro>("11110111")));
    CHECK(a.predict(parse<macro>("11101111")) != a.predict(parse<macro>("11111110")));
}

TEST_CASE("an offset and a scale of the scores change nothing but the unit") {
    score_table<tiny> table = tiny_table();
    const fit_options options{.epochs = 10};
    const auto model = fit<chain_net>(table, options);
    for (double& s : table.scores) {
        s = 8 * s - 1024; // exact in binary
    }
    const auto scaled = fit<chain_net>(table, options);
    const architecture<tiny> some{1, 1, 2, 0};
    CHECK(scaled.predict(some) == doctest::Approx(8 * model.predict(some) - 1024));
}

TEST_CASE("a fit is the same in any unit of the scores") {
    const score_table<tiny> table = tiny_table();
    for (const loss kind : {loss::pairwise, loss::mse, loss::differences}) {
        const fit_options options{.loss = kind, .epochs = 3};
        const auto model = fit<chain_net>(table, options);
        for (const int exponent : {-980, -300, 300, 980}) {
            score_table<tiny> other = table;
            for (double& s : other.scores) {
                s = std::ldexp(s, exponent);
            }
            const auto scaled = fit<chain_net>(other, options);
            for (const architecture<tiny>& a : table.architectures) {
                CHECK(scaled.predict(a) == std::ldexp(model.predict(a), exponent));
            }
        }
    }
}

TEST_CASE("one failed network does not make the others equal for a fit to pairs") {
    score_table<tiny> table = tiny_table();
    table.scores[5] = -1000;
    const fit_options options{.epochs = 5};
    const auto model = fit<chain_net>(table, options);
    table.scores[5] = -1e300;
    const auto failed = fit<chain_net>(table, options);
    CHECK(std::equal(model.parameters().begin(), model.parameters().end(), failed.parameters().begin()));
    table.scores[5] = -(std::numeric_limits<double>::max)();
    CHECK(std::equal(model.parameters().begin(), model.parameters().end(),
                     fit<chain_net>(table, options).parameters().begin()));
}

TEST_CASE("how often a network was scored does not count") {
    // Networks that differ in the second cell alone have equal scores; half of them were scored three times.
    score_table<tiny> table;
    score_table<tiny> once;
    for (const architecture<tiny>& a : tiny_table().architectures) {
        const double score = 0.1 + 0.2 * a[0];
        once.push_back(a, score);
        for (int i = 0; i < (a[1] == 0 ? 3 : 1); ++i) {
            table.push_back(a, score);
        }
    }
    const fit_options options{.epochs = 5};
    const auto model = fit<chain_net>(table, options);
    CHECK(std::equal(model.parameters().begin(), model.parameters().end(),
                     fit<chain_net>(once, options).parameters().begin()));
}

TEST_CASE("the seed decides, and the observer sees every epoch") {
    const score_table<tiny> table = tiny_table();
    std::vector<double> losses;
    fit_options options{.epochs = 12, .batch = 20, .seed = seed{3}};
    options.observer = [&](const progress& at) {
        CHECK(at.stage == "fit");
        CHECK(at.done == static_cast<long long>(losses.size()) + 1);
        CHECK(at.total == 12);
        losses.push_back(at.loss);
    };
    const auto first = parameters_of(fit<chain_net>(table, options));
    CHECK(losses.size() == 12);
    CHECK(losses.back() < losses.front());
    options.observer = nullptr;
    CHECK(parameters_of(fit<chain_net>(table, options)) == first);
    options.seed = seed{4};
    CHECK(parameters_of(fit<chain_net>(table, options)) != first);
}

TEST_CASE("weight decay shrinks the parameters") {
    const auto size = [](double decay) {
        double sum = 0;
        for (const double p :
             parameters_of(fit<chain_net>(tiny_table(), {.epochs = 60, .weight_decay = decay}))) {
            sum += p * p;
        }
        return sum;
    };
    CHECK(size(3) < 0.8 * size(0));
}

TEST_CASE("a fit is bit-equal on 1, 2 and 4 threads") {
    using wide = codes<6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6>;
    using net = gcn::model<encoding::chain<wide, feature::cell_operator>, gcn::conv<64>, gcn::relu,
                           gcn::dropout<>, gcn::conv<64>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;
    score_table<wide> table;
    for (const architecture<wide>& a : sample<wide>(150, seed{1})) {
        table.push_back(a, a[0] + a[5] * a[6] - 0.5 * a[18]);
    }
    const auto run = [&](int threads) {
        return on_threads(threads, [&] {
            const auto model = fit<net>(table, {.epochs = 3, .batch = 75});
            std::vector<double> all = model.predict(codes_of(table));
            all.insert(all.end(), model.parameters().begin(), model.parameters().end());
            return all;
        });
    };
    const std::vector<double> one = run(1);
    CHECK(run(2) == one);
    CHECK(run(4) == one);
}

TEST_CASE("bad tables are refused") {
    score_table<tiny> table;
    CHECK_THROWS_WITH_AS(fit<chain_net>(table), "[F0321] fit: the table of scores is empty", shape_error);
    table = tiny_table();
    table.scores.assign(table.size(), 2.5);
    CHECK_THROWS_WITH_AS(fit<chain_net>(table),
                         "[F0324] fit: all 48 scores are equal to 2.5, there is nothing to learn from them",
                         numeric_error);
    table = tiny_table();
    table.scores[5] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(fit<chain_net>(table),
                         "[F0323] fit: the score of architecture 0021 (row 5) is not finite", numeric_error);
    table.scores.resize(7);
    CHECK_THROWS_WITH_AS(fit<chain_net>(table), "[F0322] fit: 48 architectures but 7 scores", shape_error);
    table = tiny_table();
    table.architectures[9] = {0, 0, 4, 0};
    CHECK_THROWS_AS(fit<chain_net>(table), architecture_error);
}

TEST_CASE("bad options are refused by name") {
    const score_table<tiny> table = tiny_table();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(fit<chain_net>(table, {.epochs = 0}),
                         "[F0612] fit: epochs: expected at least 1, got 0", option_error);
    CHECK_THROWS_WITH_AS(fit<chain_net>(table, {.batch = 1}),
                         "[F0613] fit: batch: expected at least 2, got 1", option_error);
    CHECK_THROWS_WITH_AS(fit<chain_net>(table, {.learning_rate = 0}),
                         "[F0614] fit: learning_rate: expected a number above 0, got 0", option_error);
    CHECK_THROWS_AS(fit<chain_net>(table, {.learning_rate = nan}), option_error);
    CHECK_THROWS_AS(fit<chain_net>(table, {.weight_decay = -1}), option_error);
    CHECK_THROWS_AS(fit<chain_net>(table, {.weight_decay = nan}), option_error);
}

TEST_CASE("a fit that loses its numbers says so") {
    for (const loss kind : {loss::pairwise, loss::mse}) {
        CHECK_THROWS_WITH_AS(fit<chain_net>(tiny_table(), {.loss = kind, .epochs = 5, .learning_rate = 1e30}),
                             doctest::Contains("the loss is not finite any more in epoch"), numeric_error);
    }
}

TEST_CASE("fitted refuses parameters of another model and architectures of another space") {
    CHECK_THROWS_AS(fitted<chain_net>(std::vector<float>(3)), shape_error);
    const fitted<chain_net> zero(std::vector<float>(chain_net::parameters), line{7, 2});
    CHECK(zero.predict(architecture<tiny>{1, 1, 1, 1}) == 7);
    CHECK(zero.predict(std::span<const architecture<tiny>>()).empty());
    CHECK_THROWS_AS(zero.predict(architecture<tiny>{3, 0, 0, 0}), architecture_error);
}
