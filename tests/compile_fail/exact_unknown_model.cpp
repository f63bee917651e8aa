// expect: [F0634] this needs a model that is a sum over windows of neighbouring cells, and the model's type
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/table.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
auto best(const dense_table<codes<3, 3, 3>>& model) { return search::exact(model); }
