// expect: [F0603] cross_validate(table, fit_to): fit_to must take a score_table and return a predictor
#include <fitnas/predictor/cross_validation.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
auto result = cross_validate(score_table<codes<3, 3>>{}, [](const auto&) { return 1; });
