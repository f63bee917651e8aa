#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/io/pack_images.hpp>
#include <fitnas/study/data_source.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;
using study::data_source;

namespace {

std::string big_endian(std::uint32_t n) {
    return {static_cast<char>(n >> 24U), static_cast<char>(n >> 16U), static_cast<char>(n >> 8U),
            static_cast<char>(n)};
}

// Image i has all pixels i and the label i modulo 10.
void write_idx(const temporary_folder& folder, const std::string& name, std::uint32_t count) {
    std::string images = big_endian(2051) + big_endian(count) + big_endian(4) + big_endian(5);
    std::string labels = big_endian(2049) + big_endian(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        images += std::string(20, static_cast<char>(i));
        labels += static_cast<char>(i % 10);
    }
    folder.write(name + "-images", images);
    folder.write(name + "-labels", labels);
}

} // namespace

TEST_CASE("sources are read from a text; what is none is refused with what there is") {
    CHECK(data_source::parse("fashion-mnist:/a/b").places == std::vector<std::string>{"/a/b"});
    CHECK(data_source::parse("idx:a,b,c,d").places.size() == 4);
    CHECK(data_source::parse("images:a").places == std::vector<std::string>{"a"});
    CHECK(data_source::parse("images:a,b").places == std::vector<std::string>{"a", "b"});
    CHECK(data_source::parse("images-lazy:a,b").places == std::vector<std::string>{"a", "b"});
    CHECK(data_source::parse("pack:a").places == std::vector<std::string>{"a"});
    CHECK(data_source::parse("synthetic").kind == "synthetic");
    for (const char* wrong : {"",
                              "mnist:/a",
                              "cifar10",
                              "cifar10:",
                              "fashion-mnist:",
                              "idx",
                              "idx:",
                              "idx:a",
                              "idx:a,b,c",
                              "idx:a,b,c,d,e",
                              "idx:,",
                              "idx:a,,c,d",
                              "images",
                              "images:",
                              "images:a,b,c",
                              "images:,b",
                              "images-lazy:a,b,c",
                              "pack:",
                              "synthetic:",
                              "synthetic:1"}) {
        const std::string text = thrown<option_error>([&] { data_source::parse(wrong); });
        CHECK(contains(text, "cifar10:DIR"));
        CHECK(contains(text, "\"" + std::string(wrong) + "\""));
    }
}

TEST_CASE("a pair of IDX files is split in three; two pairs keep their test images") {
    const temporary_folder folder;
    write_idx(folder, "train", 120);
    write_idx(folder, "test", 30);
    const std::string pair = "idx:" + folder.path("train-images") + "," + folder.path("train-labels");
    const dataset alone = data_source::parse(pair).load({4, 5, 1}, 10, {.validation = 40});
    CHECK(alone.test.size() == 20);
    CHECK(alone.validation.size() == 40);
    CHECK(alone.train.size() == 60);
    std::vector<int> seen(120);
    for (const image_view* part : {&alone.train, &alone.validation, &alone.test}) {
        for (std::size_t i = 0; i < part->size(); ++i) {
            ++seen[*part->read(i, nullptr)];
        }
    }
    CHECK(seen == std::vector<int>(120, 1));

    const auto both =
        data_source::parse(pair + "," + folder.path("test-images") + "," + folder.path("test-labels"));
    CHECK(both.load({4, 5, 1}, 10, {.validation = 40}).test.size() == 30);
    CHECK(both.files().size() == 4);
}

TEST_CASE("names of files may have commas") {
    CHECK(data_source::parse("cifar10:/a,b/c").places == std::vector<std::string>{"/a,b/c"});
    CHECK(data_source::parse("fashion-mnist:/a,").places == std::vector<std::string>{"/a,"});
    const temporary_folder folder;
    for (const char* name : {"a", "b,c", ",d", "e,", "f,,g", "h", "i", "j,k", "h,i"}) {
        folder.write(name, "");
    }
    const std::string at = folder.path() + "/";
    using names = std::vector<std::string>;
    const auto parsed = [&](const names& files) {
        std::string text = "idx:";
        for (const std::string& file : files) {
            text += (text == "idx:" ? "" : ",") + at + file;
        }
        names found = data_source::parse(text).places;
        for (std::string& file : found) {
            file = file.substr(at.size());
        }
        return found;
    };
    for (const names& files :
         {names{"a", "h"}, names{"a", "b,c"}, names{"b,c", "a"}, names{"b,c", "f,,g"}, names{",d", "e,"},
          names{"e,", ",d"}, names{"a", "b,c", "h", "i"}, names{"b,c", ",d", "e,", "f,,g"}}) {
        CAPTURE(files.size());
        CHECK(parsed(files) == files);
    }
    // Every comma comes first; a folder is no file.
    std::filesystem::create_directories(at + "x");
    std::filesystem::create_directories(at + "x,y");
    folder.write("x,y/images", "");
    CHECK(parsed({"x,y/images", "a"}) == names{"x,y/images", "a"});
    CHECK(parsed({"h", "i"}) == names{"h", "i"});
    // Names in the working folder can be cut in two ways.
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    folder.write("j", "");
    folder.write("k,h", "");
    CHECK(data_source::parse("idx:h,i").places == names{"h", "i"});
    CHECK(contains(thrown<option_error>([] { data_source::parse("idx:j,k,h"); }),
                   "can be cut into files that are there in 2 ways"));
    std::filesystem::current_path(before);
    // Where a file is not there, commas only separate.
    CHECK(parsed({"a", "none"}) == names{"a", "none"});
    CHECK(contains(thrown<option_error>([&] {
                       parsed({"b,c", "none"});
                   }),
                   "a comma may be a part of a name only where all are there"));
}

TEST_CASE("IDX images in colour, of the size that the space takes") {
    const temporary_folder folder;
    std::string images = big_endian(2052) + big_endian(60) + big_endian(4) + big_endian(5) + big_endian(3);
    for (int i = 0; i < 60; ++i) {
        images += std::string(60, static_cast<char>(i));
    }
    folder.write("images", images);
    write_idx(folder, "grey", 60);
    const auto source = data_source::parse("idx:" + folder.path("images") + "," + folder.path("grey-labels"));
    const dataset data = source.load({4, 5, 3}, 10, {.validation = 20});
    CHECK(data.train.image_shape() == shape{4, 5, 3});
    CHECK(data.train.size() == 30);
    CHECK(data.test.size() == 10);
    const image_dataset train(data.train);
    for (std::size_t i = 0; i < data.train.size(); ++i) {
        CHECK(train.images(i, 3, 4, 2) % 10 == data.train.label(i));
    }
    CHECK(contains(thrown<data_error>([&] {
                       source.load({28, 28, 1}, 10, {.validation = 20});
                   }),
                   "the space takes images of 28 x 28 x 1 (height x width x channels), " +
                       folder.path("images") + " has images of 4 x 5 x 3"));
    CHECK(contains(thrown<data_error>([&] {
                       source.load({3, 4, 5}, 10, {.validation = 20});
                   }),
                   "has images of 4 x 5 x 3"));
}

TEST_CASE("CIFAR-10 in its binary format: small files of it, and one that is missing") {
    const temporary_folder folder;
    const auto write = [&](const std::string& name) {
        std::string records;
        for (int i = 0; i < 20; ++i) {
            records += static_cast<char>(i % 10) + std::string(3072, static_cast<char>(10 * i));
        }
        folder.write(name, records);
    };
    for (int i = 1; i <= 5; ++i) {
        write("data_batch_" + std::to_string(i) + ".bin");
    }
    const data_source source = data_source::parse("cifar10:" + folder.path());
    CHECK(contains(thrown<data_error>([&] { source.files(); }), "test_batch.bin"));
    write("test_batch.bin");
    CHECK(source.files().size() == 6);
    const dataset data = source.load({32, 32, 3}, 10, {.validation = 30});
    CHECK(data.train.size() == 70);
    CHECK(data.test.size() == 20);
    CHECK(data.train.image_shape() == shape{32, 32, 3});
}

TEST_CASE("Fashion-MNIST by the names of its files, and made-up images of any shape") {
    const temporary_folder folder;
    write_idx(folder, "train", 50);
    write_idx(folder, "test", 20);
    const auto name = [&](const std::string& from, const std::string& to) {
        folder.write(to, folder.read(from));
    };
    name("train-images", "train-images-idx3-ubyte");
    name("train-labels", "train-labels-idx1-ubyte");
    name("test-images", "t10k-images-idx3-ubyte");
    const data_source source = data_source::parse("fashion-mnist:" + folder.path());
    CHECK(contains(thrown<data_error>([&] { source.files(); }), "t10k-labels-idx1-ubyte"));
    name("test-labels", "t10k-labels-idx1-ubyte");
    CHECK(source.files().back() == folder.path("t10k-labels-idx1-ubyte"));
    const dataset data = source.load({4, 5, 1}, 10, {.validation = 10});
    CHECK(data.train.size() == 40);
    CHECK(data.validation.size() == 10);
    CHECK(data.test.size() == 20);

    const data_source made_up = data_source::parse("synthetic");
    CHECK(made_up.files().empty());
    const dataset small = made_up.load({6, 7, 3}, 5, {.validation = 30, .seed = seed{2}, .train_limit = 70});
    CHECK(small.train.size() == 70);
    CHECK(small.validation.size() == 30);
    CHECK(small.test.size() == 1000);
    CHECK(small.train.image_shape() == shape{6, 7, 3});
    CHECK(small.train.class_count() == 5);
    CHECK(made_up.load({2, 2, 1}, 2, {.validation = 1}).train.size() == 10000);
}

TEST_CASE("names of folders may have commas") {
    const temporary_folder folder;
    for (const char* name : {"a", "b,c", "d", "a,d", "e,f", "f"}) {
        std::filesystem::create_directories(folder.path(name));
    }
    folder.write("e", ""); // no folder
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    using names = std::vector<std::string>;
    CHECK(data_source::parse("images:b,c").places == names{"b,c"});
    CHECK(data_source::parse("images:a,b,c").places == names{"a", "b,c"});
    CHECK(data_source::parse("images:a,d").places == names{"a", "d"}); // every comma comes first
    CHECK(data_source::parse("images:e,f").places == names{"e,f"});
    CHECK(data_source::parse("images:e,f,a").places == names{"e,f", "a"});
    std::filesystem::create_directories("f,a");
    std::filesystem::create_directories("e,f,a");
    CHECK(contains(thrown<option_error>([] { data_source::parse("images:e,f,a"); }),
                   "\"images:e,f,a\" can be cut into folders that are there in 2 ways"));
    std::filesystem::current_path(before);
}

#if FITNAS_HAS_PNG
TEST_CASE("folders of images: of the size of the space, with images to test or without") {
    const temporary_folder folder;
    const auto add = [&](const std::string& name, int count) {
        std::filesystem::create_directories(folder.path(name));
        for (int i = 0; i < count; ++i) {
            std::filesystem::copy_file(FITNAS_TEST_DIR "/data/golden/colour.png", // 9 x 13
                                       folder.path(name + "/" + std::to_string(i) + ".png"));
        }
    };
    add("train/cat", 12);
    add("train/dog", 24);
    const data_source alone = data_source::parse("images:" + folder.path("train"));
    CHECK(alone.files().empty());
    const dataset data = alone.load({6, 6, 1}, 2, {.validation = 9});
    CHECK(data.test.size() == 6);
    CHECK(data.validation.size() == 9);
    CHECK(data.train.size() == 21);
    CHECK(data.train.image_shape() == shape{6, 6, 1});
    int cats = 0;
    for (std::size_t i = 0; i < 6; ++i) {
        cats += data.test.label(i) == 0 ? 1 : 0;
    }
    CHECK(cats == 2); // a third, as of all
    CHECK(contains(thrown<data_error>([&] {
                       alone.load({6, 6, 1}, 10, {.validation = 9});
                   }),
                   "[F1090] data: the space has 10 classes, " + folder.path("train") + " has folders of 2"));

    add("test/dog", 3);
    const auto both = data_source::parse("images:" + folder.path("train") + "," + folder.path("test"));
    const dataset tested = both.load({9, 13, 3}, 2, {.validation = 9});
    CHECK(tested.test.size() == 3);
    CHECK(tested.test.label(0) == 1);
    CHECK(tested.train.size() == 27);
}

TEST_CASE("images in memory, read as they are needed, and packed are the same ones") {
    const temporary_folder folder;
    for (const char* name : {"train/cat", "train/dog", "test/cat", "test/dog"}) {
        std::filesystem::create_directories(folder.path(name));
        for (int i = 0; i < 9; ++i) {
            std::filesystem::copy_file(FITNAS_TEST_DIR "/data/golden/" +
                                           std::string(i % 2 == 0 ? "colour.png" : "grey.png"),
                                       folder.path(name + ("/" + std::to_string(i)) + ".png"));
        }
    }
    pack_images(folder.path("train"), folder.path("a.pack"));
    pack_images(folder.path("test"), folder.path("b"), {.images_a_file = 5});
    const auto source = [&](const std::string& kind, const std::string& train, const std::string& test) {
        return data_source::parse(kind + ":" + folder.path(train) + "," + folder.path(test));
    };
    const auto load = [](const data_source& from) { return from.load({8, 7, 3}, 2, {.validation = 6}); };
    const data_source memory = source("images", "train", "test");
    const data_source lazy = source("images-lazy", "train", "test");
    const data_source pack = source("pack", "a.pack", "b");
    CHECK(!memory.lazy());
    CHECK(lazy.lazy());
    for (const data_source& from : {memory, lazy, pack}) {
        CHECK(from.class_count() == 2);
        CHECK(from.files().empty());
        CHECK(study::dataset_sha256(load(from)) == study::dataset_sha256(load(memory)));
    }
    CHECK(lazy.hash(load(lazy)) == pack.hash(load(pack)));
    CHECK(memory.hash(load(memory)) == study::dataset_sha256(load(memory)));
    const data_source swapped = source("images-lazy", "test", "test");
    CHECK(swapped.hash(swapped.load({8, 7, 3}, 2, {.validation = 5})) != lazy.hash(load(lazy)));
    CHECK(load(data_source::parse("pack:" + folder.path("a.pack"))).test.size() == 3); // a sixth
    std::filesystem::create_directories(folder.path("test/gnu"));
    CHECK(contains(thrown<data_error>([&] { load(lazy); }), "\"gnu\""));
    CHECK(contains(thrown<data_error>([&] { source("pack", "none", "b").class_count(); }), "none"));
    CHECK(data_source::parse("synthetic").class_count() == std::nullopt);
}
#endif
