// expect: [F0481] FITNAS_HAS_JPEG and FITNAS_HAS_PNG must be 1, 0 or not defined
// flags: -UFITNAS_HAS_JPEG -DFITNAS_HAS_JPEG=2
#include <fitnas/data/jpeg.hpp>
