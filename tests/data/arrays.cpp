#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/arrays.hpp>
#include <fitnas/data/image_view.hpp>

#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

// Two images of 2 x 3 pixels in two channels; the value of a pixel says where it is.
int value_at(std::size_t n, std::size_t y, std::size_t x, std::size_t c) {
    return static_cast<int>(100 * n + 30 * y + 5 * x + c);
}

bool is_as_said(const image_dataset& data) {
    bool same = data.size() == 2 && data.image_shape() == shape{2, 3, 2};
    for (std::size_t n = 0; same && n < 2; ++n) {
        for (std::size_t y = 0; y < 2; ++y) {
            for (std::size_t x = 0; x < 3; ++x) {
                for (std::size_t c = 0; c < 2; ++c) {
                    same = same && data.images(n, y, x, c) == value_at(n, y, x, c);
                }
            }
        }
    }
    return same;
}

template <class T>
std::vector<T> values(bool planes, double unit = 1) {
    std::vector<T> all;
    for (std::size_t n = 0; n < 2; ++n) {
        for (std::size_t i = 0; i < 12; ++i) {
            const std::size_t c = planes ? i / 6 : i % 2;
            const std::size_t p = planes ? i % 6 : i / 2;
            all.push_back(static_cast<T>(value_at(n, p / 3, p % 3, c) * unit));
        }
    }
    return all;
}

} // namespace

TEST_CASE("bytes, integers and floats become images, from spans and from vectors, in both orders") {
    const std::vector<int> labels = {0, 2};
    const shape image{2, 3, 2};
    const auto bytes = values<std::uint8_t>(false);
    const image_dataset data = make_image_dataset(std::span<const std::uint8_t>(bytes), image, labels);
    CHECK(is_as_said(data));
    CHECK(data.labels == labels);
    CHECK(data.classes == 3);
    CHECK(is_as_said(make_image_dataset(bytes, image, labels)));
    CHECK(is_as_said(make_image_dataset(std::as_bytes(std::span<const std::uint8_t>(bytes)), image, labels)));
    CHECK(is_as_said(make_image_dataset(values<std::int64_t>(false), image, labels)));
    CHECK(is_as_said(make_image_dataset(values<float>(false, 1 / 255.0), image, labels)));
    CHECK(is_as_said(make_image_dataset(values<float>(false), image, labels, {.white = 255})));
    CHECK(is_as_said(make_image_dataset(values<double>(false, 0.25), image, labels, {.white = 63.75})));
    const array_options planes{.layout = image_layout::nchw};
    CHECK(is_as_said(make_image_dataset(values<std::uint8_t>(true), image, labels, planes)));
    CHECK(is_as_said(make_image_dataset(values<float>(true, 1 / 255.0), image, labels, planes)));
    CHECK_FALSE(is_as_said(make_image_dataset(bytes, image, labels, planes)));

    const std::array<unsigned char, 2> few = {1, 0};
    CHECK(make_image_dataset(bytes, image, few, {.classes = 10}).classes == 10);
    CHECK(make_image_dataset(bytes, image, std::vector<long>{1, 0}).labels == std::vector<int>{1, 0});
    const image_view view = make_image_dataset(bytes, image, labels);
    CHECK(view.size() == 2);
}

TEST_CASE("floats are rounded to the nearest pixel") {
    const std::vector<double> between = {0.0, 0.4 / 255, 0.6 / 255, 1.0, 254.4 / 255, 254.6 / 255};
    const image_dataset data = make_image_dataset(between, {1, 6, 1}, std::vector<int>{0});
    const std::uint8_t expected[] = {0, 0, 1, 255, 254, 255};
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK(data.images(0, 0, i, 0) == expected[i]);
    }
}

TEST_CASE("tensors of xtensor become images: containers of either layout, expressions") {
    const std::vector<int> labels = {0, 1};
    const auto bytes = values<std::uint8_t>(false);
    xt::xtensor<std::uint8_t, 4, xt::layout_type::row_major> rows = pixel_tensor::from_shape({2, 2, 3, 2});
    std::copy(bytes.begin(), bytes.end(), rows.data());
    CHECK(is_as_said(make_image_dataset(rows, labels)));
    const xt::xarray<std::uint8_t, xt::layout_type::column_major> columns = rows;
    CHECK(is_as_said(make_image_dataset(columns, labels)));
    CHECK(is_as_said(make_image_dataset(rows / 1, labels))); // of int, not evaluated
    const xt::xarray<float> floats = rows / 255.0F;
    CHECK(is_as_said(make_image_dataset(floats, labels)));
    auto planes = xt::xarray<std::uint8_t>::from_shape({2, 2, 2, 3});
    const auto stored = values<std::uint8_t>(true);
    std::copy(stored.begin(), stored.end(), planes.begin());
    CHECK(is_as_said(make_image_dataset(planes, labels, {.layout = image_layout::nchw})));
    const xt::xtensor<int, 1> numbers = {3, 1};
    CHECK(make_image_dataset(rows, numbers).labels == std::vector<int>{3, 1});
    const xt::xtensor<std::uint8_t, 3> grey = {{{1, 2, 3}, {4, 5, 6}}};
    const image_dataset one = make_image_dataset(grey, std::vector<int>{0});
    CHECK(one.image_shape() == shape{2, 3, 1});
    CHECK(one.images(0, 1, 0, 0) == 4);
}

TEST_CASE("arrays that are no images are refused") {
    const std::vector<int> labels = {0, 1};
    const auto ints = [&](std::vector<int> pixels) {
        return thrown<data_error>([&] { make_image_dataset(pixels, {1, 1, 1}, labels); });
    };
    CHECK(contains(ints({0, 256}),
                   "[F0498] make_image_dataset: expected pixels from 0 to 255, got 256 for value 1"));
    CHECK(contains(ints({-1, 0}), "got -1 for value 0"));
    const auto floats = [&](std::vector<float> pixels, double white = 1) {
        return thrown<data_error>([&] { make_image_dataset(pixels, {1, 1, 1}, labels, {.white = white}); });
    };
    CHECK(contains(floats({0, 254}),
                   "expected float pixels from 0 to 1, got 254 for value 1: array_options::white"));
    CHECK(contains(floats({-0.5F, 0}), "got -0.5 for value 0"));
    CHECK(contains(floats({0, std::numeric_limits<float>::quiet_NaN()}), "got nan"));
    CHECK(contains(floats({0, 1}, -1), "from 0 to -1"));
    const std::vector<std::uint8_t> pixels(6);
    CHECK(contains(
        thrown<shape_error>([&] {
            make_image_dataset(pixels, {2, 2, 1}, labels);
        }),
        "[F0486] make_image_dataset: expected the values of whole images of 2 x 2 x 1, got 6 values"));
    CHECK(contains(thrown<shape_error>([&] { make_image_dataset(pixels, {0, 2, 1}, labels); }), "[F0486]"));
    CHECK(contains(thrown<data_error>([&] {
                       make_image_dataset(pixels, {2, 1, 1}, labels);
                   }),
                   "make_image_dataset: expected one label an image, got 3 images and 2 labels"));
    CHECK(contains(thrown<data_error>([&] {
                       make_image_dataset(pixels, {3, 1, 1}, std::vector<int>{0, -2});
                   }),
                   "expected labels from 0 to 2147483647, got -2 for value 1"));
    CHECK(contains(thrown<data_error>([&] {
                       make_image_dataset(pixels, {3, 1, 1}, std::vector<std::uint64_t>{0, 1ULL << 32U});
                   }),
                   "got 4294967296 for value 1"));
    CHECK(contains(thrown<data_error>([&] {
                       make_image_dataset(pixels, {3, 1, 1}, labels, {.classes = 1});
                   }),
                   "expected labels from 0 to 0, got 1 for image 1"));
    const xt::xtensor<std::uint8_t, 2> flat = {{1, 2}, {3, 4}};
    CHECK(contains(thrown<shape_error>([&] { make_image_dataset(flat, labels); }),
                   "[F0499] make_image_dataset: expected images in an array N x H x W"));
    CHECK(contains(thrown<shape_error>([&] { make_image_dataset(flat, labels); }), "got 2 x 2"));
    const auto none = pixel_tensor::from_shape({2, 0, 3, 1});
    CHECK(contains(thrown<shape_error>([&] { make_image_dataset(none, labels); }), "got 2 x 0 x 3 x 1"));
    CHECK(contains(thrown<data_error>([&] {
                       make_image_dataset(std::vector<float>(), {1, 1, 1}, labels);
                   }),
                   "expected at least one image"));
}
