/// @file
/// @brief SHA-256, by which a run knows its inputs again (`sha256sum` prints the same).

#ifndef FITNAS_STUDY_SHA256_HPP
#define FITNAS_STUDY_SHA256_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/data/image_view.hpp>

namespace fitnas::study {

/// @brief The hash of bytes that come piece by piece (FIPS 180-4).
class sha256 {
public:
    /// Adds bytes.
    void add(const void* data, std::size_t size);
    /// Adds a text.
    void add(std::string_view text) { add(text.data(), text.size()); }

    /// @return 64 hexadecimal digits; ends the hash
    std::string hex();

private:
    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    static constexpr std::array<std::uint32_t, 64> constants{
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

    void mix();

    std::array<std::uint32_t, 8> m_state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::uint8_t, 64> m_block{};
    std::size_t m_filled = 0;
    std::uint64_t m_length = 0;
};

/// @return the hash of a file's bytes
/// @throws data_error where it cannot be read, or is a pipe or a folder
FITNAS_API std::string file_sha256(const std::string& path);

/// @return a hash of images and labels in their order, whatever files they came from
FITNAS_API std::string dataset_sha256(const dataset& data);

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study {

FITNAS_API void sha256::add(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    m_length += size;
    while (size > 0) {
        const std::size_t some = (std::min)(size, m_block.size() - m_filled);
        std::copy_n(bytes, some, m_block.begin() + static_cast<std::ptrdiff_t>(m_filled));
        m_filled += some;
        bytes += some;
        size -= some;
        if (m_filled == m_block.size()) {
            mix();
            m_filled = 0;
        }
    }
}

FITNAS_API std::string sha256::hex() {
    const std::uint64_t bits = 8 * m_length;
    const std::uint8_t one = 0x80;
    const std::uint8_t zero = 0;
    add(&one, 1);
    while (m_filled != 56) {
        add(&zero, 1);
    }
    for (int shift = 56; shift >= 0; shift -= 8) {
        const auto byte = static_cast<std::uint8_t>(bits >> shift);
        add(&byte, 1);
    }
    std::string text;
    for (const std::uint32_t word : m_state) {
        char digits[9];
        std::snprintf(digits, sizeof digits, "%08x", word);
        text += digits;
    }
    return text;
}

FITNAS_API void sha256::mix() {
    std::array<std::uint32_t, 64> w{};
    for (std::size_t i = 0; i < 16; ++i) {
        w[i] = std::uint32_t{m_block[4 * i]} << 24U | std::uint32_t{m_block[4 * i + 1]} << 16U |
               std::uint32_t{m_block[4 * i + 2]} << 8U | std::uint32_t{m_block[4 * i + 3]};
    }
    for (std::size_t i = 16; i < 64; ++i) {
        const std::uint32_t a = w[i - 15];
        const std::uint32_t b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3U) +
               (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10U);
    }
    std::array<std::uint32_t, 8> s = m_state;
    for (std::size_t i = 0; i < 64; ++i) {
        const std::uint32_t first = s[7] + (std::rotr(s[4], 6) ^ std::rotr(s[4], 11) ^ std::rotr(s[4], 25)) +
                                    ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i] + w[i];
        const std::uint32_t second = (std::rotr(s[0], 2) ^ std::rotr(s[0], 13) ^ std::rotr(s[0], 22)) +
                                     ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        s = {first + second, s[0], s[1], s[2], s[3] + first, s[4], s[5], s[6]};
    }
    for (std::size_t i = 0; i < 8; ++i) {
        m_state[i] += s[i];
    }
}

FITNAS_API std::string file_sha256(const std::string& path) {
    std::error_code none;
    if (std::filesystem::exists(path, none) && !std::filesystem::is_regular_file(path, none)) {
        throw data_error("[F1067] " + path +
                         ": expected a file on a disk: it is read twice, for its hash and for what is in it, "
                         "which neither a pipe nor a folder can be");
    }
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
    if (!file) {
        throw data_error("[F1014] " + path + ": cannot be read");
    }
    sha256 hash;
    std::vector<char> buffer(1U << 16U);
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        hash.add(buffer.data(), n);
    }
    if (std::ferror(file.get()) != 0) {
        throw data_error("[F1068] " + path + ": cannot be read to its end: " + std::strerror(errno));
    }
    return hash.hex();
}

FITNAS_API std::string dataset_sha256(const dataset& data) {
    sha256 hash;
    for (const image_view* part : {&data.train, &data.validation, &data.test}) {
        hash.add(std::to_string(part->size()) + " of " + to_string(part->image_shape()) + " in " +
                 std::to_string(part->class_count()) + " classes\n");
        const auto pixels = static_cast<std::size_t>(part->image_shape().size());
        std::vector<std::uint8_t> room(pixels);
        for (std::size_t i = 0; i < part->size(); ++i) {
            hash.add(part->read(i, room.data()), pixels);
        }
        const std::vector<int> labels = fitnas::detail::labels_of(*part);
        hash.add(labels.data(), labels.size() * sizeof(int));
    }
    return hash.hex();
}

} // namespace fitnas::study

#endif

#endif
