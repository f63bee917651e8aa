/// A disk that is full for this process: no file can grow past some bytes while it lives.
#ifndef FITNAS_TESTS_SUPPORT_FILE_SIZE_LIMIT_HPP
#define FITNAS_TESTS_SUPPORT_FILE_SIZE_LIMIT_HPP

#include <csignal>

#include <sys/resource.h>

class file_size_limit {
public:
    explicit file_size_limit(unsigned long bytes) : m_handler(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &m_before);
        rlimit limit = m_before;
        limit.rlim_cur = bytes;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~file_size_limit() {
        setrlimit(RLIMIT_FSIZE, &m_before);
        std::signal(SIGXFSZ, m_handler);
    }
    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;

private:
    void (*m_handler)(int);
    rlimit m_before{};
};

#endif
