#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#if defined(__unix__)
#include <sys/stat.h>
#endif

#include <doctest/doctest.h>

#include <fitnas/core/parallel.hpp>
#include <fitnas/data/image_folder.hpp>
#include <fitnas/data/image_view.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"
#include "golden_images.hpp"

using namespace fitnas;

namespace {

std::string refusal(const golden_folder& folder, const image_folder_options& options = {}) {
    return thrown<data_error>([&] { read_image_folder(folder.path(), options); });
}

} // namespace

TEST_CASE("what is no folder of folders of images is refused by name") {
    const golden_folder folder;
    CHECK(contains(thrown<data_error>([&] { read_image_folder(folder.path("none")); }),
                   "[F0491] " + folder.path("none") + ": expected a folder that can be read: No such file"));
    CHECK(contains(refusal(folder), "[F0492] " + folder.path()));
    folder.write("a.jpg", "");
    CHECK(contains(thrown<data_error>([&] { read_image_folder(folder.path("a.jpg")); }), "Not a directory"));
    CHECK(contains(refusal(folder), "[F0492]"));
    std::filesystem::create_directories(folder.path("cat/deep"));
    folder.write("cat/notes.txt", "");
    folder.write("cat/.a.png", "");
    CHECK(contains(refusal(folder), "[F0494] " + folder.path("cat") + ": expected images of this class"));
    folder.write("cat/a.jpg", "");
    CHECK(
        contains(refusal(folder), folder.path("cat/a.jpg") + ": expected a JPEG or PNG image, got an empty"));
    CHECK(contains(refusal(folder, {.skip_damaged = true}), "expected at least one image, got none"));
    folder.write("cat/A.webp", "");
    CHECK(contains(refusal(folder),
                   "cat/A.webp: expected a JPEG or PNG image, got one whose name says another"));
    std::filesystem::create_directories(folder.path("cat/0.jpg"));
    CHECK(contains(refusal(folder), "cat/0.jpg: expected a JPEG or PNG image, got a folder"));
#if defined(__unix__)
    REQUIRE(::mkfifo(folder.path("cat/-.jpg").c_str(), 0600) ==
            0); // nobody writes into it: is not waited for
    CHECK(contains(refusal(folder), "cat/-.jpg: expected a JPEG or PNG image, got a pipe or a device"));
#endif
}

TEST_CASE("options of a folder outside their ranges") {
    const auto text = [](const image_folder_options& o) {
        return thrown<option_error>([&] { read_image_folder("none", o); });
    };
    CHECK(contains(text({.classes = {"cat", "dog", "cat"}}), "expected different names, got \"cat\" twice"));
    CHECK(contains(text({.height = -1}), "[F0482]"));
    CHECK(contains(text({.width = 65536}), "got 0 x 65536 x 3"));
    CHECK(contains(text({.channels = 2}), "channels 0, 1 or 3, got 0 x 0 x 2"));
}

#if FITNAS_HAS_JPEG && FITNAS_HAS_PNG

TEST_CASE("images of a folder come class by class, in the order of their names, as in torchvision") {
    const golden_folder folder;
    const auto expected = golden_pixels("pixels.txt");
    // Upper case is before lower case; in a class the folders in order, and files of each by name.
    folder.add("zebra/b.PNG", "colour.png");
    folder.add("Yak/x.JPEG", "grey.jpg");
    folder.add("ant/deep/a.png", "palette.png");
    folder.add("ant/deep/er/z.png", "interlaced.png");
    folder.add("ant/deep-blue/c.jpg", "cmyk.jpg");
    folder.add("ant/d.jpg", "progressive.jpg");
    folder.add("ant/10.png", "grey_16.png");
    folder.add("ant/9.png", "alpha.png");
    folder.add(".hidden/a.png", "grey.png");
    folder.add("ant/.hidden/a.png", "grey.png");
    folder.add("ant/.a.png", "grey.png");
    folder.write("ant/notes.txt", "no image");
    folder.write("readme.png", "not in a class");
    std::filesystem::create_directory_symlink(folder.path("ant"),
                                              folder.path("ant/deep/again"));                 // not followed
    std::filesystem::create_directory_symlink(folder.path("zebra"), folder.path("ant/link")); // followed

    for (const char* end : {"", "/", "//"}) {
        const image_folder data = read_image_folder(folder.path() + end);
        CHECK(data.class_names() == std::vector<std::string>{"Yak", "ant", "zebra"});
        CHECK(data.classes == 3);
        CHECK(data.labels == std::vector<int>{0, 1, 1, 1, 1, 1, 1, 1, 2});
        const std::vector<std::pair<std::string, std::string>> order = {
            {"Yak/x.JPEG", "grey.jpg"},
            {"ant/10.png", "grey_16.png"},
            {"ant/9.png", "alpha.png"},
            {"ant/d.jpg", "progressive.jpg"},
            {"ant/deep/a.png", "palette.png"},
            {"ant/deep-blue/c.jpg", "cmyk.jpg"},
            {"ant/deep/er/z.png", "interlaced.png"},
            {"ant/link/b.PNG", "colour.png"},
            {"zebra/b.PNG", "colour.png"}};
        REQUIRE(data.size() == order.size());
        CHECK(data.image_shape() == shape{9, 13, 3});
        CHECK(data.skipped.empty());
        for (std::size_t i = 0; i < order.size(); ++i) {
            CAPTURE(order[i].first);
            CHECK(data.files[i] == folder.path(order[i].first));
            const std::uint8_t* pixels = data.read(i, nullptr);
            const raster whole = with_channels(expected.at(order[i].second), 3);
            CHECK(std::equal(whole.pixels.begin(), whole.pixels.end(), pixels));
        }
    }
}

TEST_CASE("images of other sizes are refused unless they are resized") {
    const golden_folder folder;
    folder.add("a/0.png", "colour.png"); // 9 x 13
    folder.add("a/1.jpg", "exif_6.jpg"); // 13 x 9, upright
    folder.add("b/0.png", "grey.png");
    CHECK(contains(refusal(folder), "[F0489] " + folder.path("a/1.jpg") +
                                        ": expected an image of 9 x 13 pixels (height x width), got 13 x 9"));
    CHECK(contains(refusal(folder, {.height = 9, .width = 12}),
                   "a/0.png: expected an image of 9 x 12 pixels (height x width), got 9 x 13"));
    const auto expected = golden_pixels("pixels.txt");
    for (const resizing how : {resizing::stretch, resizing::centre_crop}) {
        const image_folder data =
            read_image_folder(folder.path(), {.height = 6, .width = 5, .channels = 1, .resize = how});
        CHECK(data.image_shape() == shape{6, 5, 1});
        std::size_t i = 0;
        for (const char* name : {"colour.png", "exif_6.jpg", "grey.png"}) {
            const raster small_one = resize(with_channels(expected.at(name), 1), 6, 5, how);
            CHECK(std::equal(small_one.pixels.begin(), small_one.pixels.end(), data.read(i++, nullptr)));
        }
    }
}

TEST_CASE("channels may be those of the files, where these agree") {
    const golden_folder folder;
    folder.add("a/0.png", "grey.png");
    folder.add("a/1.jpg", "grey.jpg");
    CHECK(read_image_folder(folder.path(), {.channels = 0}).image_shape() == shape{9, 13, 1});
    folder.add("b/0.png", "colour.png");
    const std::string text = refusal(folder, {.channels = 0});
    CHECK(contains(text, "[F0490] " + folder.path("b/0.png")));
    CHECK(contains(text, "expected 1 channel as of the first image, got 3"));
    const image_folder rest = read_image_folder(folder.path(), {.channels = 0, .skip_damaged = true});
    CHECK(rest.size() == 2);
    CHECK(rest.skipped.size() == 1);
    CHECK(rest.classes == 2);
}

TEST_CASE("damaged files are refused, the first by name, or left out and listed") {
    const golden_folder folder;
    folder.add("a/5.png", "colour.png");
    folder.add("a/7.jpg", "colour.jpg");
    folder.add("b/1.png", "grey.png");
    const auto whole = golden_bytes("colour.jpg");
    folder.write("a/3.jpg", std::string(whole.begin(), whole.end() - 20));
    folder.write("a/6.png", "text");
    folder.write("b/0.png", "");
    folder.add("b/2.jpg", "two_components.jpg");
    std::filesystem::create_directories(folder.path("b/3.jpg"));
    folder.add("b/3.jpg/in.png", "grey.png"); // and is not looked into
    for (int i = 0; i < 3; ++i) {             // of several threads' errors it is the same one
        CHECK(contains(refusal(folder), "[F0483] " + folder.path("a/3.jpg") + ": is no JPEG image"));
    }
    const image_folder data = read_image_folder(folder.path(), {.skip_damaged = true});
    CHECK(data.files ==
          std::vector<std::string>{folder.path("a/5.png"), folder.path("a/7.jpg"), folder.path("b/1.png")});
    CHECK(data.labels == std::vector<int>{0, 0, 1});
    const auto expected = golden_pixels("pixels.txt");
    const raster last = with_channels(expected.at("grey.png"), 3);
    CHECK(std::equal(last.pixels.begin(), last.pixels.end(), data.read(2, nullptr)));
    REQUIRE(data.skipped.size() == 5);
    const char* names[] = {"a/3.jpg", "a/6.png", "b/0.png", "b/2.jpg", "b/3.jpg"};
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(contains(data.skipped[i], folder.path(names[i]) + ": "));
    }
}

TEST_CASE("an observer sees each file, and ends the reading by what it throws") {
    const golden_folder folder;
    for (int i = 0; i < 20; ++i) {
        folder.add("a/" + std::to_string(i) + ".png", "grey.png");
    }
    std::vector<long long> told;
    image_folder_options options;
    options.observer = [&](const progress& p) {
        CHECK(p.stage == "read");
        CHECK(p.total == 20);
        told.push_back(p.done);
    };
    read_image_folder(folder.path(), options);
    std::vector<long long> all(20);
    for (std::size_t i = 0; i < 20; ++i) {
        all[i] = static_cast<long long>(i) + 1;
    }
    CHECK(told == all);
    options.observer = [](const progress& p) {
        if (p.done == 3) {
            throw interrupted("enough");
        }
    };
    CHECK(thrown<interrupted>([&] { read_image_folder(folder.path(), options); }) == "enough");
}

TEST_CASE("folders to train and to test with have the same classes and one shape") {
    const golden_folder folder;
    for (int i = 0; i < 4; ++i) {
        folder.add("train/a/" + std::to_string(i) + ".png", "colour.png");
        folder.add("train/b/" + std::to_string(i) + ".png", "alpha.png");
    }
    folder.add("test/b/0.jpg", "exif_6.jpg");
    const dataset data = datasets::image_folder(folder.path("train"), folder.path("test"),
                                                {.resize = resizing::stretch}, {.validation = 2});
    CHECK(data.train.size() == 6);
    CHECK(data.validation.size() == 2);
    CHECK(data.test.image_shape() == shape{9, 13, 3});
    CHECK(data.test.label(0) == 1); // as in training, though it is the only one there
    folder.add("test/c/0.jpg", "colour.jpg");
    CHECK(contains(thrown<data_error>([&] {
                       datasets::image_folder(folder.path("train"), folder.path("test"),
                                              {.resize = resizing::stretch}, {.validation = 2});
                   }),
                   "[F0493] " + folder.path("test") +
                       ": expected folders of the 2 classes from \"a\" to \"b\", got one of \"c\""));
}

#endif
