#include <cstdint>
#include <fstream>
#include <limits>
#include <locale>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/batch.hpp>
#include <fitnas/data/image_dataset.hpp>

#include "../support/thrown.hpp"
#include "golden_images.hpp"

using namespace fitnas;

namespace {

/// One image in front of which others stand, so that it has the number.
class numbered final : public image_source {
public:
    numbered(std::size_t number, int channels) : m_number(number), m_channels(channels) {}
    std::size_t size() const override { return m_number + 1; }
    shape image_shape() const override { return {5, 4, m_channels}; }
    int class_count() const override { return 1; }
    int label(std::size_t /*image*/) const override { return 0; }
    const std::uint8_t* read(std::size_t /*image*/, std::uint8_t* room) const override {
        for (int y = 0, i = 0; y < 5; ++y) {
            for (int x = 0; x < 4; ++x) {
                for (int c = 0; c < m_channels; ++c) {
                    room[i++] = static_cast<std::uint8_t>(37 * y + 101 * x + 59 * c + x * y);
                }
            }
        }
        return room;
    }

private:
    std::size_t m_number;
    int m_channels;
};

/// The pixels of one image.
std::vector<std::uint8_t> pixels_of(const image_source& data, std::size_t number, const augmentation& augment,
                                    seed s, std::uint64_t epoch) {
    const auto channels = static_cast<std::size_t>(data.image_shape().channels);
    std::vector<float> out(static_cast<std::size_t>(data.image_shape().size()));
    const std::vector<std::size_t> numbers = {number};
    load_batch(data, numbers, {std::vector<float>(channels, 0.0F), std::vector<float>(channels, 255.0F)},
               out.data(), nullptr, augment, s, epoch);
    std::vector<std::uint8_t> pixels;
    for (const float v : out) {
        pixels.push_back(static_cast<std::uint8_t>(v + 0.5F));
    }
    return pixels;
}

} // namespace

TEST_CASE("colours are those of torchvision's ColorJitter on Pillow's images, with these draws") {
    std::ifstream file(FITNAS_TEST_DIR "/data/golden/jitter.txt");
    file.imbue(std::locale::classic()); // numbers have points
    std::uint64_t seed_value = 0;
    std::uint64_t epoch = 0;
    std::size_t number = 0;
    int channels = 0;
    colour_jitter o;
    std::string hex;
    int lines = 0;
    while (file >> seed_value >> epoch >> number >> channels >> o.brightness >> o.contrast >> o.saturation >>
           hex) {
        CAPTURE(lines);
        CHECK(pixels_of(numbered(number, channels), number, {.jitter = o}, seed{seed_value}, epoch) ==
              bytes_of_hex(hex));
        ++lines;
    }
    CHECK(lines == 30);
}

TEST_CASE("colours of images in memory change in the batch, not in the images") {
    image_dataset data{numbered(1, 3)};
    const image_dataset before = data;
    const auto changed = pixels_of(data, 1, {.jitter = {.brightness = 0.5}}, seed{1}, 0);
    CHECK(changed != pixels_of(data, 1, {}, seed{1}, 0));
    CHECK(changed == pixels_of(numbered(1, 3), 1, {.jitter = {.brightness = 0.5}}, seed{1}, 0));
    CHECK(data.images == before.images);
}

TEST_CASE("ranges of colours, and images without colours that can change, are refused") {
    const auto text = [](int channels, const colour_jitter& o) {
        return thrown<option_error>([&] { pixels_of(numbered(0, channels), 0, {.jitter = o}, seed{1}, 0); });
    };
    CHECK(contains(text(3, {.contrast = -0.1}),
                   "[F0436] colour_jitter: expected finite numbers from 0, got -0.1"));
    CHECK(contains(text(3, {.saturation = std::numeric_limits<double>::infinity()}), "[F0436]"));
    CHECK(contains(text(2, {.brightness = 0.1}),
                   "[F0437] colour_jitter: expected images of 1 or 3 channels, got 5 x 4 x 2"));
}
