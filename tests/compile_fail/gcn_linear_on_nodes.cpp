// expect: [F0625] gcn::model<Encoding, Layers...>: linear works on one vector an architecture: put mean_pool
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/gcn/model.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
using graph = encoding::chain<codes<3, 3>, feature::cell_operator>;
using net = gcn::model<graph, gcn::conv<4>, gcn::linear<1>>;
static_assert(net::parameters > 0);
