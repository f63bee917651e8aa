/// @file
/// @brief The functions of the library that are no templates, compiled once for a whole program.
///
/// Define `FITNAS_SEPARATE_COMPILATION` for all files of the program, and let one file say
///
/// @code
/// #include <fitnas/src.hpp>
/// @endcode
///
/// All are to be compiled with the same flags for vectors, threads and zlib; a linker that misses
/// `fitnas::detail::compiled_alike` says that they were not.

#ifndef FITNAS_SRC_HPP
#define FITNAS_SRC_HPP

#ifndef FITNAS_SEPARATE_COMPILATION
#error "[F0085] src.hpp: define FITNAS_SEPARATE_COMPILATION, here and in all files of the program"
#endif
#ifdef FITNAS_API
#error "[F0086] src.hpp must be the first header of fitnas in its file"
#endif
#define FITNAS_SOURCE

#include <fitnas/fitnas.hpp>

#endif
