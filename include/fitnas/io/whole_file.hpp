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

#include <fitnas/config.hpp>
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
/// What a path to be written leads to.
struct written_place {
    std::string path;       ///< behind symbolic links; whoever writes there replaces no link
    bool there = false;     ///< whether a file is there already
    struct stat state = {}; ///< of that file
};

/// Follows symbolic links; the last may name what is not there yet.
/// @throws data_error where the path is empty, links go in a circle, or what is there is no file
FITNAS_COLD inline written_place find_place(const std::string& path) {
    if (path.empty() || path.find('\0') != std::string::npos) {
        throw data_error("[F0970] \"" + std::string(path.c_str()) +
                         "\": cannot be written: expected the path of a file, got " +
                         (path.empty() ? "an empty one" : "one with a zero byte"));
    }
    const auto refuse = [&](const char* reason) {
        throw data_error("[F0971] " + path + ": cannot be written: " + reason);
    };
    written_place place{path};
    place.there = stat(path.c_str(), &place.state) == 0;
    if (!place.there && errno != ENOENT) { // a folder that is missing is found where the file is opened
        refuse(std::strerror(errno));
    }
    if (const mode_t mode = place.state.st_mode; place.there && !S_ISREG(mode)) {
        throw data_error("[F0972] " + path +
                         ": cannot be put in place: expected a file or nothing there, got " +
                         (S_ISDIR(mode)    ? "a folder"
                          : S_ISFIFO(mode) ? "a FIFO"
                          : S_ISSOCK(mode) ? "a socket"
                                           : "a device"));
    }
    // A rename would do without leave to write, but such files are meant to stay.
    if (place.there && faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) {
        refuse(std::strerror(errno));
    }
    char target[4096];
    for (int links = 0; links < 40; ++links) { // as many as the system follows
        const ssize_t length = readlink(place.path.c_str(), target, sizeof target);
        if (length <= 0) {
            break;
        }
        const std::size_t slash = place.path.rfind('/');
        place.path.resize(target[0] == '/' || slash == std::string::npos ? 0 : slash + 1);
        place.path.append(target, static_cast<std::size_t>(length));
    }
    return place;
}

/// Gives an open file the owner and the mode of another, as far as the system allows.
inline void keep_owner_and_mode(int descriptor, const struct stat& of) {
    struct stat mine = {};
    mode_t mode = of.st_mode & 07777U;
    const bool known = fstat(descriptor, &mine) == 0;
    if (!known || mine.st_uid != of.st_uid || mine.st_gid != of.st_gid) {
        if (fchown(descriptor, of.st_uid, of.st_gid) != 0) {
            mode &= 0777U; // bits that let others act as the owner are for that owner alone
            if (fchown(descriptor, static_cast<uid_t>(-1), of.st_gid) != 0) {
                mode = (mode & 0707U) | (mode & 07U) << 3U; // another group may do what everybody may
            }
        }
    }
    (void)fchmod(descriptor, mode);
}

/// Opens a temporary file, empty, once nobody else writes it: a lock on it makes writers take turns. What
/// is no file of its own (a link, a FIFO) is left alone.
/// @return null where it cannot be opened; `errno` says why
FITNAS_COLD inline std::FILE* open_alone(const std::string& path, const written_place& place) {
    const auto failed = [](int descriptor, int reason) {
        close(descriptor);
        errno = reason;
        return nullptr;
    };
    for (int attempt = 0; attempt < 1000; ++attempt) {
        // What is to be kept from others is so from the first byte on.
        const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                                    place.there ? 0600 : 0666);
        if (descriptor < 0) {
            errno = errno == ELOOP || errno == ENXIO ? EEXIST : errno;
            return nullptr;
        }
        struct stat mine = {};
        if (fstat(descriptor, &mine) != 0 || !S_ISREG(mine.st_mode)) {
            return failed(descriptor, EEXIST);
        }
        // File systems without locks let everybody in.
        while (flock(descriptor, LOCK_EX) != 0 && errno == EINTR) {
        }
        struct stat named = {};
        // Otherwise who had the lock put the file in place, where it must not be touched, or removed it.
        if (lstat(path.c_str(), &named) == 0 && mine.st_dev == named.st_dev && mine.st_ino == named.st_ino) {
            if (ftruncate(descriptor, 0) != 0) {
                return failed(descriptor, errno);
            }
            struct stat now = {}; // who had the lock may have put a file there
            if (lstat(place.path.c_str(), &now) == 0) {
                keep_owner_and_mode(descriptor, now);
            }
            std::FILE* file = fdopen(descriptor, "wb");
            return file != nullptr ? file : failed(descriptor, errno);
        }
        close(descriptor);
    }
    errno = EBUSY;
    return nullptr;
}
#else
struct written_place {
    std::string path;
};
inline written_place find_place(const std::string& path) { return {path}; }
#endif

/// Writes `path` by way of `path.tmp` in the same folder. `commit` brings it to the disk and puts it in place
/// in one step: a reader, or the next run after a crash, finds the old file or the new one and never a part.
/// Without `commit`, and where anything fails, what stood at `path` stays and the temporary is removed. Of
/// several programs or threads that write one path, each waits for the one before.
///
/// It is as if the file had been written to: symbolic links stay and what they name is replaced (`path` is
/// then that name), mode and owner stay, a file that must not be written is refused, and so is what is no
/// file. Only other hard links keep the old contents, and access lists and extended attributes are lost.
class whole_file {
public:
    /// @throws data_error with the system's reason, as the others do
    explicit whole_file(const std::string& path);
    ~whole_file() { drop(); }
    whole_file(const whole_file&) = delete;
    whole_file& operator=(const whole_file&) = delete;

    void append(const void* data, std::size_t size) {
        if (size > 0 && std::fwrite(data, 1, size, m_file.get()) != size) {
            refuse("written");
        }
    }

    /// Once, after everything was appended.
    void commit();

private:
    struct close_file {
        void operator()(std::FILE* f) const { std::fclose(f); }
    };

    std::FILE* opened() const;

    /// Removes the temporary before anybody else can take it for theirs.
    void drop();

    [[noreturn]] void refuse(const std::string& what) {
        const std::string reason = std::strerror(errno);
        drop();
        throw data_error("[F0957] " + m_path + ": cannot be " + what + ": " + reason);
    }

    /// So that the new name, too, outlives a loss of power. Folders that cannot be synced (some network file
    /// systems) are no error: the file is in place.
    void sync_folder() const;

    std::string m_path;
    written_place m_place;
    std::string m_temporary;
    std::unique_ptr<std::FILE, close_file> m_file;
};

/// Refuses a path that could not be written, before the work whose result would be lost. What stands there
/// is not touched, and no temporary is left.
/// @throws data_error as `whole_file`
FITNAS_COLD inline void require_writable(const std::string& path) { const whole_file probe(path); }

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_API whole_file::whole_file(const std::string& path)
    : m_path(path), m_place(find_place(path)), m_temporary(m_place.path + ".tmp"), m_file(opened()) {
    if (!m_file) {
        throw data_error("[F0956] " + path + ": cannot be written: " + m_temporary + ": " +
                         std::strerror(errno));
    }
}

FITNAS_API void whole_file::commit() {
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
    if (std::rename(m_temporary.c_str(), m_place.path.c_str()) != 0) {
        refuse("put in place");
    }
    m_file.reset(); // and who waits may begin
    sync_folder();
}

FITNAS_API std::FILE* whole_file::opened() const {
#if FITNAS_HAS_POSIX_FILES
    return open_alone(m_temporary, m_place);
#else
    return std::fopen(m_temporary.c_str(), "wb");
#endif
}

FITNAS_API void whole_file::drop() {
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

FITNAS_API void whole_file::sync_folder() const {
#if FITNAS_HAS_POSIX_FILES
    const std::size_t slash = m_place.path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : m_place.path.substr(0, slash + 1);
    const int descriptor = open(folder.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) {
        (void)fsync(descriptor);
        close(descriptor);
    }
#endif
}

} // namespace fitnas::detail

#endif

#endif
