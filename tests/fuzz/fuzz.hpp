/// What the fuzz targets share: bytes become a file in memory, a reader reads it, and anything but a value or
/// an error of the library that names the file ends the run.
#ifndef FITNAS_TESTS_FUZZ_FUZZ_HPP
#define FITNAS_TESTS_FUZZ_FUZZ_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

#include <fitnas/core/error.hpp>

/// A file without a disk, filled anew for each input.
class memory_file {
public:
    memory_file() : m_descriptor(memfd_create("fuzz", 0)) {
        if (m_descriptor < 0) {
            std::abort();
        }
        m_path = "/proc/self/fd/" + std::to_string(m_descriptor);
    }
    const std::string& fill(const std::uint8_t* data, std::size_t size) {
        if (ftruncate(m_descriptor, 0) != 0 ||
            pwrite(m_descriptor, data, size, 0) != static_cast<ssize_t>(size)) {
            std::abort();
        }
        return m_path;
    }

private:
    int m_descriptor;
    std::string m_path;
};

/// @param read takes a path; throws nothing but `data_error`, whose text has the path
template <class Read>
int fuzz(const std::uint8_t* data, std::size_t size, Read&& read) {
    static memory_file file;
    const std::string& path = file.fill(data, size);
    try {
        read(path);
    } catch (const fitnas::data_error& e) {
        if (std::string_view(e.what()).find(path) == std::string_view::npos) {
            std::fprintf(stderr, "an error that does not name the file: %s\n", e.what());
            std::abort();
        }
    }
    return 0;
}

#endif
