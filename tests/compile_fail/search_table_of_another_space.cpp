// expect: [F0726] search::table<Space>(model): the model must be of the same space
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/search/table.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
auto look_up(const ridge<codes<3, 3, 3>>& model) { return search::table<codes<3, 3>>(model); }
