// Whatever a call throws, weights and statistics are as they were before it; only a training that is
// interrupted leaves them where it stopped.
#include <algorithm>
#include <atomic>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/op/operator.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/latency.hpp>
#include <fitnas/supernet/retrain.hpp>

#include "../support/thrown.hpp"
#include "small_spaces.hpp"

using namespace fitnas;
using space = small::space;

namespace {

const train_options options{.epochs = 2, .batch = 100};

/// Throws after a step.
template <class Exception>
train_options throwing(long long step, const Exception& what) {
    train_options o = options;
    o.observer = [=](const progress& p) {
        if (p.done == step) {
            throw what;
        }
    };
    return o;
}

struct not_an_exception {};

template <class Net>
std::uint64_t weights_of(const Net& net) {
    return small::hash(net.parameters());
}
std::uint64_t logits_of(const network<space>& net, const image_source& data) {
    const tensor2 logits = net.logits(data);
    return small::hash({logits.data(), logits.size()});
}

/// A primitive that fails in the middle of a step.
struct failing {
    static inline std::atomic<int> left = 0; ///< images that go forward well

    static constexpr std::string_view name = "failing";
    static constexpr shape output(shape in) { return in; }
    static constexpr long long parameters(shape) { return 0; }
    static constexpr long long macs(shape) { return 0; }
    static void initialise(shape, std::span<float>, random_stream&) {}
    static void forward(shape, std::span<const float> x, std::span<const float>, std::span<float> y) {
        if (left-- == 0) {
            throw std::domain_error("failing");
        }
        std::copy(x.begin(), x.end(), y.begin());
    }
    static void backward(shape, std::span<const float>, std::span<const float>, std::span<const float> dy,
                         std::span<float> dx, std::span<float>) {
        std::copy(dy.begin(), dy.end(), dx.begin());
    }
};
struct failing_operator {
    static constexpr std::string_view name = "failing_operator";
    static constexpr recipe build(cell c) { return {pointwise(c.width), batch_norm(), custom<failing>()}; }
};

} // namespace

TEST_CASE("a supernet is as before after every exception but interrupted") {
    const dataset data = small::images();
    supernet<space> net(seed{1});
    train(net, data.train, options);
    const std::uint64_t before = weights_of(net);
    const auto refused = [&](const train_options& o, auto exception) {
        CHECK_THROWS_AS(train(net, data.train, o), decltype(exception));
        CHECK(weights_of(net) == before);
    };
    for (const long long step : {1, 7, 10}) {
        CAPTURE(step);
        refused(throwing(step, std::runtime_error("x")), std::runtime_error("x"));
        refused(throwing(step, std::bad_alloc()), std::bad_alloc());
        refused(throwing(step, data_error("x")), data_error("x"));
        refused(throwing(step, option_error("x")), option_error("x"));
        refused(throwing(step, not_an_exception()), not_an_exception());
        refused(throwing(step, 7), 7);
    }
    train_options o = options;
    o.keep = {.every = 4, .save = [](const training_state&) { throw std::logic_error("cannot be saved"); }};
    refused(o, std::logic_error("x"));
    o.keep = {.stop = []() -> bool { throw std::logic_error("cannot be asked"); }};
    refused(o, std::logic_error("x"));

    // A value that is not finite, at a step behind good ones.
    o = options;
    o.learning_rate = 1e30;
    o.warmup = 1.9; // the first step moves the weights, the second finds what came of it
    o.sampling = sampling::strict_fair;
    refused(o, numeric_error("x"));

    // Interrupted: the weights of the last step, which are those of a training of as many steps.
    supernet<space> stopped(seed{1});
    CHECK_THROWS_AS(train(stopped, data.train, throwing(6, interrupted("x"))), interrupted);
    supernet<space> saved(seed{1});
    std::uint64_t at_six = 0;
    o = options;
    o.keep = {.every = 6,
              .save = [&](const training_state& s) { at_six = s.step == 6 ? weights_of(saved) : at_six; }};
    train(saved, data.train, o);
    CHECK(weights_of(stopped) == at_six);
}

TEST_CASE("an operator that throws in the middle of a step leaves all as before") {
    struct with_failing : search_space<image<8, 8, 1>, stem<8>,
                                       stage<operator_set<failing_operator, op::conv<3>>, 1, 8>, head<8, 4>> {
    };
    const dataset data = small::images();
    const auto all = std::vector<architecture<with_failing>>{parse<with_failing>("0")};
    failing::left = 1 << 30;
    supernet<with_failing> net(seed{1});
    network<with_failing> one(all.front(), seed{1});
    train(one, data.train, options);
    const std::uint64_t before = weights_of(net);
    const std::uint64_t one_before = weights_of(one);
    const double right = accuracy(one, data.validation);
    const auto failing_after = [](int images, auto&& work) {
        failing::left = images;
        const std::string text = thrown<std::domain_error>(work);
        failing::left = 1 << 30;
        CHECK(text == "failing");
    };
    train_options fair = options;
    fair.sampling = sampling::strict_fair;
    failing_after(250, [&] { train(net, data.train, fair); });
    failing_after(250, [&] { train(one, data.train, options); });
    failing_after(1100, [&] { train(one, data.train, options); }); // in its calibration
    failing_after(50, [&] { one.calibrate(data.train); });
    failing_after(50, [&] { one.logits(data.validation); });
    failing_after(50, [&] { evaluate<with_failing>(net, all, data); });
    CHECK(weights_of(net) == before);
    CHECK(weights_of(one) == one_before);
    CHECK(accuracy(one, data.validation) == right);
}

TEST_CASE("a network's statistics go with its weights") {
    const dataset data = small::images();
    network<space> net(parse<space>("002"), seed{1});
    CHECK_THROWS_AS(train(net, data.train, throwing(3, std::runtime_error("x"))), std::runtime_error);
    CHECK(net.statistics() == nullptr);
    train(net, data.train, options);
    const std::uint64_t weights = weights_of(net);
    const std::uint64_t logits = logits_of(net, data.validation);
    const auto kept = net.statistics();
    const auto same = [&] {
        CHECK(weights_of(net) == weights);
        CHECK(net.statistics() == kept);
        CHECK(logits_of(net, data.validation) == logits);
    };
    CHECK_THROWS_AS(train(net, data.train, throwing(3, std::runtime_error("x"))), std::runtime_error);
    same();
    train_options o = options;
    o.learning_rate = 1e30;
    CHECK_THROWS_AS(train(net, data.train, o), numeric_error);
    same();
    const image_view wide = datasets::synthetic({.image = {8, 9, 1}, .classes = 4}).train;
    CHECK_THROWS_AS(train(net, wide, options), shape_error);
    CHECK_THROWS_AS(net.calibrate(wide), shape_error);
    CHECK_THROWS_AS(net.calibrate(data.train, 0), option_error);
    CHECK_THROWS_AS(net.calibrate(image_dataset{}), data_error);
    CHECK_THROWS_AS(accuracy(net, wide), shape_error);
    same();
    // What fitted the weights of before does not fit those of an interrupted training.
    CHECK_THROWS_AS(train(net, data.train, throwing(3, interrupted("x"))), interrupted);
    CHECK(weights_of(net) != weights);
    CHECK(contains(thrown<option_error>([&] { net.logits(data.validation); }), "call calibrate"));
    net.calibrate(data.train);
    CHECK(accuracy(net, data.validation) > 0);
}

TEST_CASE("latency of more images than fit is refused before it is measured") {
    constexpr int most = std::numeric_limits<int>::max();
    CHECK(contains(thrown<option_error>([&] { measure_latency<space>({.images = most}); }),
                   "measure_latency: 2147483647 images together: needs"));
}
