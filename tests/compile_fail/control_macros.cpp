// expect: nothing: it compiles
// Macros that systems and toolkits define in the user's file must not reach into our headers. What we include
// comes first: the standard library and xtensor would not survive them all. Left out is what their users
// cannot avoid either: macros for names of the standard library (curses' move and erase are none in C++).
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <numbers>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xtensor-blas/xlinalg.hpp>
#if __has_include(<xtensor/containers/xtensor.hpp>)
#include <xtensor/containers/xarray.hpp>
#else
#include <xtensor/xarray.hpp>
#endif
#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__AVX__)
#include <immintrin.h>
#endif
#if __has_include(<protozero/pbf_writer.hpp>)
#include <protozero/pbf_writer.hpp>
#endif
#if FITNAS_HAS_ZLIB
#include <zlib.h>
#endif
#if FITNAS_HAS_JPEG
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>
#endif
#if FITNAS_HAS_PNG
#include <png.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

// <windows.h> and what it includes
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define small char
#define hyper __int64
#define near
#define far
#define pascal __stdcall
#define cdecl __cdecl
#define interface struct
#define NEAR
#define FAR
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define CALLBACK __stdcall
#define STRICT 1
#define TRUE 1
#define FALSE 0
#define ERROR 0
#define NO_ERROR 0L
#define DELETE (0x00010000L)
#define THIS void
#define ABSOLUTE 1
#define RELATIVE 2
#define DIFFERENCE 11
#define OPAQUE 2
#define TRANSPARENT 1
#define PASSTHROUGH 19
#define DOMAIN 1
#define OVERFLOW 3
#define UNDERFLOW 4
#define HUGE 3.40282347e+38F
#define RGB(r, g, b) ((r) | (g) << 8 | (b) << 16)
#define Yield()
#define CreateWindow CreateWindowA
#define GetObject GetObjectA
#define GetMessage GetMessageA
#define ReportEvent ReportEventA
#define SearchPath SearchPathA
#define rad1 0x0420
#define rad2 0x0421
#define grp1 0x0430
#define grp2 0x0431
#define frm1 0x0434
#define psh1 0x0400
#define psh2 0x0401
#define chx1 0x0410
#define ctl1 0x04A0
#define stc1 0x0440
#define lst1 0x0460
#define cmb1 0x0470
#define edt1 0x0480
#define scr1 0x0490

// Qt
#define signals public
#define slots
#define emit
#define foreach(variable, container) for (variable : container)
#define forever for (;;)

// Apple: AssertMacros.h, MacTypes.h, objc.h
#define check(assertion)
#define check_error(error)
#define check_noerr(error)
#define check_string(assertion, message)
#define ncheck(assertion)
#define verify(assertion)
#define verify_action(assertion, action)
#define verify_error(error)
#define verify_noerr(error)
#define verify_string(assertion, message)
#define nverify(assertion)
#define require(assertion, label)
#define require_action(assertion, label, action)
#define require_noerr(error, label)
#define require_quiet(assertion, label)
#define require_string(assertion, label, message)
#define nrequire(assertion, label)
#define nil nullptr
#define Nil nullptr
#define YES 1
#define NO 0

// X11
#define None 0L
#define Bool int
#define True 1
#define False 0
#define Status int
#define Success 0
#define Always 2
#define Above 0
#define Below 1
#define Complex 0
#define Convex 2
#define Unsorted 0
#define KeyPress 2
#define KeyRelease 3
#define FocusIn 9
#define FocusOut 10
#define Expose 12
#define CursorShape 0
#define DestroyAll 0
#define RetainPermanent 1
#define GrayScale 1
#define InputOutput 1
#define ParentRelative 1L

// <complex.h>, <sys/sysmacros.h>, <sys/param.h>, <ctype.h> of some systems, and what compilers predefine
#define I _Complex_I
#define complex _Complex
#define imaginary _Imaginary
#define major(device) gnu_dev_major(device)
#define minor(device) gnu_dev_minor(device)
#define makedev(high, low) gnu_dev_makedev(high, low)
#define MIN(a, b) (((a) < (b)) ? (a) : (b))
#define MAX(a, b) (((a) > (b)) ? (a) : (b))
#define howmany(x, y) (((x) + ((y)-1)) / (y))
#define roundup(x, y) ((((x) + ((y)-1)) / (y)) * (y))
#define powerof2(x) ((((x)-1) & (x)) == 0)
#define _B 0200
#define _C 040
#define _L 02
#define _N 04
#define _P 020
#define _S 010
#define _U 01
#define _X 0100
#undef linux
#define linux 1
#undef unix
#define unix 1
#define i386 1
#define sun 1
#define mips 1
#define arm 1

// loggers, test frameworks, boards, kernels
#define CHECK(condition)
#define REQUIRE(condition)
#define FAIL(message)
#define INFO(message)
#define WARN(message)
#define TEST(suite, name)
#define LOG(severity)
#define DEBUG 1
#define F(string) (string)
#define K(type, value) ((type) << 8 | (value))
#define A0 14
#define B0 0
#define B1 1
#define PI 3.1415926535897932384626433832795
#define HIGH 1
#define LOW 0
#define INPUT 0
#define OUTPUT 1
#define DEFAULT 1
#define bit(number) (1UL << (number))
#define word(...) makeWord(__VA_ARGS__)
#define sq(x) ((x) * (x))
#define constrain(x, low, high) ((x) < (low) ? (low) : (x))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define container_of(pointer, type, member)

#include <every_header.hpp> // tests/CMakeLists.txt makes it

#if !defined(min) || !defined(max) || !defined(small) || !defined(signals) || !defined(check) || !defined(I)
#error "this test needs the macros to be defined where our headers are read"
#endif
