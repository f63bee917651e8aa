#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/split.hpp>

#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

/// Images of 1 x 2 x 1 whose pixels hold their number, so that each can be recognised.
image_dataset numbered(const std::vector<int>& labels, int classes) {
    image_dataset data;
    data.images = xt::xtensor<std::uint8_t, 4>::from_shape({labels.size(), 1, 2, 1});
    for (std::size_t i = 0; i < labels.size(); ++i) {
        data.images(i, 0, 0, 0) = static_cast<std::uint8_t>(i / 256);
        data.images(i, 0, 1, 0) = static_cast<std::uint8_t>(i % 256);
    }
    data.labels = labels;
    data.classes = classes;
    return data;
}

std::vector<std::size_t> numbers(const image_source& source) {
    const image_dataset data(source);
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < data.size(); ++i) {
        all.push_back(data.images(i, 0, 0, 0) * std::size_t{256} + data.images(i, 0, 1, 0));
    }
    return all;
}

/// 1000 labels: 500 of class 0, 300 of class 1, 200 of class 2, mixed.
std::vector<int> mixed_labels() {
    std::vector<int> labels;
    for (int i = 0; i < 1000; ++i) {
        labels.push_back(i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2);
    }
    return labels;
}

long count(const image_source& source, int label) {
    const image_dataset data(source);
    return std::count(data.labels.begin(), data.labels.end(), label);
}

} // namespace

TEST_CASE("a split takes every image once, keeps their order and their labels") {
    const image_dataset all = numbered(mixed_labels(), 3);
    const image_dataset test = numbered({2, 1, 0}, 3);
    const dataset data = split(all, test, {.validation = 300, .seed = seed{5}});
    CHECK(data.train.size() == 700);
    CHECK(data.validation.size() == 300);
    CHECK(image_dataset(data.test).labels == test.labels);
    std::vector<std::size_t> together;
    for (const image_view* part : {&data.train, &data.validation}) {
        CHECK(part->class_count() == 3);
        const std::vector<std::size_t> mine = numbers(*part);
        CHECK(std::is_sorted(mine.begin(), mine.end()));
        for (std::size_t i = 0; i < mine.size(); ++i) {
            CHECK(part->label(i) == all.labels[mine[i]]);
        }
        together.insert(together.end(), mine.begin(), mine.end());
    }
    std::sort(together.begin(), together.end());
    CHECK(together == numbers(all));
}

TEST_CASE("a split refuses a test set whose labels mean other classes") {
    image_dataset all = numbered({0, 1, 2, 0, 1, 2}, 3);
    image_dataset test = numbered({0, 1, 2}, 3);
    all.names = {"ant", "bee", "cow"};
    CHECK(split(all, test, {.validation = 3}).train.class_names() == all.names);
    test.names = {"ant", "cow", "bee"};
    CHECK_THROWS_WITH_AS(split(all, test, {.validation = 3}),
                         "[F0455] split: class 1 is \"bee\" in the training set, \"cow\" in the test set",
                         data_error);
    test.names = all.names;
    CHECK(split(all, test, {.validation = 3}).test.class_names() == all.names);
}

TEST_CASE("a split keeps the proportions of the classes") {
    const image_dataset all = numbered(mixed_labels(), 3);
    const dataset data = split(all, numbered({0}, 3), {.validation = 100, .train_limit = 90});
    CHECK(count(data.validation, 0) == 50);
    CHECK(count(data.validation, 1) == 30);
    CHECK(count(data.validation, 2) == 20);
    CHECK(count(data.train, 0) == 45);
    CHECK(count(data.train, 1) == 27);
    CHECK(count(data.train, 2) == 18);
    // Where counts do not divide: each within one of its share, the total exact.
    for (const std::size_t validation : {1U, 7U, 33U, 501U, 999U}) {
        const dataset odd = split(all, numbered({0}, 3), {.validation = validation});
        CHECK(odd.validation.size() == validation);
        CHECK(odd.train.size() == 1000 - validation);
        const double share = static_cast<double>(validation) / 1000;
        CHECK(std::abs(static_cast<double>(count(odd.validation, 0)) - 500 * share) < 1);
        CHECK(std::abs(static_cast<double>(count(odd.validation, 1)) - 300 * share) < 1);
        CHECK(std::abs(static_cast<double>(count(odd.validation, 2)) - 200 * share) < 1);
    }
    // Shares 16.5, 9.9 and 6.6: what is missing goes to the largest remainders.
    const dataset odd = split(all, numbered({0}, 3), {.validation = 33});
    CHECK(count(odd.validation, 0) == 16);
    CHECK(count(odd.validation, 1) == 10);
    CHECK(count(odd.validation, 2) == 7);
    // A class without images is allowed.
    const dataset gap = split(numbered({0, 0, 2, 2}, 4), numbered({0}, 4), {.validation = 2});
    CHECK(image_dataset(gap.validation).labels == std::vector<int>{0, 2});
}

TEST_CASE("a split depends on its seed alone, and a limit on training leaves validation as it is") {
    const image_dataset all = numbered(mixed_labels(), 3);
    const image_dataset test = numbered({0}, 3);
    const auto validation = [&](seed s, std::size_t limit) {
        return numbers(split(all, test, {.validation = 200, .seed = s, .train_limit = limit}).validation);
    };
    CHECK(validation(seed{1}, 0) == validation(seed{1}, 0));
    CHECK(validation(seed{1}, 0) == validation(seed{1}, 100));
    CHECK(validation(seed{1}, 0) != validation(seed{2}, 0));

    // What is held out is spread over the file, not taken from its front.
    const std::vector<std::size_t> held_out = validation(seed{1}, 0);
    const auto early = std::count_if(held_out.begin(), held_out.end(), [](std::size_t i) { return i < 500; });
    CHECK(early > 65);
    CHECK(early < 135);

    const dataset small = split(all, test, {.validation = 200, .seed = seed{1}, .train_limit = 100});
    const std::vector<std::size_t> kept = numbers(small.train);
    CHECK(kept.size() == 100);
    for (const std::size_t i : kept) {
        CHECK(!std::binary_search(held_out.begin(), held_out.end(), i));
    }
}

TEST_CASE("validation may be empty, training may not") {
    const image_dataset all = numbered({0, 1, 1}, 2);
    const image_dataset test = numbered({0}, 2);
    const dataset data = split(all, test, {.validation = 0});
    CHECK(data.validation.empty());
    CHECK(numbers(data.train) == std::vector<std::size_t>{0, 1, 2});
    CHECK(thrown<option_error>([&] { split(all, test, {.validation = 3}); }) ==
          "[F0426] split_options::validation: expected fewer than the 3 training images, got 3");
    CHECK(contains(thrown<option_error>([&] { split(all, test, {.validation = 1, .train_limit = 3}); }),
                   "expected at most the 2 images that validation leaves, got 3"));
}

TEST_CASE("sets that contradict themselves or each other are refused") {
    const image_dataset good = numbered({0, 1, 1}, 2);
    image_dataset short_of_labels = good;
    short_of_labels.labels.pop_back();
    CHECK(contains(thrown<data_error>([&] { split(short_of_labels, good, {.validation = 1}); }),
                   "the training set: expected one label an image, got 3 images and 2 labels"));
    image_dataset wrong_label = good;
    wrong_label.labels[1] = -1;
    CHECK(contains(thrown<data_error>([&] { split(good, wrong_label, {.validation = 1}); }),
                   "the test set: expected labels from 0 to 1, got -1 for image 1"));
    CHECK(contains(thrown<data_error>([&] { split(good, numbered({0}, 3), {.validation = 1}); }),
                   "1 x 2 x 1 in 2 classes, the test set 1 x 2 x 1 in 3"));
    CHECK(contains(thrown<data_error>([&] { split(image_dataset{}, good, {.validation = 1}); }),
                   "at least one image"));
}

TEST_CASE("subset takes images by number, repeated if asked") {
    const image_dataset all = numbered({0, 1, 2, 1}, 3);
    const std::vector<std::size_t> wanted = {3, 0, 3};
    const image_dataset part(subset(all, wanted));
    CHECK(numbers(part) == wanted);
    CHECK(part.labels == std::vector<int>{1, 0, 1});
    CHECK(part.classes == 3);
    CHECK(subset(all, {}).empty());
    const std::vector<std::size_t> past = {0, 4};
    CHECK(thrown<shape_error>([&] { subset(all, past); }) ==
          "[F0424] subset: expected image numbers below 4, got 4");
    image_dataset unlabelled = all;
    unlabelled.labels.clear();
    CHECK(contains(thrown<shape_error>([&] { subset(unlabelled, wanted); }), "4 images and 0 labels"));
}

TEST_CASE("a stratified part has each class in proportion, however the images are sorted") {
    const std::vector<std::vector<std::size_t>> class_sizes{
        {200, 200, 200, 200}, {1, 1, 1},    {500, 300, 200},
        {970, 20, 9, 1},      {7},          {0, 30, 0, 30},
        {90, 3, 3, 3},        {61, 59, 60}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 200}};
    for (const std::vector<std::size_t>& sizes : class_sizes) {
        std::vector<int> labels; // sorted
        for (std::size_t c = 0; c < sizes.size(); ++c) {
            labels.insert(labels.end(), sizes[c], static_cast<int>(c));
        }
        const image_dataset data = numbered(labels, static_cast<int>(sizes.size()));
        const auto n = static_cast<double>(labels.size());
        const std::vector<std::size_t> order = stratified_indices(data, labels.size(), seed{3});
        std::vector<std::size_t> counts(sizes.size());
        double largest = 0; // difference from a share
        for (std::size_t k = 0; k < order.size(); ++k) {
            ++counts[static_cast<std::size_t>(labels[order[k]])];
            for (std::size_t c = 0; c < sizes.size(); ++c) {
                const double share = static_cast<double>((k + 1) * sizes[c]) / n;
                largest = (std::max)(largest, std::abs(static_cast<double>(counts[c]) - share));
            }
        }
        CAPTURE(sizes.size());
        CHECK(largest < 1);
        CHECK(counts == sizes); // and each image once
        std::vector<std::size_t> all = order;
        std::sort(all.begin(), all.end());
        CHECK(all == numbers(data));
        // Smaller parts begin larger ones.
        for (std::size_t k : {std::size_t{0}, std::size_t{1}, order.size() / 3, order.size() - 1}) {
            const std::vector<std::size_t> part = stratified_indices(data, k, seed{3});
            CHECK(std::equal(part.begin(), part.end(), order.begin(),
                             order.begin() + static_cast<std::ptrdiff_t>(k)));
        }
    }
}

TEST_CASE("of classes that are equally frequent a part has as many images of each, to within one") {
    std::vector<int> labels;
    for (int i = 0; i < 1000; ++i) {
        labels.push_back(i / 100);
    }
    const image_dataset data = numbered(labels, 10);
    const std::vector<std::size_t> order = stratified_indices(data, 1000, seed{1});
    CHECK(order == stratified_indices(data, 1000, seed{1}));
    CHECK(order != stratified_indices(data, 1000, seed{2}));
    for (const std::size_t length : {5U, 37U, 100U, 250U}) { // beginnings, and pieces behind them
        for (std::size_t first = 0; first + length <= 1000; first += length) {
            std::vector<int> counts(10);
            for (std::size_t i = first; i < first + length; ++i) {
                ++counts[static_cast<std::size_t>(labels[order[i]])];
            }
            const auto range = std::minmax_element(counts.begin(), counts.end());
            CHECK(*range.second - *range.first <= 1);
        }
    }
    // Spread over the images of a class.
    double sum = 0;
    for (std::size_t i = 0; i < 300; ++i) {
        sum += static_cast<double>(order[i] % 100);
    }
    CHECK(sum / 300 == doctest::Approx(49.5).epsilon(0.1)); // six deviations of the mean
    // Each class leads for some seed.
    std::vector<int> leads(10);
    for (std::uint64_t s = 0; s < 200; ++s) {
        ++leads[static_cast<std::size_t>(labels[stratified_indices(data, 1, seed{s}).front()])];
    }
    CHECK(*std::min_element(leads.begin(), leads.end()) > 4);

    CHECK(thrown<option_error>([&] { stratified_indices(data, 1001, seed{1}); }) ==
          "[F0468] stratified_indices: expected at most the 1000 images, got 1001");
    CHECK(contains(thrown<data_error>([&] { stratified_indices(image_dataset{}, 0, seed{1}); }),
                   "at least one image"));
}
