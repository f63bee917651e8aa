// The whole pipeline on a small space: training, scoring, fitting, searching, retraining. Processes with 1,
// 2, 3 and 4 threads, with and without shared prefixes, in one go or stopped and gone on with, must come to
// the same bytes in every stage.
//
//   test_pipeline                       the test
//   test_pipeline --run [--resumed]     one process: prints a hash for each stage; resumed: trainings are
//   stopped
//                                       on the way, and architectures are scored one by one
//   test_pipeline --values [epochs]     numbers to compare programs of other compilers and instruction sets
//   with
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fitnas/core/hash.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/metrics/kendall.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/predictor/table.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/search/pareto.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/evaluate.hpp>

#include "../supernet/small_spaces.hpp"
#include "../support/temporary_folder.hpp"
#include "../support/test_locale.hpp"

using namespace fitnas;

namespace {

using operators = operator_set<op::mbconv<3, 2>, op::identity, op::separable<5>>;
struct space
    : search_space<image<8, 8, 1>, stem<8>, stage<operators, 2, 8>, stage<operators, 2, 12, 2>, head<16, 4>> {
};

const train_options options{.epochs = 2,
                            .batch = 64,
                            .sampling = sampling::strict_fair,
                            .warmup = 0.5,
                            .label_smoothing = 0.1,
                            .augment = {.crop_padding = 1, .flip = true},
                            .seed = seed{9}};

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "test_pipeline: %s\n", what.c_str());
    std::exit(1);
}

// What each stage came to.
class stages {
public:
    void add(const char* name, const detail::hash64& hash) { m_text += name + (" " + hash.text()) + "\n"; }
    const std::string& text() const { return m_text; }

private:
    std::string m_text;
};

template <class Value>
void add(detail::hash64& hash, const std::vector<Value>& values) {
    hash.add(values.data(), values.size() * sizeof(Value));
}
void add(detail::hash64& hash, std::span<const float> values) {
    hash.add(values.data(), values.size() * sizeof(float));
}
void add(detail::hash64& hash, const train_report& report) { add(hash, report.epochs); }

// Calls `run` again and again, each time stopped after three steps more, until it is over.
template <class Run>
auto in_pieces(bool pieces, Run&& run) {
    for (;;) {
        train_options o = options;
        if (pieces) {
            o.keep.stop = [steps = 0]() mutable { return ++steps == 3; };
        }
        try {
            return run(o);
        } catch (const interrupted&) {
            if (!pieces) {
                throw;
            }
        }
    }
}

std::vector<double> scores_of(const supernet<space>& net, const std::vector<architecture<space>>& some,
                              const dataset& data, bool one_by_one) {
    const evaluate_options how{.calibration = 100, .batch = 90};
    if (!one_by_one) {
        return evaluate<space>(net, some, data, how).scores;
    }
    std::vector<double> scores;
    for (const architecture<space>& a : some) {
        scores.push_back(evaluate<space>(net, std::span(&a, 1), data, how).scores.front());
    }
    return scores;
}

std::string run_here(bool resumed) {
    const dataset data = small::images();
    const temporary_folder folder;
    stages done;

    detail::hash64 trained;
    supernet<space> net(seed{1});
    const train_report report = in_pieces(resumed, [&](const train_options& o) {
        return train(net, data.train, o, checkpoint_options{.file = folder.path("super"), .every = 0});
    });
    add(trained, net.parameters());
    add(trained, report);
    trained.add(folder.read("super"));
    done.add("train", trained);

    detail::hash64 scored;
    const std::vector<architecture<space>> some = sample<space>(20, seed{2});
    score_table<space> table;
    table.architectures = some;
    table.scores = scores_of(net, some, data, resumed);
    add(scored, table.scores);
    done.add("evaluate", scored);

    detail::hash64 fitted_hash;
    const auto model = fit_default(table, {.plan = fit_plan::cautious});
    for (const auto& member : model.members()) {
        add(fitted_hash, member.parameters());
    }
    const dense_table<space> all(model);
    fitted_hash.add(all.values().data(), all.values().size_bytes());
    done.add("fit", fitted_hash);

    detail::hash64 searched;
    for (const auto& list : {search::exact(model, {.top = 5, .limit = cost::macs_at_most(60'000)}),
                             search::pareto(model), search::exact(model, {.top = 3})}) {
        for (const auto& c : list) {
            searched.add(c.architecture.data(), c.architecture.size());
            searched.add(&c.predicted, sizeof c.predicted);
        }
    }
    done.add("search", searched);

    detail::hash64 retrained_hash;
    const auto best = search::exact(model, {.top = 1}).front().architecture;
    const auto last = in_pieces(resumed, [&](const train_options& o) {
        return retrain<space>(best, data, o, checkpoint_options{.file = folder.path("last"), .every = 0});
    });
    add(retrained_hash, last.network.parameters());
    add(retrained_hash, last.report);
    const tensor2 logits = last.network.logits(data.test);
    add(retrained_hash, {logits.data(), logits.size()});
    retrained_hash.add(folder.read("last"));
    done.add("retrain", retrained_hash);
    return done.text();
}

void print_values(int epochs) {
    const dataset data = small::images();
    train_options o = options;
    o.epochs = epochs;
    o.warmup = 0.5;
    supernet<space> net(seed{1});
    o.observer = [&](const progress& p) {
        if (p.done == 1 || p.done == 10 || p.done == p.total) {
            for (const float v : net.parameters()) {
                std::printf("weights_%lld %.9g\n", p.done, static_cast<double>(v));
            }
        }
    };
    train(net, data.train, o);
    const std::vector<architecture<space>> some = sample<space>(60, seed{2});
    const auto both = evaluate_both<space>(net, some, data, {.calibration = 256});
    for (std::size_t i = 0; i < some.size(); ++i) {
        std::printf("accuracy %.9g\nloss %.17g\n", both.accuracy.scores[i], -both.negative_loss[i]);
    }
    // Scores that do not depend on the machine, so that fits are compared by themselves.
    score_table<space> table;
    score_table<space> held_out;
    for (std::size_t i = 0; i < some.size(); ++i) {
        random_stream noise(seed{4}, purpose::user, i);
        double sum = noise.normal();
        for (std::size_t c = 0; c < some[i].size(); ++c) {
            sum +=
                some[i][c] * static_cast<double>(c + 1) * (c > 0 && some[i][c] == some[i][c - 1] ? 0.5 : 1.0);
        }
        (i % 2 == 0 ? table : held_out).push_back(some[i], sum);
    }
    const auto model = fit_default(table, {.plan = fit_plan::cautious});
    const std::vector<double> predicted = model.predict(held_out.architectures);
    for (const double p : predicted) {
        std::printf("prediction %.17g\n", p);
    }
    std::printf("tau %.17g\n", kendall_tau(predicted, held_out.scores));
    o.observer = {};
    const auto last = retrain<space>(some.front(), data, o);
    for (const float v : last.network.parameters()) {
        std::printf("retrained %.9g\n", static_cast<double>(v));
    }
    std::printf("test_accuracy %.9g\n", last.test_accuracy);
}

// What a process of its own prints.
std::string run_process(int threads, bool resumed) {
    int ends[2];
    if (pipe(ends) != 0) {
        fail("there is no pipe");
    }
    setenv("OMP_NUM_THREADS", std::to_string(threads).c_str(), 1);
    std::string self = "/proc/self/exe";
    std::string run = "--run";
    std::string how = "--resumed";
    char* arguments[] = {self.data(), run.data(), resumed ? how.data() : nullptr, nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    pid_t child = 0;
    if (posix_spawn(&child, self.c_str(), &actions, nullptr, arguments, environ) != 0) {
        fail("the process cannot be started");
    }
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    std::string text;
    char buffer[512];
    for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) != 0;) {
        if (n > 0) {
            text.append(buffer, static_cast<std::size_t>(n));
        } else if (errno != EINTR) {
            fail("the pipe broke");
        }
    }
    close(ends[0]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail("a run failed");
    }
    return text;
}

} // namespace

int main(int argc, char** argv) {
    take_up_test_locale();
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode == "--run") {
        std::fputs(run_here(argc > 2).c_str(), stdout);
        return 0;
    }
    if (mode == "--values") {
        print_values(argc > 2 ? std::atoi(argv[2]) : 4);
        return 0;
    }
    const std::string expected = run_process(1, false);
    std::printf("%s", expected.c_str());
    if (std::count(expected.begin(), expected.end(), '\n') != 5) {
        fail("expected five stages");
    }
    for (int threads = 1; threads <= 4; ++threads) {
        for (const bool resumed : {false, true}) {
            if (const std::string text = run_process(threads, resumed); text != expected) {
                std::printf("%d threads, %s:\n%s", threads, resumed ? "in pieces" : "in one go",
                            text.c_str());
                fail("the hashes differ");
            }
        }
    }
    std::puts("1 to 4 threads, in one go and in pieces, with and without shared prefixes: the same bytes");
    return 0;
}
