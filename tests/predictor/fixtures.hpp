// Spaces, models and tables that several tests of this room use.

#ifndef FITNAS_TESTS_PREDICTOR_FIXTURES_HPP
#define FITNAS_TESTS_PREDICTOR_FIXTURES_HPP

#include <span>
#include <vector>

#include <fitnas/core/parallel.hpp>
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/encoding/complete.hpp>
#include <fitnas/predictor/encoding/operator_lattice.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/feature/operators.hpp>
#include <fitnas/predictor/gcn/model.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/score_table.hpp>

namespace fixtures {

// The space and the models of tools/make_gcn_golden.py.
using tiny = fitnas::codes<3, 2, 4, 2>;
namespace feature = fitnas::feature;
namespace encoding = fitnas::encoding;
namespace gcn = fitnas::gcn;
using chain = encoding::chain<tiny, feature::cell_operator>;
using complete = encoding::complete<tiny, feature::operators>;
using lattice = encoding::operator_lattice<tiny, feature::cell_operator>;
using chain_net =
    gcn::model<chain, gcn::conv<8>, gcn::relu, gcn::conv<6>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;
using complete_net =
    gcn::model<complete, gcn::conv<5>, gcn::relu, gcn::flatten, gcn::linear<4>, gcn::relu, gcn::linear<1>>;
using lattice_net =
    gcn::model<lattice, gcn::conv<7>, gcn::relu, gcn::conv<5>, gcn::mean_pool, gcn::linear<1>>;

// Every code of `tiny` with a score that neighbouring cells make together.
inline fitnas::score_table<tiny> tiny_table() {
    fitnas::score_table<tiny> table;
    fitnas::for_each_architecture<tiny>([&](const fitnas::architecture<tiny>& a) {
        table.push_back(a, 70 + 2.0 * a[0] - 1.5 * a[1] + 0.7 * a[2] * a[1] + (a[3] == a[1] ? 0.9 : 0.0));
    });
    return table;
}

template <class Space>
std::span<const fitnas::architecture<Space>> codes_of(const fitnas::score_table<Space>& table) {
    return table.architectures;
}

// What `run` returns on so many threads.
template <class Run>
auto on_threads(int count, Run&& run) {
#if FITNAS_HAS_OPENMP
    const int before = omp_get_max_threads();
    omp_set_num_threads(count);
    auto result = run();
    omp_set_num_threads(before);
    return result;
#else
    static_cast<void>(count);
    return run();
#endif
}

} // namespace fixtures

#endif
