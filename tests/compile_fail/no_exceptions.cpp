// expect: [F0081] fitnas reports errors by exceptions: compile without -fno-exceptions
// flags: -fno-exceptions
#include <fitnas/core/error.hpp>
