// The workloads of bench_predictor, as workloads.md states them. Known to our worker and to the peer.

#ifndef FITNAS_BENCHMARKS_PREDICTOR_WORKLOAD_HPP
#define FITNAS_BENCHMARKS_PREDICTOR_WORKLOAD_HPP

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/operators.hpp>
#include <fitnas/predictor/fit.hpp>
#include <fitnas/space/codes.hpp>

#include "workload.hpp"

namespace bench {

inline constexpr int w4_operators = 6;
inline constexpr int w4_width = 64;
inline constexpr std::size_t w4_samples = 2000;
inline constexpr int w4_batch = 128;
inline constexpr int w4_epochs = 100;
inline constexpr double w4_rate = 1e-3; // falls to 0 along a cosine
inline constexpr fitnas::seed w4_seed{1};

// 19 cells of 6 operators.
using w4_space = fitnas::codes<6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6>;
// The same 19 cells, of which all but 6 to 12 are fixed.
using w4_segment = fitnas::codes<1, 1, 1, 1, 1, 1, 6, 6, 6, 6, 6, 6, 6, 1, 1, 1, 1, 1, 1>;

// The operator that a code of `w4_segment` means in a cell of `w4_space`.
constexpr int w4_operator(int cell, int code) { return cell >= 6 && cell < 13 ? code : (5 * cell + 1) % 6; }

// One-hot of the operator.
struct w4_segment_feature {
    template <class Space>
    static constexpr int width = w4_operators;
    template <class Space>
    static constexpr void write(int cell, int operator_index, float* out) {
        out[w4_operator(cell, operator_index)] = 1;
    }
};

template <class Space, class Feature>
using w4_model = fitnas::gcn::model<fitnas::encoding::chain<Space, Feature>, fitnas::gcn::conv<w4_width>,
                                    fitnas::gcn::relu, fitnas::gcn::conv<w4_width>, fitnas::gcn::relu,
                                    fitnas::gcn::mean_pool, fitnas::gcn::linear<1>>;
using w4_net = w4_model<w4_space, fitnas::feature::operators>;
using w4_segment_net = w4_model<w4_segment, w4_segment_feature>;
static_assert(w4_net::parameters == w4_segment_net::parameters);

// Scores that each cell adds to by itself and together with the cell before.
inline fitnas::score_table<w4_space> w4_table() {
    fitnas::score_table<w4_space> table;
    for (const fitnas::architecture<w4_space>& a : lcg_paths<w4_space>(static_cast<int>(w4_samples))) {
        double score = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            score += static_cast<double>((7 * i + 3 * a[i]) % 5);
            score += i > 0 && a[i] == a[i - 1] ? 0.5 : 0;
        }
        table.push_back(a, score);
    }
    return table;
}

inline fitnas::fit_options w4_options(int epochs) {
    return {.loss = fitnas::loss::mse,
            .epochs = epochs,
            .batch = w4_batch,
            .learning_rate = w4_rate,
            .weight_decay = 0,
            .seed = w4_seed};
}

// Numbers that the two sides pass each other.
template <class T>
void write_numbers(const std::string& file, std::span<const T> numbers) {
    std::ofstream to(file, std::ios::binary);
    to.write(reinterpret_cast<const char*>(numbers.data()),
             static_cast<std::streamsize>(numbers.size() * sizeof(T)));
    if (!to.flush()) {
        throw std::runtime_error(file + " cannot be written");
    }
}
template <class T>
std::vector<T> read_numbers(const std::string& file, std::size_t count) {
    std::vector<T> numbers(count);
    std::ifstream from(file, std::ios::binary);
    from.read(reinterpret_cast<char*>(numbers.data()), static_cast<std::streamsize>(count * sizeof(T)));
    if (!from) {
        throw std::runtime_error(file + " does not hold " + std::to_string(count) + " numbers");
    }
    return numbers;
}

} // namespace bench

#endif
