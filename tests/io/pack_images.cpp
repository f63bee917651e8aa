#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/hash.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/data/image_pack.hpp>
#include <fitnas/data/image_view.hpp>
#include <fitnas/io/pack_images.hpp>

#include "../data/golden_images.hpp"
#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

std::string number(std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) {
        text += static_cast<char>(value >> 8 * i & 0xFFU);
    }
    return text;
}
std::string named(const std::string& name) { return number(name.size(), 4) + name; }

/// What a pack is, as its header says.
std::string pack_of(const std::string& table, std::uint64_t classes, std::uint64_t images,
                    const std::string& rest = "", std::uint64_t version = 1) {
    detail::hash64 hash;
    hash.add_words(table.data(), table.size());
    return "FITNASIP" + number(version, 4) + number(classes, 4) + number(images, 8) +
           number(table.size(), 8) + number(hash.value(), 8) + table + rest;
}

std::string refusal(const std::string& path, const image_folder_options& options = {}) {
    return thrown<data_error>([&] { read_image_pack(path, options); });
}

} // namespace

TEST_CASE("what is no pack, or a damaged one, is refused by name") {
    const temporary_folder folder;
    CHECK(contains(refusal(folder.path("none")),
                   "[F0441] " + folder.path("none") + ": cannot be opened: No such"));
    CHECK(contains(refusal("/dev/null"), "[F0442] /dev/null: expected a file, got a folder"));
    CHECK(contains(refusal(folder.path()), "[F0451] " + folder.path() + ": expected a folder of files that"));
    const auto text = [&](const std::string& bytes) { return refusal(folder.write("p", bytes)); };
    for (const char* bytes : {"", "FITNASI", "hello world, this is a text of more than forty bytes"}) {
        CHECK(contains(text(bytes),
                       "[F0444] " + folder.path("p") + ": expected a file that pack_images wrote"));
    }
    const std::string entry = number(69, 8) + number(0, 8) + number(0, 4) + named("");
    const std::string table = named("a") + entry;
    CHECK(contains(text(pack_of(table, 1, 1, "", 2)), "[F0445]"));
    CHECK(contains(text(pack_of(table, 1, 1, "", 2)), "of version 1, got 2"));
    const std::string good = pack_of(table, 1, 1);
    REQUIRE(good.size() == 69);
    // With a shape the images are not looked at: it is a pack.
    CHECK(read_image_pack(folder.write("p", good), {.height = 1, .width = 1}).size() == 1);
    for (std::size_t n = 8; n < good.size(); ++n) {
        CHECK(contains(text(good.substr(0, n)), "[F0446] " + folder.path("p") + ": truncated or damaged"));
    }
    for (std::size_t n = 12; n < good.size(); ++n) { // behind the version
        std::string other = good;
        other[n] = static_cast<char>(other[n] ^ 0x40);
        CHECK(contains(text(other), "[F0446]"));
    }
    const auto damaged = [&](const std::string& of, std::uint64_t classes, std::uint64_t images) {
        return text(pack_of(of, classes, images));
    };
    constexpr std::uint64_t most = ~std::uint64_t{0};
    CHECK(contains(damaged(table, 1, most), "is too short for 1 classes and 18446744073709551615 images"));
    CHECK(contains(damaged(table, 0xFFFFFFFF, 1), "is too short for 4294967295 classes"));
    CHECK(contains(damaged(table, 2, 1), "it ends inside of its table"));
    CHECK(contains(damaged(named("a") + number(70, 8) + entry.substr(8) + "x", 1, 1),
                   "the table goes on behind its last image"));
    const auto with = [&](std::uint64_t first, std::uint64_t count, std::uint64_t label,
                          std::uint64_t length) {
        return damaged(
            named("a") + number(first, 8) + number(count, 8) + number(label, 4) + number(length, 4), 1, 1);
    };
    CHECK(contains(with(68, 0, 0, 0), "image 0 has 0 bytes from 68 on, and the file has 69"));
    CHECK(contains(with(70, 0, 0, 0), "from 70 on"));
    CHECK(contains(with(69, 1, 0, 0), "1 bytes from 69"));
    CHECK(contains(with(69, most, 0, 0), "18446744073709551615 bytes"));
    CHECK(contains(with(most, 2, 0, 0), "2 bytes from 18446744073709551615"));
    CHECK(contains(with(69, 0, 1, 0), "image 0 has the label 1 of 1 classes"));
    CHECK(contains(with(69, 0, 0, 1), "it ends inside of its table"));
    CHECK(contains(damaged("", 0, 0), "[F0420]"));
    CHECK(contains(thrown<option_error>([&] { read_image_pack(folder.path("p"), {.channels = 2}); }),
                   "[F0482]"));
}

TEST_CASE("packs come in the order of their numbers, also where these have five digits") {
    const temporary_folder folder;
    constexpr std::size_t files = 10'002;
    for (std::size_t i = 0; i < files; ++i) {
        const std::string digits = std::to_string(i);
        const std::string name = std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
        std::ofstream(folder.path(name + "-of-10002.pack")) << "";
    }
    const std::vector<std::string> paths = fitnas::detail::packs_in(folder.path());
    REQUIRE(paths.size() == files);
    CHECK(paths[999] == folder.path("0999-of-10002.pack"));
    CHECK(paths[1000] == folder.path("1000-of-10002.pack"));
    CHECK(paths[1001] == folder.path("1001-of-10002.pack"));
    CHECK(paths[10'001] == folder.path("10001-of-10002.pack"));
}

#if FITNAS_HAS_JPEG && FITNAS_HAS_PNG

TEST_CASE("a pack shows what the folder has") {
    const golden_folder folder;
    folder.add("in/zebra/b.PNG", "colour.png");
    folder.add("in/Yak/x.JPEG", "grey.jpg");
    folder.add("in/ant/deep/a.png", "palette.png");
    folder.add("in/ant/f.jpg", "large.jpg");
    const pack_report report = pack_images(folder.path("in/"), folder.path("p"));
    CHECK(report.images == 4);
    CHECK(report.skipped.empty());
    CHECK(folder.names() == std::vector<std::string>{"in", "p"});
    const image_folder_options options{
        .height = 6, .width = 5, .resize = resizing::centre_crop, .scaled_jpeg = true};
    const lazy_images there = read_image_folder_lazily(folder.path("in"), options);
    const lazy_images packed = read_image_pack(folder.path("p"), options);
    std::filesystem::remove(folder.path("p")); // it stays open
    CHECK(packed.class_names() == std::vector<std::string>{"Yak", "ant", "zebra"});
    REQUIRE(packed.size() == 4);
    CHECK(packed.fingerprint() == there.fingerprint());
    CHECK(packed.image_shape() == there.image_shape());
    std::vector<std::uint8_t> a(90);
    std::vector<std::uint8_t> b(90);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(packed.name(i) == there.name(i));
        CHECK(packed.label(i) == there.label(i));
        packed.read(i, a.data());
        there.read(i, b.data());
        CHECK(a == b);
        const drawn_crop crop({}, random_stream(seed{1}, purpose::crop, 0, i));
        packed.read_crop(i, crop, a.data());
        there.read_crop(i, crop, b.data());
        CHECK(a == b);
    }
    pack_images(folder.path("in"), folder.path("q"), {.classes = {"zebra", "Yak", "ant", "gnu"}});
    CHECK(read_image_pack(folder.path("q"), options).class_names().back() == "gnu");
    CHECK(contains(refusal(folder.path("q"), {.classes = {"Yak", "ant", "zebra"}}),
                   "[F0447] " + folder.path("q") +
                       ": expected a pack of the 3 classes from \"Yak\" to \"zebra\""));
}

TEST_CASE("a pack in several files is the one that it would be in one") {
    const golden_folder folder;
    for (int i = 0; i < 7; ++i) {
        folder.add(std::string(i < 4 ? "in/cat/" : "in/dog/") + std::to_string(i) + ".png",
                   i % 2 == 0 ? "colour.png" : "grey.png");
    }
    pack_images(folder.path("in"), folder.path("one"));
    const pack_report report = pack_images(folder.path("in"), folder.path("some"), {.images_a_file = 3});
    CHECK(report.images == 7);
    CHECK(report.files == 3);
    const image_folder_options options{.height = 5, .width = 6, .resize = resizing::centre_crop};
    const lazy_images one = read_image_pack(folder.path("one"), options);
    std::vector<std::string> paths;
    for (const char* name : {"0000", "0001", "0002"}) {
        paths.push_back(folder.path("some/" + std::string(name) + "-of-0003.pack"));
    }
    for (const lazy_images& some :
         {read_image_pack(folder.path("some"), options), read_image_packs(paths, options)}) {
        REQUIRE(some.size() == 7);
        CHECK(some.fingerprint() == one.fingerprint());
        CHECK(some.class_names() == one.class_names());
        for (std::size_t i = 0; i < 7; ++i) {
            std::vector<std::uint8_t> a(90);
            std::vector<std::uint8_t> b(90);
            some.read(i, a.data());
            one.read(i, b.data());
            CHECK(a == b);
            CHECK(some.name(i) == one.name(i));
            CHECK(some.label(i) == one.label(i));
        }
    }
    const lazy_images last = read_image_pack(paths[2], options); // each is a pack
    REQUIRE(last.size() == 1);
    CHECK(last.name(0) == "dog/6.png");
    CHECK(last.class_names().size() == 2);

    CHECK(contains(thrown<data_error>(
                       [&] { pack_images(folder.path("in"), folder.path("some"), {.images_a_file = 4}); }),
                   "[F0995] " + folder.path("some")));
    CHECK(contains(
        thrown<data_error>([&] { pack_images(folder.path("in"), folder.path("one"), {.images_a_file = 4}); }),
        "[F0994] " + folder.path("one")));
    CHECK(contains(thrown<option_error>([&] { read_image_packs({}); }), "[F0453]"));
    pack_images(folder.path("in"), folder.path("other"), {.classes = {"dog", "cat"}});
    CHECK(contains(thrown<data_error>([&] {
                       read_image_packs({paths[0], folder.path("other")}, options);
                   }),
                   "[F0450] " + folder.path("other") + ": expected the classes of " + paths[0]));
    std::filesystem::rename(paths[1], folder.path("kept"));
    CHECK(contains(refusal(folder.path("some")), "0001-of-0003.pack is missing"));
    std::filesystem::rename(folder.path("kept"), paths[1]);
    std::filesystem::copy_file(paths[1], folder.path("some/0004-of-0009.pack"));
    CHECK(contains(refusal(folder.path("some")), "expected the 3 packs from 0000-of-0003.pack on, got 4"));
}

TEST_CASE("damaged images are not packed, and no part of a file is left") {
    const golden_folder folder;
    folder.add("in/a/1.jpg", "colour.jpg");
    const auto whole = golden_bytes("colour.jpg");
    folder.write("in/a/2.jpg", std::string(whole.begin(), whole.end() - 20));
    folder.add("in/a/3.png", "colour.png");
    folder.write("p", "old");
    CHECK(contains(thrown<data_error>([&] { pack_images(folder.path("in"), folder.path("p")); }),
                   "[F0483] " + folder.path("in/a/2.jpg")));
    CHECK(folder.read("p") == "old");
    CHECK(folder.names() == std::vector<std::string>{"in", "p"});
    CHECK_THROWS_AS(pack_images(folder.path("in"), folder.path("p"),
                                {.observer = [](const progress&) { throw interrupted("enough"); }}),
                    interrupted);
    CHECK(folder.read("p") == "old");
    const pack_report report = pack_images(folder.path("in"), folder.path("p"), {.skip_damaged = true});
    CHECK(report.images == 2);
    REQUIRE(report.skipped.size() == 1);
    CHECK(contains(report.skipped[0], folder.path("in/a/2.jpg")));
    const lazy_images packed = read_image_pack(folder.path("p"));
    CHECK(packed.name(1) == "a/3.png");
    // A part of an image that is overwritten is an error that names pack and image.
    std::string bytes = folder.read("p");
    bytes.replace(bytes.size() - 60, 20, 20, 'x');
    std::vector<std::uint8_t> room(351);
    const lazy_images spoilt = read_image_pack(folder.write("s", bytes));
    CHECK(
        contains(thrown<data_error>([&] { spoilt.read(1, room.data()); }), folder.path("s") + ": a/3.png: "));
    std::filesystem::resize_file(folder.path("s"), bytes.size() - 1);
    CHECK(contains(thrown<data_error>([&] { spoilt.read(1, room.data()); }),
                   "[F0443] " + folder.path("s") + ": cannot be read: it has become shorter"));
    CHECK(contains(refusal(folder.path("s")), "[F0446]"));
    std::filesystem::remove(folder.path("in/a/1.jpg"));
    std::filesystem::remove(folder.path("in/a/3.png"));
    CHECK(contains(
        thrown<data_error>([&] { pack_images(folder.path("in"), folder.path("p"), {.skip_damaged = true}); }),
        "[F0996] " + folder.path("in") + ": expected at least one image that can be read, got none"));
    CHECK(contains(thrown<data_error>([&] { pack_images(folder.path("in"), folder.path("none/p")); }),
                   "[F0956]"));
}

#if FITNAS_HAS_OPENMP
TEST_CASE("a pack is the same for any number of threads") {
    const golden_folder folder;
    for (int i = 0; i < 9; ++i) {
        folder.add("in/a/" + std::to_string(i) + ".png", i % 2 == 0 ? "colour.png" : "grey.png");
    }
    const int before = omp_get_max_threads();
    std::set<std::string> packs;
    for (const int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        pack_images(folder.path("in"), folder.path("p"));
        packs.insert(folder.read("p"));
    }
    omp_set_num_threads(before);
    CHECK(packs.size() == 1);
}
#endif

#endif
