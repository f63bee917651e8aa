#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/batch.hpp>
#include <fitnas/data/image_dataset.hpp>

#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

image_dataset random_images(std::size_t n, shape s) {
    image_dataset data;
    data.images = xt::xtensor<std::uint8_t, 4>::from_shape({n, static_cast<std::size_t>(s.height),
                                                            static_cast<std::size_t>(s.width),
                                                            static_cast<std::size_t>(s.channels)});
    data.classes = 7;
    random_stream random(seed{11}, purpose::user);
    for (std::uint8_t& p : data.images) {
        p = static_cast<std::uint8_t>(1 + random.below(255)); // never 0: padding can be told
    }
    for (std::size_t i = 0; i < n; ++i) {
        data.labels.push_back(static_cast<int>(i % 7));
    }
    return data;
}

normalisation plain(int channels) {
    const auto n = static_cast<std::size_t>(channels);
    return {std::vector<float>(n, 0.0F), std::vector<float>(n, 255.0F)}; // pixel values themselves
}

/// The batch under an augmentation, as pixel values.
std::vector<float> augmented(const image_dataset& data, const std::vector<std::size_t>& indices,
                             const augmentation& augment, seed s, std::uint64_t epoch) {
    std::vector<float> out(indices.size() * static_cast<std::size_t>(data.image_shape().size()), -1.0F);
    load_batch(data, indices, plain(data.image_shape().channels), out.data(), nullptr, augment, s, epoch);
    for (float& v : out) {
        v = std::round(v);
    }
    return out;
}

/// The image as it comes out when it is seen through a window moved by (dy, dx), then mirrored.
std::vector<float> moved(const image_dataset& data, std::size_t number, int dy, int dx, bool mirror) {
    const shape s = data.image_shape();
    std::vector<float> out;
    for (int y = 0; y < s.height; ++y) {
        for (int column = 0; column < s.width; ++column) {
            const int x = mirror ? s.width - 1 - column : column;
            for (int c = 0; c < s.channels; ++c) {
                const bool inside = y + dy >= 0 && y + dy < s.height && x + dx >= 0 && x + dx < s.width;
                out.push_back(inside ? static_cast<float>(data.images(
                                           number, static_cast<std::size_t>(y + dy),
                                           static_cast<std::size_t>(x + dx), static_cast<std::size_t>(c)))
                                     : 0.0F);
            }
        }
    }
    return out;
}

/// Which (dy, dx, mirror) turns the image into `seen`; {99, 99, 99} where none does.
std::array<int, 3> how(const image_dataset& data, std::size_t number, const std::vector<float>& seen,
                       int padding) {
    for (int dy = -padding; dy <= padding; ++dy) {
        for (int dx = -padding; dx <= padding; ++dx) {
            for (const int mirror : {0, 1}) {
                if (moved(data, number, dy, dx, mirror != 0) == seen) {
                    return {dy, dx, mirror};
                }
            }
        }
    }
    return {99, 99, 99};
}

} // namespace

TEST_CASE("normalisation_of equals mean and deviation computed by hand") {
    image_dataset data;
    data.images = xt::xtensor<std::uint8_t, 4>::from_shape({2, 1, 2, 2});
    // Channel 0: 0, 51, 102, 255; channel 1: always 30.
    const std::array<std::uint8_t, 8> pixels{0, 30, 51, 30, 102, 30, 255, 30};
    std::copy(pixels.begin(), pixels.end(), data.images.data());
    data.labels = {0, 0};
    data.classes = 1;
    const normalisation norm = normalisation_of(data);
    REQUIRE(norm.mean.size() == 2);
    REQUIRE(norm.scale.size() == 2);
    // In [0, 1]: 0, 0.2, 0.4, 1: mean 0.4, variance (0.16 + 0.04 + 0 + 0.36) / 4 = 0.14.
    CHECK(norm.mean[0] == doctest::Approx(0.4));
    CHECK(norm.scale[0] == doctest::Approx(1 / std::sqrt(0.14)));
    CHECK(norm.mean[1] == doctest::Approx(30 / 255.0));
    CHECK(norm.scale[1] == 1);
    CHECK_THROWS_AS(normalisation_of(image_dataset{}), data_error);
}

TEST_CASE("a batch that is normalised by its own statistics has mean 0 and deviation 1 in each channel") {
    const image_dataset data = random_images(37, {5, 6, 3});
    std::vector<std::size_t> all(data.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i] = i;
    }
    std::vector<float> out(all.size() * 90);
    load_batch(data, all, normalisation_of(data), out.data(), nullptr);
    for (std::size_t c = 0; c < 3; ++c) {
        double sum = 0;
        double squares = 0;
        for (std::size_t p = c; p < out.size(); p += 3) {
            sum += static_cast<double>(out[p]);
            squares += static_cast<double>(out[p]) * static_cast<double>(out[p]);
        }
        const double n = 37 * 30;
        CHECK(std::abs(sum / n) < 1e-5);
        CHECK(squares / n == doctest::Approx(1).epsilon(1e-5));
    }
}

TEST_CASE("load_batch takes the images in the order of their numbers") {
    const image_dataset data = random_images(6, {3, 4, 2});
    const normalisation norm{{0.25F, 0.5F}, {2.0F, 4.0F}};
    const std::vector<std::size_t> indices = {5, 0, 5, 3};
    constexpr std::size_t size = 24;
    std::vector<float> out(indices.size() * size + 1, -77.0F);
    std::vector<int> labels(indices.size() + 1, -77);
    load_batch(data, indices, norm, out.data(), labels.data());
    for (std::size_t i = 0; i < indices.size(); ++i) {
        CHECK(labels[i] == data.labels[indices[i]]);
        for (std::size_t p = 0; p < size; ++p) {
            const double pixel = data.images.data()[indices[i] * size + p] / 255.0;
            const double expected = p % 2 == 0 ? (pixel - 0.25) * 2 : (pixel - 0.5) * 4;
            CHECK(out[i * size + p] == doctest::Approx(expected).epsilon(1e-6));
        }
    }
    CHECK(out.back() == -77.0F);
    CHECK(labels.back() == -77);
    load_batch(data, {}, norm, out.data(), labels.data()); // nothing to do
}

TEST_CASE("augmentation that asks for nothing changes nothing") {
    const image_dataset data = random_images(4, {5, 5, 3});
    const std::vector<std::size_t> indices = {2, 1};
    std::vector<float> plainly(150);
    std::vector<float> augmentedly(150);
    std::vector<int> labels(2);
    const normalisation norm = normalisation_of(data);
    load_batch(data, indices, norm, plainly.data(), nullptr);
    load_batch(data, indices, norm, augmentedly.data(), labels.data(), {}, seed{1}, 3);
    CHECK(plainly == augmentedly);
    CHECK(labels == std::vector<int>{2, 1});
}

TEST_CASE("every augmented image is a moved and perhaps mirrored one, in all ways equally often") {
    constexpr int padding = 2;
    const image_dataset data = random_images(3, {6, 7, 2});
    std::set<std::array<int, 3>> ways;
    int mirrored = 0;
    constexpr int epochs = 500;
    for (int epoch = 0; epoch < epochs; ++epoch) {
        const std::vector<float> seen = augmented(data, {1}, {.crop_padding = padding, .flip = true}, seed{4},
                                                  static_cast<std::uint64_t>(epoch));
        const std::array<int, 3> way = how(data, 1, seen, padding);
        REQUIRE(way[0] != 99);
        ways.insert(way);
        mirrored += way[2];
    }
    CHECK(ways.size() == 50); // 5 x 5 places, mirrored or not
    CHECK(std::abs(mirrored - epochs / 2) < 5 * std::sqrt(epochs / 4.0));
}

TEST_CASE("flip mirrors left to right, and only flip does") {
    const image_dataset data = random_images(40, {4, 5, 1});
    int flipped = 0;
    for (std::size_t i = 0; i < 40; ++i) {
        const auto seen = augmented(data, {i}, {.flip = true}, seed{1}, 0);
        CHECK((seen == moved(data, i, 0, 0, true) || seen == moved(data, i, 0, 0, false)));
        flipped += seen == moved(data, i, 0, 0, true) ? 1 : 0;
        CHECK(how(data, i, augmented(data, {i}, {.crop_padding = 1}, seed{1}, 0), 1)[2] == 0);
    }
    CHECK(flipped > 5);
    CHECK(flipped < 35);
}

TEST_CASE("padding is 0 after normalisation") {
    const image_dataset data = random_images(1, {3, 3, 1});
    const normalisation norm{{0.7F}, {3.0F}};
    bool seen_padding = false;
    for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
        std::vector<float> out(9);
        const std::vector<std::size_t> first = {0};
        load_batch(data, first, norm, out.data(), nullptr, {.crop_padding = 3}, seed{2}, epoch);
        seen_padding = seen_padding || std::count(out.begin(), out.end(), 0.0F) >= 3;
    }
    CHECK(seen_padding);
}

TEST_CASE("augmentation depends on (seed, epoch, image number), not on the batch") {
    const image_dataset data = random_images(30, {8, 8, 3});
    const augmentation augment{.crop_padding = 2, .flip = true};
    std::vector<std::size_t> all(30);
    for (std::size_t i = 0; i < 30; ++i) {
        all[i] = 29 - i;
    }
    const std::vector<float> together = augmented(data, all, augment, seed{1}, 5);
    for (std::size_t i = 0; i < 30; ++i) {
        const std::vector<float> alone = augmented(data, {all[i]}, augment, seed{1}, 5);
        CHECK(
            std::equal(alone.begin(), alone.end(), together.begin() + static_cast<std::ptrdiff_t>(i * 192)));
    }
    CHECK(together == augmented(data, all, augment, seed{1}, 5));
    CHECK(together != augmented(data, all, augment, seed{2}, 5));
    CHECK(together != augmented(data, all, augment, seed{1}, 6));
}

#if FITNAS_HAS_OPENMP
TEST_CASE("batches are bit-equal on any number of threads") {
    const image_dataset data = random_images(50, {9, 7, 3});
    const std::vector<std::size_t> indices = shuffled_indices(50, seed{3}, 0);
    const int before = omp_get_max_threads();
    std::set<std::vector<float>> batches;
    std::set<std::vector<float>> norms;
    for (const int threads : {1, 2, 4}) {
        omp_set_num_threads(threads);
        const normalisation norm = normalisation_of(data);
        norms.insert(norm.mean);
        norms.insert(norm.scale);
        std::vector<float> out(2 * 50 * 189);
        load_batch(data, indices, norm, out.data(), nullptr, {.crop_padding = 2, .flip = true}, seed{3}, 1);
        load_batch(data, indices, norm, out.data() + 50 * 189, nullptr);
        batches.insert(out);
    }
    omp_set_num_threads(before);
    CHECK(batches.size() == 1);
    CHECK(norms.size() == 2);
}
#endif

TEST_CASE("shuffled_indices is a permutation of its own for every seed and epoch") {
    const std::vector<std::size_t> first = shuffled_indices(100, seed{1}, 0);
    CHECK(std::set<std::size_t>(first.begin(), first.end()).size() == 100);
    CHECK(*std::max_element(first.begin(), first.end()) == 99);
    CHECK(first == shuffled_indices(100, seed{1}, 0));
    CHECK(first != shuffled_indices(100, seed{1}, 1));
    CHECK(first != shuffled_indices(100, seed{2}, 0));
    CHECK(shuffled_indices(0, seed{1}, 0).empty());
    CHECK(shuffled_indices(1, seed{1}, 0) == std::vector<std::size_t>{0});
}

TEST_CASE("what does not fit is refused, and nothing is written") {
    const image_dataset data = random_images(4, {3, 3, 2});
    std::vector<float> out(4 * 18, -1.0F);
    std::vector<int> labels(4, -1);
    const std::vector<std::size_t> past = {0, 4};
    const std::vector<std::size_t> good = {0, 1};
    CHECK(thrown<shape_error>([&] { load_batch(data, past, plain(2), out.data(), labels.data()); }) ==
          "[F0403] load_batch: expected image numbers below 4, got 4");
    CHECK(contains(thrown<shape_error>(
                       [&] { load_batch(data, past, plain(2), out.data(), labels.data(), {}, seed{1}, 0); }),
                   "below 4, got 4"));
    CHECK(contains(thrown<shape_error>([&] { load_batch(data, good, plain(1), out.data(), labels.data()); }),
                   "the images have 2 channels, the normalisation has 1 means and 1 scales"));
    for (const int padding : {-1, 4, 2000000000}) {
        CHECK(contains(thrown<option_error>([&] {
                           load_batch(data, good, plain(2), out.data(), labels.data(),
                                      {.crop_padding = padding}, seed{1}, 0);
                       }),
                       "augmentation::crop_padding: expected 0 to 3 for images of 3 x 3 x 2, got " +
                           std::to_string(padding)));
    }
    image_dataset unlabelled = data;
    unlabelled.labels.clear();
    CHECK(contains(
        thrown<shape_error>([&] { load_batch(unlabelled, good, plain(2), out.data(), labels.data()); }),
        "4 images and 0 labels"));
    for (const float v : out) {
        CHECK(v == -1.0F);
    }
    for (const int l : labels) {
        CHECK(l == -1);
    }
    load_batch(unlabelled, good, plain(2), out.data(), nullptr); // no labels wanted, none needed
    CHECK(out[0] > 0);
}
