#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/cifar.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

int pixel(int label, int channel, int y, int x) { return (label * 7 + channel * 50 + y * 3 + x) % 256; }

/// A record as the format describes it: the label, then the red, the green and the blue plane, row by row.
std::string record(int label) {
    std::string bytes(1, static_cast<char>(label));
    for (int channel = 0; channel < 3; ++channel) {
        for (int y = 0; y < 32; ++y) {
            for (int x = 0; x < 32; ++x) {
                bytes += static_cast<char>(pixel(label, channel, y, x));
            }
        }
    }
    return bytes;
}

} // namespace

TEST_CASE("CIFAR-10 records become images with channels last") {
    const temporary_folder folder;
    const std::vector<std::string> paths = {folder.write("a.bin", record(3) + record(0)),
                                            folder.write("b.bin", record(9))};
    const image_dataset data = read_cifar10(paths);
    REQUIRE(data.size() == 3);
    CHECK(data.image_shape() == shape{32, 32, 3});
    CHECK(data.classes == 10);
    CHECK(data.labels == std::vector<int>{3, 0, 9});
    int wrong = 0;
    for (std::size_t n = 0; n < 3; ++n) {
        for (std::size_t y = 0; y < 32; ++y) {
            for (std::size_t x = 0; x < 32; ++x) {
                for (std::size_t c = 0; c < 3; ++c) {
                    const int expected =
                        pixel(data.labels[n], static_cast<int>(c), static_cast<int>(y), static_cast<int>(x));
                    wrong += data.images(n, y, x, c) != expected ? 1 : 0;
                }
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("files that are no CIFAR-10 are refused") {
    const temporary_folder folder;
    const auto refusal = [&](const std::string& bytes) {
        const std::vector<std::string> paths = {folder.write("good.bin", record(1)),
                                                folder.write("bad.bin", bytes)};
        return thrown<data_error>([&] { read_cifar10(paths); });
    };
    CHECK(contains(refusal(""), "bad.bin: expected whole records of 3073 bytes, got 0 bytes"));
    CHECK(contains(refusal(record(1).substr(1)), "got 3072 bytes"));
    CHECK(contains(refusal(record(1) + "x"), "got 3074 bytes"));
    CHECK(contains(refusal(record(1) + record(10)), "expected labels from 0 to 9, got 10 for image 1"));
    const std::vector<std::string> absent = {folder.path("absent.bin")};
    CHECK(contains(thrown<data_error>([&] { read_cifar10(absent); }), "absent.bin"));
    CHECK(contains(thrown<data_error>([] { read_cifar10({}); }), "at least one file"));
}

TEST_CASE("cifar10 reads its six files and splits the training images") {
    const temporary_folder folder;
    CHECK(contains(thrown<data_error>([&] { datasets::cifar10(folder.path()); }), "data_batch_1.bin"));
    for (int i = 1; i <= 5; ++i) {
        folder.write("data_batch_" + std::to_string(i) + ".bin", record(i) + record(i));
    }
    CHECK(contains(thrown<data_error>([&] { datasets::cifar10(folder.path()); }), "test_batch.bin"));
    folder.write("test_batch.bin", record(7));
    const dataset data = datasets::cifar10(folder.path(), {.validation = 5});
    CHECK(image_dataset(data.train).labels == std::vector<int>{1, 2, 3, 4, 5});
    CHECK(image_dataset(data.validation).labels == std::vector<int>{1, 2, 3, 4, 5});
    CHECK(image_dataset(data.test).labels == std::vector<int>{7});
    CHECK(thrown<option_error>([&] { datasets::cifar10(folder.path()); }) ==
          "[F0426] split_options::validation: expected fewer than the 10 training images, got 10000");
}

TEST_CASE("CIFAR-100 records begin with a coarse and a fine label") {
    const temporary_folder folder;
    // As a record of CIFAR-10 behind one more label.
    const std::string path = folder.write("train.bin", "\x04" + record(5) + "\x13" + record(99));
    const image_dataset fine = read_cifar100(path);
    CHECK(fine.classes == 100);
    CHECK(fine.labels == std::vector<int>{5, 99});
    const image_dataset coarse = read_cifar100(path, cifar100_labels::coarse);
    CHECK(coarse.classes == 20);
    CHECK(coarse.labels == std::vector<int>{4, 19});
    CHECK(fine.images == coarse.images);
    int wrong = 0;
    for (std::size_t n = 0; n < 2; ++n) {
        for (std::size_t y = 0; y < 32; ++y) {
            for (std::size_t x = 0; x < 32; ++x) {
                for (std::size_t c = 0; c < 3; ++c) {
                    const int expected =
                        pixel(fine.labels[n], static_cast<int>(c), static_cast<int>(y), static_cast<int>(x));
                    wrong += fine.images(n, y, x, c) != expected ? 1 : 0;
                }
            }
        }
    }
    CHECK(wrong == 0);

    folder.write("test.bin", "\x03" + record(7));
    const dataset data = datasets::cifar100(folder.path(), {.validation = 1}, cifar100_labels::coarse);
    CHECK(data.train.size() == 1);
    CHECK(data.test.label(0) == 3);

    const auto refusal = [&](const std::string& bytes, cifar100_labels labels = cifar100_labels::fine) {
        return thrown<data_error>([&] { read_cifar100(folder.write("bad.bin", bytes), labels); });
    };
    CHECK(contains(refusal(record(1)), "expected whole records of 3074 bytes, got 3073 bytes: seems to be "
                                       "CIFAR-10, which read_cifar10 takes"));
    CHECK(contains(refusal("\x01" + record(100)), "labels from 0 to 99, got 100 for image 0"));
    CHECK(contains(refusal("\x14" + record(1), cifar100_labels::coarse), "labels from 0 to 19, got 20"));
}
