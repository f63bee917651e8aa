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
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/data/file_format.hpp>

#if 0 - FITNAS_HAS_ZLIB - 1 != -1 && 0 - FITNAS_HAS_ZLIB - 1 != -2
#error "[F0480] FITNAS_HAS_ZLIB must be 1, 0 or not defined"
#endif
#if FITNAS_HAS_ZLIB
#include <zlib.h>
#endif

namespace fitnas::detail {

#if FITNAS_HAS_ZLIB
/// What unpacks a gzip file: one member after the other, as gzip does. Zeros behind the last, with which
/// tapes and disks fill up, are no content; anything else there is refused.
class gzip_stream {
public:
    /// @param path for messages
    explicit gzip_stream(std::string path) : m_path(std::move(path)), m_input(std::size_t{1} << 17U) {
        if (inflateInit2(&m_zip, 16 + MAX_WBITS) != Z_OK) { // 16: gzip and nothing else
            throw data_error("[F0406] " + m_path + ": zlib cannot be started");
        }
    }
    ~gzip_stream() { inflateEnd(&m_zip); }
    gzip_stream(const gzip_stream&) = delete;
    gzip_stream& operator=(const gzip_stream&) = delete;

    /// @param source called with (where to, how many bytes), gives up to so many and returns how many; 0 at
    /// the end
    /// @return how many bytes there were, at most n
    template <class Source>
    std::size_t read(std::uint8_t* to, std::size_t n, Source&& source) {
        constexpr std::size_t most = std::size_t{1} << 30U; // zlib counts in an unsigned int
        std::size_t sum = 0;
        while (sum < n && !m_ended) {
            if (!refill(source)) {
                refuse("unexpected end of file");
            }
            const std::size_t wanted = (std::min)(most, n - sum);
            m_zip.next_out = to + sum;
            m_zip.avail_out = static_cast<unsigned>(wanted);
            const int code = inflate(&m_zip, Z_NO_FLUSH);
            sum += wanted - m_zip.avail_out;
            if (code == Z_STREAM_END) {
                next_member(source);
            } else if (code != Z_OK) {
                refuse(m_zip.msg != nullptr ? m_zip.msg : zError(code));
            }
        }
        return sum;
    }

private:
    /// @return whether there is input
    template <class Source>
    bool refill(Source&& source) {
        if (m_zip.avail_in == 0) {
            m_zip.next_in = m_input.data();
            m_zip.avail_in = static_cast<unsigned>(source(m_input.data(), m_input.size()));
        }
        return m_zip.avail_in > 0;
    }

    template <class Source>
    void next_member(Source&& source) {
        if (!refill(source)) {
            m_ended = true;
        } else if (*m_zip.next_in != 0) { // what is no member either is refused there
            if (*m_zip.next_in != 0x1F) {
                refuse_rest();
            }
            inflateReset(&m_zip);
        } else {
            for (; refill(source); ++m_zip.next_in, --m_zip.avail_in) {
                if (*m_zip.next_in != 0) {
                    refuse_rest();
                }
            }
            m_ended = true;
        }
    }

    [[noreturn]] void refuse(const std::string& reason) const {
        throw data_error("[F0410] " + m_path + ": truncated or damaged gzip data: " + reason);
    }
    [[noreturn]] void refuse_rest() const {
        throw data_error("[F0465] " + m_path +
                         ": expected the end of the file after the gzip data, got other bytes: truncate it "
                         "there, or unpack it with gunzip, which leaves them out");
    }

    std::string m_path;
    std::vector<std::uint8_t> m_input;
    z_stream m_zip{};
    bool m_ended = false;
};
#endif

/// A file that is read once, from front to back, so that it may be a pipe; compressed content (known by its
/// first two bytes) is unpacked on the way.
class byte_file {
public:
    enum class content { numbers, any };

    /// @param what numbers: of a format without a signature, so that those of others are refused
    /// @throws data_error where the file cannot be opened or read, is compressed and zlib is not built in, or
    /// seems to be of another format
    FITNAS_LAZY explicit byte_file(const std::string& path, content what = content::numbers);

    const std::string& path() const { return m_path; }

    /// Reads up to n bytes; memory grows with what is really there, so a lying header cannot exhaust it.
    FITNAS_LAZY std::vector<std::uint8_t> read(std::uint64_t n);

    /// Reads exactly n bytes.
    /// @param what the bytes are, for the message
    /// @throws data_error where there are fewer
    FITNAS_LAZY std::vector<std::uint8_t> read_exactly(std::uint64_t n, const std::string& what);

    /// @throws data_error where anything is left to read
    FITNAS_LAZY void require_end(const std::string& what);

private:
    static bool is_gzip(std::span<const std::uint8_t> first) {
        return first.size() >= 2 && first[0] == 0x1F && first[1] == 0x8B;
    }

    /// Refuses what is neither numbers nor text, by name.
    FITNAS_LAZY void require_known() const;

    /// @param kept bytes that were read before they were asked for; what is taken is removed
    FITNAS_LAZY static std::size_t take(std::vector<std::uint8_t>& kept, std::uint8_t* to, std::size_t n);

    std::size_t read_some(std::uint8_t* to, std::size_t n) {
        const std::size_t had = take(m_first, to, n);
        return had + (had < n ? read_content(to + had, n - had) : 0);
    }

    /// Reads the content, plain or unpacked.
    FITNAS_LAZY std::size_t read_content(std::uint8_t* to, std::size_t n);

    /// Reads the bytes of the file itself.
    FITNAS_LAZY std::size_t read_raw(std::uint8_t* to, std::size_t n);

    struct close_file {
        void operator()(std::FILE* f) const { std::fclose(f); }
    };
    std::string m_path;
    std::unique_ptr<std::FILE, close_file> m_file;
    std::vector<std::uint8_t> m_raw;   ///< read to see whether the file is compressed
    std::vector<std::uint8_t> m_first; ///< read to see what the content is
#if FITNAS_HAS_ZLIB
    std::unique_ptr<gzip_stream> m_packed;
#endif
};

/// Asks for the name alone: to open a pipe and close it again would end who writes it.
inline bool file_exists(const std::string& path) {
    struct stat found = {};
    return stat(path.c_str(), &found) == 0;
}

/// @return `directory/name`, or `directory/name.gz` where only that is there
/// @throws data_error where neither is there
FITNAS_LAZY std::string find_file(const std::string& directory, const std::string& name);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN byte_file::byte_file(const std::string& path, content what)
    : m_path(path), m_file(std::fopen(path.c_str(), "rb")) {
    if (!m_file) {
        throw data_error("[F0405] " + path + ": cannot be opened: " + std::strerror(errno));
    }
    m_raw.resize(2);
    m_raw.resize(read_raw(m_raw.data(), 2));
    if (is_gzip(m_raw)) {
#if FITNAS_HAS_ZLIB
        m_packed = std::make_unique<gzip_stream>(path);
#else
        throw data_error("[F0407] " + path +
                         ": is compressed, and this program is built without zlib: gunzip the file, or "
                         "build with FITNAS_HAS_ZLIB=1 and -lz");
#endif
    }
    m_first.resize(longest_signature);
    m_first.resize(read_content(m_first.data(), m_first.size()));
    if (what == content::numbers) {
        require_known();
    }
}

FITNAS_LAZY_AGAIN std::vector<std::uint8_t> byte_file::read(std::uint64_t n) {
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

FITNAS_LAZY_AGAIN std::vector<std::uint8_t> byte_file::read_exactly(std::uint64_t n,
                                                                    const std::string& what) {
    std::vector<std::uint8_t> bytes = read(n);
    if (bytes.size() < n) {
        throw data_error("[F0408] " + m_path + ": truncated: expected " + std::to_string(n) + " bytes of " +
                         what + ", got " + std::to_string(bytes.size()));
    }
    return bytes;
}

FITNAS_LAZY_AGAIN void byte_file::require_end(const std::string& what) {
    if (!read(1).empty()) {
        throw data_error("[F0409] " + m_path + ": expected the end of the file after " + what +
                         ", got more bytes");
    }
}

FITNAS_LAZY_AGAIN void byte_file::require_known() const {
    const std::string_view format =
        is_gzip(m_first) ? "compressed twice: unpack it once with gunzip" : foreign_format(m_first);
    if (!format.empty()) {
        throw data_error("[F0466] " + m_path + ": seems to be " + std::string(format));
    }
}

FITNAS_LAZY_AGAIN std::size_t byte_file::take(std::vector<std::uint8_t>& kept, std::uint8_t* to,
                                              std::size_t n) {
    const auto count = static_cast<std::ptrdiff_t>((std::min)(n, kept.size()));
    std::copy_n(kept.begin(), count, to);
    kept.erase(kept.begin(), kept.begin() + count);
    return static_cast<std::size_t>(count);
}

FITNAS_LAZY_AGAIN std::size_t byte_file::read_content(std::uint8_t* to, std::size_t n) {
    const auto raw = [this](std::uint8_t* where, std::size_t count) {
        const std::size_t had = take(m_raw, where, count);
        return had + (had < count ? read_raw(where + had, count - had) : 0);
    };
#if FITNAS_HAS_ZLIB
    if (m_packed) {
        return m_packed->read(to, n, raw);
    }
#endif
    return raw(to, n);
}

FITNAS_LAZY_AGAIN std::size_t byte_file::read_raw(std::uint8_t* to, std::size_t n) {
    const std::size_t got = std::fread(to, 1, n, m_file.get());
    if (got < n && std::ferror(m_file.get()) != 0) {
        throw data_error("[F0411] " + m_path + ": cannot be read: " + std::strerror(errno));
    }
    return got;
}

FITNAS_LAZY_AGAIN std::string find_file(const std::string& directory, const std::string& name) {
    const std::string path = directory + "/" + name;
    for (const std::string& candidate : {path, path + ".gz"}) {
        if (file_exists(candidate)) {
            return candidate;
        }
    }
    throw data_error("[F0412] " + path + ": no such file, and no " + name + ".gz beside it");
}

} // namespace fitnas::detail

#endif

#endif
