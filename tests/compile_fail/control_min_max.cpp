// expect: nothing: it compiles
// The macros that <windows.h> defines must not reach into our headers. The dependencies come first: xtensor
// would not survive them, and libstdc++ removes them where it is included.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <numbers>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <unordered_map>
#include <variant>

#include <xtensor-blas/xlinalg.hpp>

#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#include <fitnas/fitnas.hpp>
#if !defined(min) || !defined(max)
#error "this test needs both macros to be defined where our headers are read"
#endif
