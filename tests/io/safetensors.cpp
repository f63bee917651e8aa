#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/io/safetensors.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

/// A file with this header and these bytes behind it.
std::string file_of(const std::string& header, const std::string& bytes = "") {
    const std::uint64_t length = header.size();
    std::string text(sizeof length, '\0');
    std::memcpy(text.data(), &length, sizeof length);
    return text + header + bytes;
}

std::string refusal(const temporary_folder& folder, const std::string& content) {
    const std::string path = folder.write("x.safetensors", content);
    const std::string text = thrown<data_error>([&] { read_safetensors(path); });
    CHECK(contains(text, path + ": "));
    return text;
}

} // namespace

TEST_CASE("tensors and metadata come back as they were written") {
    const temporary_folder folder;
    const std::vector<float> weights{1.5F, -2, 0, 1e-40F, 3, INFINITY};
    const std::vector<double> one{0.1};
    const std::vector<std::int64_t> numbers{-1, 1LL << 62};
    const std::vector<std::uint8_t> none;
    const std::vector<tensor_view> tensors{tensor_view::of<float>("a \"quoted\" name", {2, 3}, weights),
                                           tensor_view::of<double>("b", {}, one),
                                           tensor_view::of<std::uint8_t>("none", {0, 7}, none),
                                           tensor_view::of<std::int64_t>("numbers", {2}, numbers)};
    const std::map<std::string, std::string> metadata{{"who", "\"checksum\":\"crc32:01234567\""},
                                                      {"z", "Zürich"}};
    const std::string path = folder.path("x.safetensors");
    write_safetensors(path, tensors, metadata);
    CHECK(folder.names() == std::vector<std::string>{"x.safetensors"});
    const safetensors file = read_safetensors(path);
    CHECK(file.has_checksum());
    CHECK(file.values<float>("a \"quoted\" name") == weights);
    CHECK(file.values<double>("b") == one);
    CHECK(file.values<std::int64_t>("numbers") == numbers);
    CHECK(file.values<std::uint8_t>("none").empty());
    REQUIRE(file.find("a \"quoted\" name") != nullptr);
    CHECK(file.find("a \"quoted\" name")->shape == std::vector<std::uint64_t>{2, 3});
    CHECK(file.find("absent") == nullptr);
    CHECK(file.metadata().at("z") == "Zürich");
    CHECK(file.metadata().at("who") == metadata.at("who"));
    CHECK(contains(thrown<data_error>([&] { file.values<float>("absent"); }), "\"absent\", there is none"));
    CHECK(
        contains(thrown<data_error>([&] { file.values<float>("b"); }), "the type F32, F16 or BF16, got F64"));
    std::vector<double> two(2);
    CHECK(contains(thrown<data_error>([&] { file.copy("b", std::span<double>(two)); }), "expected 2 values"));
}

TEST_CASE("a file of another program is read, with the values at any place and no checksum") {
    const temporary_folder folder;
    const float value = 2.5F;
    std::string bytes(5, '\0');
    bytes[0] = 7;
    std::memcpy(bytes.data() + 1, &value, 4);
    const std::string path =
        folder.write("x.safetensors", file_of(R"({"w":{"shape":[1],"data_offsets":[1,5],"dtype":"F32"},)"
                                              R"("b":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}} )",
                                              bytes));
    const safetensors file(path);
    CHECK(!file.has_checksum());
    CHECK(file.values<float>("w") == std::vector<float>{2.5F});
    CHECK(file.tensors().front().name == "b");
}

TEST_CASE("all 65,536 values of 16 bits are read as the floats that they are") {
    const temporary_folder folder;
    std::vector<std::uint16_t> bits(65536);
    std::iota(bits.begin(), bits.end(), std::uint16_t{0});
    const auto bytes = std::as_bytes(std::span<const std::uint16_t>(bits));
    const std::vector<tensor_view> tensors{{"half", tensor_type::f16, {256, 256}, bytes},
                                           {"brain", tensor_type::bf16, {65536}, bytes}};
    write_safetensors(folder.path("x"), tensors);
    const safetensors file = read_safetensors(folder.path("x"));
    const std::vector<float> half = file.values<float>("half");
    const std::vector<float> brain = file.values<float>("brain");
    REQUIRE(half.size() == 65536);
    REQUIRE(brain.size() == 65536);
    // By the formats' definition, in double precision: fractions of so many bits, exponents with this bias.
    const auto defined = [](unsigned pattern, int fraction_bits, int exponent_bits, int bias) {
        const int most = (1 << exponent_bits) - 1;
        const int exponent = static_cast<int>(pattern >> fraction_bits) & most;
        const double fraction = std::ldexp(pattern & ((1U << fraction_bits) - 1), -fraction_bits);
        const double size = exponent == most ? (fraction > 0 ? NAN : INFINITY)
                            : exponent == 0  ? std::ldexp(fraction, 1 - bias)
                                             : std::ldexp(1 + fraction, exponent - bias);
        return std::copysign(size, (pattern & 0x8000U) != 0 ? -1.0 : 1.0);
    };
    int wrong = 0;
    const auto same = [](float got, double expected) {
        return std::isnan(expected)
                   ? std::isnan(got)
                   : static_cast<double>(got) == expected && std::signbit(got) == std::signbit(expected);
    };
    for (unsigned i = 0; i < 65536; ++i) {
        wrong += same(half[i], defined(i, 10, 5, 15)) ? 0 : 1;
        wrong += same(brain[i], defined(i, 7, 8, 127)) ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(half[0x3C00] == 1);
    CHECK(half[0x7BFF] == 65504);
    CHECK(half[0x0001] == 0x1p-24F);
    CHECK(half[0xC248] == -3.140625F);
    CHECK(brain[0x3F80] == 1);
    CHECK(brain[0xC049] == -3.140625F);
    std::vector<float> few(2);
    CHECK(
        contains(thrown<data_error>([&] { file.copy("half", std::span<float>(few)); }), "expected 2 values"));
    CHECK(contains(thrown<data_error>([&] { file.values<double>("half"); }), "the type F64, got F16"));
    CHECK(contains(thrown<data_error>([&] { file.values<std::uint16_t>("half"); }), "the type U16, got F16"));
}

TEST_CASE("tensors of every type of the format stand beside those that are read") {
    const temporary_folder folder;
    const std::pair<const char*, int> types[] = {
        {"F4", 2},      {"F6_E2M3", 3}, {"F6_E3M2", 3},     {"BOOL", 4},       {"U8", 4},   {"I8", 4},
        {"U16", 8},     {"I16", 8},     {"F16", 8},         {"BF16", 8},       {"U32", 16}, {"I32", 16},
        {"F32", 16},    {"U64", 32},    {"I64", 32},        {"F64", 32},       {"C64", 32}, {"F8_E5M2", 4},
        {"F8_E4M3", 4}, {"F8_E8M0", 4}, {"F8_E4M3FNUZ", 4}, {"F8_E5M2FNUZ", 4}};
    std::string header = "{";
    int at = 0;
    for (const auto& [name, bytes] : types) { // four values each
        header += "\"of_" + std::string(name) + "\":{\"dtype\":\"" + name +
                  "\",\"shape\":[2,2],\"data_offsets\":[" + std::to_string(at) + "," +
                  std::to_string(at + bytes) + "]},";
        at += bytes;
    }
    header.back() = '}';
    const safetensors file(
        folder.write("x", file_of(header, std::string(static_cast<std::size_t>(at), '\0'))));
    CHECK(file.tensors().size() == 22);
    CHECK(file.values<float>("of_F32") == std::vector<float>(4));
    CHECK(file.values<float>("of_BF16") == std::vector<float>(4));
    CHECK(contains(thrown<data_error>([&] { file.values<float>("of_F8_E4M3"); }), "got F8_E4M3"));
    CHECK(contains(refusal(folder, file_of(R"({"w":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}})", "ab")),
                   "tensor \"w\": F4 [3] does not fill whole bytes"));
    CHECK(
        contains(refusal(folder, file_of(R"({"w":{"dtype":"F4","shape":[4],"data_offsets":[0,4]}})", "abcd")),
                 "expected 2 bytes for F4 [4]"));
    const std::vector<std::uint8_t> two(2);
    CHECK(contains(thrown<shape_error>([&] {
                       const std::vector<tensor_view> odd{
                           {"w", tensor_type::f4, {3}, std::as_bytes(std::span<const std::uint8_t>(two))}};
                       write_safetensors(folder.path("y"), odd);
                   }),
                   "has 2 bytes, the last not full, got 2"));
}

TEST_CASE("what stands behind a byte of zeros is not left out") {
    const temporary_folder folder;
    for (const std::string& bad :
         {std::string("{}\0", 3), std::string("{}\0{}", 5), std::string("{\"\0\":1}", 7)}) {
        CHECK(contains(refusal(folder, file_of(bad)),
                       "header: expected JSON, got a byte of zeros (NUL) at byte " +
                           std::to_string(bad.find('\0'))));
    }
}

TEST_CASE("a changed byte anywhere is noticed") {
    const temporary_folder folder;
    const std::vector<float> values{1, 2, 3};
    write_safetensors(folder.path("x"), std::vector{tensor_view::of<float>("w", {3}, values)},
                      {{"step", "5"}});
    const std::string good = folder.read("x");
    for (std::size_t i = 0; i < good.size(); ++i) {
        CAPTURE(i);
        for (const int flip : {1, 4, 32, 128}) {
            std::string bad = good;
            bad[i] = static_cast<char>(bad[i] ^ flip);
            const std::string path = folder.write("bad", bad);
            bool refused = false;
            try {
                refused = !read_safetensors(path).has_checksum(); // where its own name is hit
            } catch (const data_error&) {
                refused = true;
            }
            CHECK(refused);
        }
    }
    for (std::size_t n = 0; n < good.size(); ++n) {
        CAPTURE(n);
        refusal(folder, good.substr(0, n));
    }
    CHECK(contains(refusal(folder, good + "x"), "end of the file"));
}

TEST_CASE("hostile headers are refused by name") {
    const temporary_folder folder;
    const auto tensor = [](const std::string& members) { return "{\"w\":{" + members + "}}"; };
    const auto header = [&](const std::string& text) { return refusal(folder, file_of(text)); };
    CHECK(contains(refusal(folder, "abc"), "truncated"));
    CHECK(contains(refusal(folder, std::string(8, '\xFF')), "expected a header of 2 to 100000000 bytes"));
    CHECK(contains(refusal(folder, std::string("\x00\x00\x00\x05\x00\x00\x00\x00", 8) + "{}"), "truncated"));
    CHECK(contains(header("[]"), "begins with {"));
    CHECK(contains(header("{\"a\":{"), "expected JSON"));
    CHECK(contains(header("{} {}"), "expected JSON"));
    CHECK(contains(header("{\"\xFF\":{}}"), "expected JSON"));
    CHECK(contains(header(R"({"w":5})"), "a number at \"w\""));
    CHECK(contains(header(R"({"w":[1]})"), "a list at \"w\""));
    CHECK(contains(header(R"({"w":null})"), "null at \"w\""));
    CHECK(contains(header(R"({"__metadata__":{"a":1}})"), "a number at \"a\""));
    CHECK(contains(header(R"({"__metadata__":{"a":"1","a":"2"}})"), "metadata name \"a\" twice"));
    CHECK(contains(header(R"({"__metadata__":{},"__metadata__":{}})"), "__metadata__ twice"));
    CHECK(contains(header(R"({"__metadata__":{"a":{}}})"), "an object at \"a\""));
    const std::string good = R"("dtype":"U8","shape":[0],"data_offsets":[0,0])";
    CHECK(contains(header("{\"w\":{" + good + "},\"w\":{" + good + "}}"), "tensor \"w\": it is there twice"));
    CHECK(contains(header(tensor(good + ",\"more\":1")), "tensor \"w\": the unknown member \"more\""));
    CHECK(contains(header(tensor(good + ",\"shape\":[0]")), "\"shape\" twice"));
    CHECK(contains(header(tensor(R"("dtype":"U8","shape":[0])")), "without dtype, shape or data_offsets"));
    CHECK(
        contains(header(tensor(R"("dtype":"F7","shape":[0],"data_offsets":[0,0])")), "unknown type \"F7\""));
    CHECK(contains(header(tensor(R"("dtype":"U8","shape":[[0]],"data_offsets":[0,0])")), "a list at"));
    CHECK(contains(header(tensor(R"("dtype":"U8","shape":[-1],"data_offsets":[0,0])")), "a negative number"));
    CHECK(contains(header(tensor(R"("dtype":"U8","shape":[1.5],"data_offsets":[0,0])")), "no integer"));
    CHECK(contains(header(tensor(R"("dtype":true,"shape":[0],"data_offsets":[0,0])")),
                   "a boolean at \"dtype\""));
    CHECK(
        contains(header(tensor(R"("dtype":"U8","shape":"0","data_offsets":[0,0])")), "a text at \"shape\""));
    CHECK(contains(header(tensor(R"("dtype":"U8","shape":["0"],"data_offsets":[0,0])")), "a text at"));
    std::string ones = "1";
    for (int i = 1; i < 65; ++i) {
        ones += ",1";
    }
    CHECK(contains(header(tensor(R"("dtype":"U8","shape":[)" + ones + R"(],"data_offsets":[0,1])")),
                   "more than 64 numbers in a list"));
    CHECK(contains(header(tensor(R"("dtype":"U8","shape":[1],"data_offsets":[0])")), "1 data_offsets"));
    CHECK(contains(header(tensor(R"("dtype":"U8","shape":[1],"data_offsets":[1,0])")), "expected 1 bytes"));
    CHECK(contains(header(tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])")),
                   "expected 8 bytes for F32 [2], got the bytes 0 to 4"));
    // 2^32 * 2^32 overflows to 0, 2^62 values of 4 bytes too.
    CHECK(contains(header(tensor(R"("dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0])")),
                   "expected "));
    CHECK(contains(header(tensor(R"("dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0])")),
                   "expected "));
    CHECK(
        contains(header(tensor(R"("dtype":"U8","shape":[99999999999999],"data_offsets":[0,99999999999999])")),
                 "truncated: expected 99999999999999 bytes"));
    const auto two = [&](const std::string& a, const std::string& b) {
        return refusal(folder, file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)" + a +
                                           R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + b + "}}",
                                       "abcd"));
    };
    CHECK(contains(two("[0,2]", "[1,3]"), "tensor \"b\": expected its bytes to begin at 2"));
    CHECK(contains(two("[1,3]", "[3,5]"), "tensor \"a\": expected its bytes to begin at 0"));
    CHECK(contains(two("[0,2]", "[0,2]"), "expected its bytes to begin at 2"));
    CHECK(contains(two("[0,2]", "[3,5]"), "expected its bytes to begin at 2"));
    // Nesting costs no stack.
    CHECK(contains(header("{\"a\":" + std::string(1000000, '[')), "a list at \"a\""));
}

TEST_CASE("what cannot be written is refused before a file is touched") {
    const temporary_folder folder;
    const std::vector<float> values{1, 2};
    const auto write = [&](std::vector<tensor_view> tensors,
                           const std::map<std::string, std::string>& m = {}) {
        return [tensors, m, path = folder.path("x")] { write_safetensors(path, tensors, m); };
    };
    const tensor_view good = tensor_view::of<float>("w", {2}, values);
    CHECK(contains(thrown<option_error>(write({good, good})), "\"w\" is there twice"));
    CHECK(contains(thrown<option_error>(write({tensor_view::of<float>("", {2}, values)})), "cannot name"));
    CHECK(contains(thrown<option_error>(write({tensor_view::of<float>("__metadata__", {2}, values)})),
                   "cannot name"));
    CHECK(contains(thrown<shape_error>(write({tensor_view::of<float>("w", {3}, values)})),
                   "the shape [3] of F32 has 12 bytes, got 8"));
    CHECK(contains(thrown<option_error>(write({good}, {{"a", "\xFF"}})), "UTF-8"));
    CHECK(folder.names().empty());
}

TEST_CASE("the checksum is zlib's CRC-32") {
    detail::crc32 sum;
    sum.add("1234", 4);
    sum.add("56789", 5);
    CHECK(sum.value() == 0xCBF43926U); // the check value of the catalogue of CRC algorithms
    detail::crc32 whole;
    const std::string text = "The quick brown fox jumps over the lazy dog";
    whole.add(text.data(), text.size());
    CHECK(whole.value() == 0x414FA339U);
}
