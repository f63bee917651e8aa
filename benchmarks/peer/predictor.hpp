// The predictors of bench_predictor and bench_job in LibTorch.

#ifndef FITNAS_BENCHMARKS_PEER_PREDICTOR_HPP
#define FITNAS_BENCHMARKS_PEER_PREDICTOR_HPP

#include <string>

// Answers the lines that bench_predictor sends. `variant` is "nodes_first" or "batch_first": the order of a
// signal's dimensions.
int serve_predictor(const std::string& variant);
// Those that bench_job sends.
int serve_default_fit(const std::string& variant);

#endif
