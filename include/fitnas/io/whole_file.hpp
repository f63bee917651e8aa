/// @file
/// @brief Files that are there whole or not at all.

#ifndef FITNAS_IO_WHOLE_FILE_HPP
#define FITNAS_IO_WHOLE_FILE_HPP

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include <fitnas/core/error.hpp>

#if __has_include(<unistd.h>)
#include <fcntl.h>
#include <unistd.h>
#define FITNAS_HAS_FSYNC 1
#else
#define FITNAS_HAS_FSYNC 0
#endif

namespace fitnas::detail {

/// Writes `path` by way of `path.tmp` in the same folder. `commit` brings it to the disk and puts it in place
/// in one step: a reader, or the next run after a crash, finds the old file or the new one and never a part.
/// Without `commit`, and where anything fails, what stood at `path` stays and the temporary is removed.
class whole_file {
public:
    /// @throws data_error with the system's reason, as the others do
    explicit whole_file(const std::string& path)
        : m_path(path), m_file(std::fopen(temporary().c_str(), "wb")) {
        if (!m_file) {
            throw data_error("[F0956] " + path + ": cannot be written: " + temporary() + ": " +
                             std::strerror(errno));
        }
    }
    ~whole_file() {
        if (m_file) {
            m_file.reset();
            std::remove(temporary().c_str());
        }
    }
    whole_file(const whole_file&) = delete;
    whole_file& operator=(const whole_file&) = delete;

    void append(const void* data, std::size_t size) {
        if (size > 0 && std::fwrite(data, 1, size, m_file.get()) != size) {
            refuse("written");
        }
    }

    /// Once, after everything was appended.
    void commit() {
        bool good = std::fflush(m_file.get()) == 0;
#if FITNAS_HAS_FSYNC
        good = good && fsync(fileno(m_file.get())) == 0;
#endif
        if (!good) {
            refuse("written");
        }
        if (std::fclose(m_file.release()) != 0) {
            refuse("written");
        }
        if (std::rename(temporary().c_str(), m_path.c_str()) != 0) {
            refuse("put in place");
        }
        sync_folder();
    }

private:
    struct close {
        void operator()(std::FILE* f) const { std::fclose(f); }
    };

    std::string temporary() const { return m_path + ".tmp"; }

    [[noreturn]] void refuse(const std::string& what) {
        const std::string reason = std::strerror(errno);
        m_file.reset();
        std::remove(temporary().c_str());
        throw data_error("[F0957] " + m_path + ": cannot be " + what + ": " + reason);
    }

    /// So that the new name, too, outlives a loss of power. Folders that cannot be synced (some network file
    /// systems) are no error: the file is in place.
    void sync_folder() const {
#if FITNAS_HAS_FSYNC
        const std::size_t slash = m_path.rfind('/');
        const std::string folder = slash == std::string::npos ? "." : m_path.substr(0, slash + 1);
        const int descriptor = open(folder.c_str(), O_RDONLY);
        if (descriptor >= 0) {
            (void)fsync(descriptor);
            ::close(descriptor);
        }
#endif
    }

    std::string m_path;
    std::unique_ptr<std::FILE, close> m_file;
};

} // namespace fitnas::detail

#endif
