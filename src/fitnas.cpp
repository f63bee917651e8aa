// The functions of the library that are no templates: what `fitnas::compiled` is made of.
#include <fitnas/src.hpp>
