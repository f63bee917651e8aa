#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/fashion_mnist.hpp>
#include <fitnas/data/idx.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

std::string word(std::uint32_t value) {
    std::string bytes;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        bytes += static_cast<char>(value >> shift & 0xFFU);
    }
    return bytes;
}

/// Three images of 2 x 2 with the pixels 0 to 11, in the plain format.
std::string three_images() {
    std::string bytes = word(2051) + word(3) + word(2) + word(2);
    for (char p = 0; p < 12; ++p) {
        bytes += p;
    }
    return bytes;
}
std::string three_labels() { return word(2049) + word(3) + std::string("\x01\x00\x02", 3); }

#if FITNAS_HAS_ZLIB
void write_gzip(const std::string& path, const std::string& bytes) {
    gzFile file = gzopen(path.c_str(), "wb");
    REQUIRE(file != nullptr);
    REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) ==
            static_cast<int>(bytes.size()));
    REQUIRE(gzclose(file) == Z_OK);
}
#endif

} // namespace

TEST_CASE("IDX files are read pixel by pixel and label by label") {
    const temporary_folder folder;
    const image_dataset data =
        read_idx(folder.write("images", three_images()), folder.write("labels", three_labels()), 3);
    REQUIRE(data.size() == 3);
    CHECK(data.image_shape() == shape{2, 2, 1});
    CHECK(data.classes == 3);
    CHECK(data.labels == std::vector<int>{1, 0, 2});
    for (std::size_t n = 0; n < 3; ++n) {
        for (std::size_t y = 0; y < 2; ++y) {
            for (std::size_t x = 0; x < 2; ++x) {
                CHECK(data.images(n, y, x, 0) == n * 4 + y * 2 + x);
            }
        }
    }
}

TEST_CASE("IDX images in four dimensions have their channels last") {
    const temporary_folder folder;
    const auto bytes = [](std::uint32_t n, std::uint32_t h, std::uint32_t w, std::uint32_t c) {
        std::string all = word(2052) + word(n) + word(h) + word(w) + word(c);
        for (std::uint32_t i = 0; i < n * h * w * c; ++i) {
            all += static_cast<char>(3 * i + 1);
        }
        return all;
    };
    const image_dataset data =
        read_idx(folder.write("images", bytes(3, 2, 4, 3)), folder.write("labels", three_labels()), 3);
    REQUIRE(data.size() == 3);
    CHECK(data.image_shape() == shape{2, 4, 3});
    CHECK(data.images(0, 0, 0, 2) == 7);   // value 2 of the file
    CHECK(data.images(0, 0, 1, 0) == 10);  // value 3
    CHECK(data.images(0, 1, 0, 0) == 37);  // value 12
    CHECK(data.images(2, 1, 3, 2) == 214); // the last, value 71
    CHECK(read_idx_images(folder.write("grey", bytes(2, 3, 5, 1))).shape(3) == 1);
    CHECK(read_idx_images(folder.write("four", bytes(2, 3, 5, 4))).shape(3) == 4);

    const std::string images = bytes(1, 2, 2, 3);
    for (std::size_t n = 0; n < images.size(); ++n) {
        CAPTURE(n);
        CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.write("i", images.substr(0, n))); }),
                       "truncated"));
    }
    CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.write("i", images + "x")); }),
                   "expected the end of the file after 1 images of 2 x 2 x 3"));
    const auto lying = [&](std::uint32_t h, std::uint32_t w, std::uint32_t c) {
        const std::string header = word(2052) + word(0xFFFFFFFF) + word(h) + word(w) + word(c);
        return thrown<data_error>([&] { read_idx_images(folder.write("i", header + "few bytes")); });
    };
    CHECK(contains(lying(32768, 32768, 2), "truncated"));
    CHECK(contains(lying(32768, 32768, 3), "at most 2^31 values"));
    CHECK(contains(lying(32768, 32768, 32768), "at most 2^31 values"));
    CHECK(contains(lying(2, 2, 0), "the header says 2 x 2 x 0"));
    CHECK(contains(lying(2, 2, 0xFFFFFFFF), "as many channels, the header says 2 x 2 x 4294967295"));
    CHECK(contains(thrown<data_error>([&] { read_idx_labels(folder.path("images")); }), "in 4 dimensions"));
}

TEST_CASE("pixels and labels above 127 are not negative") {
    const temporary_folder folder;
    const auto images =
        read_idx_images(folder.write("i", word(2051) + word(1) + word(1) + word(2) + "\xFF\x80"));
    CHECK(images(0, 0, 0, 0) == 255);
    CHECK(images(0, 0, 1, 0) == 128);
    CHECK(read_idx_labels(folder.write("l", word(2049) + word(1) + "\xC8")) == std::vector<int>{200});
}

TEST_CASE("a missing file is named, with the reason") {
    const temporary_folder folder;
    const std::string text = thrown<data_error>([&] { read_idx_images(folder.path("absent")); });
    CHECK(contains(text, folder.path("absent")));
    CHECK(contains(text, "No such file"));
    CHECK(contains(thrown<data_error>([&] { read_idx_labels(folder.path()); }), folder.path())); // a folder
}

TEST_CASE("a foreign file is refused by its magic number") {
    const temporary_folder folder;
    const std::string labels = folder.write("labels", three_labels());
    const std::string text = thrown<data_error>([&] { read_idx_images(labels); });
    CHECK(contains(text, labels));
    CHECK(contains(text, "expected the magic number 2051 (N x H x W) or 2052 (N x H x W x C), got 2049"));
    CHECK(contains(thrown<data_error>([&] { read_idx_labels(folder.write("images", three_images())); }),
                   "expected the magic number 2049 (N), got 2051, an IDX file of unsigned bytes in 3"));
    CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.write("text", "hello, I am a text")); }),
                   "not an IDX file of images"));
}

TEST_CASE("every truncation of a file is refused, and so is a file that goes on") {
    const temporary_folder folder;
    const std::string images = three_images();
    const std::string labels = three_labels();
    for (std::size_t n = 0; n < images.size(); ++n) {
        CAPTURE(n);
        CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.write("i", images.substr(0, n))); }),
                       "truncated"));
    }
    for (std::size_t n = 0; n < labels.size(); ++n) {
        CAPTURE(n);
        CHECK(contains(thrown<data_error>([&] { read_idx_labels(folder.write("l", labels.substr(0, n))); }),
                       "truncated"));
    }
    CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.write("i", images.substr(0, 20))); }),
                   "expected 12 bytes of 3 images of 2 x 2 pixels, got 4"));
    CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.write("i", images + "x")); }),
                   "expected the end of the file"));
    CHECK(contains(thrown<data_error>([&] { read_idx_labels(folder.write("l", labels + "x")); }),
                   "expected the end of the file"));
}

TEST_CASE("a header that lies about sizes does not exhaust memory") {
    const temporary_folder folder;
    const std::string huge = word(2051) + word(0xFFFFFFFF) + word(32768) + word(32768) + "few bytes";
    CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.write("i", huge)); }), "truncated"));
    const std::string wide = word(2051) + word(1) + word(1) + word(0x80000000);
    CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.write("i", wide)); }), "1 x 2147483648"));
    const std::string flat = word(2051) + word(1) + word(0) + word(5);
    CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.write("i", flat)); }), "0 x 5"));
}

TEST_CASE("images and labels that disagree are refused together") {
    const temporary_folder folder;
    const std::string images = folder.write("images", three_images());
    const std::string two = folder.write("two", word(2049) + word(2) + std::string("\0\1", 2));
    const std::string text = thrown<data_error>([&] { read_idx(images, two, 3); });
    CHECK(contains(text, images));
    CHECK(contains(text, two));
    CHECK(contains(text, "got 3 images and 2 labels"));

    const std::string labels = folder.write("labels", three_labels());
    CHECK(contains(thrown<data_error>([&] { read_idx(images, labels, 2); }),
                   "expected labels from 0 to 1, got 2 for image 2"));
    CHECK(contains(thrown<data_error>([&] { read_idx(images, labels, 0); }), "at least one class"));

    const std::string none = folder.write("none", word(2051) + word(0) + word(2) + word(2));
    const std::string no_labels = folder.write("no_labels", word(2049) + word(0));
    CHECK(
        contains(thrown<data_error>([&] { read_idx(none, no_labels, 3); }), "at least one image, got none"));
}

TEST_CASE("gzip files are unpacked on the way, known by their content") {
    const temporary_folder folder;
#if FITNAS_HAS_ZLIB
    write_gzip(folder.path("images"), three_images()); // no .gz in the name
    write_gzip(folder.path("labels.gz"), three_labels());
    const image_dataset data = read_idx(folder.path("images"), folder.path("labels.gz"), 3);
    CHECK(data.labels == std::vector<int>{1, 0, 2});
    CHECK(data.images(2, 1, 1, 0) == 11);

    write_gzip(folder.path("long"), three_images() + "x");
    CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.path("long")); }), "end of the file"));
    write_gzip(folder.path("short"), three_images().substr(0, 20));
    CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.path("short")); }), "truncated"));
#else
    const std::string text = thrown<data_error>([&] { read_idx_images(folder.write("i", "\x1F\x8B rest")); });
    CHECK(contains(text, "built without zlib"));
#endif
}

#if FITNAS_HAS_ZLIB
TEST_CASE("a gzip file that was cut or damaged anywhere is refused") {
    const temporary_folder folder;
    write_gzip(folder.path("whole"), three_images());
    const std::string packed = folder.read("whole");
    for (std::size_t n = 2; n < packed.size(); ++n) {
        CAPTURE(n);
        const std::string text =
            thrown<data_error>([&] { read_idx_images(folder.write("cut", packed.substr(0, n))); });
        CHECK(contains(text, "truncated"));
    }
    std::string damaged = packed;
    damaged[packed.size() - 6] = static_cast<char>(damaged[packed.size() - 6] ^ 1); // in the check sum
    CHECK(contains(thrown<data_error>([&] { read_idx_images(folder.write("damaged", damaged)); }),
                   "damaged gzip data"));
}
#endif

TEST_CASE("fashion_mnist finds its four files, plain or compressed, and names what is missing") {
    const temporary_folder folder;
    CHECK(contains(thrown<data_error>([&] { datasets::fashion_mnist(folder.path()); }),
                   folder.path("train-images-idx3-ubyte") + ": no such file"));
    folder.write("train-images-idx3-ubyte", three_images());
    folder.write("train-labels-idx1-ubyte", three_labels());
    folder.write("t10k-labels-idx1-ubyte", three_labels());
#if FITNAS_HAS_ZLIB
    write_gzip(folder.path("t10k-images-idx3-ubyte.gz"), three_images());
#else
    folder.write("t10k-images-idx3-ubyte", three_images());
#endif
    const dataset data = datasets::fashion_mnist(folder.path(), {.validation = 1});
    CHECK(data.train.size() == 2);
    CHECK(data.validation.size() == 1);
    const image_dataset test(data.test);
    CHECK(test.labels == std::vector<int>{1, 0, 2});
    CHECK(test.images(1, 0, 0, 0) == 4);
}

TEST_CASE("Fashion-MNIST itself") {
    const std::string directory = "/usr/share/datasets/fashion-mnist";
    if (!std::filesystem::exists(directory + "/train-images-idx3-ubyte.gz") || FITNAS_HAS_ZLIB == 0) {
        MESSAGE("skipped: " << directory << " (package dataset-fashion-mnist) or zlib is missing");
        return;
    }
    const dataset data = datasets::fashion_mnist(directory);
    CHECK(data.train.size() == 50000);
    CHECK(data.validation.size() == 10000);
    CHECK(data.test.size() == 10000);
    CHECK(data.train.image_shape() == shape{28, 28, 1});
    // Published: every class has 6,000 training and 1,000 test images. The first test images are an ankle
    // boot, a pullover and two trousers.
    const image_dataset train(data.train);
    const image_dataset validation(data.validation);
    const image_dataset test(data.test);
    for (int c = 0; c < 10; ++c) {
        CHECK(std::count(train.labels.begin(), train.labels.end(), c) == 5000);
        CHECK(std::count(validation.labels.begin(), validation.labels.end(), c) == 1000);
        CHECK(std::count(test.labels.begin(), test.labels.end(), c) == 1000);
    }
    CHECK(std::vector<int>(test.labels.begin(), test.labels.begin() + 4) == std::vector<int>{9, 2, 1, 1});
    // Published mean and deviation of the training images: 0.2860 and 0.3530.
    double sum = 0;
    double squares = 0;
    for (const image_dataset* part : {&train, &validation}) {
        for (const std::uint8_t p : part->images) {
            sum += p;
            squares += static_cast<double>(p) * p;
        }
    }
    const double mean = sum / (60000.0 * 784) / 255;
    CHECK(mean == doctest::Approx(0.2860).epsilon(0.0002));
    CHECK(std::sqrt(squares / (60000.0 * 784) / 255 / 255 - mean * mean) ==
          doctest::Approx(0.3530).epsilon(0.0002));
}
