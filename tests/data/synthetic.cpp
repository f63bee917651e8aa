#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/synthetic.hpp>

#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

/// Share of the test images whose nearest class mean of the training images is their own.
double nearest_mean_accuracy(const dataset& data) {
    const auto pixels = static_cast<std::size_t>(data.train.image_shape().size());
    const auto classes = static_cast<std::size_t>(data.train.class_count());
    std::vector<double> means(classes * pixels);
    std::vector<double> counts(classes);
    const image_dataset train(data.train);
    const image_dataset test(data.test);
    for (std::size_t i = 0; i < data.train.size(); ++i) {
        const auto label = static_cast<std::size_t>(data.train.label(i));
        ++counts[label];
        for (std::size_t p = 0; p < pixels; ++p) {
            means[label * pixels + p] += train.images.data()[i * pixels + p];
        }
    }
    int right = 0;
    for (std::size_t i = 0; i < data.test.size(); ++i) {
        std::vector<double> distances(classes);
        for (std::size_t k = 0; k < classes; ++k) {
            for (std::size_t p = 0; p < pixels; ++p) {
                const double d = test.images.data()[i * pixels + p] - means[k * pixels + p] / counts[k];
                distances[k] += d * d;
            }
        }
        const auto nearest = std::min_element(distances.begin(), distances.end()) - distances.begin();
        right += nearest == data.test.label(i) ? 1 : 0;
    }
    return right / static_cast<double>(data.test.size());
}

} // namespace

TEST_CASE("synthetic data has the sizes and classes that were asked for") {
    const dataset data = datasets::synthetic(
        {.image = {6, 9, 2}, .classes = 4, .train = 101, .validation = 40, .test = 0, .seed = seed{3}});
    CHECK(data.train.size() == 101);
    CHECK(data.validation.size() == 40);
    CHECK(data.test.empty());
    for (const image_view* part : {&data.train, &data.validation}) {
        require_consistent(*part, "synthetic");
        CHECK(part->image_shape() == shape{6, 9, 2});
        CHECK(part->class_count() == 4);
        for (int k = 0; k < 4; ++k) {
            const std::vector<int> labels = image_dataset(*part).labels;
            const auto n = std::count(labels.begin(), labels.end(), k);
            CHECK(n >= static_cast<long>(part->size() / 4));
            CHECK(n <= static_cast<long>(part->size() / 4 + 1));
        }
    }
}

TEST_CASE("synthetic data depends on the seed alone, and splits share no image") {
    const synthetic_options options{
        .image = {8, 8, 1}, .classes = 3, .train = 60, .validation = 60, .test = 60};
    const dataset a = datasets::synthetic(options);
    const dataset b = datasets::synthetic(options);
    CHECK(a.train.fingerprint() == b.train.fingerprint());
    CHECK(a.test.fingerprint() == b.test.fingerprint());
    CHECK(a.train.fingerprint() != a.validation.fingerprint());
    CHECK(a.train.fingerprint() != a.test.fingerprint());
    synthetic_options other = options;
    other.seed = seed{1};
    CHECK(datasets::synthetic(other).train.fingerprint() != a.train.fingerprint());
    // A longer split begins with the shorter one.
    other = options;
    other.train = 90;
    const dataset longer = datasets::synthetic(other);
    const image_dataset shorter(a.train);
    CHECK(
        std::equal(shorter.images.begin(), shorter.images.end(), image_dataset(longer.train).images.begin()));
}

TEST_CASE("synthetic data is learnable where noise is small, and noise hides it") {
    const double clear = nearest_mean_accuracy(datasets::synthetic({.noise = 20, .shift = 0}));
    const double noisy = nearest_mean_accuracy(datasets::synthetic({.noise = 100000, .shift = 0}));
    CHECK(clear > 0.95);
    CHECK(noisy < 0.3);
    CHECK(noisy > 0.0); // one tenth by chance
}

TEST_CASE("without noise and shift all images of a class are equal; with a shift they are not") {
    const auto differing = [](int shift) {
        const dataset data = datasets::synthetic({.image = {10, 10, 1},
                                                  .classes = 2,
                                                  .train = 20,
                                                  .validation = 0,
                                                  .test = 0,
                                                  .noise = 0,
                                                  .shift = shift});
        const image_dataset train(data.train);
        int count = 0;
        for (std::size_t i = 2; i < 20; ++i) {
            const std::uint8_t* first = train.images.data() + (i % 2) * 100;
            count += std::equal(first, first + 100, train.images.data() + i * 100) ? 0 : 1;
        }
        return count;
    };
    CHECK(differing(0) == 0);
    CHECK(differing(2) > 10);
}

TEST_CASE("options outside their range are refused by name") {
    CHECK(contains(thrown<option_error>([] {
                       datasets::synthetic({.image = {0, 4, 1}});
                   }),
                   "synthetic_options::image: expected positive sizes, got 0 x 4 x 1"));
    CHECK(contains(thrown<option_error>([] { datasets::synthetic({.classes = 0}); }), "classes"));
    CHECK(contains(thrown<option_error>([] { datasets::synthetic({.noise = -1}); }), "noise"));
    CHECK(contains(thrown<option_error>(
                       [] { datasets::synthetic({.noise = std::numeric_limits<double>::quiet_NaN()}); }),
                   "noise"));
    CHECK(contains(thrown<option_error>([] { datasets::synthetic({.shift = -1}); }), "shift"));
}
