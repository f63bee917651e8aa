#include <cstdint>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/byte_file.hpp>
#include <fitnas/data/cifar.hpp>
#include <fitnas/data/idx.hpp>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/stat.h>
#define FITNAS_TEST_PIPES 1
#else
#define FITNAS_TEST_PIPES 0
#endif

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

std::string text_of(const std::string& path) {
    const std::vector<std::uint8_t> bytes = detail::byte_file(path).read(UINT64_MAX);
    return {bytes.begin(), bytes.end()};
}

#if FITNAS_HAS_ZLIB
std::string packed(const std::string& bytes) {
    const temporary_folder folder;
    gzFile file = gzopen(folder.path("file").c_str(), "wb");
    REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) ==
            static_cast<int>(bytes.size()));
    REQUIRE(gzclose(file) == Z_OK);
    return folder.read("file");
}
#endif

/// Bytes that do not repeat soon, longer than any buffer.
std::string long_text() {
    std::string text;
    std::uint32_t state = 1;
    for (int i = 0; i < 700000; ++i) {
        state = state * 1664525U + 1013904223U;
        text += static_cast<char>(state >> 24U);
    }
    return text;
}

} // namespace

#if FITNAS_TEST_PIPES
TEST_CASE("a pipe is read like a file, from the first byte on") {
    const temporary_folder folder;
    const std::string pipe = folder.path("pipe");
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    const auto through = [&](const std::string& bytes, auto&& read) {
        std::thread writer([&] { std::ofstream(pipe, std::ios::binary) << bytes; });
        const auto result = read();
        writer.join();
        return result;
    };
    const auto text = [&] { return text_of(pipe); };
    const std::string long_one = long_text();
    for (const std::string& bytes : {std::string("12345"), std::string("-12.5"), std::string("1"),
                                     std::string("12"), std::string(300, 'x'), long_one}) {
        CHECK(through(bytes, text) == bytes);
#if FITNAS_HAS_ZLIB
        CHECK(through(packed(bytes), text) == bytes);
#endif
    }
    CHECK(through("", text).empty());

    const std::string images("\0\0\x08\x03\0\0\0\1\0\0\0\1\0\0\0\2\x05\x06", 18);
    const auto read = through(images, [&] { return read_idx_images(pipe); });
    CHECK(read(0, 0, 0, 0) == 5);
    CHECK(read(0, 0, 1, 0) == 6);
    const std::vector<std::string> paths{pipe};
    CHECK(through("\7" + std::string(3072, '\1'), [&] { return read_cifar10(paths); }).labels ==
          std::vector<int>{7});
    // To look whether a file is there does not open it.
    CHECK(detail::find_file(folder.path(), "pipe") == folder.path() + "/pipe");
}
#endif

#if FITNAS_HAS_ZLIB
TEST_CASE("gzip members follow each other, zeros may follow them, nothing else may") {
    const temporary_folder folder;
    const auto read = [&](const std::string& bytes) { return text_of(folder.write("file", bytes)); };
    const std::string one = packed("one ");
    const std::string two = packed("two");
    const std::string long_one = long_text();
    CHECK(read(one + two) == "one two");
    CHECK(read(packed("") + one + packed("") + two + packed("")) == "one two");
    CHECK(read(packed(long_one) + packed(long_one)) == long_one + long_one);
    for (const std::size_t zeros : {1U, 2U, 511U, 131072U, 300000U}) {
        CAPTURE(zeros);
        CHECK(read(one + std::string(zeros, '\0')) == "one ");
    }
    for (const std::string& rest :
         {std::string("x"), std::string("\n"), std::string("\0x", 2), std::string(200000, '\0') + "x",
          std::string("\0\0", 2) + two, std::string(300000, 'x')}) {
        CAPTURE(rest.size());
        const std::string text = thrown<data_error>([&] { read(one + rest); });
        CHECK(contains(text, "[F0465] " + folder.path("file") +
                                 ": expected the end of the file after the gzip data"));
    }
    // What begins like another member must be one.
    for (std::size_t n = 1; n < two.size(); ++n) {
        CAPTURE(n);
        CHECK(contains(thrown<data_error>([&] { read(one + two.substr(0, n)); }), "truncated"));
    }
    CHECK(contains(thrown<data_error>([&] { read(one + "\x1F rest"); }), "damaged gzip data"));
    // A reader that asks for so many bytes finds out at the end.
    const std::string labels("\0\0\x08\x01\0\0\0\2\1\0", 10);
    CHECK(read_idx_labels(folder.write("labels", packed(labels.substr(0, 9)) + packed(labels.substr(9)))) ==
          std::vector<int>{1, 0});
    CHECK(contains(thrown<data_error>([&] { read_idx_labels(folder.write("labels", packed(labels) + "x")); }),
                   "after the gzip data"));
}
#endif

TEST_CASE("formats of the neighbourhood are named") {
    const temporary_folder folder;
    const auto refusal = [&](const std::string& bytes) {
        return thrown<data_error>([&] { text_of(folder.write("file", bytes)); });
    };
    // First bytes as the formats' specifications give them.
    const std::vector<std::pair<std::string, std::string>> known{
        {std::string("PK\x03\x04\x14\0\0\0", 8), "a zip archive"},
        {std::string("\xFD\x37\x7A\x58\x5A\0\0\x04", 8), "an xz file"},
        {"BZh91AY&SY", "a bzip2 file"},
        {"\x28\xB5\x2F\xFD\x04", "a Zstandard file"},
        {"7z\xBC\xAF\x27\x1C", "a 7z archive"},
        {"cifar-10-batches-bin/" + std::string(236, '\0') + "ustar  ", "a tar archive"},
        {"\x93NUMPY\x01", "a NumPy array"},
        {"\x89PNG\r\n\x1A\n", "a single image"},
        {std::string("\xFF\xD8\xFF\xE0\0\x10JFIF", 10), "a single image"},
        {"GIF89a", "a single image"},
        {"\x89HDF\r\n\x1A\n", "an HDF5 file"},
        {"MATLAB 5.0 MAT-file, Platform", "a MATLAB file"},
        {"\x80\x02}q\x01(U\x0B"
         "batch_label",
         "a Python pickle"},
        {std::string("\x80\x04\x95\x10\x27\0\0\0\0\0\0", 11), "a Python pickle"},
        {"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"},
        {"<!DOCTYPE html>\n<html>", "a web page"},
    };
    for (const auto& pair : known) {
        const std::string& bytes = pair.first;
        const std::string& name = pair.second;
        CAPTURE(name);
        const std::string expected = "[F0466] " + folder.path("file") + ": seems to be ";
        CHECK(contains(refusal(bytes), expected));
        CHECK(contains(refusal(bytes), name));
#if FITNAS_HAS_ZLIB
        CHECK(contains(refusal(packed(packed(bytes))), "compressed twice"));
#endif
    }
#if FITNAS_HAS_ZLIB
    // As CIFAR-10 is published.
    CHECK(contains(refusal(packed("cifar-10-batches-bin/" + std::string(236, '\0') + "ustar  ")),
                   "a tar archive: unpack it with tar -xf"));
#endif
    // A length of eight bytes, as safetensors begin, is none of them.
    const std::string length = std::string("PK\x03\x04\0\0\0\0", 8) + "{}";
    CHECK(text_of(folder.write("file", length)) == length);
}
