// Counts heap allocations: a program linked with allocations.cpp has global operators new that count.

#ifndef FITNAS_BENCHMARKS_ALLOCATIONS_HPP
#define FITNAS_BENCHMARKS_ALLOCATIONS_HPP

namespace bench {

// Calls of any global operator new so far, of all threads.
long long allocations();

} // namespace bench

#endif
