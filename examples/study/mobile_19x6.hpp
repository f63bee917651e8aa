// The sizes of images and numbers of classes that the paper's space is compiled for.

#ifndef FITNAS_EXAMPLES_STUDY_MOBILE_19X6_HPP
#define FITNAS_EXAMPLES_STUDY_MOBILE_19X6_HPP

#include <tuple>

#include <fitnas/space/spaces.hpp>

// One more is a line more. Those that have `extern template` in runner.hpp are compiled in files of their
// own.
using mobile_spaces = std::tuple<fitnas::spaces::mobile_19x6_of<64, 10>, //
                                 fitnas::spaces::mobile_19x6>;

#endif
