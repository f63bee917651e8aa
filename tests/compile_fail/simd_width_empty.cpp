// expect: [F0084] FITNAS_SIMD_WIDTH must be 16, 8 or 4, the floats of one vector, or not defined
// flags: -DFITNAS_SIMD_WIDTH=
#include <fitnas/core/simd.hpp>
