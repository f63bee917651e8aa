// expect: [F0634] this needs a model that is a sum over windows of neighbouring cells, and the model's type
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
auto best(const ridge<codes<3, 3, 3>, ridge_terms::pairs>& model) { return search::exact(model); }
