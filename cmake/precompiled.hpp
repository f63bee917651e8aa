// What nearly all programs here include, compiled once.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#if __has_include(<xtensor/containers/xtensor.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>
#endif

#ifdef FITNAS_PRECOMPILE_OWN
#include <fitnas/fitnas.hpp>
#endif
