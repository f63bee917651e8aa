// expect: FITNAS_BFLOAT16 1 or 0, where they are defined
// flags: -DFITNAS_BFLOAT16=2
#include <fitnas/core/words.hpp>
