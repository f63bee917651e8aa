// Sources and views of them: what they show, what they share, and what they say of themselves.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/hash.hpp>
#include <fitnas/data/batch.hpp>
#include <fitnas/data/image_view.hpp>
#include <fitnas/data/split.hpp>

#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

constexpr shape one{3, 5, 2};

std::uint8_t pixel(std::size_t image, std::size_t place) {
    return static_cast<std::uint8_t>(37 * image + 11 * place);
}

/// Images that are made when they are asked for, not kept.
class made_up final : public image_source {
public:
    explicit made_up(std::size_t count) : m_count(count) {}
    std::size_t size() const override { return m_count; }
    shape image_shape() const override { return one; }
    int class_count() const override { return 3; }
    int label(std::size_t image) const override { return static_cast<int>(image % 3); }
    const std::uint8_t* read(std::size_t image, std::uint8_t* room) const override {
        for (std::size_t i = 0; i < 30; ++i) {
            room[i] = pixel(image, i);
        }
        return room;
    }

private:
    std::size_t m_count;
};

} // namespace

TEST_CASE("a view shows the images with its numbers, also of another view, and shares their pixels") {
    const image_dataset all{made_up(10)};
    CHECK(all.labels == std::vector<int>{0, 1, 2, 0, 1, 2, 0, 1, 2, 0});
    CHECK(all.images(4, 1, 2, 1) == pixel(4, 1 * 10 + 2 * 2 + 1));
    const auto kept = std::make_shared<const image_dataset>(all);
    const image_view whole{std::shared_ptr<const image_source>(kept)};
    const std::vector<std::size_t> some{7, 2, 2, 9};
    const std::vector<std::size_t> of_some{3, 0};
    const image_view part = subset(subset(whole, some), of_some);
    REQUIRE(part.size() == 2);
    CHECK(part.image_shape() == one);
    CHECK(part.class_count() == 3);
    CHECK(part.label(0) == 0);
    CHECK(part.label(1) == 1);
    CHECK(part.read(0, nullptr) == kept->images.data() + 9 * 30); // where they lie
    CHECK(part.read(1, nullptr) == kept->images.data() + 7 * 30);
    const image_view empty = subset(whole, {});
    CHECK(empty.empty());
    CHECK(image_view().empty());
    const dataset halves = split(whole, whole, {.validation = 4});
    CHECK(halves.test.read(0, nullptr) == kept->images.data());
    CHECK(halves.train.read(0, nullptr) >= kept->images.data());
    CHECK(halves.train.read(0, nullptr) < kept->images.data() + 10 * 30);
}

TEST_CASE("a source that makes its images gives the batches of one that has them") {
    const made_up source(23);
    const image_dataset kept{source};
    const normalisation norm = normalisation_of(kept);
    CHECK(normalisation_of(source).mean == norm.mean);
    CHECK(normalisation_of(source).scale == norm.scale);
    const std::vector<std::size_t> numbers{22, 0, 5, 5};
    const auto batch = [&](const image_source& from, bool changed) {
        std::vector<float> images(4 * 30);
        std::vector<int> labels(4);
        if (changed) {
            load_batch(from, numbers, norm, images.data(), labels.data(), {.crop_padding = 2, .flip = true},
                       seed{3}, 1);
        } else {
            load_batch(from, numbers, norm, images.data(), labels.data());
        }
        CHECK(labels == std::vector<int>{1, 0, 2, 2});
        return images;
    };
    CHECK(batch(source, false) == batch(kept, false));
    CHECK(batch(source, true) == batch(kept, true));
    CHECK(batch(source, true) != batch(kept, false));
    CHECK(stratified_indices(source, 9, seed{1}) == stratified_indices(kept, 9, seed{1}));
}

TEST_CASE("a fingerprint is of what images hold: all pixels in a row, and all labels") {
    for (const std::size_t count : {1U, 7U, 8U, 9U, 23U}) {
        const made_up source(count);
        image_dataset kept{source};
        detail::hash64 expected;
        expected.add(kept.images.data(), kept.images.size());
        expected.add(kept.labels.data(), kept.labels.size() * sizeof(int));
        CHECK(source.fingerprint() == expected.text());
        CHECK(kept.fingerprint() == expected.text());
        CHECK(image_view(kept).fingerprint() == expected.text());
        kept.images(count - 1, 2, 4, 1) ^= 1;
        CHECK(kept.fingerprint() != expected.text());
    }
    const image_view whole{made_up(6)};
    const std::vector<std::size_t> turned{1, 0};
    const std::vector<std::size_t> straight{0, 1};
    CHECK(subset(whole, straight).fingerprint() == made_up(2).fingerprint());
    CHECK(subset(whole, turned).fingerprint() != subset(whole, straight).fingerprint());
}

TEST_CASE("views of nothing, and of images without a label each, are refused") {
    CHECK(thrown<option_error>([] { image_view{std::shared_ptr<const image_source>()}; }) ==
          "[F0470] image_view: expected a source of images, got none");
    image_dataset bad{made_up(4)};
    bad.labels.pop_back();
    const std::vector<std::size_t> first{0};
    CHECK(contains(thrown<shape_error>([&] { subset(bad, first); }), "got 4 images and 3 labels"));
    CHECK(contains(thrown<data_error>([&] { require_consistent(image_view(bad), "these"); }),
                   "these: expected one label an image"));
}
