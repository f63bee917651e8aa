// expect: [F0480] FITNAS_HAS_ZLIB must be 1, 0 or not defined
// flags: -UFITNAS_HAS_ZLIB -DFITNAS_HAS_ZLIB=2
#include <fitnas/data/byte_file.hpp>
