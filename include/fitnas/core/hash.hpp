/// @file
/// @brief A 64-bit hash that tells whether two pieces of data are the same; no protection against malice.

#ifndef FITNAS_CORE_HASH_HPP
#define FITNAS_CORE_HASH_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include <fitnas/config.hpp>

namespace fitnas::detail {

/// FNV-1a over words of 64 bits, with the high half folded into the low one after each (a product alone never
/// carries a high bit down).
class hash64 {
public:
    void add(std::uint64_t word) {
        m_value = (m_value ^ word) * 1099511628211ULL;
        m_value ^= m_value >> 32U;
    }
    /// The bytes, and how many they are.
    void add(const void* data, std::size_t size) {
        add(std::uint64_t{size});
        add_words(data, size);
    }
    /// The bytes alone, the last word filled with zeros.
    FITNAS_LAZY void add_words(const void* data, std::size_t size);
    void add(std::string_view text) { add(text.data(), text.size()); }

    std::uint64_t value() const { return m_value; }
    /// @return 16 hexadecimal digits
    std::string text() const {
        char digits[17];
        std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(m_value));
        return digits;
    }

private:
    std::uint64_t m_value = 14695981039346656037ULL;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void hash64::add_words(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; i += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes + i, size - i < sizeof word ? size - i : sizeof word);
        add(word);
    }
}

} // namespace fitnas::detail

#endif

#endif
