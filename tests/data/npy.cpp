#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/npy.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"
#include "golden_images.hpp"

using namespace fitnas;

namespace {

std::string labels() { return golden_image("labels_i8.npy"); }

/// A file of the format, version 1.
std::string npy(const std::string& dictionary, const std::string& data) {
    const auto size = static_cast<char>(dictionary.size() + 1);
    return "\x93NUMPY" + std::string("\x01\x00", 2) + size + std::string(1, '\0') + dictionary + "\n" + data;
}
std::string of_type(const std::string& type, const std::string& shape) {
    return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
}

} // namespace

TEST_CASE("arrays that numpy.save wrote become images and labels") {
    const image_dataset bytes = read_npy(golden_image("nhwc_u1.npy"), labels());
    CHECK(bytes.size() == 4);
    CHECK(bytes.image_shape() == shape{2, 3, 3});
    CHECK(bytes.labels == std::vector<int>{2, 0, 1, 0});
    CHECK(bytes.classes == 3);
    for (std::size_t i = 0; i < 72; ++i) {
        CHECK(bytes.images.data()[i] == (7 * i + 3) % 256);
    }
    const image_dataset floats =
        read_npy(golden_image("nchw_f4.npy"), labels(), {.layout = image_layout::nchw, .classes = 5});
    CHECK(floats.image_shape() == shape{2, 3, 3});
    CHECK(floats.classes == 5);
    for (std::size_t i = 0; i < 72; ++i) {
        CHECK(floats.images(i / 18, i % 6 / 3, i % 3, i % 18 / 6) == (7 * i + 3) % 256);
    }
    const image_dataset grey = read_npy(golden_image("nhw_i8.npy"), labels());
    CHECK(grey.image_shape() == shape{3, 6, 1});
    CHECK(grey.images(1, 0, 2, 0) == (7 * 20 + 3) % 256);
}

TEST_CASE("labels may be a column, keys in any order, versions 1 to 3") {
    const temporary_folder folder;
    const std::string images = folder.write("i.npy", npy(of_type("|u1", "(2, 1, 1)"), "ab"));
    CHECK(read_npy(images, folder.write("l.npy", npy(of_type("|i1", "(2, 1)"), "\x03\x01"))).labels ==
          std::vector<int>{3, 1});
    const std::string other = "{'shape': (2,), 'fortran_order': False, 'descr': '<u2'}";
    std::string file = npy(other, std::string("\x01\x01\x00\x00", 4));
    CHECK(read_npy(images, folder.write("l.npy", file)).labels == std::vector<int>{257, 0});
    for (const char version : {'\2', '\3'}) {
        file[6] = version;
        CHECK(read_npy(images,
                       folder.write("l.npy", file.substr(0, 10) + std::string(2, '\0') + file.substr(10)))
                  .labels == std::vector<int>{257, 0});
    }
    file[6] = 4;
    CHECK(contains(thrown<data_error>([&] { read_npy(images, folder.write("l.npy", file)); }), "l.npy: "));
}

TEST_CASE("files that are no such arrays are refused by name") {
    const temporary_folder folder;
    const auto refusal = [&](const std::string& bytes) {
        return thrown<data_error>([&] { read_npy(folder.write("a.npy", bytes), labels()); });
    };
    CHECK(contains(refusal(""),
                   "[F0495] " + folder.path("a.npy") + ": expected a NumPy array (.npy), got an empty"));
    CHECK(contains(refusal("hello, world"), "got a file that does not begin like one"));
    CHECK(contains(refusal("PK\x03\x04" + std::string(300, 'x')), "got a zip archive, as NumPy's .npz"));
    CHECK(contains(thrown<data_error>([&] { read_npy(golden_image("fortran.npy"), labels()); }),
                   "numpy.ascontiguousarray"));
    CHECK(contains(thrown<data_error>([&] { read_npy(folder.path("none.npy"), labels()); }), "[F0405]"));
    const auto bytes = golden_bytes("nhwc_u1.npy");
    const std::string whole(bytes.begin(), bytes.end());
    int wrong = 0;
    for (std::size_t n = 0; n < whole.size(); ++n) {
        const std::string text = refusal(whole.substr(0, n));
        wrong += contains(text, "a.npy: ") && contains(text, n < 8 ? "expected a NumPy array" : "truncated")
                     ? 0
                     : 1;
    }
    CHECK(wrong == 0);
    CHECK(contains(refusal(whole + "x"),
                   "expected the end of the file after 4 x 2 x 3 x 3 values of the type |u1"));
    for (const char* type : {"<U4", ">f4", "<f2", "|b1", "<c8", "", "u1", "1 <"}) {
        CAPTURE(type);
        CHECK(contains(refusal(npy(of_type(type, "(4, 2, 1)"), std::string(400, '\0'))),
                       "[F0496] " + folder.path("a.npy") + ": expected integers, float32 or float64"));
    }
    CHECK(
        contains(refusal(npy("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (4, 2, 1), }", "")),
                 "[F049"));
    for (const char* shape : {"4", "(4", "(a,)", "(,)", "(-4, 2, 1)", "(99999999999999999999, 1, 1)"}) {
        CAPTURE(shape);
        CHECK(contains(refusal(npy(of_type("|u1", shape), "12345678")), "damaged header"));
    }
    CHECK(contains(refusal(npy("{}", "")), "damaged header"));
    CHECK(contains(refusal(npy(of_type("<f8", "(999999999999999999, 999999999999999999, 9)"), "12345678")),
                   "truncated"));
    CHECK(contains(thrown<shape_error>([&] {
                       read_npy(folder.write("a.npy", npy(of_type("|u1", "(4, 2)"), "12345678")), labels());
                   }),
                   "a.npy: expected images in an array N x H x W"));
    CHECK(contains(refusal(npy(of_type("|u1", "(3, 2, 1)"), "123456")), "3 images and 4 labels"));
    CHECK(contains(refusal(npy(of_type("|i1", "(4, 1, 1)"), "12\xFF"
                                                            "4")),
                   "a.npy: expected pixels from 0 to 255"));
    CHECK(contains(
        thrown<data_error>([&] { read_npy(golden_image("nhwc_u1.npy"), golden_image("nchw_f4.npy")); }),
        "nchw_f4.npy: expected labels of integers"));
    CHECK(contains(
        thrown<data_error>([&] { read_npy(golden_image("nhwc_u1.npy"), golden_image("nhw_i8.npy")); }),
        "one of other dimensions than labels have"));
}
