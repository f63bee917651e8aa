// expect: [F0642] fit<Model>(table): the table must be of the model's space
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/fit.hpp>
#include <fitnas/predictor/gcn/model.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
using model =
    gcn::model<encoding::chain<codes<3, 3>, feature::cell_operator>, gcn::mean_pool, gcn::linear<1>>;
auto fit_it(const score_table<codes<3, 3, 3>>& table) { return fit<model>(table); }
