// expect: [F0611] feature::with_costs<Feature>: the space must be a search_space
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/operators.hpp>
#include <fitnas/predictor/feature/with_costs.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;
using graph = encoding::chain<codes<3, 3>, feature::with_costs<feature::operators>>;
static_assert(graph::features > 0);
