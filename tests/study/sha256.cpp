#include <string>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/stat.h>
#endif

#include <doctest/doctest.h>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/study/sha256.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

std::string hash_of(const std::string& text) {
    study::sha256 hash;
    hash.add(text);
    return hash.hex();
}

} // namespace

TEST_CASE("SHA-256 of the examples in FIPS 180-4, and of sha256sum") {
    CHECK(hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hash_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(hash_of(std::string(1000000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("pieces of any length give the hash of the whole") {
    const std::string text(300, 'x');
    for (const std::size_t cut : {0U, 1U, 55U, 56U, 63U, 64U, 65U, 128U, 299U}) {
        study::sha256 hash;
        hash.add(text.substr(0, cut));
        hash.add(text.substr(cut));
        CHECK(hash.hex() == hash_of(text));
    }
}

TEST_CASE("a file's hash is that of its bytes; a missing file is named") {
    const temporary_folder folder;
    CHECK(study::file_sha256(folder.write("f", "abc")) == hash_of("abc"));
    CHECK(contains(thrown<data_error>([&] { study::file_sha256(folder.path("none")); }), "none"));
    // A folder has no bytes, and those of a pipe would be gone.
    CHECK(contains(thrown<data_error>([&] { study::file_sha256(folder.path()); }), "a file on a disk"));
#if defined(__unix__) || defined(__APPLE__)
    REQUIRE(mkfifo(folder.path("pipe").c_str(), 0600) == 0);
    CHECK(contains(thrown<data_error>([&] { study::file_sha256(folder.path("pipe")); }), "read twice"));
#endif
}

TEST_CASE(
    "images have the hash of what they are: one pixel, a label, their order or their split changes it") {
    const dataset one = datasets::synthetic(
        {.image = {4, 4, 1}, .classes = 3, .train = 6, .validation = 3, .test = 3, .seed = seed{1}});
    dataset two = one;
    CHECK(study::dataset_sha256(two) == study::dataset_sha256(one));
    image_dataset changed(one.test);
    changed.images.data()[5] ^= 1;
    two.test = changed;
    CHECK(study::dataset_sha256(two) != study::dataset_sha256(one));
    two = one;
    changed = image_dataset(one.train);
    changed.labels[0] = (changed.labels[0] + 1) % 3;
    two.train = changed;
    CHECK(study::dataset_sha256(two) != study::dataset_sha256(one));
    two = one;
    std::swap(two.validation, two.test);
    CHECK(study::dataset_sha256(two) != study::dataset_sha256(one));
}
