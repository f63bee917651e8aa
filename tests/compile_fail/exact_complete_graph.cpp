// expect: [F0635] this needs a model that is a sum over windows of neighbouring cells, but the model's
#include <fitnas/predictor/encoding/complete.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
using graph = encoding::complete<codes<3, 3, 3, 3>, feature::cell_operator>;
using net = gcn::model<graph, gcn::conv<4>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;
auto best(const fitted<net>& model) { return search::exact(model); }
