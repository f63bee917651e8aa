// expect: [F0618] gcn::conv<Width>: the width must be at least 1
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/gcn/model.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
using graph = encoding::chain<codes<3, 3>, feature::cell_operator>;
using net = gcn::model<graph, gcn::conv<0>, gcn::mean_pool, gcn::linear<1>>;
static_assert(net::parameters > 0);
