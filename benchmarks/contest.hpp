// What bench_train, bench_evaluate, bench_predictor and bench_job share: options, the two sides, and how
// figures are printed.

#ifndef FITNAS_BENCHMARKS_CONTEST_HPP
#define FITNAS_BENCHMARKS_CONTEST_HPP

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <fitnas/core/number_text.hpp>
#include <fitnas/core/simd.hpp>

#include "sgemm_peak.hpp"
#include "worker.hpp"

namespace bench {

using json = nlohmann::ordered_json;
using contestant = std::unique_ptr<worker>; // empty where there is none

struct options {
    std::vector<std::string> workloads;
    int rounds = 0; // 0: the workload's own
    int threads = 2;
    bool as_json = false;
    bool with_peer = true;
};

inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Starts the processes that are compared, from the folder of this program.
class sides {
public:
    explicit sides(const options& o) : m_options(o) {}

    bool has_peer() const { return m_options.with_peer && std::filesystem::exists(folder() / "bench_peer"); }

    // This program again, as a worker.
    contestant ours(const std::string& workload, int threads) const {
        std::vector<std::string> settings = vectors_of_ours;
        settings.insert(settings.end(),
                        {"OMP_NUM_THREADS=" + std::to_string(threads), "OMP_PROC_BIND=true",
                         "OPENBLAS_NUM_THREADS=" + std::to_string(threads), "KMP_BLOCKTIME=3"});
        return std::make_unique<worker>(
            std::vector<std::string>{std::filesystem::read_symlink("/proc/self/exe").string(), "--worker",
                                     workload},
            settings);
    }
    // LibTorch in the fastest environment that is known; see workloads.md.
    contestant peer(const std::string& workload, const std::string& layout) const {
        std::vector<std::string> settings = vectors_of_ours;
        settings.insert(settings.end(), {"LD_PRELOAD=libjemalloc.so.2",
                                         "MALLOC_CONF=dirty_decay_ms:-1,muzzy_decay_ms:-1,thp:always",
                                         "OMP_PROC_BIND=true", "OPENBLAS_NUM_THREADS=1"});
        if (has_avx512) { // it does not look by itself, and takes AVX2
            settings.push_back("ATEN_CPU_CAPABILITY=avx512");
        }
        return peer_with(workload, layout, settings);
    }
    // LibTorch as a user gets it, where the processor has the vectors that we are compiled for.
    contestant peer_as_installed(const std::string& workload, const std::string& layout) const {
        return peer_with(workload, layout, has_avx512 ? std::vector<std::string>{} : vectors_of_ours);
    }
    // The peer's faster variant for this workload. `trial(worker)` gives a time.
    template <class Trial>
    std::pair<contestant, std::string> faster_peer(const std::string& workload, Trial&& trial) const {
        std::pair<contestant, std::string> best;
        double least = std::numeric_limits<double>::infinity();
        for (const std::string layout : {"channels_last", "contiguous"}) {
            contestant one = peer(workload, layout);
            if (const double time = trial(*one); time < least) {
                least = time;
                best = {std::move(one), layout};
            }
        }
        return best;
    }

private:
    static constexpr bool has_avx512 = fitnas::simd::lanes == 16;
    // Both sides have vectors of the width that we are compiled for: all of its libraries look at the
    // processor. With AVX-512 what some containers set to keep OpenBLAS to older kernels is taken away.
    inline static const std::vector<std::string> vectors_of_ours =
        has_avx512 ? std::vector<std::string>{"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}
                   : std::vector<std::string>{"OPENBLAS_CORETYPE=Haswell", "OPENBLAS_L2_SIZE",
                                              "ATEN_CPU_CAPABILITY=avx2", "ONEDNN_MAX_CPU_ISA=AVX2"};

    static std::filesystem::path folder() {
        return std::filesystem::read_symlink("/proc/self/exe").parent_path();
    }
    contestant peer_with(const std::string& workload, const std::string& layout,
                         const std::vector<std::string>& settings) const {
        return std::make_unique<worker>(std::vector<std::string>{(folder() / "bench_peer").string(), workload,
                                                                 layout, std::to_string(m_options.threads)},
                                        settings);
    }

    options m_options;
};

// Prints a row as it comes: a line of JSON, or of a table.
class report {
public:
    explicit report(const options& o)
        : m_as_json(o.as_json), m_threads(o.threads), m_peak_worker(sides(o).ours("peak", o.threads)) {}

    // @param row the figures, with null for what was not measured; without `gflops` where not all of the work
    // that a network's layers state is done
    void print(json row) {
        if (!row.contains("gflops")) {
            row["threads"] = m_threads;
            put(row);
            return;
        }
        double peak = 0; // measured anew for each row: others may use the machine as well
        m_peak_worker->ask("peak") >> peak;
        m_peak = (std::max)(m_peak, peak);
        row["peak_share"] = row["gflops"].get<double>() / m_peak;
        row["sgemm_peak_gflops"] = m_peak;
        row["threads"] = m_threads;
        put(row);
    }

private:
    void put(const json& row) {
        if (m_as_json) {
            std::printf("%s\n", rounded(row).dump().c_str());
        } else {
            print_line(row);
        }
        std::fflush(stdout);
    }
    // Four digits are more than a measurement has.
    static json rounded(json row) {
        for (json& value : row) {
            if (value.is_number_float()) {
                value =
                    fitnas::detail::read_number<double>(fitnas::detail::general_text(value.get<double>(), 4))
                        .value();
            }
        }
        return row;
    }
    void print_line(const json& row) {
        std::string line;
        std::string head;
        for (const auto& [name, value] : row.items()) {
            std::string text = value.is_string() ? value.get<std::string>() : "-";
            if (value.is_number()) {
                const auto number = value.get<double>();
                text = number < 10 ? fitnas::detail::general_text(number, 3)
                                   : fitnas::detail::fixed_point_text(number, 0);
            }
            const std::size_t width = (std::max)(name.size(), std::size_t{11}) + 2;
            head += name + std::string(width - name.size(), ' ');
            line += text + std::string(width > text.size() ? width - text.size() : 1, ' ');
        }
        if (head != m_head) {
            std::printf("\n%s\n", head.c_str());
            m_head = head;
        }
        std::printf("%s\n", line.c_str());
    }

    bool m_as_json;
    int m_threads;
    contestant m_peak_worker;
    double m_peak = 0; // the best so far
    std::string m_head;
};

// The main function of these programs.
// @param serve_worker serve_worker(workload) answers as a worker
// @param compare compare(options, sides, report, workload)
// @param more adds options of the program's own
template <class Serve, class Compare>
int contest_main(int argc, char** argv, const char* about, const std::vector<std::string>& workloads,
                 Serve&& serve_worker, Compare&& compare, const std::function<void(CLI::App&)>& more = {}) {
    CLI::App app{about};
    options o;
    o.workloads = workloads;
    bool without_peer = false;
    std::string worker_of;
    app.add_option("--workload", o.workloads, "which, with commas between")
        ->delimiter(',')
        ->check(CLI::IsMember(workloads))
        ->capture_default_str();
    app.add_option("--rounds", o.rounds, "measurements of each; the median counts")
        ->check(CLI::PositiveNumber);
    app.add_option("--threads", o.threads, "of both sides")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_flag("--json", o.as_json, "one JSON object a line");
    app.add_flag("--no-peer", without_peer, "measure our side alone");
    app.add_option("--worker", worker_of)->group(""); // how this program starts itself
    if (more) {
        more(app);
    }
    CLI11_PARSE(app, argc, argv);
    o.with_peer = !without_peer;
    try {
        if (worker_of == "peak") {
            return serve(
                [](const std::string&, std::istream&) { return std::to_string(sgemm_peak_gflops()); });
        }
        if (!worker_of.empty()) {
            return serve_worker(worker_of);
        }
        const sides both(o);
        if (o.with_peer && !both.has_peer()) {
            std::fprintf(stderr, "there is no bench_peer beside this program: our side is measured alone\n");
        }
        report out(o);
        for (const std::string& w : o.workloads) {
            compare(o, both, out, w);
        }
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
        return 1;
    }
    return 0;
}

} // namespace bench

#endif
