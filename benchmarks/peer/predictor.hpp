// The predictor of bench_predictor in LibTorch.

#ifndef FITNAS_BENCHMARKS_PEER_PREDICTOR_HPP
#define FITNAS_BENCHMARKS_PEER_PREDICTOR_HPP

#include <string>

// Answers the lines that bench_predictor sends. `variant` is "nodes_first" or "batch_first": the order of a
// signal's dimensions.
int serve_predictor(const std::string& variant);

#endif
