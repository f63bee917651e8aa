#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/parallel.hpp>
#include <fitnas/data/batch.hpp>
#include <fitnas/data/image_folder.hpp>
#include <fitnas/data/image_view.hpp>
#include <fitnas/data/jpeg.hpp>
#include <fitnas/data/lazy_images.hpp>
#include <fitnas/data/read_image.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"
#include "golden_images.hpp"

using namespace fitnas;

namespace {

#if FITNAS_HAS_JPEG && FITNAS_HAS_PNG
std::vector<std::uint8_t> pixels_of(const image_source& data, std::size_t image) {
    std::vector<std::uint8_t> room(static_cast<std::size_t>(data.image_shape().size()));
    const std::uint8_t* from = data.read(image, room.data());
    return {from, from + room.size()};
}
#endif

} // namespace

TEST_CASE("what is no folder of folders of images is refused lazily too") {
    const golden_folder folder;
    CHECK(contains(thrown<data_error>([&] { read_image_folder_lazily(folder.path("none")); }), "[F0491]"));
    CHECK(contains(thrown<option_error>([&] { read_image_folder_lazily("none", {.channels = 2}); }),
                   "[F0482]"));
    std::filesystem::create_directories(folder.path("a"));
    folder.write("a/x.webp", "");
    CHECK(contains(thrown<data_error>([&] { read_image_folder_lazily(folder.path()); }),
                   "a/x.webp: expected a JPEG or PNG image, got one whose name says another format"));
    CHECK(contains(thrown<data_error>([&] {
                       read_image_folder_lazily(folder.path(),
                                                {.height = 2, .width = 2, .skip_damaged = true});
                   }),
                   "[F0420] " + folder.path() + ": expected at least one image, got none"));
}

#if FITNAS_HAS_JPEG && FITNAS_HAS_PNG

TEST_CASE("a lazy folder shows what read_image_folder reads") {
    const golden_folder folder;
    folder.add("zebra/b.PNG", "colour.png");
    folder.add("Yak/x.JPEG", "grey.jpg");
    folder.add("ant/deep/a.png", "palette.png");
    folder.add("ant/d.jpg", "progressive.jpg");
    folder.add("ant/e.jpg", "exif_6.jpg");
    folder.add("ant/f.jpg", "large.jpg");
    for (const resizing how : {resizing::stretch, resizing::centre_crop}) {
        for (const int channels : {1, 3}) {
            for (const bool scaled : {false, true}) {
                const image_folder_options options{
                    .height = 6, .width = 5, .channels = channels, .resize = how, .scaled_jpeg = scaled};
                const image_folder eager = read_image_folder(folder.path(), options);
                const lazy_images lazy = read_image_folder_lazily(folder.path() + "//", options);
                CHECK(lazy.class_names() == eager.class_names());
                CHECK(lazy.skipped().empty());
                REQUIRE(lazy.size() == eager.size());
                CHECK(lazy.image_shape() == shape{6, 5, channels});
                for (std::size_t i = 0; i < lazy.size(); ++i) {
                    CHECK(lazy.label(i) == eager.labels[i]);
                    CHECK(folder.path(lazy.name(i)) == eager.files[i]);
                    CHECK(pixels_of(lazy, i) == pixels_of(eager, i));
                }
            }
        }
    }
    CHECK(read_image_folder_lazily(folder.path(), {.resize = resizing::stretch}).image_shape() ==
          shape{9, 13, 3}); // of the first image
}

TEST_CASE("a scaled JPEG is what libjpeg gives, and is not below what is wanted") {
    std::istringstream lines([] {
        const auto bytes = golden_bytes("scaled.txt");
        return std::string(bytes.begin(), bytes.end());
    }());
    std::string hex;
    raster expected;
    int count = 0;
    const auto bytes = golden_bytes("large.jpg");
    for (int eighths = 0; lines >> eighths >> expected.height >> expected.width >> expected.channels >> hex;
         ++count) {
        expected.pixels = bytes_of_hex(hex);
        CHECK(decode_jpeg(bytes, "large.jpg", largest_image, eighths) == expected);
    }
    CHECK(count == 4);
    const golden_folder folder;
    folder.add("a/0.jpg", "large.jpg"); // 37 x 50
    // A half is 19 x 25, which is enough for 18 rows and not for 20.
    const auto scaled = [&](int height, int width) {
        return pixels_of(
            read_image_folder_lazily(
                folder.path(),
                {.height = height, .width = width, .resize = resizing::stretch, .scaled_jpeg = true}),
            0);
    };
    const raster half = decode_jpeg(bytes, "large.jpg", largest_image, 4);
    CHECK(half.height == 19);
    CHECK(half.width == 25);
    CHECK(scaled(18, 20) == resize(half, 18, 20).pixels);
    CHECK(scaled(20, 20) == resize(decode_jpeg(bytes, "large.jpg"), 20, 20).pixels);
    CHECK(scaled(9, 5) == resize(decode_jpeg(bytes, "large.jpg", largest_image, 2), 9, 5).pixels);
    CHECK(scaled(9, 13) == resize(half, 9, 13).pixels);
    CHECK(contains(thrown<option_error>([&] { decode_jpeg(bytes, "x", largest_image, 9); }),
                   "[F0434] decode_jpeg: expected 1 to 8 eighths, got 9"));
}

TEST_CASE("parts are cut out of images as their files have them") {
    const golden_folder folder;
    folder.add("a/0.jpg", "large.jpg"); // 37 x 50
    folder.add("a/1.png", "exif_6.png");
    image_folder_options options{.height = 8, .width = 7, .resize = resizing::centre_crop};
    const lazy_images lazy = read_image_folder_lazily(folder.path(), options);
    options.scaled_jpeg = true;
    const lazy_images scaled = read_image_folder_lazily(folder.path(), options);
    std::vector<std::uint8_t> room(168);
    bool reduced = false;
    for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
        for (std::size_t i = 0; i < 2; ++i) {
            const raster whole = read_image(folder.path(lazy.name(i)));
            const drawn_crop crop({}, random_stream(seed{3}, purpose::crop, epoch, i));
            const image_part p = crop.of(whole.height, whole.width);
            raster part{p.height, p.width, 3, {}};
            for (int y = p.top; y < p.top + p.height; ++y) {
                for (int x = 3 * p.left; x < 3 * (p.left + p.width); ++x) {
                    part.pixels.push_back(whole.pixels[static_cast<std::size_t>(y * 3 * whole.width + x)]);
                }
            }
            const raster expected = resize(part, 8, 7);
            const std::uint8_t* got = lazy.read_crop(i, crop, room.data());
            CHECK(std::equal(expected.pixels.begin(), expected.pixels.end(), got));
            got = scaled.read_crop(i, crop, room.data());
            double difference = 0;
            for (std::size_t k = 0; k < 168; ++k) {
                difference += std::abs(int{got[k]} - int{expected.pixels[k]}) / 168.0;
            }
            reduced = reduced || difference > 0;
            CHECK(difference < (i == 0 ? 12 : 1e-9)); // nearly the same part, of fewer pixels
        }
    }
    CHECK(reduced);
}

TEST_CASE("batches of a lazy folder are those of a folder in memory, on any number of threads") {
    const golden_folder folder;
    for (int i = 0; i < 6; ++i) {
        folder.add("a/" + std::to_string(i) + ".jpg", i % 2 == 0 ? "colour.jpg" : "progressive.jpg");
        folder.add("b/" + std::to_string(i) + ".png", "colour.png");
    }
    const image_folder eager = read_image_folder(folder.path());
    const lazy_images lazy = read_image_folder_lazily(folder.path());
    const std::vector<std::size_t> numbers = {11, 0, 5, 5, 7};
    const auto batch = [&](const image_source& from, const augmentation& augment) {
        std::vector<float> out(numbers.size() * 351);
        load_batch(from, numbers, normalisation_of(from), out.data(), nullptr, augment, seed{1}, 4);
        return out;
    };
    const augmentation all{
        .crop_padding = 1, .flip = true, .resized_crop = random_resized_crop{}, .jitter = {0.4, 0.4, 0.4}};
    CHECK(batch(lazy, {}) == batch(eager, {}));
    CHECK(batch(lazy, all) == batch(eager, all));
#if FITNAS_HAS_OPENMP
    const int before = omp_get_max_threads();
    std::set<std::vector<float>> batches;
    for (const int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        batches.insert(batch(lazy, all));
    }
    omp_set_num_threads(before);
    CHECK(batches.size() == 1);
#endif
}

TEST_CASE("damaged files are refused when they are read, or left out by their heads") {
    const golden_folder folder;
    folder.add("a/1.jpg", "colour.jpg");
    const auto whole = golden_bytes("colour.jpg");
    folder.write("a/2.jpg", std::string(whole.begin(), whole.end() - 20));
    folder.write("a/3.jpg", "");
    folder.add("a/4.jpg", "two_components.jpg");
    folder.write("a/5.png", "text");
    folder.add("b/1.png", "grey.png");
    const auto png = golden_bytes("colour.png");
    folder.write("b/2.png", std::string(png.begin(), png.end() - 20));
    const lazy_images all = read_image_folder_lazily(folder.path());
    CHECK(all.size() == 7);
    CHECK(pixels_of(all, 0) == golden_pixels("pixels.txt").at("colour.jpg").pixels);
    CHECK(contains(thrown<data_error>([&] { pixels_of(all, 1); }),
                   "[F0483] " + folder.path("a/2.jpg") +
                       ": is no JPEG image that can be decoded: it is truncated"));
    CHECK(contains(thrown<data_error>([&] { pixels_of(all, 2); }),
                   folder.path("a/3.jpg") + ": expected a JPEG"));
    CHECK(contains(thrown<data_error>([&] { pixels_of(all, 6); }), folder.path("b/2.png")));
    std::vector<long long> told;
    image_folder_options options{.skip_damaged = true};
    options.observer = [&](const progress& p) { told.push_back(p.done); };
    const lazy_images some = read_image_folder_lazily(folder.path(), options);
    CHECK(told == std::vector<long long>{1, 2, 3, 4, 5, 6, 7});
    REQUIRE(some.size() == 3);
    CHECK(some.name(1) == "a/2.jpg"); // its head is whole
    CHECK(some.name(2) == "b/1.png");
    REQUIRE(some.skipped().size() == 4);
    const char* names[] = {"a/3.jpg", "a/4.jpg", "a/5.png", "b/2.png"};
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(contains(some.skipped()[i], folder.path(names[i]) + ": "));
    }
    CHECK(contains(thrown<data_error>([&] { pixels_of(some, 1); }), "a/2.jpg"));
    // A file that has gone since.
    std::filesystem::remove(folder.path("a/1.jpg"));
    CHECK(contains(thrown<data_error>([&] { pixels_of(all, 0); }), "a/1.jpg: cannot be opened"));
    CHECK(contains(thrown<data_error>([&] { all.fingerprint(); }), "[F0435] " + folder.path("a/1.jpg")));
}

TEST_CASE("a fingerprint is of names, sizes, labels and shape, wherever the folder is") {
    const golden_folder folder;
    for (const char* at : {"x", "y"}) {
        folder.add(std::string(at) + "/a/1.jpg", "colour.jpg");
        folder.add(std::string(at) + "/b/1.jpg", "large.jpg");
    }
    const image_folder_options options{.height = 9, .width = 13, .resize = resizing::stretch};
    const lazy_images x = read_image_folder_lazily(folder.path("x"), options);
    CHECK(x.fingerprint() == read_image_folder_lazily(folder.path("y") + "/", options).fingerprint());
    const std::vector<std::size_t> second = {1};
    const std::vector<std::size_t> both = {0, 1};
    CHECK(image_view(x).fingerprint() == x.fingerprint());
    CHECK(subset(x, both).fingerprint() == x.fingerprint());
    CHECK(subset(x, second).fingerprint() != x.fingerprint());
    CHECK(subset(subset(x, both), second).fingerprint() == x.fingerprint_of(second));
    image_folder_options other = options;
    other.scaled_jpeg = true;
    CHECK(read_image_folder_lazily(folder.path("x"), other).fingerprint() != x.fingerprint());
    std::filesystem::resize_file(folder.path("y/b/1.jpg"), 100);
    CHECK(read_image_folder_lazily(folder.path("y"), options).fingerprint() != x.fingerprint());
}

#endif
