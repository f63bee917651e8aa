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

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#define FITNAS_HAS_POSIX_FILES 1
#else
#define FITNAS_HAS_POSIX_FILES 0
#endif

namespace fitnas::detail {

#if FITNAS_HAS_POSIX_FILES
/// Opens a temporary file, empty, once nobody else writes it: a lock on it makes writers take turns.
/// @return null where it cannot be opened; `errno` says why
inline std::FILE* open_alone(const std::string& path) {
    for (int attempt = 0; attempt < 1000; ++attempt) {
        const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        if (descriptor < 0) {
            return nullptr;
        }
        // File systems without locks let everybody in.
        while (flock(descriptor, LOCK_EX) != 0 && errno == EINTR) {
        }
        struct stat mine = {};
        struct stat named = {};
        const bool known = fstat(descriptor, &mine) == 0 && stat(path.c_str(), &named) == 0;
        // Otherwise who had the lock put the file in place, where it must not be touched, or removed it.
        if (known && mine.st_dev == named.st_dev && mine.st_ino == named.st_ino) {
            if (!S_ISREG(mine.st_mode) || ftruncate(descriptor, 0) == 0) {
                return fdopen(descriptor, "wb");
            }
            const int reason = errno;
            close(descriptor);
            errno = reason;
            return nullptr;
        }
        close(descriptor);
    }
    errno = EBUSY;
    return nullptr;
}
#endif

/// Writes `path` by way of `path.tmp` in the same folder. `commit` brings it to the disk and puts it in place
/// in one step: a reader, or the next run after a crash, finds the old file or the new one and never a part.
/// Without `commit`, and where anything fails, what stood at `path` stays and the temporary is removed. Of
/// several programs or threads that write one path, each waits for the one before.
class whole_file {
public:
    /// @throws data_error with the system's reason, as the others do
    explicit whole_file(const std::string& path)
        : m_path(path), m_temporary(path + ".tmp"), m_file(opened(m_temporary)) {
        if (!m_file) {
            throw data_error("[F0956] " + path + ": cannot be written: " + m_temporary + ": " +
                             std::strerror(errno));
        }
    }
    ~whole_file() { drop(); }
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
#if FITNAS_HAS_POSIX_FILES
        good = good && fsync(fileno(m_file.get())) == 0;
#endif
        if (!good) {
            refuse("written");
        }
#if !FITNAS_HAS_POSIX_FILES // where open files cannot be renamed
        if (std::fclose(m_file.release()) != 0) {
            refuse("written");
        }
#endif
        if (std::rename(m_temporary.c_str(), m_path.c_str()) != 0) {
            refuse("put in place");
        }
        m_file.reset(); // and who waits may begin
        sync_folder();
    }

private:
    struct close_file {
        void operator()(std::FILE* f) const { std::fclose(f); }
    };

    static std::FILE* opened(const std::string& path) {
#if FITNAS_HAS_POSIX_FILES
        return open_alone(path);
#else
        return std::fopen(path.c_str(), "wb");
#endif
    }

    /// Removes the temporary before anybody else can take it for theirs.
    void drop() {
        if (m_file) {
#if FITNAS_HAS_POSIX_FILES
            std::remove(m_temporary.c_str());
            m_file.reset();
#else
            m_file.reset();
            std::remove(m_temporary.c_str());
#endif
        }
    }

    [[noreturn]] void refuse(const std::string& what) {
        const std::string reason = std::strerror(errno);
        drop();
        throw data_error("[F0957] " + m_path + ": cannot be " + what + ": " + reason);
    }

    /// So that the new name, too, outlives a loss of power. Folders that cannot be synced (some network file
    /// systems) are no error: the file is in place.
    void sync_folder() const {
#if FITNAS_HAS_POSIX_FILES
        const std::size_t slash = m_path.rfind('/');
        const std::string folder = slash == std::string::npos ? "." : m_path.substr(0, slash + 1);
        const int descriptor = open(folder.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor >= 0) {
            (void)fsync(descriptor);
            close(descriptor);
        }
#endif
    }

    std::string m_path;
    std::string m_temporary;
    std::unique_ptr<std::FILE, close_file> m_file;
};

} // namespace fitnas::detail

#endif
