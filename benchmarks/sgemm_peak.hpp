// What the machine reaches in single precision matrix products, to set figures against.

#ifndef FITNAS_BENCHMARKS_SGEMM_PEAK_HPP
#define FITNAS_BENCHMARKS_SGEMM_PEAK_HPP

namespace bench {

// The larger of two, on all threads of this process, in 10^9 operations a second: BLAS' sgemm of 2048 x 2048
// x 2048, and our register tiles on operands that stay in each thread's cache. The best of a few trials each.
double sgemm_peak_gflops();

} // namespace bench

#endif
