#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/parallel.hpp>
#include <fitnas/data/kept_images.hpp>

#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

// Image i has all pixels i; counts how often each is read, and refuses the last one the first time.
struct counted final : image_source {
    std::shared_ptr<std::vector<int>> reads = std::make_shared<std::vector<int>>(9);

    std::size_t size() const override { return 9; }
    shape image_shape() const override { return {2, 2, 1}; }
    int class_count() const override { return 3; }
    int label(std::size_t image) const override { return static_cast<int>(image % 3); }
    const std::uint8_t* read(std::size_t image, std::uint8_t* room) const override {
        if (++(*reads)[image] == 1 && image == 8) {
            throw data_error("image 8 is away");
        }
        std::fill_n(room, 4, static_cast<std::uint8_t>(image));
        return room;
    }
    std::size_t statistics_limit() const override { return 5; }
};

} // namespace

TEST_CASE("each image is read once, by whichever thread comes first") {
    const counted source;
    const image_view kept = kept_images(source);
    CHECK(kept.size() == 9);
    CHECK(kept.label(5) == 2);
    CHECK(kept.class_count() == 3);
    CHECK(kept.statistics_limit() == 5);
    std::vector<std::uint8_t> first(64);
    parallel_for(64, [&](std::ptrdiff_t i) {
        std::uint8_t room[4];
        const auto at = static_cast<std::size_t>(i);
        first[at] = kept.read(at % 8, room)[3];
    });
    for (std::size_t i = 0; i < 64; ++i) {
        CHECK(first[i] == i % 8);
    }
    CHECK(*source.reads == std::vector<int>{1, 1, 1, 1, 1, 1, 1, 1, 0});
    std::uint8_t room[4];
    CHECK(contains(thrown<data_error>([&] { kept.read(8, room); }), "image 8 is away"));
    CHECK(kept.read(8, room)[0] == 8); // what failed is tried again
    CHECK(kept.read(8, room)[0] == 8);
    CHECK((*source.reads)[8] == 2);
    const std::size_t all[] = {0, 1, 2};
    CHECK(kept.fingerprint_of(all) == source.fingerprint_of(all));
}
