// Work that processes of MPI share: seconds, and what goes over between them. bench_mpi.sh compares numbers
// of processes and threads in turns.
//
//   mpirun -n N bench_mpi WHAT [NUMBER]
//
// | WHAT | |
// | --- | --- |
// | images, synchronised | NUMBER steps of W1 (workloads.md): parts of the batch; batch norm over all of it |
// | paths | the same of W2 with strict fairness, four paths a step |
// | paper | the same of W5 |
// | score | the sub-networks of W3b |
// | truths | NUMBER trainings by themselves, in fashion_mini |
//
// Process 0 prints one JSON object.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include <fitnas/core/parallel.hpp>
#include <fitnas/data/synthetic.hpp>
#include <fitnas/mpi/session.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/train.hpp>
#include <fitnas/supernet/training_scorer.hpp>

#include "workload.hpp"

namespace {

// Counts and times what goes through it.
class watched final : public fitnas::peers {
public:
    explicit watched(fitnas::peers& of) : m_of(of) {}

    int rank() const override { return m_of.rank(); }
    int count() const override { return m_of.count(); }
    void gather(const void* own, std::size_t bytes, void* all) override {
        timed([&] { m_of.gather(own, bytes, all); });
        ++gathers;
        gathered += bytes;
    }
    std::vector<std::string> gather(const std::string& own) override {
        std::vector<std::string> all;
        timed([&] { all = m_of.gather(own); });
        ++gathers;
        gathered += own.size();
        return all;
    }
    void begin_sum(std::span<const float* const> own, std::span<float> sum) override {
        timed([&] { m_of.begin_sum(own, sum); });
        ++sums;
        summed += sum.size();
    }
    void go_on() override {
        timed([&] { m_of.go_on(); });
    }
    void finish_sums() override {
        timed([&] { m_of.finish_sums(); });
    }
    void start_counting() override { m_of.start_counting(); }
    long long next() override { return m_of.next(); }
    void ask_to_stop() override { m_of.ask_to_stop(); }
    bool asked_to_stop() override { return m_of.asked_to_stop(); }

    void start() {
        seconds = 0;
        gathers = gathered = sums = summed = 0;
    }

    double seconds = 0; // in all of these
    std::size_t gathers = 0;
    std::size_t gathered = 0; // bytes, of this process
    std::size_t sums = 0;
    std::size_t summed = 0; // floats

private:
    template <class Call>
    void timed(Call&& call) {
        const fitnas::stopwatch clock;
        call();
        seconds += clock.seconds();
    }

    fitnas::peers& m_of;
};

void print(const watched& all, const std::string& what, double seconds, double per, const char* unit) {
    if (all.rank() == 0) {
        std::printf("{\"what\": \"%s\", \"processes\": %d, \"threads\": %d, \"seconds\": %.4f, \"%s\": %.2f, "
                    "\"seconds_between\": %.4f, \"gathers\": %zu, \"gathered_bytes\": %zu, \"sums\": %zu, "
                    "\"summed_floats\": %zu}\n",
                    what.c_str(), all.count(), fitnas::thread_count(), seconds, unit, per / seconds,
                    all.seconds, all.gathers, all.gathered, all.sums, all.summed);
    }
}

template <class Space>
void bench_training(watched& all, const std::string& what, std::size_t batch, std::size_t steps,
                    fitnas::train_options o) {
    const fitnas::dataset data = fitnas::datasets::synthetic({.image = Space::input,
                                                              .classes = Space::classes,
                                                              .train = batch * steps,
                                                              .validation = 10,
                                                              .test = 10});
    fitnas::supernet<Space> net(fitnas::seed{1});
    o.epochs = 1;
    o.batch = batch;
    fitnas::train(net, data.train, o); // takes memory and warms caches up
    o.peers = all.count() > 1 ? &all : nullptr;
    all.start();
    const double seconds = fitnas::train(net, data.train, o).seconds;
    print(all, what, seconds, static_cast<double>(batch * steps), "images_a_second");
}

void bench_scoring(watched& all) {
    using space = bench::w1_space;
    const fitnas::dataset data = fitnas::datasets::synthetic(
        {.image = space::input, .train = 500, .validation = bench::scored_images, .test = 10});
    const fitnas::supernet<space> net(fitnas::seed{1});
    const auto some = bench::lcg_paths<space>(243);
    const fitnas::stopwatch clock;
    fitnas::evaluate<space>(net, some, data,
                            {.statistics = fitnas::statistics::batch,
                             .batch = bench::scored_images,
                             .peers = all.count() > 1 ? &all : nullptr});
    print(all, "score", clock.seconds(), static_cast<double>(some.size()), "networks_a_second");
}

void bench_truths(watched& all, int count) {
    using space = fitnas::spaces::fashion_mini;
    const fitnas::dataset data =
        fitnas::datasets::synthetic({.image = space::input, .train = 2000, .validation = 500, .test = 10});
    const fitnas::training_scorer<space> score{
        &data, {.epochs = 1, .batch = 64}, 1, all.count() > 1 ? &all : nullptr};
    const fitnas::stopwatch clock;
    score(fitnas::sample<space>(static_cast<std::size_t>(count), fitnas::seed{1}));
    print(all, "truths", clock.seconds(), count, "trainings_a_second");
}

} // namespace

int main(int argc, char** argv) {
    try {
        fitnas::mpi::session session(argc, argv);
        watched all(session);
        const std::string what = argc > 1 ? argv[1] : "";
        const int number = argc > 2 ? std::atoi(argv[2]) : 24;
        const auto steps = static_cast<std::size_t>(number);
        if (what == "images") {
            bench_training<bench::w1_space>(all, what, 128, steps, {});
        } else if (what == "synchronised") {
            bench_training<bench::w1_space>(all, what, 128, steps,
                                            {.share = fitnas::step_share::images_synchronised});
        } else if (what == "paths") {
            bench_training<bench::w2_space>(
                all, what, 64, steps,
                {.sampling = fitnas::sampling::strict_fair, .share = fitnas::step_share::paths});
        } else if (what == "paper") {
            bench_training<bench::w5_space>(all, what, 16, steps, {});
        } else if (what == "score") {
            bench_scoring(all);
        } else if (what == "truths") {
            bench_truths(all, number);
        } else {
            std::fprintf(stderr, "bench_mpi: expected images, synchronised, paths, paper, score or truths\n");
            return 2;
        }
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "bench_mpi: %s\n", e.what());
        return 1;
    }
}
