// expect: [F0325] image<Height, Width, Channels>: all must be positive
#include <fitnas/space/search_space.hpp>

using wrong = fitnas::image<8, 0, 3>;
static_assert(wrong::value.channels == 3);
