// expect: [F0086] src.hpp must be the first header of fitnas in its file
// flags: -DFITNAS_SEPARATE_COMPILATION -Wfatal-errors
#include <fitnas/core/rng.hpp>
#include <fitnas/src.hpp>

int main() {}
