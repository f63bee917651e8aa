#include "sgemm_peak.hpp"

#include <algorithm>
#include <vector>

#include <fitnas/core/gemm.hpp>
#include <fitnas/core/parallel.hpp>

#include "worker.hpp"

extern "C" void sgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* lda, const float* b,
                       const int* ldb, const float* beta, float* c, const int* ldc);

namespace {

// The best rate of `work`, which does `flops` operations.
template <class Work>
double best_gflops(int trials, double flops, Work&& work) {
    double best = 0;
    work();
    for (int i = 0; i < trials; ++i) {
        const bench::clock::time_point start = bench::clock::now();
        work();
        best = (std::max)(best, flops / bench::seconds_since(start) / 1e9);
    }
    return best;
}

double blas_gflops() {
    const int n = 2048;
    const float one = 1;
    const float zero = 0;
    const std::vector<float> a(static_cast<std::size_t>(n) * n, 0.5F);
    std::vector<float> c(a.size());
    return best_gflops(8, 2.0 * n * n * n, [&] {
        sgemm_("N", "N", &n, &n, &n, &one, a.data(), &n, a.data(), &n, &zero, c.data(), &n);
    });
}

double tile_gflops() {
    using namespace fitnas;
    // Operands of 32, 16 and 8 KiB. Not known to the compiler, as in the library.
    static volatile int sizes[] = {64, 32, 128};
    const int rows = sizes[0];
    const int n = sizes[1];
    const int k = sizes[2];
    constexpr int repeats = 40000;
    const int threads = thread_count();
    return best_gflops(5, 2.0 * rows * n * k * repeats * threads, [&] {
        parallel_for(threads, [&](std::ptrdiff_t) {
            const std::size_t a = detail::blocked_size(rows, k);
            const std::size_t b = detail::packed_size(k, n);
            float* memory =
                thread_scratch(a + b + static_cast<std::size_t>(rows) * static_cast<std::size_t>(n));
            std::fill_n(memory, a + b, 0.5F);
            for (int i = 0; i < repeats; ++i) {
                detail::multiply({rows, n, k}, {memory, detail::blocked_stride(rows)}, memory + a,
                                 detail::store_rows{memory + a + b, n, n, false});
            }
        });
    });
}

} // namespace

double bench::sgemm_peak_gflops() { return (std::max)(blas_gflops(), tile_gflops()); }
