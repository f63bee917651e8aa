// Where a training step's time goes: the passes of the inverted residuals of W1 and W2 (workloads.md), one by
// one, and the edges of W6's cells.
//
//   bench_passes [--benchmark_filter=REGEX] [--benchmark_repetitions=N] [--benchmark_format=json]
//
// A name is workload / map, channels in and out, operator, stride / pass. `forward` and `backward` are whole
// blocks as training runs them; the other passes read and write stored tensors, which training may keep in
// cache. Counters: GFLOP/s, two operations a multiply-accumulate, and their share of sgemm's peak, measured
// at the beginning. A convolution of 3 x 3 is counted by its definition, of which the engine multiplies less.

#include <benchmark/benchmark.h>

#include <fitnas/cpu/depthwise.hpp>
#include <fitnas/cpu/engine.hpp>
#include <fitnas/cpu/pointwise.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/mbconv.hpp>
#include <fitnas/op/pool.hpp>

#include "sgemm_peak.hpp"

namespace {

using namespace fitnas;
using namespace fitnas::detail;

struct block {
    shape in;
    int out;
    int expansion;
    int kernel;
    int stride;

    int wide() const { return in.channels * expansion; }
    shape wide_in() const { return {in.height, in.width, wide()}; }
    shape wide_out() const { return cell{in, wide(), stride}.output(); }
    shape output() const { return cell{in, out, stride}.output(); }
    recipe build() const {
        const cell c{in, out, stride};
        return kernel == 3 ? (expansion == 3 ? op::mbconv<3, 3>::build(c) : op::mbconv<3, 6>::build(c))
                           : (expansion == 3 ? op::mbconv<5, 3>::build(c) : op::mbconv<5, 6>::build(c));
    }
    double first_macs() const { return static_cast<double>(in.pixels()) * in.channels * wide(); }
    double depthwise_macs() const { return static_cast<double>(wide_out().size()) * kernel * kernel; }
    double second_macs() const { return static_cast<double>(wide_out().pixels()) * wide() * out; }
    std::string name() const {
        return std::to_string(in.height) + "x" + std::to_string(in.width) + "," +
               std::to_string(in.channels) + "-" + std::to_string(out) + ",e" + std::to_string(expansion) +
               "k" + std::to_string(kernel) + ",s" + std::to_string(stride);
    }
};

// A tensor of any values, some above zero and some below.
class tensor {
public:
    explicit tensor(std::int64_t size) : m_data(m_buffer.reserve(static_cast<std::size_t>(size))) {
        for (std::int64_t i = 0; i < size; ++i) {
            m_data[i] = static_cast<float>((i * 2654435761 >> 8) % 1000) * 0.002F - 1.0F;
        }
    }
    float* data() const { return m_data; }

private:
    aligned_buffer<float> m_buffer;
    float* m_data;
};

// A block's tensors, weights and batch norms.
struct block_memory {
    block_memory(const block& b, int images)
        : narrow(b.in.size() * images),
          first(b.wide_in().size() * images),
          second(b.wide_out().size() * images),
          third(b.output().size() * images),
          narrow_gradient(b.in.size() * images),
          first_gradient(b.wide_in().size() * images),
          second_gradient(b.wide_out().size() * images),
          third_gradient(b.output().size() * images),
          weights(std::int64_t{b.wide()} * (b.in.channels + b.kernel * b.kernel + b.out)),
          gradients(std::int64_t{b.wide()} * (b.in.channels + b.kernel * b.kernel + b.out)),
          channels((std::max)(b.wide(), b.out) + 16) {}

    affine_input read(const tensor& z) const {
        return {z.data(), channels.data(), channels.data(), channels.data(), activation::relu6};
    }
    gradient_input gradient(const tensor& du, const tensor& z) const {
        return {du.data(), z.data(), channels.data(), channels.data(), channels.data()};
    }

    tensor narrow, first, second, third;
    tensor narrow_gradient, first_gradient, second_gradient, third_gradient;
    tensor weights, gradients, channels;
    workspace ws;
    group_sums& sums(int n) {
        ws.sums.start(n);
        return ws.sums;
    }
};

double peak = 0;

template <class Pass>
void measure(benchmark::State& state, double flops, Pass&& pass) {
    pass();
    for (auto _ : state) {
        pass();
        benchmark::ClobberMemory();
    }
    state.counters["GFLOP/s"] =
        benchmark::Counter(flops / 1e9, benchmark::Counter::kIsIterationInvariantRate);
    state.counters["share"] =
        benchmark::Counter(flops / 1e9 / peak, benchmark::Counter::kIsIterationInvariantRate);
}

// The passes over stored tensors: name, multiply-accumulates of an image, what to run.
struct pass {
    const char* name;
    double (*macs)(const block&);
    void (*run)(const block&, int images, block_memory&);
};

float* depthwise_weights(const block& b, const tensor& of) {
    return of.data() + std::ptrdiff_t{b.wide()} * b.in.channels;
}
float* second_weights(const block& b, const tensor& of) {
    return depthwise_weights(b, of) + std::ptrdiff_t{b.wide()} * b.kernel * b.kernel;
}

geometry first_pass(const block& b, int images) { return {b.in, b.wide_in(), 1, 1, images}; }
geometry depthwise_pass(const block& b, int images) {
    return {b.wide_in(), b.wide_out(), b.kernel, b.stride, images};
}
geometry second_pass(const block& b, int images) { return {b.wide_out(), b.output(), 1, 1, images}; }

const std::array<pass, 6> passes{{
    {"first_forward", [](const block& b) { return b.first_macs(); },
     [](const block& b, int images, block_memory& m) {
         pointwise_forward(first_pass(b, images), {.z = m.narrow.data()}, m.weights.data(), m.first.data(),
                           &m.sums(b.wide()), m.ws);
     }},
    {"depthwise_forward", [](const block& b) { return b.depthwise_macs(); },
     [](const block& b, int images, block_memory& m) {
         depthwise_forward(depthwise_pass(b, images), m.read(m.first), depthwise_weights(b, m.weights),
                           m.second.data(), &m.sums(b.wide()), m.ws);
     }},
    {"second_forward", [](const block& b) { return b.second_macs(); },
     [](const block& b, int images, block_memory& m) {
         pointwise_forward(second_pass(b, images), m.read(m.second), second_weights(b, m.weights),
                           m.third.data(), &m.sums(b.out), m.ws);
     }},
    {"second_backward", [](const block& b) { return 2 * b.second_macs(); },
     [](const block& b, int images, block_memory& m) {
         pointwise_backward(second_pass(b, images), m.gradient(m.third_gradient, m.third), m.read(m.second),
                            second_weights(b, m.weights), second_weights(b, m.gradients),
                            {m.second_gradient.data()}, m.sums(b.wide()), m.ws);
     }},
    {"depthwise_backward", [](const block& b) { return 2 * b.depthwise_macs(); },
     [](const block& b, int images, block_memory& m) {
         depthwise_backward(depthwise_pass(b, images), m.gradient(m.second_gradient, m.second),
                            m.read(m.first), depthwise_weights(b, m.weights),
                            depthwise_weights(b, m.gradients), {m.first_gradient.data()}, m.sums(b.wide()),
                            m.ws);
     }},
    {"first_backward", [](const block& b) { return 2 * b.first_macs(); },
     [](const block& b, int images, block_memory& m) {
         pointwise_backward(first_pass(b, images), m.gradient(m.first_gradient, m.first),
                            {.z = m.narrow.data()}, m.weights.data(), m.gradients.data(),
                            {m.narrow_gradient.data()}, m.sums(b.in.channels), m.ws);
     }},
}};

// The whole block as training runs it.
// @param macs of one image
void measure_block(benchmark::State& state, const recipe& r, shape in, double macs, int images,
                   bool backwards) {
    const block_plan plan(r, in);
    const tensor parameters(summarise(r, in).parameters);
    const tensor gradients(summarise(r, in).parameters);
    const tensor input(in.size() * images);
    const tensor output(plan.output().size() * images);
    const tensor output_gradient(plan.output().size() * images);
    const tensor input_gradient(in.size() * images);
    arena memory;
    workspace ws;
    const double flops = 2 * images * macs;
    const auto run = [&] {
        memory.reset();
        return forward(plan, parameters.data(), input.data(), images, output.data(), nullptr, memory, ws,
                       true);
    };
    if (!backwards) {
        measure(state, flops, run);
        return;
    }
    block_run done = run();
    const arena::mark behind = memory.position();
    measure(state, 2 * flops, [&] {
        memory.reset(behind);
        backward(plan, parameters.data(), gradients.data(), done, output_gradient.data(),
                 input_gradient.data(), nullptr, memory, ws);
    });
}

void add_block(const std::string& name, const recipe& r, shape in, double macs, int images) {
    for (const bool backwards : {false, true}) {
        const auto run = [=](benchmark::State& state) {
            measure_block(state, r, in, macs, images, backwards);
        };
        benchmark::RegisterBenchmark((name + (backwards ? "/backward" : "/forward")).c_str(), run)
            ->Unit(benchmark::kMillisecond)
            ->UseRealTime();
    }
}

// An operator on an edge of a cell, whose input and output have the same shape.
template <class Op>
void add_edge(const char* workload, shape in, const char* name, int taps, int images) {
    const double macs = static_cast<double>(in.size()) * in.channels * taps;
    add_block(std::string(workload) + "/" + std::to_string(in.height) + "x" + std::to_string(in.width) + "," +
                  std::to_string(in.channels) + "," + name,
              Op::build({in, in.channels, 1}), in, macs, images);
}

void add(const char* workload, const block& b, int images) {
    const auto registered = [&](const char* what, auto&& body) {
        const std::string name = std::string(workload) + "/" + b.name() + "/" + what;
        benchmark::RegisterBenchmark(name.c_str(), body)->Unit(benchmark::kMillisecond)->UseRealTime();
    };
    for (const pass& p : passes) {
        registered(p.name, [b, images, p](benchmark::State& state) {
            block_memory memory(b, images);
            measure(state, 2 * images * p.macs(b), [&] { p.run(b, images, memory); });
        });
    }
    add_block(std::string(workload) + "/" + b.name(), b.build(), b.in,
              b.first_macs() + b.depthwise_macs() + b.second_macs(), images);
}

} // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 2;
    }
    peak = bench::sgemm_peak_gflops();
    benchmark::AddCustomContext("sgemm_peak_gflops", std::to_string(peak));
    benchmark::AddCustomContext("threads", std::to_string(thread_count()));
    for (const auto& [expansion, kernel] : {std::pair(3, 3), std::pair(6, 5)}) {
        add("W1", {{32, 32, 32}, 64, expansion, kernel, 2}, 128);
        add("W1", {{16, 16, 64}, 64, expansion, kernel, 1}, 128);
        add("W1", {{16, 16, 64}, 128, expansion, kernel, 2}, 128);
        add("W1", {{8, 8, 128}, 128, expansion, kernel, 1}, 128);
        add("W1", {{8, 8, 128}, 256, expansion, kernel, 2}, 128);
        add("W1", {{4, 4, 256}, 256, expansion, kernel, 1}, 128);
        add("W2", {{16, 16, 16}, 32, expansion, kernel, 2}, 64);
        add("W2", {{8, 8, 32}, 32, expansion, kernel, 1}, 64);
        add("W2", {{4, 4, 64}, 64, expansion, kernel, 1}, 64);
    }
    // The same on so few images that tensors stay in a core's second-level cache: what memory costs the
    // others.
    for (const auto& [expansion, kernel] : {std::pair(3, 3), std::pair(6, 5)}) {
        add("W1-in-cache", {{32, 32, 32}, 64, expansion, kernel, 2}, 2);
        add("W1-in-cache", {{16, 16, 64}, 64, expansion, kernel, 1}, 4);
        add("W1-in-cache", {{16, 16, 64}, 128, expansion, kernel, 2}, 4);
    }
    for (const shape& in : {shape{32, 32, 16}, shape{16, 16, 32}, shape{8, 8, 64}}) {
        add_edge<op::relu_conv<3>>("W6", in, "conv3", 9, 128);
        add_edge<op::relu_conv<1>>("W6", in, "conv1", 1, 128);
        add_edge<op::avg_pool<3>>("W6", in, "pool", 0, 128);
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
