/// @file
/// @brief Reading binary files, plain or compressed with gzip.
///
/// gzip needs zlib: define `FITNAS_HAS_ZLIB=1` for the whole program and link with `-lz`.

#ifndef FITNAS_DATA_BYTE_FILE_HPP
#define FITNAS_DATA_BYTE_FILE_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <fitnas/core/error.hpp>

#ifndef FITNAS_HAS_ZLIB
#define FITNAS_HAS_ZLIB 0
#elif 0 - FITNAS_HAS_ZLIB - 1 != -1 && 0 - FITNAS_HAS_ZLIB - 1 != -2
#error "[F0480] FITNAS_HAS_ZLIB must be 1, 0 or not defined"
#endif
#if FITNAS_HAS_ZLIB
#include <zlib.h>
#endif

namespace fitnas::detail {

/// A file that is read from front to back; compressed content (known by its first two bytes) is unpacked on
/// the way.
class byte_file {
public:
    /// @throws data_error where the file cannot be opened, or is compressed and zlib is not built in
    explicit byte_file(const std::string& path) : m_path(path), m_plain(std::fopen(path.c_str(), "rb")) {
        if (!m_plain) {
            throw data_error("[F0405] " + path + ": cannot be opened: " + std::strerror(errno));
        }
        unsigned char magic[2] = {};
        const bool compressed =
            std::fread(magic, 1, 2, m_plain.get()) == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
        std::rewind(m_plain.get());
        if (compressed) {
#if FITNAS_HAS_ZLIB
            m_plain.reset();
            m_packed.reset(gzopen(path.c_str(), "rb"));
            if (!m_packed) {
                throw data_error("[F0406] " + path + ": cannot be opened as a gzip file");
            }
            gzbuffer(m_packed.get(), 1U << 17U);
#else
            throw data_error("[F0407] " + path +
                             ": is compressed, and this program is built without zlib: gunzip the file, or "
                             "build with FITNAS_HAS_ZLIB=1 and -lz");
#endif
        }
    }

    const std::string& path() const { return m_path; }

    /// Reads up to n bytes; memory grows with what is really there, so a lying header cannot exhaust it.
    std::vector<std::uint8_t> read(std::uint64_t n) {
        constexpr std::uint64_t first = std::uint64_t{1} << 16U;
        std::vector<std::uint8_t> bytes;
        while (bytes.size() < n) {
            const std::size_t had = bytes.size();
            const std::uint64_t piece = (std::max)(first, std::uint64_t{had});
            const auto wanted = static_cast<std::size_t>((std::min)(piece, n - had));
            bytes.reserve(had + wanted); // no more than that, where n is near
            bytes.resize(had + wanted);
            const std::size_t got = read_some(bytes.data() + had, wanted);
            bytes.resize(had + got);
            if (got < wanted) {
                break;
            }
        }
        return bytes;
    }

    /// Reads exactly n bytes.
    /// @param what the bytes are, for the message
    /// @throws data_error where there are fewer
    std::vector<std::uint8_t> read_exactly(std::uint64_t n, const std::string& what) {
        std::vector<std::uint8_t> bytes = read(n);
        if (bytes.size() < n) {
            throw data_error("[F0408] " + m_path + ": truncated: expected " + std::to_string(n) +
                             " bytes of " + what + ", got " + std::to_string(bytes.size()));
        }
        return bytes;
    }

    /// @throws data_error where anything is left to read
    void require_end(const std::string& what) {
        if (!read(1).empty()) {
            throw data_error("[F0409] " + m_path + ": expected the end of the file after " + what +
                             ", got more bytes");
        }
    }

private:
    std::size_t read_some(std::uint8_t* to, std::size_t n) {
#if FITNAS_HAS_ZLIB
        if (m_packed) {
            constexpr std::size_t most = std::size_t{1} << 30U; // gzread counts in an int
            std::size_t sum = 0;
            while (sum < n) {
                const auto wanted = static_cast<unsigned>((std::min)(most, n - sum));
                const int got = gzread(m_packed.get(), to + sum, wanted);
                // Where the stream just stops, zlib hands out what it has and only notes the fault.
                int code = Z_OK;
                const char* reason = gzerror(m_packed.get(), &code);
                const bool ended = got < 0 || static_cast<unsigned>(got) < wanted;
                if (got < 0 || (ended && code != Z_OK)) {
                    throw data_error("[F0410] " + m_path + ": truncated or damaged gzip data: " + reason);
                }
                sum += static_cast<std::size_t>(got);
                if (ended) {
                    break;
                }
            }
            return sum;
        }
#endif
        const std::size_t got = std::fread(to, 1, n, m_plain.get());
        if (got < n && std::ferror(m_plain.get()) != 0) {
            throw data_error("[F0411] " + m_path + ": cannot be read: " + std::strerror(errno));
        }
        return got;
    }

    struct close_plain {
        void operator()(std::FILE* f) const { std::fclose(f); }
    };
    std::string m_path;
    std::unique_ptr<std::FILE, close_plain> m_plain;
#if FITNAS_HAS_ZLIB
    struct close_packed {
        void operator()(gzFile_s* f) const { gzclose(f); }
    };
    std::unique_ptr<gzFile_s, close_packed> m_packed;
#endif
};

/// @return `directory/name`, or `directory/name.gz` where only that is there
/// @throws data_error where neither is there
inline std::string find_file(const std::string& directory, const std::string& name) {
    const std::string path = directory + "/" + name;
    for (const std::string& candidate : {path, path + ".gz"}) {
        if (std::FILE* f = std::fopen(candidate.c_str(), "rb")) {
            std::fclose(f);
            return candidate;
        }
    }
    throw data_error("[F0412] " + path + ": no such file, and no " + name + ".gz beside it");
}

} // namespace fitnas::detail

#endif
