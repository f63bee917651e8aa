// A training in a process of its own is killed (SIGKILL) at a random moment and started again; what it comes
// to is what a training that nothing happened to comes to, byte for byte. So is what several processes come
// to that train into one file at a time.
//
//   test_kill [kills, otherwise 100]      the test
//   test_kill --train FILE                the process that is killed: trains, or goes on, and prints a hash
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fitnas/io/checkpoint.hpp>

#include "../supernet/small_spaces.hpp"
#include "../support/temporary_folder.hpp"
#include "../support/test_locale.hpp"

using namespace fitnas;
using clock_type = std::chrono::steady_clock;

namespace {

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "test_kill: %s\n", what.c_str());
    std::exit(1);
}

/// Saves after every step, so that many kills fall into a write.
void train_here(const std::string& file) {
    const dataset data = small::images();
    supernet<small::space> net(seed{1});
    const train_report report = train(net, data.train,
                                      {.epochs = 2,
                                       .batch = 40,
                                       .sampling = sampling::strict_fair,
                                       .augment = {.crop_padding = 1, .flip = true}},
                                      checkpoint_options{.file = file, .every = 1});
    std::uint64_t sum = small::hash(net.parameters());
    for (const epoch_report& e : report.epochs) {
        sum = sum * 31 + static_cast<std::uint64_t>(e.loss * 1e12);
    }
    std::ofstream(file + ".hash") << std::to_string(sum);
}

/// Starts the process. @return its number
pid_t start(const std::string& file) {
    std::string self = "/proc/self/exe";
    std::string flag = "--train";
    std::string path = file;
    char* arguments[] = {self.data(), flag.data(), path.data(), nullptr};
    pid_t child = 0;
    if (posix_spawn(&child, self.c_str(), nullptr, nullptr, arguments, environ) != 0) {
        fail("the process cannot be started");
    }
    return child;
}

/// @return whether it ended by itself and well
bool finished(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            fail("waitpid failed");
        }
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        return false;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail("a training failed");
    }
    return true;
}

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

int main(int count, char** arguments) {
    take_up_test_locale();
    if (count == 3 && std::string_view(arguments[1]) == "--train") {
        try {
            train_here(arguments[2]);
            return 0;
        } catch (const error& e) {
            fail(e.what());
        }
    }
    const int kills = count > 1 ? std::atoi(arguments[1]) : 100;
    const temporary_folder folder;
    const std::string whole = folder.path("whole");
    const auto before = clock_type::now();
    finished(start(whole));
    double seconds = std::chrono::duration<double>(clock_type::now() - before).count();
    const std::string expected_hash = text_of(whole + ".hash");
    const std::string expected_file = text_of(whole);
    if (expected_hash.empty() || expected_file.empty()) {
        fail("the training left no file");
    }

    const std::string shared = folder.path("shared");
    std::vector<pid_t> together;
    for (int i = 0; i < 4; ++i) {
        together.push_back(start(shared));
    }
    for (const pid_t child : together) {
        finished(child);
    }
    if (text_of(shared + ".hash") != expected_hash || text_of(shared) != expected_file) {
        fail("trainings that save to one file at a time come to other results");
    }

    std::mt19937 random(20201121);
    std::uniform_real_distribution<double> part(0, 1);
    int killed = 0;
    int without_file = 0;
    int in_a_write = 0;
    for (int i = 0; killed < kills; ++i) {
        if (i == 3 * kills) {
            fail("most processes were over before they could be killed");
        }
        const std::string file = folder.path(std::to_string(i));
        const pid_t child = start(file);
        const double moment = seconds * part(random);
        std::this_thread::sleep_for(std::chrono::duration<double>(moment));
        kill(child, SIGKILL);
        // What a training takes changes with what else the machine does.
        if (finished(child)) {
            seconds = (seconds + moment) / 2;
        } else {
            seconds *= 1.01;
            ++killed;
            without_file += std::filesystem::exists(file) ? 0 : 1;
            in_a_write += std::filesystem::exists(file + ".tmp") ? 1 : 0;
            if (!finished(start(file))) {
                fail("somebody else killed the training");
            }
        }
        if (text_of(file + ".hash") != expected_hash || text_of(file) != expected_file) {
            fail("kill " + std::to_string(killed) + ": other results than without it: hash " +
                 text_of(file + ".hash") + ", expected " + expected_hash);
        }
        for (const char* end : {"", ".hash", ".tmp"}) {
            std::filesystem::remove(file + end);
        }
    }
    std::printf(
        "killed %d times: %d before the first save, %d while a file was written; always the hash %s\n",
        killed, without_file, in_a_write, expected_hash.c_str());
    return 0;
}
