// This room's tests count calls of operator new.
#include "../../benchmarks/allocations.cpp"
