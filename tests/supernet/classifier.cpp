#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/classifier.hpp>

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xview.hpp>
#endif

#include "../../benchmarks/allocations.hpp"
#include "../support/thrown.hpp"
#include "every_primitive.hpp"
#include "graph_spaces.hpp"
#include "small_spaces.hpp"

using namespace fitnas;

namespace {

template <class Space>
dataset some_images() {
    return datasets::synthetic({.image = Space::input,
                                .classes = Space::classes,
                                .train = 40,
                                .validation = 10,
                                .test = 12,
                                .seed = seed{3}});
}

std::vector<std::uint8_t> pixels_of(const image_source& data, std::size_t i) {
    std::vector<std::uint8_t> room(static_cast<std::size_t>(data.image_shape().size()));
    const std::uint8_t* from = data.read(i, room.data());
    return {from, from + room.size()};
}

// Calibrated, and with biases of batch norm that are not 0.
template <class Space>
network<Space> used(const char* code, const dataset& data) {
    network<Space> net(parse<Space>(code), seed{4});
    random_stream random(seed{9}, purpose::user);
    for (float& v : net.parameters()) {
        v += 0.05F * static_cast<float>(random.normal());
    }
    net.calibrate(data.train, 40);
    return net;
}

template <class Space>
void agrees(const char* code) {
    CAPTURE(code);
    const dataset data = some_images<Space>();
    const network<Space> net = used<Space>(code, data);
    classifier<Space> one(net);
    const tensor2 expected = net.logits(data.test);
    const auto classes = static_cast<std::size_t>(Space::classes);
    for (std::size_t i = 0; i < data.test.size(); ++i) {
        const std::vector<std::uint8_t> pixels = pixels_of(data.test, i);
        const float* row = expected.data() + i * classes;
        CHECK(net.logits(pixels) == std::vector<float>(row, row + classes));
        const std::span<const float> got = one.logits(pixels);
        REQUIRE(got.size() == classes);
        const float largest = std::abs(*std::max_element(
            row, row + classes, [](float a, float b) { return std::abs(a) < std::abs(b); }));
        for (std::size_t c = 0; c < classes; ++c) {
            CHECK(std::abs(got[c] - row[c]) <= 1e-4F * largest);
        }
    }
}

} // namespace

TEST_CASE("a classifier answers as its network does, whatever the network is made of") {
    for (const char* code : every::codes) {
        agrees<every::space>(code);
    }
    agrees<every::thin_space>("0");
    agrees<every::thin_space>("1");
    agrees<small::space>("012");
    agrees<spaces::fashion_mini>("123123");
    agrees<spaces::nas_bench_macro>("12012102");
    for (const char* code : {"213401", "333333", "000000", "141104", "030301", "111111"}) {
        agrees<small::graph_space>(code);
    }
    for (const char* code : {"2324234", "0240102", "0000000", "1111511"}) {
        agrees<small::concat_space>(code);
    }
    agrees<spaces::nas_bench_201<1>>("323411");
}

TEST_CASE("a prediction is the class of the largest logit, its probability and its name") {
    const dataset data = small::images();
    network<small::space> net(parse<small::space>("012"), seed{2});
    train(net, data.train, {.epochs = 4, .batch = 32, .learning_rate = 0.1});
    const std::vector<std::string> names{"zero", "one", "two", "three"};
    classifier<small::space> one(net, names);
    const std::vector<int> classes = classify(net, data.test);
    for (std::size_t i = 0; i < 20; ++i) {
        const std::vector<std::uint8_t> pixels = pixels_of(data.test, i);
        const std::vector<float> logits = net.logits(pixels);
        double sum = 0;
        for (const float v : logits) {
            sum += std::exp(static_cast<double>(v));
        }
        const double expected =
            std::exp(static_cast<double>(*std::max_element(logits.begin(), logits.end()))) / sum;
        for (const prediction& p : {net.predict(pixels, names), one.predict(pixels)}) {
            CHECK(p.label == classes[i]);
            CHECK(p.probability == doctest::Approx(expected).epsilon(1e-4));
            CHECK(p.name == names[static_cast<std::size_t>(p.label)]);
        }
        CHECK(net.predict(pixels).name.empty());
    }
    // Without names of one's own those of the images.
    image_dataset named(data.train);
    named.names = {"a", "b", "c", "d"};
    net.calibrate(named);
    classifier<small::space> other(net);
    const std::vector<std::uint8_t> pixels = pixels_of(data.test, 0);
    const std::string name(1, static_cast<char>('a' + net.predict(pixels).label));
    CHECK(net.predict(pixels).name == name);
    CHECK(other.predict(pixels).name == name);
    CHECK(classifier<small::space>(net, names).predict(pixels).name ==
          names[static_cast<std::size_t>(net.predict(pixels).label)]);
}

TEST_CASE("pixels may be bytes or floats, in vectors, arrays, spans and tensors of any layout") {
    using space = every::thin_space; // 1 x 12 x 2
    const dataset data = some_images<space>();
    const network<space> net = used<space>("1", data);
    classifier<space> one(net);
    const std::vector<std::uint8_t> pixels = pixels_of(data.test, 5);
    const std::vector<float> expected = net.logits(pixels);
    const auto same = [&](const one_image& image) {
        const std::vector<float> logits = net.logits(image);
        const std::span<const float> fast = one.logits(image);
        for (std::size_t c = 0; c < expected.size(); ++c) {
            CHECK(std::abs(logits[c] - expected[c]) <= 1e-5F * std::abs(expected[c]));
            CHECK(std::abs(fast[c] - expected[c]) <= 1e-3F * std::abs(expected[c]));
        }
    };
    same(pixels);
    same(std::span<const std::uint8_t>(pixels));
    std::array<std::uint8_t, 24> array{};
    std::copy(pixels.begin(), pixels.end(), array.begin());
    same(array);
    std::vector<float> floats;
    for (const std::uint8_t p : pixels) {
        floats.push_back(static_cast<float>(p) / 255.0F);
    }
    same(floats);
    xt::xtensor<std::uint8_t, 3, xt::layout_type::row_major> rows({1, 12, 2});
    xt::xtensor<float, 3, xt::layout_type::column_major> columns({1, 12, 2});
    pixel_tensor many({3, 1, 12, 2});
    for (std::size_t x = 0; x < 12; ++x) {
        for (std::size_t c = 0; c < 2; ++c) {
            rows(0, x, c) = pixels[2 * x + c];
            columns(0, x, c) = floats[2 * x + c];
            many(1, 0, x, c) = pixels[2 * x + c];
            many(0, 0, x, c) = many(2, 0, x, c) = 9;
        }
    }
    same(rows);
    same(columns);
    same(xt::view(many, 1));
    same(xt::xarray<std::uint8_t>(rows));
}

TEST_CASE("images that are not of the network are refused") {
    const dataset data = small::images();
    network<small::space> net(parse<small::space>("012"));
    CHECK_THROWS_AS(classifier<small::space>{net}, option_error);
    std::vector<std::uint8_t> pixels(64);
    CHECK_THROWS_AS(net.logits(pixels), option_error);
    net.calibrate(data.train, 100);
    classifier<small::space> one(net);
    CHECK_THROWS_AS(classifier<small::space>(net, {"one", "two"}), option_error);
    CHECK_THROWS_AS(net.predict(pixels, std::vector<std::string>{"one"}), option_error);
    pixels.resize(65);
    CHECK(thrown<shape_error>([&] { one.logits(pixels); }).find("65 values, not 64") != std::string::npos);
    CHECK_THROWS_AS(net.logits(pixels), shape_error);
    const xt::xtensor<std::uint8_t, 3> turned = xt::zeros<std::uint8_t>({1, 8, 8});
    CHECK(thrown<shape_error>([&] { one.logits(turned); }).find("1 x 8 x 8") != std::string::npos);
    const xt::xtensor<std::uint8_t, 4> batch = xt::zeros<std::uint8_t>({1, 8, 8, 1});
    CHECK_THROWS_AS(one.logits(batch), shape_error);
    std::vector<float> floats(64, 0.5F);
    one.logits(floats);
    for (const float wrong : {1.5F, -0.1F, std::numeric_limits<float>::quiet_NaN()}) {
        floats[7] = wrong;
        CHECK(thrown<data_error>([&] { one.logits(floats); }).find("at 7") != std::string::npos);
        CHECK_THROWS_AS(net.logits(floats), data_error);
    }
}

TEST_CASE("nothing is allocated after the first image") {
    const dataset data = some_images<every::space>();
    for (const char* code : every::codes) {
        classifier<every::space> one(used<every::space>(code, data));
        const std::vector<std::uint8_t> pixels = pixels_of(data.test, 0);
        const std::vector<float> floats(pixels.size(), 0.5F);
        one.predict(pixels);
        const long long before = bench::allocations();
        one.predict(pixels);
        one.predict(floats);
        CHECK(bench::allocations() == before);
    }
}

TEST_CASE("copies share weights and run at the same time, to the same bits") {
    const dataset data = some_images<every::space>();
    const network<every::space> net = used<every::space>("14301", data);
    std::vector<std::vector<float>> expected;
    classifier<every::space> first(net);
    for (std::size_t i = 0; i < data.test.size(); ++i) {
        const std::span<const float> logits = first.logits(pixels_of(data.test, i));
        expected.emplace_back(logits.begin(), logits.end());
    }
    std::array<int, 3> wrong{};
    std::vector<std::thread> threads;
    for (int& count : wrong) {
        threads.emplace_back([&, mine = first]() mutable {
            for (std::size_t i = data.test.size() * 5; i-- > 0;) {
                const std::size_t image = i % data.test.size();
                const std::span<const float> logits = mine.logits(pixels_of(data.test, image));
                count += !std::equal(logits.begin(), logits.end(), expected[image].begin());
            }
        });
    }
    for (std::thread& t : threads) {
        t.join();
    }
    CHECK(wrong == std::array<int, 3>{});
    classifier<every::space> other(used<every::space>("00000", data));
    other = first;
    const std::span<const float> logits = other.logits(pixels_of(data.test, 0));
    CHECK(std::equal(logits.begin(), logits.end(), expected[0].begin()));
}
