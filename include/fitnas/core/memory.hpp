/// @file
/// @brief Memory that is taken once: an aligned buffer that only grows, an arena, and scratch of a thread.

#ifndef FITNAS_CORE_MEMORY_HPP
#define FITNAS_CORE_MEMORY_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>

namespace fitnas {

/// @brief Uninitialised floats (or doubles), aligned to a cache line.
template <class T>
class aligned_buffer {
    static_assert(std::is_trivial_v<T>,
                  "an aligned_buffer holds plain numbers: nothing is constructed in it");

public:
    aligned_buffer() = default;
    aligned_buffer(aligned_buffer&& other) noexcept
        : m_data(std::move(other.m_data)), m_size(std::exchange(other.m_size, 0)) {}
    aligned_buffer& operator=(aligned_buffer&& other) noexcept {
        m_data = std::move(other.m_data);
        m_size = std::exchange(other.m_size, 0);
        return *this;
    }

    /// @return room for at least n values; what was there is lost where the buffer has to grow
    T* reserve(std::size_t n) {
        if (n > m_size) {
            m_data.reset();
            m_size = 0; // nothing is held where the allocation fails
            m_data.reset(static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{64})));
            m_size = n;
        }
        return m_data.get();
    }
    std::size_t size() const { return m_size; }

private:
    struct release {
        void operator()(T* p) const { ::operator delete (p, std::align_val_t{64}); }
    };
    std::unique_ptr<T[], release> m_data;
    std::size_t m_size = 0;
};

/// @brief Bump allocation from a few large chunks that are kept: after the first round of the same requests
/// nothing is allocated any more. Pointers stay valid until the arena is reset past them.
class arena {
public:
    /// A place to come back to.
    struct mark {
        std::size_t chunk;
        std::size_t used;
    };

    /// @return n uninitialised floats, aligned to 64 bytes
    float* take(std::size_t n) {
        n = (n + 15) / 16 * 16;
        while (m_at.chunk < m_chunks.size() && m_at.used + n > m_chunks[m_at.chunk].size()) {
            m_at = {m_at.chunk + 1, 0};
        }
        if (m_at.chunk == m_chunks.size()) {
            m_chunks.emplace_back().reserve(n > minimum_chunk ? n : minimum_chunk);
        }
        float* p = m_chunks[m_at.chunk].reserve(0) + m_at.used;
        m_at.used += n;
        return p;
    }
    mark position() const { return m_at; }
    /// @brief Gives back everything taken since `position()` returned `m`.
    void reset(mark m) { m_at = m; }
    /// @brief Gives back everything.
    void reset() { m_at = mark{0, 0}; }
    /// @brief Overwrites everything held, so that a check sees who reads what nobody wrote.
    void fill(float value) {
        for (auto& c : m_chunks) {
            std::fill_n(c.reserve(0), c.size(), value);
        }
    }
    /// @return bytes held
    std::size_t bytes() const {
        std::size_t sum = 0;
        for (const auto& c : m_chunks) {
            sum += c.size() * sizeof(float);
        }
        return sum;
    }

private:
    static constexpr std::size_t minimum_chunk = std::size_t{1} << 20U;
    std::vector<aligned_buffer<float>> m_chunks;
    mark m_at{0, 0};
};

/// @brief Scratch of the calling thread: n floats, valid until the thread asks again.
inline float* thread_scratch(std::size_t n) {
    thread_local aligned_buffer<float> buffer;
    return buffer.reserve(n);
}

} // namespace fitnas

#endif
