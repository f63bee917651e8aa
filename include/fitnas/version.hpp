/// @file
/// @brief The version of fitnas; the build files read it from here.

#ifndef FITNAS_VERSION_HPP
#define FITNAS_VERSION_HPP

#define FITNAS_VERSION_MAJOR 0
#define FITNAS_VERSION_MINOR 1
#define FITNAS_VERSION_PATCH 0
#define FITNAS_VERSION_STRING "0.1.0"

#endif
