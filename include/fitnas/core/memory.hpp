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

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace fitnas {

/// @brief Uninitialised floats (or doubles), aligned to a cache line.
template <class T>
class aligned_buffer {
    static_assert(std::is_trivial_v<T>,
                  "[F0005] an aligned_buffer holds plain numbers: nothing is constructed in it");

public:
    aligned_buffer() = default;
    /// Takes the memory of another, which is then empty.
    aligned_buffer(aligned_buffer&& other) noexcept
        : m_data(std::move(other.m_data)), m_size(std::exchange(other.m_size, 0)) {}
    /// The same.
    aligned_buffer& operator=(aligned_buffer&& other) noexcept {
        m_data = std::move(other.m_data);
        m_size = std::exchange(other.m_size, 0);
        return *this;
    }

    /// @return room for at least n values; what was there is lost where the buffer has to grow
    T* reserve(std::size_t n) {
        if (n > m_size) {
            grow(n);
        }
        return m_data.get();
    }
    std::size_t size() const { return m_size; }

private:
    /// Buffers of this size and larger ask for huge pages: with small ones a pass over them waits for address
    /// translation.
    static constexpr std::size_t huge = std::size_t{4} << 20U;
    static constexpr std::size_t huge_page = std::size_t{2} << 20U;

    FITNAS_NOINLINE void grow(std::size_t n) {
        m_data.reset();
        m_size = 0; // nothing is held where the allocation fails
        const std::size_t bytes = n * sizeof(T);
        const release free{bytes < huge ? std::size_t{64} : huge_page};
        m_data = {static_cast<T*>(::operator new (bytes, std::align_val_t{free.alignment})), free};
        m_size = n;
#if defined(__linux__)
        if (bytes >= huge) { // a hint: a failure costs speed alone
            (void)madvise(m_data.get(), bytes, MADV_HUGEPAGE);
        }
#endif
    }

    struct release {
        std::size_t alignment = 64;
        void operator()(T* p) const { ::operator delete (p, std::align_val_t{alignment}); }
    };
    std::unique_ptr<T[], release> m_data;
    std::size_t m_size = 0;
};

/// @brief Bump allocation from memory that is kept: after the round of the largest requests nothing is
/// allocated any more. Pointers stay valid until the arena is reset past them.
class arena {
public:
    /// A place to come back to.
    struct mark {
        std::size_t chunk; ///< which piece of memory
        std::size_t used;  ///< floats taken from it
    };

    /// @return n uninitialised floats, aligned to 64 bytes
    FITNAS_NOINLINE float* take(std::size_t n) {
        n = (n + 15) / 16 * 16;
        while (m_at.chunk < m_chunks.size() && m_at.used + n > m_chunks[m_at.chunk].size()) {
            m_at = {m_at.chunk + 1, 0};
        }
        if (m_at.chunk == m_chunks.size()) {
            m_chunks.emplace_back().reserve(n > minimum_chunk ? n : minimum_chunk);
        }
        float* p = m_chunks[m_at.chunk].reserve(0) + m_at.used;
        m_at.used += n;
        std::size_t taken = m_at.used; // counting what was left over at the ends of chunks
        for (std::size_t i = 0; i < m_at.chunk; ++i) {
            taken += m_chunks[i].size();
        }
        m_most = (std::max)(m_most, taken);
        return p;
    }
    /// @brief Makes room for n floats in one piece, where nothing was taken yet.
    void reserve(std::size_t n) {
        if (m_chunks.empty() && n > 0) {
            m_chunks.emplace_back().reserve(n > minimum_chunk ? n : minimum_chunk);
        }
    }
    /// A place to come back to by `reset`.
    mark position() const { return m_at; }
    /// @brief Gives back everything taken since `position()` returned `m`.
    void reset(mark m) { m_at = m; }
    /// @brief Gives back everything. Where it lay in several chunks, they become one: requests of other sizes
    /// would leave gaps in them, and more of them would come.
    void reset() {
        m_at = mark{0, 0};
        if (m_chunks.size() > 1) {
            m_chunks.clear();
            m_chunks.emplace_back().reserve(m_most);
        }
    }
    /// @brief Overwrites everything held, so that a check sees who reads what nobody wrote.
    void fill(float value) {
        for (auto& c : m_chunks) {
            std::fill_n(c.reserve(0), c.size(), value);
        }
    }
    /// @return the most floats that were in use at once, with what ends of pieces left unused
    std::size_t most() const { return m_most; }
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
    std::size_t m_most = 0; ///< floats in use at once
};

namespace detail {
inline aligned_buffer<float>& thread_buffer() {
    thread_local aligned_buffer<float> buffer;
    return buffer;
}
} // namespace detail

/// @brief Scratch of the calling thread: n floats, valid until the thread asks again.
inline float* thread_scratch(std::size_t n) { return detail::thread_buffer().reserve(n); }
/// @return the most floats that the calling thread has asked for
inline std::size_t thread_scratch_size() { return detail::thread_buffer().size(); }

} // namespace fitnas

#endif
