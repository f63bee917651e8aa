// expect: [F0636] this needs a model that is a sum over windows of neighbouring cells, but a layer of the
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
struct my_relu : gcn::relu {};
using graph = encoding::chain<codes<3, 3, 3>, feature::cell_operator>;
using net = gcn::model<graph, gcn::conv<4>, my_relu, gcn::mean_pool, gcn::linear<1>>;
auto best(const fitted<net>& model) { return search::exact(model); }
