#ifndef FITNAS_TESTS_SEARCH_MODELS_HPP
#define FITNAS_TESTS_SEARCH_MODELS_HPP

#include <span>
#include <vector>

#include <fitnas/core/rng.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/op/mbconv.hpp>
#include <fitnas/op/pool.hpp>
#include <fitnas/space/canonical.hpp>
#include <fitnas/space/latency_table.hpp>
#include <fitnas/space/limit.hpp>
#include <fitnas/space/spaces.hpp>

/// Five cells with 3, 3, 3, 2 and 2 operators, 108 codes. The first three are one run, so identities make
/// codes equal.
using run_ops = fitnas::operator_set<fitnas::op::identity, fitnas::op::mbconv<3, 2>, fitnas::op::conv<3>>;
using pair_ops = fitnas::operator_set<fitnas::op::separable<3>, fitnas::op::max_pool<3>>;
struct small_space
    : fitnas::search_space<fitnas::image<8, 8, 2>, fitnas::stem<4>, fitnas::stage<run_ops, 3, 4>,
                           fitnas::stage<pair_ops, 2, 6, 2>, fitnas::head<8, 3>> {};

/// `predict` by a function of one architecture.
template <class Space, class Value>
struct value_model {
    using space = Space;
    Value value;
    std::vector<double> predict(std::span<const fitnas::architecture<Space>> some) const {
        std::vector<double> values;
        for (const auto& a : some) {
            values.push_back(value(a));
        }
        return values;
    }
    std::vector<double> operator()(std::span<const fitnas::architecture<Space>> some) const {
        return predict(some);
    }
};
template <class Space, class Value>
value_model<Space, Value> model_by(Value value) {
    return {value};
}

/// A number for each code that has nothing to do with the code, 0 to 9: many are equal.
template <class Space>
double noise_of(const fitnas::architecture<Space>& a) {
    return fitnas::random_stream(fitnas::seed{99}, fitnas::purpose::user, fitnas::index_of<Space>(a))
        .below(10);
}

/// A sum over the cells of one normal number for each operator.
template <class Space>
struct separable_score {
    std::vector<std::vector<double>> values;

    explicit separable_score(std::uint64_t number) {
        fitnas::random_stream random(fitnas::seed{number}, fitnas::purpose::user);
        for (int i = 0; i < Space::cells; ++i) {
            values.emplace_back();
            for (int o = 0; o < Space::operator_counts[static_cast<std::size_t>(i)]; ++o) {
                values.back().push_back(random.normal());
            }
        }
    }
    double operator()(const fitnas::architecture<Space>& a) const {
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            sum += values[i][a[i]];
        }
        return sum;
    }
    fitnas::architecture<Space> best() const {
        fitnas::architecture<Space> a{};
        for (std::size_t i = 0; i < a.size(); ++i) {
            for (std::size_t o = 1; o < values[i].size(); ++o) {
                a[i] = values[i][o] > values[i][a[i]] ? static_cast<std::uint8_t>(o) : a[i];
            }
        }
        return a;
    }
};

template <class Space>
fitnas::latency_table random_latencies(std::uint64_t number) {
    fitnas::random_stream random(fitnas::seed{number}, fitnas::purpose::user);
    std::vector<double> milliseconds;
    for (std::size_t i = 0; i < Space::layout().blocks.size(); ++i) {
        milliseconds.push_back(random.uniform());
    }
    return {Space::layout(), milliseconds};
}

/// Limits of NAS-Bench-Macro's space of which each is possible, but not both: few macs need the identity in
/// the last cell, which the table calls slow.
inline fitnas::cost::limit few_macs_but_slow() {
    using space = fitnas::spaces::nas_bench_macro;
    std::vector<double> milliseconds(space::layout().blocks.size(), 0.0);
    milliseconds[static_cast<std::size_t>(space::layer_of(7).first_block)] = 5;
    return fitnas::cost::macs_at_most(7'713'280) &&
           fitnas::cost::latency_at_most(fitnas::latency_table(space::layout(), milliseconds), 1);
}

#endif
