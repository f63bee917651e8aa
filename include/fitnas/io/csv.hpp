/// @file
/// @brief All that is read and written as CSV: tables of scores, candidates, costs.

#ifndef FITNAS_IO_CSV_HPP
#define FITNAS_IO_CSV_HPP

#include <fitnas/io/csv_candidates.hpp>
#include <fitnas/io/csv_costs.hpp>
#include <fitnas/io/csv_scores.hpp>

#endif
