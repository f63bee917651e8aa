// A user's program: it needs the headers, a BLAS with LAPACK, OpenMP and the decoders of images that were
// found, and fails to link where one is missing.
#include <cmath>
#include <cstdio>

#include <fitnas/fitnas.hpp>

#if !FITNAS_HAS_OPENMP
#error "the package must bring OpenMP"
#endif

int main() {
    using space = fitnas::spaces::nas_bench_macro;
    static_assert(fitnas::cost::parameters<space>({}) > 0);

    fitnas::matrix a = {{2.0, 1.0}, {1.0, 3.0}};
    fitnas::matrix b = {{4.0}, {7.0}};
    const fitnas::matrix x = fitnas::solve(a, b); // 1, 2
    try {
        fitnas::read_image("no-such-image.jpg");
        return 1;
    } catch (const fitnas::data_error&) {
    }
    std::printf("fitnas %s, %d threads\n", FITNAS_VERSION_STRING, fitnas::thread_count());
    return std::abs(x(0, 0) - 1.0) + std::abs(x(1, 0) - 2.0) < 1e-12 ? 0 : 1;
}
