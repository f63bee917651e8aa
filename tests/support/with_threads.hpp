// Another number of threads for a while.

#ifndef FITNAS_TESTS_SUPPORT_WITH_THREADS_HPP
#define FITNAS_TESTS_SUPPORT_WITH_THREADS_HPP

#include <fitnas/core/parallel.hpp>

namespace support {

class with_threads {
public:
    explicit with_threads(int threads) : m_before(fitnas::thread_count()) { set(threads); }
    ~with_threads() { set(m_before); }
    with_threads(const with_threads&) = delete;
    with_threads& operator=(const with_threads&) = delete;

private:
    static void set([[maybe_unused]] int threads) {
#if FITNAS_HAS_OPENMP
        omp_set_num_threads(threads);
#endif
    }
    int m_before;
};

} // namespace support

#endif
