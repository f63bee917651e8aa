// Results must not depend on the number of threads, to the last bit.

#include <doctest/doctest.h>

#include <fitnas/core/parallel.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/network.hpp>

#include "graph_spaces.hpp"
#include "small_spaces.hpp"

using namespace fitnas;

#if FITNAS_HAS_OPENMP

namespace {

struct result {
    std::uint64_t weights = 0;
    std::vector<double> scores;
    std::uint64_t network = 0;
    std::uint64_t logits = 0;
    bool operator==(const result&) const = default;
};

template <class space>
result short_training(int threads, const char* code) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    const dataset data = small::images();
    supernet<space> net(seed{1});
    const train_options options{.epochs = 2,
                                .batch = 50,
                                .sampling = sampling::strict_fair,
                                .warmup = 0.5,
                                .label_smoothing = 0.1,
                                .augment = {.crop_padding = 1, .flip = true}};
    train(net, data.train, options);
    result r;
    r.weights = small::hash(net.parameters());
    r.scores =
        evaluate<space>(net, sample<space>(6, seed{1}), data, {.calibration = 100, .batch = 70}).scores;
    network<space> alone(parse<space>(code));
    train(alone, data.train, options);
    r.network = small::hash(alone.parameters());
    const tensor2 logits = alone.logits(data.validation);
    r.logits = small::hash({logits.data(), logits.size()});
    omp_set_num_threads(before);
    return r;
}

} // namespace

TEST_CASE("a short training is bit-equal on 1, 2 and 4 threads") {
    const result one = short_training<small::space>(1, "001");
    CHECK(one == short_training<small::space>(2, "001"));
    CHECK(one == short_training<small::space>(4, "001"));
    CHECK(one == short_training<small::space>(3, "001"));
}

TEST_CASE("a short training of graphs is bit-equal on 1, 2, 3 and 4 threads") {
    const result one = short_training<small::graph_space>(1, "213401");
    CHECK(one == short_training<small::graph_space>(2, "213401"));
    CHECK(one == short_training<small::graph_space>(3, "213401"));
    CHECK(one == short_training<small::graph_space>(4, "213401"));
}

#endif
