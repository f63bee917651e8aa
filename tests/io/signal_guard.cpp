// What a program has set for its signals holds while work is guarded and afterwards.
#include <array>
#include <atomic>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fitnas/io/checkpoint.hpp>

#include "../supernet/small_spaces.hpp"
#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

constexpr std::array<int, 3> all_signals{SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t called = 0;
extern "C" void note(int) { called = called + 1; }
extern "C" void note_more(int, siginfo_t*, void*) { called = called + 1; }

using action = struct sigaction;

action action_of(int number) {
    action present = {};
    sigaction(number, nullptr, &present);
    return present;
}

/// Sets an action with flags and a mask, which no handler of the C library has.
action set_special(int number) {
    action special = {};
    special.sa_sigaction = note_more;
    special.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigemptyset(&special.sa_mask);
    sigaddset(&special.sa_mask, SIGUSR1);
    sigaddset(&special.sa_mask, SIGALRM);
    sigaction(number, &special, nullptr);
    return special;
}

bool same(const action& a, const action& b) {
    bool masks = true;
    for (int s = 1; s < 32; ++s) {
        masks = masks && sigismember(&a.sa_mask, s) == sigismember(&b.sa_mask, s);
    }
    constexpr int flags = SA_SIGINFO | SA_NODEFER | SA_RESTART | SA_ONSTACK | SA_NOCLDSTOP;
    return masks && a.sa_handler == b.sa_handler && (a.sa_flags & flags) == (b.sa_flags & flags);
}

/// The test program's own actions come back at the end.
class kept_actions {
public:
    kept_actions() {
        for (std::size_t i = 0; i < all_signals.size(); ++i) {
            m_before[i] = action_of(all_signals[i]);
        }
        called = 0;
    }
    ~kept_actions() {
        for (std::size_t i = 0; i < all_signals.size(); ++i) {
            sigaction(all_signals[i], &m_before[i], nullptr);
        }
    }
    kept_actions(const kept_actions&) = delete;
    kept_actions& operator=(const kept_actions&) = delete;

private:
    std::array<action, all_signals.size()> m_before{};
};

/// @return the signal that ends a process which does this; 0 where it ends by itself
template <class Work>
int ended_by(Work&& work) {
    const pid_t child = fork();
    if (child == 0) {
        for (const int number : all_signals) {
            std::signal(number, SIG_DFL);
        }
        work();
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

} // namespace

TEST_CASE("a signal is noted once by all guards, and the next of its kind does what it does without") {
    for (const int number : all_signals) {
        CAPTURE(number);
        CHECK(ended_by([&] {
                  const signal_guard guard;
                  std::raise(number);
              }) == 0);
        CHECK(ended_by([&] {
                  const signal_guard guard;
                  std::raise(number);
                  std::raise(number);
              }) == number);
        CHECK(ended_by([&] {
                  { const signal_guard guard; }
                  std::raise(number);
              }) == number);
    }
    const kept_actions kept;
    std::signal(SIGINT, note);
    {
        const signal_guard first;
        CHECK(first.seen() == 0);
        std::raise(SIGINT);
        CHECK(first.seen() == SIGINT);
        const signal_guard later; // of what came before it was made it knows nothing
        CHECK(later.seen() == 0);
        std::raise(SIGTERM);
        CHECK(first.seen() == SIGTERM);
        CHECK(later.seen() == SIGTERM);
        CHECK(called == 0);
        std::raise(SIGINT); // the first since `later` was made
        CHECK(called == 0);
        std::raise(SIGINT);
        CHECK(called == 1); // the program's own handler
    }
    std::raise(SIGINT);
    CHECK(called == 2);
}

TEST_CASE("actions come back with their flags and masks, whoever ends last") {
    const kept_actions kept;
    for (const bool signalled : {false, true}) {
        for (const bool first_goes_first : {false, true}) {
            std::vector<action> before;
            for (const int number : all_signals) {
                before.push_back(set_special(number));
            }
            auto first = std::make_unique<signal_guard>();
            auto second = std::make_unique<signal_guard>();
            CHECK(!same(action_of(SIGINT), before[0]));
            if (signalled) {
                std::raise(SIGINT);
                CHECK(second->seen() == SIGINT);
            }
            (first_goes_first ? first : second).reset();
            CHECK(!same(action_of(SIGTERM), before[1])); // one still guards
            first.reset();
            second.reset();
            for (std::size_t i = 0; i < all_signals.size(); ++i) {
                CHECK(same(action_of(all_signals[i]), before[i]));
            }
        }
    }
    CHECK(called == 0);
}

TEST_CASE("what is ignored stays ignored; what the program sets on the way holds") {
    const kept_actions kept;
    for (const int number : all_signals) {
        CAPTURE(number);
        std::signal(number, SIG_IGN);
        {
            const signal_guard guard;
            CHECK((action_of(number).sa_handler == SIG_IGN));
            std::raise(number);
            CHECK(guard.seen() == 0);
        }
        CHECK((action_of(number).sa_handler == SIG_IGN));
        std::signal(number, SIG_DFL);
        {
            const signal_guard guard;
            set_special(number);
            std::raise(number);
            CHECK(guard.seen() == 0);
        }
        CHECK(called == 1);
        called = 0;
        CHECK((action_of(number).sa_sigaction == note_more));
        {
            const signal_guard guard;
            std::signal(number, SIG_DFL);
            const signal_guard inner; // guards what is set now
            std::raise(number);
            CHECK(guard.seen() == number);
        }
        CHECK((action_of(number).sa_handler == SIG_DFL));
    }
}

TEST_CASE("a training goes on where its signal is ignored, and stops for SIGHUP as for the others") {
    const kept_actions kept;
    const dataset data = small::images();
    for (const int number : all_signals) {
        CAPTURE(number);
        const temporary_folder folder;
        train_options options{.epochs = 2, .batch = 100};
        options.observer = [&](const progress& p) {
            if (p.done == 3) {
                std::raise(number);
            }
        };
        const checkpoint_options where{.file = folder.path("a")};
        std::signal(number, SIG_IGN);
        supernet<small::space> ignoring(seed{1});
        CHECK(train(ignoring, data.train, options, where).epochs.size() == 2);
        std::filesystem::remove(where.file);
        std::signal(number, SIG_DFL);
        supernet<small::space> stopped(seed{1});
        CHECK(contains(thrown<interrupted>([&] { train(stopped, data.train, options, where); }),
                       "after step 3 of 10, which is saved"));
        CHECK((action_of(number).sa_handler == SIG_DFL));
        options.observer = {};
        train(stopped, data.train, options, where);
        CHECK(small::hash(stopped.parameters()) == small::hash(ignoring.parameters()));
    }
}

TEST_CASE("one signal stops trainings in several threads") {
    const kept_actions kept;
    const action before = set_special(SIGTERM);
    const dataset data = small::images();
    const temporary_folder folder;
    std::atomic<int> begun{0};
    std::array<std::string, 2> said;
    std::vector<std::thread> trainings;
    for (std::size_t i = 0; i < 2; ++i) {
        trainings.emplace_back([&, i] {
            train_options options{.epochs = 2, .batch = 100};
            options.observer = [&](const progress& p) {
                if (p.done == 1) {
                    if (++begun == 2) {
                        std::raise(SIGTERM);
                        ++begun;
                    }
                    while (begun < 3) {
                        std::this_thread::yield();
                    }
                }
            };
            supernet<small::space> net(seed{i});
            said[i] = thrown<interrupted>([&] {
                train(net, data.train, options, checkpoint_options{.file = folder.path(std::to_string(i))});
            });
        });
    }
    for (std::thread& t : trainings) {
        t.join();
    }
    for (const std::string& text : said) {
        CHECK(contains(text, "after step 1 of 10, which is saved"));
    }
    CHECK(same(action_of(SIGTERM), before));
    CHECK(called == 0);
}
