// expect: [F0624] gcn::model<Encoding, Layers...>: conv, mean_pool and flatten work on nodes, and behind
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/gcn/model.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
using graph = encoding::chain<codes<3, 3>, feature::cell_operator>;
using net = gcn::model<graph, gcn::conv<4>, gcn::mean_pool, gcn::conv<1>, gcn::linear<1>>;
static_assert(net::parameters > 0);
