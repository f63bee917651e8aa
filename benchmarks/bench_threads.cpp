// What more cores would give, from the loops of one thread: a model, and beside it what two threads give
// here.
//
//   bench_threads [--rounds N] [fashion_tiny|W2|W1|W6|scoring|trainings]...
//
// A strictly fair training step is recorded on one thread: what lies between parallel loops, and how long
// each round of each loop takes. On P threads a loop takes as long as the thread that has most to do, and
// starting and ending it costs what an empty loop costs. Paths one after the other have these loops; a path a
// thread has one loop over the paths, the dearest first, and the gradients are added behind it. Scoring and
// trainings of networks by themselves are pieces that depend on no other: the thread that is free first takes
// the next.
// docs/performance.md has the table, and what the model leaves out.

// clang-format off
#include "recorded_loops.hpp" // before the library
// clang-format on

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/nn/sgd.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/memory_use.hpp>
#include <fitnas/supernet/path_ranges.hpp>
#include <fitnas/supernet/path_scorer.hpp>
#include <fitnas/supernet/sampling.hpp>
#include <fitnas/supernet/update.hpp>

#include "workload.hpp"

namespace {

using namespace fitnas;

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

// Strictly fair steps of a space on one batch.
class trainer {
public:
    trainer(const space_layout& space, int batch, bool path_a_thread)
        : m_weights(space, seed{1}),
          m_sampler(m_weights.part().counts(), sampling::strict_fair, seed{1}),
          m_update(
              m_weights, m_work, [](std::size_t n) { return sgd(n, {}); }, false,
              path_a_thread ? m_sampler.size() : 1),
          m_images(static_cast<std::size_t>(batch) * static_cast<std::size_t>(space.input.size())),
          m_labels(static_cast<std::size_t>(batch)) {
        random_stream random(seed{1}, purpose::user);
        detail::fill_normal(m_images, 1.0, random);
        for (std::size_t i = 0; i < m_labels.size(); ++i) {
            m_labels[i] = static_cast<int>(i * 37) % space.classes;
        }
    }

    std::size_t paths() const { return m_sampler.size(); }
    std::size_t largest_path() const {
        std::size_t sum = 0;
        for (const std::size_t layer : detail::layer_parameters(m_weights.part())) {
            sum += layer;
        }
        return sum;
    }
    // The paths of a step, all in one call.
    void gradients(std::uint64_t step) {
        m_losses.clear();
        m_update.add(
            m_sampler.paths(step), m_images.data(), m_labels, 0, [](const auto&) { return soft_labels{}; },
            m_losses);
    }
    void gradient(std::uint64_t step, std::size_t path) {
        m_update.add(m_sampler.paths(step)[path], m_images.data(), m_labels, 0);
    }
    void gradient_of(std::span<const std::uint8_t> code) { m_update.add(code, m_images.data(), m_labels, 0); }
    void update() { m_update.apply(0.01); }

private:
    detail::weights m_weights;
    detail::step_work m_work;
    detail::path_sampler m_sampler;
    detail::weights_update<sgd> m_update;
    std::vector<float> m_images;
    std::vector<int> m_labels;
    std::vector<batch_loss> m_losses;
};

// Seconds that an empty loop takes on two threads.
double fork_join() {
    std::vector<double> times;
    for (int round = 0; round < 50; ++round) {
        const double start = bench::now();
        for (int i = 0; i < 200; ++i) {
            parallel_for(2, [](std::ptrdiff_t) {});
        }
        times.push_back((bench::now() - start) / 200);
    }
    return median(times);
}

// Seconds to add so many floats to others.
double time_to_add(std::size_t floats) {
    std::vector<float> to(floats);
    const std::vector<float> from(floats, 1.0F);
    std::vector<double> times;
    for (int round = 0; round < 5; ++round) {
        const double start = bench::now();
        for (std::size_t i = 0; i < floats; ++i) {
            to[i] += from[i];
        }
        times.push_back(bench::now() - start);
    }
    return median(times);
}

// Where P threads' time goes, in seconds of the clock.
struct modelled {
    double total = 0;
    double serial = 0;  // one thread works
    double waiting = 0; // at the ends of loops, for a mean thread, starts and ends of loops included
};

// One thread has measured; the first loops cost what two threads measured, more threads more.
class model {
public:
    model(int threads, double fork)
        : m_threads(threads), m_fork(threads == 1 ? 0 : fork * std::log2(threads)) {}

    void run(const bench::recording& r) {
        m_sum.serial += r.serial();
        const double loops = r.loops_on(m_threads) + m_fork * static_cast<double>(r.loops.size());
        m_sum.waiting += loops - r.in_loops() / m_threads;
        m_sum.total += r.serial() + loops;
    }
    // Paths side by side, dynamically, the dearest first; then the gradients are added.
    void together(std::vector<double> paths, double adding) {
        std::sort(paths.rbegin(), paths.rend());
        std::vector<double> busy(static_cast<std::size_t>(m_threads));
        double all = 0;
        for (const double path : paths) {
            *std::min_element(busy.begin(), busy.end()) += path;
            all += path;
        }
        const double longest = *std::max_element(busy.begin(), busy.end());
        const double add = adding * static_cast<double>(paths.size());
        m_sum.waiting += longest - all / m_threads + 2 * m_fork;
        m_sum.total += longest + add / m_threads + 2 * m_fork;
    }
    const modelled& sum() const { return m_sum; }

private:
    int m_threads;
    double m_fork;
    modelled m_sum;
};

// How many paths go together on so many threads.
std::size_t together_on(int threads, std::size_t paths) {
    const int before = thread_count();
    omp_set_num_threads(threads);
    const std::size_t count = detail::paths_together(paths);
    omp_set_num_threads(before);
    return count;
}

struct workload {
    const char* name;
    space_layout space;
    int batch;
};

void print(const workload& w, int rounds) {
    const int here = thread_count();
    omp_set_num_threads(1);
    trainer one(w.space, w.batch, false);
    const std::size_t paths = one.paths();
    struct recorded_step {
        std::vector<bench::recording> paths;
        bench::recording update;
    };
    std::vector<recorded_step> steps;
    for (int round = -1; round < rounds; ++round) {
        recorded_step step;
        const auto number = static_cast<std::uint64_t>(round + 1);
        for (std::size_t p = 0; p < paths; ++p) {
            step.paths.push_back(bench::record([&] { one.gradient(number, p); }));
        }
        step.update = bench::record([&] { one.update(); });
        if (round >= 0) {
            steps.push_back(step);
        }
    }
    omp_set_num_threads(here);

    // What is there: both ways on the threads of this machine, in turns.
    trainer in_turns(w.space, w.batch, false);
    trainer side_by_side(w.space, w.batch, true);
    std::vector<double> measured[2];
    for (int round = -1; round < rounds; ++round) {
        for (trainer* t : {&in_turns, &side_by_side}) {
            const double start = bench::now();
            t->gradients(static_cast<std::uint64_t>(round + 1));
            t->update();
            if (round >= 0) {
                measured[t == &side_by_side ? 1 : 0].push_back(bench::now() - start);
            }
        }
    }

    const double fork = fork_join();
    const double adding = time_to_add(one.largest_path());
    double total = 0;
    double serial = 0;
    double loops = 0;
    for (const recorded_step& s : steps) {
        for (const bench::recording& r : s.paths) {
            total += r.total;
            serial += r.serial();
            loops += static_cast<double>(r.loops.size());
        }
        total += s.update.total;
        serial += s.update.serial();
        loops += static_cast<double>(s.update.loops.size());
    }
    const auto count = static_cast<double>(steps.size());
    std::printf("\n%s, batch %d, %zu paths a step: %.2f ms on one thread, %.0f loops, outside of them %.2f "
                "%%; a loop of "
                "nothing %.1f us on %d threads\n",
                w.name, w.batch, paths, 1e3 * total / count, loops / count, 100 * serial / total, 1e6 * fork,
                here);
    std::printf("%d threads, measured: in turns %.2f ms, a path a thread %.2f ms, %.2f times as fast\n", here,
                1e3 * median(measured[0]), 1e3 * median(measured[1]),
                median(measured[0]) / median(measured[1]));
    std::printf(
        "threads | in turns: times one thread | serial | waiting | a path a thread | serial | waiting\n");
    for (const int threads : {2, 4, 8, 16, 64}) {
        model turns(threads, fork);
        model beside(threads, fork);
        for (const recorded_step& s : steps) {
            for (const bench::recording& r : s.paths) {
                turns.run(r);
            }
            turns.run(s.update);
            std::size_t done = 0;
            while (const std::size_t next = (std::min)(together_on(threads, paths - done), paths - done)) {
                std::vector<double> seconds;
                for (std::size_t p = done; p < done + next; ++p) {
                    seconds.push_back(s.paths[p].total);
                }
                beside.together(seconds, adding);
                done += next;
            }
            for (; done < paths; ++done) {
                beside.run(s.paths[done]);
            }
            beside.run(s.update);
        }
        std::printf("%d", threads);
        for (const model* m : {&turns, &beside}) {
            const modelled& sum = m->sum();
            std::printf(" | %.2f | %.1f %% | %.1f %%", total / sum.total, 100 * sum.serial / sum.total,
                        100 * sum.waiting / sum.total);
        }
        std::printf("\n");
    }
}

// How many times as fast as one thread pieces are on more, each taken by the thread that is free first.
// @param start makes all ready for so many threads, and says how many pieces there are
// @param run what the thread of that number takes for the piece of that number: seconds on one thread
template <class Start, class Run>
void print_independent(const char* name, Start&& start, Run&& run) {
    double one = 0;
    for (const int threads : {1, 2, 4, 8, 16, 64}) {
        const std::size_t pieces = start(threads);
        std::vector<double> busy(static_cast<std::size_t>(threads));
        double all = 0;
        for (std::size_t piece = 0; piece < pieces; ++piece) {
            const auto next = std::min_element(busy.begin(), busy.end());
            const double seconds = run(static_cast<std::size_t>(next - busy.begin()), piece);
            *next += seconds;
            all += seconds;
        }
        const double longest = *std::max_element(busy.begin(), busy.end());
        if (threads == 1) {
            one = all;
            std::printf("\n%s: %.2f s on one thread\nthreads | times one thread | waiting | work\n", name,
                        one);
            continue;
        }
        std::printf("%d | %.1f | %.1f %% | %.2f\n", threads, one / longest,
                    100 * (1 - all / threads / longest), all / one);
    }
}

// All networks of fashion_tiny, whose branches share first layers, as `evaluate` hands them out.
void print_scoring() {
    using space = spaces::fashion_tiny;
    const int here = thread_count();
    omp_set_num_threads(1);
    const dataset data = datasets::synthetic({.image = space::input, .train = 512, .validation = 1000});
    const detail::weights w(space::layout(), seed{1});
    std::vector<detail::network_path> paths;
    for (std::uint64_t i = 0; i < space::size; ++i) {
        paths.push_back(w.path(architecture_at<space>(i)));
    }
    std::sort(paths.begin(), paths.end());
    const normalisation norm = normalisation_of(data.train);
    const auto all = [&](const image_source& images) {
        std::vector<std::size_t> indices(images.size());
        std::iota(indices.begin(), indices.end(), std::size_t{0});
        return detail::loaded_images(images, indices, norm);
    };
    const detail::loaded_images calibration = all(data.train);
    const detail::loaded_images scored = all(data.validation);
    const std::size_t floats =
        detail::scoring_floats(w.part(), scored.labels.size(), calibration.labels.size()).value();
    std::vector<detail::path_scorer> scorers; // one a thread
    std::vector<std::size_t> cuts;
    print_independent(
        "scoring fashion_tiny, 256 networks on 1,000 images",
        [&](int threads) {
            scorers.clear();
            for (int i = 0; i < threads; ++i) {
                detail::path_scorer& own = scorers.emplace_back(w, true, floats);
                own.start(calibration, scored);
                own.run(paths.front(), {}); // its memory is there before the clock runs
                own.start(calibration, scored);
            }
            cuts = detail::cut_branches(paths, scorers.size());
            return cuts.size() - 1;
        },
        [&](std::size_t thread, std::size_t branch) {
            const double start = bench::now();
            for (std::size_t p = cuts[branch]; p < cuts[branch + 1]; ++p) {
                scorers[thread].run(paths[p], p + 1 < paths.size() ? paths[p + 1] : std::span<const int>());
            }
            return bench::now() - start;
        });
    omp_set_num_threads(here);
}

// All networks of fashion_tiny by themselves, three seeds: of each training some steps are timed.
void print_trainings(int rounds) {
    using space = spaces::fashion_tiny;
    const int here = thread_count();
    omp_set_num_threads(1);
    trainer one(space::layout(), 64, false);
    constexpr int steps = 2 * 10'000 / 64;
    std::vector<double> trainings;
    for (std::uint64_t i = 0; i < 3 * space::size; ++i) {
        std::vector<double> times;
        for (int round = 0; round <= rounds; ++round) {
            const double start = bench::now();
            one.gradient_of(architecture_at<space>(i / 3));
            one.update();
            times.push_back(bench::now() - start);
        }
        trainings.push_back(steps * median(times));
    }
    print_independent(
        "fashion_tiny's 256 networks by themselves, 3 seeds, 2 epochs of 10,000 images",
        [&](int) { return trainings.size(); },
        [&](std::size_t, std::size_t piece) { return trainings[piece]; });
    omp_set_num_threads(here);
}

} // namespace

int main(int argc, char** argv) {
    const workload all[] = {{"fashion_tiny", spaces::fashion_tiny::layout(), 128},
                            {"W2", bench::w2_space::layout(), 64},
                            {"W1", bench::w1_space::layout(), 128},
                            {"W6", bench::w6_space::layout(), 128}};
    int rounds = 5;
    std::vector<std::string> names;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--rounds" && i + 1 < argc) {
            rounds = (std::max)(1, std::atoi(argv[++i]));
        } else {
            names.push_back(argument);
        }
    }
    std::setbuf(stdout, nullptr); // rows as they come
    const auto wanted = [&](const char* name) {
        return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const workload& w : all) {
        if (wanted(w.name)) {
            print(w, rounds);
        }
    }
    if (wanted("scoring")) {
        print_scoring();
    }
    if (wanted("trainings")) {
        print_trainings(rounds);
    }
}
