// A worker is a process that answers one line for one line until its standard input ends. Both sides of a
// comparison are workers, so that each has its own environment and its own peak of memory.

#ifndef FITNAS_BENCHMARKS_WORKER_HPP
#define FITNAS_BENCHMARKS_WORKER_HPP

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

using clock = std::chrono::steady_clock;

inline double seconds_since(clock::time_point start) {
    return std::chrono::duration<double>(clock::now() - start).count();
}

// What a worker does: `answer(command, arguments)` for each line, whose result goes back as a line.
template <class Answer>
int serve(Answer&& answer) {
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        std::string command;
        words >> command;
        std::string reply;
        try {
            if (command == "memory") { // the most that was ever resident, in KiB
                std::ifstream status("/proc/self/status");
                while (status >> reply && reply != "VmHWM:") {
                }
                status >> reply;
            } else {
                reply = answer(command, words);
            }
        } catch (const std::exception& e) {
            reply = std::string("error ") + e.what();
        }
        std::cout << reply << std::endl;
    }
    return 0;
}

// The other end: starts a worker, asks it, and ends it.
class worker {
public:
    // Each setting is "NAME=value", or "NAME" to take that variable away.
    worker(std::vector<std::string> command, const std::vector<std::string>& settings)
        : m_name(command.front()) {
        std::signal(SIGPIPE, SIG_IGN); // a worker that died is noticed by its missing answer
        int to[2];
        int from[2];
        if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) {
            throw std::runtime_error("no pipe to a worker");
        }
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
        std::vector<std::string> environment = environment_with(settings);
        const int failed = posix_spawn(&m_process, m_name.c_str(), &actions, nullptr,
                                       pointers(command).data(), pointers(environment).data());
        posix_spawn_file_actions_destroy(&actions);
        close(to[0]);
        close(from[1]);
        m_to = fdopen(to[1], "w");
        m_from = fdopen(from[0], "r");
        if (failed != 0) {
            m_process = -1;
            finish();
            throw std::runtime_error(m_name + ": " + std::strerror(failed));
        }
    }
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker() { finish(); }

    // Sends a line and returns the values of the answer. Then waits until the worker's threads sleep:
    // OpenMP's spin for some milliseconds, and the next worker shall have the cores for itself.
    std::istringstream ask(const std::string& line) {
        std::fprintf(m_to, "%s\n", line.c_str());
        std::fflush(m_to);
        std::string answer;
        int c = 0;
        while ((c = std::fgetc(m_from)) != EOF && c != '\n') {
            answer += static_cast<char>(c);
        }
        if (c == EOF || answer.rfind("error ", 0) == 0) {
            throw std::runtime_error(m_name + ": \"" + line +
                                     "\": " + (c == EOF ? "the worker died" : answer.substr(6)));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        return std::istringstream(answer);
    }

    double peak_mib() {
        double kib = 0;
        ask("memory") >> kib;
        return kib / 1024;
    }

private:
    static std::vector<std::string> environment_with(const std::vector<std::string>& settings) {
        std::vector<std::string> all;
        const auto name = [](const std::string& s) { return s.substr(0, s.find('=')); };
        for (char** entry = environ; *entry != nullptr; ++entry) {
            bool is_set = false;
            for (const std::string& s : settings) {
                is_set = is_set || name(s) == name(*entry);
            }
            if (!is_set) {
                all.emplace_back(*entry);
            }
        }
        for (const std::string& s : settings) {
            if (s.find('=') != std::string::npos) {
                all.push_back(s);
            }
        }
        return all;
    }
    static std::vector<char*> pointers(std::vector<std::string>& texts) {
        std::vector<char*> all;
        for (std::string& t : texts) {
            all.push_back(t.data());
        }
        all.push_back(nullptr);
        return all;
    }
    void finish() {
        std::fclose(m_to);
        std::fclose(m_from);
        if (m_process > 0) {
            waitpid(m_process, nullptr, 0);
        }
    }

    std::string m_name;
    pid_t m_process = -1;
    std::FILE* m_to = nullptr;
    std::FILE* m_from = nullptr;
};

} // namespace bench

#endif
