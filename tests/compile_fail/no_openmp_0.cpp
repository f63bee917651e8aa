// expect: [F0083] FITNAS_NO_OPENMP must be 1 or empty
// flags: -DFITNAS_NO_OPENMP=0
#include <fitnas/core/parallel.hpp>
