// expect: [F0631] dense_table<Space>(model): the model must be a predictor of the same space
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/table.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
auto look_up(const ridge<codes<3, 3, 3>>& model) { return dense_table<codes<3, 3>>(model); }
