/// @file
/// @brief CRC-32, as gzip, PNG and Python's `zlib.crc32` have it.

#ifndef FITNAS_IO_CRC32_HPP
#define FITNAS_IO_CRC32_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include <fitnas/config.hpp>

namespace fitnas::detail {

/// Eight tables of 256 words: the remainder of a byte that 0 to 7 bytes follow (Kounavis and Berry, "A
/// systematic approach to building high performance software-based CRC generators", ISCC 2005).
using crc32_tables = std::array<std::array<std::uint32_t, 256>, 8>;

FITNAS_LAZY crc32_tables make_crc32_tables();

/// The checksum of bytes that come in pieces.
class crc32 {
public:
    void add(const void* data, std::size_t size);
    std::uint32_t value() const { return ~m_state; }

private:
    std::uint32_t m_state = 0xFFFFFFFFU;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN crc32_tables make_crc32_tables() {
    crc32_tables t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t r = i;
        for (int bit = 0; bit < 8; ++bit) {
            r = (r >> 1U) ^ ((r & 1U) != 0 ? 0xEDB88320U : 0U);
        }
        t[0][i] = r;
    }
    for (std::size_t k = 1; k < t.size(); ++k) {
        for (std::size_t i = 0; i < 256; ++i) {
            t[k][i] = (t[k - 1][i] >> 8U) ^ t[0][t[k - 1][i] & 0xFFU];
        }
    }
    return t;
}

FITNAS_API void crc32::add(const void* data, std::size_t size) {
    static const crc32_tables t = make_crc32_tables();
    const auto* p = static_cast<const std::uint8_t*>(data);
    std::uint32_t r = m_state;
    for (; size >= 8; size -= 8, p += 8) {
        const std::uint32_t low =
            r ^ (p[0] | std::uint32_t{p[1]} << 8U | std::uint32_t{p[2]} << 16U | std::uint32_t{p[3]} << 24U);
        r = t[7][low & 0xFFU] ^ t[6][(low >> 8U) & 0xFFU] ^ t[5][(low >> 16U) & 0xFFU] ^ t[4][low >> 24U] ^
            t[3][p[4]] ^ t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]];
    }
    for (; size > 0; --size, ++p) {
        r = (r >> 8U) ^ t[0][(r ^ *p) & 0xFFU];
    }
    m_state = r;
}

} // namespace fitnas::detail

#endif

#endif
