/// @file
/// @brief Counter-based random numbers: a draw depends on its key alone, never on what was drawn before.

#ifndef FITNAS_CORE_RNG_HPP
#define FITNAS_CORE_RNG_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <utility>

#include <fitnas/config.hpp>

namespace fitnas {

/// @brief A seed, written out where it is passed: `seed{7}`.
struct seed {
    std::uint64_t value = 0; ///< any number
    friend constexpr bool operator==(seed, seed) = default;
};

/// @brief One block of Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC
/// 2011).
/// @param counter which block
/// @param key which sequence
/// @return four independent 32-bit words
constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = 0xD2511F53ULL * counter[0];
        const std::uint64_t b = 0xCD9E8D57ULL * counter[2];
        counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
                   static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
        key[0] += 0x9E3779B9U;
        key[1] += 0xBB67AE85U;
    }
    return counter;
}

/// @brief What a draw is for: streams of different purposes never overlap.
enum class purpose : std::uint32_t {
    user = 0,
    initialise,
    shuffle,
    augment,
    path,
    sample,
    split,
    synthetic,
    fit,
    dropout,
    search,
    bootstrap,
    calibrate,
    crop,
    colour
};

/// @brief A stream of random numbers named by (seed, purpose, step, index).
///
/// Two streams with the same name give the same bits on every machine and for every number of threads, so a
/// resumed or parallel run draws what an uninterrupted serial one draws (`normal` rounds as the machine's
/// `log` and `cos` do). `step` counts below 2^56, `index` below 2^32.
class random_stream {
public:
    /// The stream of this name.
    constexpr random_stream(seed s, purpose p, std::uint64_t step = 0, std::uint64_t index = 0)
        : m_key{static_cast<std::uint32_t>(s.value), static_cast<std::uint32_t>(s.value >> 32)},
          m_counter{0, static_cast<std::uint32_t>(step),
                    static_cast<std::uint32_t>(p) ^ (static_cast<std::uint32_t>(step >> 32) << 8),
                    static_cast<std::uint32_t>(index)} {}

    /// @return the next 32 random bits
    constexpr std::uint32_t bits() {
        if (m_left == 0) {
            refill();
        }
        return m_block[static_cast<std::size_t>(4 - m_left--)];
    }

    /// @return a number in [0, 1)
    FITNAS_NOINLINE constexpr double uniform() {
        const std::uint64_t high = bits();
        return static_cast<double>((high << 21) ^ (bits() >> 11)) * 0x1p-53;
    }

    /// @param n at least 1
    /// @return an integer in [0, n), each equally likely (Lemire, "Fast random integer generation in an
    /// interval", ACM TOMACS 2019)
    FITNAS_NOINLINE constexpr std::uint32_t below(std::uint32_t n) {
        std::uint64_t product = std::uint64_t{bits()} * n;
        while (static_cast<std::uint32_t>(product) < (0U - n) % n) {
            product = std::uint64_t{bits()} * n;
        }
        return static_cast<std::uint32_t>(product >> 32);
    }

    /// @return a standard normal number (Box and Muller, 1958)
    FITNAS_NOINLINE double normal() {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
        return radius * std::cos(2.0 * std::numbers::pi * uniform());
    }

    /// @brief Puts the items into a random order, each equally likely (Fisher and Yates).
    /// @param items fewer than 2^32
    template <class T>
    constexpr void shuffle(std::span<T> items) {
        for (std::size_t i = items.size(); i > 1; --i) {
            std::swap(items[i - 1], items[below(static_cast<std::uint32_t>(i))]);
        }
    }

private:
    FITNAS_NOINLINE constexpr void refill() {
        m_block = philox4x32(m_counter, m_key);
        ++m_counter[0];
        m_left = 4;
    }

    std::array<std::uint32_t, 2> m_key;
    std::array<std::uint32_t, 4> m_counter;
    std::array<std::uint32_t, 4> m_block{};
    int m_left = 0;
};

} // namespace fitnas

#endif
