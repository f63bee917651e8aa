/// @file
/// @brief Who watches a stage: a stage may have several long pieces, each with an observer of its own.

#ifndef FITNAS_STUDY_WATCH_HPP
#define FITNAS_STUDY_WATCH_HPP

#include <functional>
#include <string>

#include <fitnas/core/progress.hpp>

namespace fitnas::study {

/// @brief Makes an observer for a named piece of work; may be empty.
using watcher = std::function<observer(const std::string& piece)>;

/// @return an observer for the piece, an empty one where nobody watches
inline observer watch(const watcher& w, const std::string& piece) { return w ? w(piece) : observer{}; }

} // namespace fitnas::study

#endif
