/// @file
/// @brief Sizes that cannot overflow, and a refusal before memory is asked for that the machine does not
/// have.

#ifndef FITNAS_CORE_MEMORY_LIMIT_HPP
#define FITNAS_CORE_MEMORY_LIMIT_HPP

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/resource.h>
#include <unistd.h>
#endif

namespace fitnas {

/// @brief A number of bytes (or values) that stays at 2^64 - 1 where a sum or product would not fit.
class memory_size {
public:
    constexpr memory_size() = default;
    /// A number of bytes.
    constexpr memory_size(std::uint64_t value) : m_value(value) {} // NOLINT: a number is one
    /// @param value below 0 counts as 0
    static constexpr memory_size of(long long value) {
        return {value < 0 ? 0 : static_cast<std::uint64_t>(value)};
    }

    constexpr std::uint64_t value() const { return m_value; } ///< in bytes
    /// The sum, or the most there is.
    friend constexpr memory_size operator+(memory_size a, memory_size b) {
        return a.m_value > most - b.m_value ? most : a.m_value + b.m_value;
    }
    /// The product, or the most there is.
    friend constexpr memory_size operator*(memory_size a, memory_size b) {
        return a.m_value != 0 && b.m_value > most / a.m_value ? most : a.m_value * b.m_value;
    }
    /// Adds, to the most there is.
    constexpr memory_size& operator+=(memory_size b) { return *this = *this + b; }
    friend constexpr bool operator==(const memory_size&, const memory_size&) = default;
    friend constexpr auto operator<=>(const memory_size&, const memory_size&) = default;

private:
    static constexpr std::uint64_t most = (std::numeric_limits<std::uint64_t>::max)();
    std::uint64_t m_value = 0;
};

namespace detail {

/// The number in a file of the kernel's; the largest there is where there is none.
FITNAS_LAZY FITNAS_COLD std::uint64_t number_in_file(const char* path);

} // namespace detail

/// @brief The most memory that this process can have: what the machine has, or less where its control group
/// or `ulimit -v` allows less. What is free at the moment does not count.
/// @return bytes; 2^64 - 1 where it is not known
FITNAS_COLD FITNAS_API std::uint64_t memory_there_is();

/// @return for example "3221225472 bytes (3.0 GiB)"; "2^64 bytes or more" where the size did not fit
FITNAS_COLD FITNAS_API std::string to_string(memory_size size);

/// @brief Refuses what cannot fit, before it is begun.
/// @param what is asked for, for the message: "train: a step of 64 images"
/// @param needed bytes
/// @param limit bytes; 0: `memory_there_is()`
/// @param advice what would need less
/// @throws option_error that says how many bytes are needed and how many there are
FITNAS_COLD FITNAS_API void require_memory(const std::string& what, memory_size needed, std::uint64_t limit,
                                           const std::string& advice);

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::uint64_t number_in_file(const char* path) {
    unsigned long long value = 0;
    std::FILE* file = std::fopen(path, "r");
    const bool found = file != nullptr && std::fscanf(file, "%llu", &value) == 1;
    if (file != nullptr) {
        std::fclose(file);
    }
    return found ? value : (std::numeric_limits<std::uint64_t>::max)();
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API std::uint64_t memory_there_is() {
    static const std::uint64_t machine = [] {
        std::uint64_t bytes =
            (std::min)(detail::number_in_file("/sys/fs/cgroup/memory.max"),
                       detail::number_in_file("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
#if defined(_SC_PHYS_PAGES) && defined(_SC_PAGESIZE)
        const long pages = sysconf(_SC_PHYS_PAGES);
        const long page = sysconf(_SC_PAGESIZE);
        if (pages > 0 && page > 0) {
            bytes = (std::min)(bytes, static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page));
        }
#endif
        return bytes;
    }();
    std::uint64_t most = machine;
#if defined(RLIMIT_AS)
    rlimit address{};
    if (getrlimit(RLIMIT_AS, &address) == 0 && address.rlim_cur != RLIM_INFINITY) {
        const std::uint64_t allowed = address.rlim_cur;
        most = (std::min)(most, allowed);
    }
#endif
    return most;
}

FITNAS_API std::string to_string(memory_size size) {
    if (size == (std::numeric_limits<std::uint64_t>::max)()) {
        return "2^64 bytes or more";
    }
    constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(size.value());
    int unit = 0;
    for (; value >= 1024 && unit < 6; ++unit) {
        value /= 1024;
    }
    return std::to_string(size.value()) + " bytes" +
           (unit == 0 ? "" : " (" + detail::fixed_point_text(value, 1) + " " + units[unit] + ")");
}

FITNAS_API void require_memory(const std::string& what, memory_size needed, std::uint64_t limit,
                               const std::string& advice) {
    const memory_size there = limit != 0 ? limit : memory_there_is();
    if (needed > there) {
        throw option_error("[F0006] " + what + ": needs " + to_string(needed) + " of memory, " +
                           (limit != 0 ? "the limit is " : "there are ") + to_string(there) + "; " + advice);
    }
}

} // namespace fitnas

#endif

#endif
