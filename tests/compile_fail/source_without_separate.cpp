// expect: [F0085] src.hpp: define FITNAS_SEPARATE_COMPILATION, here and in all files of the program
// flags: -Wfatal-errors
#include <fitnas/src.hpp>

int main() {}
