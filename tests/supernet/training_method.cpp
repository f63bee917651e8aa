// Optimisers, schedules and exchanges of gradients in place of SGD along a cosine.
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/nn/adam.hpp>
#include <fitnas/supernet/network.hpp>

#include "../support/thrown.hpp"
#include "small_spaces.hpp"

using namespace fitnas;
using space = small::space;

namespace {

const train_options options{.epochs = 6, .batch = 32, .sampling = sampling::strict_fair};

const auto make_sgd = [](std::size_t n) { return sgd(n, {.momentum = 0.9, .weight_decay = 4e-5}); };
const auto make_adam = [](std::size_t n) { return adam(n); };

template <class Net>
std::uint64_t weights_of(const Net& net) {
    return small::hash(net.parameters());
}

} // namespace

TEST_CASE("SGD along a cosine as a method of one's own is what train does") {
    const dataset data = small::images();
    supernet<space> plain(seed{1});
    supernet<space> mine(seed{1});
    train(plain, data.train, options);
    train(mine, data.train, options, training_method("mine", make_sgd, cosine_schedule{0.1, 16 * 6}));
    CHECK(weights_of(mine) == weights_of(plain));
}

TEST_CASE("another optimiser and another schedule train") {
    const dataset data = small::images();
    const auto last_accuracy = [&](const auto& method) {
        supernet<space> net(seed{1});
        const std::uint64_t before = weights_of(net);
        const train_report report = train(net, data.train, options, method);
        CHECK(weights_of(net) != before);
        return report.epochs.back().accuracy;
    };
    CHECK(last_accuracy(training_method("adam", make_adam, constant_rate{3e-3})) > 0.6);
    CHECK(last_accuracy(training_method("adam", make_adam, cosine_schedule{1e-2, 96})) > 0.6);
    CHECK(last_accuracy(training_method("sgd", make_sgd, constant_rate{0.03})) > 0.6);

    network<space> one(parse<space>("002"), seed{1});
    train(one, data.train, options, training_method("adam", make_adam, constant_rate{3e-3}));
    CHECK(accuracy(one, data.validation) > 0.8);
}

TEST_CASE("a schedule is asked with the numbers of the steps") {
    const dataset data = small::images();
    std::vector<long long> asked;
    const auto rate = [&](long long step) {
        asked.push_back(step);
        return 0.0;
    };
    supernet<space> net(seed{1});
    const std::uint64_t before = weights_of(net);
    train(net, data.train, {.epochs = 2, .batch = 200}, training_method("still", make_sgd, rate));
    CHECK(asked == std::vector<long long>{0, 1, 2, 3});
    CHECK(weights_of(net) == before); // at the rate 0
    const double wrong[] = {-0.1, std::numeric_limits<double>::quiet_NaN(),
                            std::numeric_limits<double>::infinity()};
    for (const double r : wrong) {
        CHECK(contains(thrown<numeric_error>([&] {
                           train(net, data.train, options, training_method("x", make_sgd, constant_rate{r}));
                       }),
                       "expected a learning rate from 0, got"));
        CHECK(weights_of(net) == before);
    }
}

TEST_CASE("an exchange of gradients sees those of the step, and is divided by the paths of all") {
    const dataset data = small::images();
    supernet<space> alone(seed{1});
    train(alone, data.train, {.epochs = 1, .batch = 64});
    // As if a second process had had the same images and paths.
    supernet<space> both(seed{1});
    int calls = 0;
    const auto twice = [&](std::span<float> gradient, std::span<int> uses) {
        ++calls;
        CHECK(gradient.size() == both.parameters().size());
        for (std::size_t b = 0; b < uses.size(); ++b) {
            const detail::weight_block& block = both.weights().blocks()[b];
            for (const float g : gradient.subspan(block.offset, block.size)) {
                if (uses[b] == 0 && g != 0) {
                    FAIL_CHECK("a gradient of another step");
                    break;
                }
            }
            uses[b] *= 2;
        }
        for (float& g : gradient) {
            g *= 2;
        }
    };
    train(both, data.train, {.epochs = 1, .batch = 64},
          training_method("two", make_sgd, cosine_schedule{0.1, 8}, twice));
    CHECK(calls == 8);
    CHECK(weights_of(both) == weights_of(alone));
    // What comes back is looked at before it moves a weight.
    const std::uint64_t before = weights_of(both);
    const auto spoil = [](std::span<float> gradient, std::span<int>) {
        gradient[3] = std::numeric_limits<float>::infinity();
    };
    CHECK(contains(thrown<numeric_error>([&] {
                       train(both, data.train, options,
                             training_method("x", make_sgd, constant_rate{0.1}, spoil));
                   }),
                   "the gradient of stem.step0_convolution.weight is not finite"));
    CHECK(weights_of(both) == before);
}

TEST_CASE("the state of an optimiser is kept, and only the same method goes on with it") {
    const dataset data = small::images();
    const training_method method("adam", make_adam, constant_rate{3e-3});
    supernet<space> whole(seed{1});
    train(whole, data.train, options, method);
    training_state state;
    supernet<space> net(seed{1});
    train_options o = options;
    o.keep.save = [&](const training_state& s) { state = s; };
    o.keep.stop = [steps = 0]() mutable { return ++steps == 21; };
    CHECK_THROWS_AS(train(net, data.train, o, method), interrupted);
    CHECK(state.step == 21);
    const std::uint64_t before = weights_of(net);
    o.keep = {.from = &state};
    CHECK(contains(thrown<option_error>([&] { train(net, data.train, o); }), "method was adam"));
    const training_method other("other", make_adam, constant_rate{3e-3});
    CHECK(contains(thrown<option_error>([&] { train(net, data.train, o, other); }),
                   "method was adam, and is now other"));
    const training_method liar("adam", make_sgd, constant_rate{3e-3});
    CHECK(contains(thrown<shape_error>([&] { train(net, data.train, o, liar); }), "an optimiser's state of"));
    CHECK(weights_of(net) == before);
    train(net, data.train, o, method);
    CHECK(weights_of(net) == weights_of(whole));
}
