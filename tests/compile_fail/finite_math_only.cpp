// expect: [F0082] fitnas checks for NaN and rounds on purpose: compile without -ffast-math
// flags: -ffinite-math-only
#include <fitnas/metrics/kendall.hpp>
