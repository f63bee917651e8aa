// expect: [F0481] FITNAS_HAS_JPEG and FITNAS_HAS_PNG must be 1, 0 or not defined
// flags: -UFITNAS_HAS_PNG -DFITNAS_HAS_PNG=
#include <fitnas/data/image_folder.hpp>
