// Fitting a predictor and predicting a whole segment, ours against LibTorch's: see workloads.md.
//
//   bench_predictor [--workload W4train,W4rank] [--rounds N] [--threads N] [--json] [--no-peer]

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <fitnas/predictor/table.hpp>

#include "allocations.hpp"
#include "contest.hpp"
#include "predictor_workload.hpp"

namespace {

using namespace bench;

constexpr double most_difference = 1e-5; // of losses, and of predictions over their range

struct trained {
    std::vector<float> parameters;
    double loss = 0; // the mean over the batches of the last epoch
};

trained train(const fitnas::score_table<w4_space>& table, fitnas::fit_options options) {
    trained result;
    options.observer = [&](const fitnas::progress& p) { result.loss = p.loss; };
    const auto model = fitnas::fit<w4_net>(table, options);
    result.parameters.assign(model.parameters().begin(), model.parameters().end());
    return result;
}

fitnas::fitted<w4_segment_net> segment_model(const std::string& file) {
    return fitnas::fitted<w4_segment_net>(read_numbers<float>(file, w4_net::parameters));
}

// Answers
//   "loss" with that of the first parameters over all samples;
//   "train <epochs>" with seconds, the last loss, heap allocations, and how many parameters there are;
//   "fit <file>", which then holds the parameters;
//   "rank <file> <times>" with seconds, of a model with these parameters;
//   "predict <file> <to>", which then holds all predictions of that.
int serve_predictor(const std::string& /*workload*/) {
    const fitnas::score_table<w4_space> table = w4_table();
    return serve([&](const std::string& command, std::istream& arguments) -> std::string {
        if (command == "loss") {
            fitnas::fit_options options = w4_options(1);
            options.batch = static_cast<int>(w4_samples); // one step, and the loss is that before it
            return std::to_string(train(table, options).loss);
        }
        if (command == "train") {
            int epochs = 0;
            arguments >> epochs;
            const long long before = allocations();
            const bench::clock::time_point start = bench::clock::now();
            const trained result = train(table, w4_options(epochs));
            const double seconds = seconds_since(start);
            return std::to_string(seconds) + " " + std::to_string(result.loss) + " " +
                   std::to_string(allocations() - before) + " " + std::to_string(result.parameters.size());
        }
        std::string file;
        arguments >> file;
        if (command == "fit") {
            write_numbers<float>(file, train(table, w4_options(w4_epochs)).parameters);
            return "fitted";
        }
        const fitnas::fitted<w4_segment_net> model = segment_model(file);
        if (command == "predict") {
            std::string to;
            arguments >> to;
            write_numbers<double>(to, fitnas::dense_table(model).values());
            return "predicted";
        }
        int times = 1;
        arguments >> times;
        double sum = 0;
        const bench::clock::time_point start = bench::clock::now();
        for (int i = 0; i < times; ++i) {
            sum += fitnas::dense_table(model).values().back();
        }
        const double seconds = seconds_since(start);
        return std::to_string(seconds) + " " + std::to_string(sum);
    });
}

// A file for the time of a comparison.
class temporary_file {
public:
    explicit temporary_file(const std::string& name)
        : m_path((std::filesystem::temp_directory_path() /
                  ("bench_predictor_" + std::to_string(getpid()) + "_" + name))
                     .string()) {}
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() {
        std::error_code ignored;
        std::filesystem::remove(m_path, ignored);
    }
    const std::string& path() const { return m_path; }

private:
    std::string m_path;
};

double answer_to(worker& w, const std::string& line) {
    double value = 0;
    w.ask(line) >> value;
    if (!std::isfinite(value)) {
        throw std::runtime_error("\"" + line + "\": the answer is not finite");
    }
    return value;
}

// The median of each worker's seconds; 0 where there is none. They take turns.
std::array<double, 3> medians(const std::array<worker*, 3>& workers, int rounds,
                              const std::array<std::string, 3>& lines) {
    std::array<std::vector<double>, 3> seconds;
    for (int round = -1; round < rounds; ++round) { // the first warms the caches up
        for (std::size_t i = 0; i < workers.size(); ++i) {
            if (workers[i] != nullptr) {
                const double s = answer_to(*workers[i], lines[i]);
                if (round >= 0) {
                    seconds[i].push_back(s);
                }
            }
        }
    }
    std::array<double, 3> result{};
    for (std::size_t i = 0; i < workers.size(); ++i) {
        result[i] = seconds[i].empty() ? 0 : median(seconds[i]);
    }
    return result;
}

struct rivals {
    contestant ours;
    contestant peer;
    contestant one_thread;
    std::array<worker*, 3> all() const { return {ours.get(), peer.get(), one_thread.get()}; }
};

// What both workloads print alike.
json row_of(const std::string& name, const rivals& r, double work, const std::array<double, 3>& seconds) {
    const auto rate = [&](std::size_t i) { return seconds[i] > 0 ? json(work / seconds[i]) : json(); };
    json row;
    row["workload"] = name;
    row["ours"] = rate(0);
    row["peer"] = rate(1);
    row["ratio"] = r.peer ? json(seconds[1] / seconds[0]) : json();
    row["seconds"] = seconds[0];
    row["peer_seconds"] = r.peer ? json(seconds[1]) : json();
    row["peak_mib"] = r.ours->peak_mib();
    row["peer_peak_mib"] = r.peer ? json(r.peer->peak_mib()) : json();
    row["one_thread"] = rate(2);
    row["scaling"] = r.one_thread ? json(seconds[2] / seconds[0]) : json();
    row["peer_as_installed"] = nullptr;
    row["peer_variant"] = nullptr;
    return row;
}

void compare_training(const rivals& r, contestant stock, const std::string& variant, int rounds,
                      report& out) {
    json checked = nullptr;
    if (r.peer) {
        const double ours = answer_to(*r.ours, "loss");
        const double peer = answer_to(*r.peer, "loss");
        checked = std::abs(ours - peer) / ours;
        if (checked.get<double>() > most_difference) {
            throw std::runtime_error("the first losses are " + std::to_string(ours) + " and " +
                                     std::to_string(peer) + ": not the same model");
        }
    }
    const std::string line = "train " + std::to_string(w4_epochs);
    const std::array<double, 3> seconds = medians(r.all(), rounds, {line, line, line});
    const double work = static_cast<double>(w4_samples) * w4_epochs;
    json row = row_of("W4train", r, work, seconds);
    double ignored = 0;
    double loss = 0;
    double allocated = 0;
    r.ours->ask(line) >> ignored >> loss >> allocated;
    row["allocations"] = allocated / (w4_epochs * std::ceil(static_cast<double>(w4_samples) / w4_batch));
    row["loss"] = loss;
    row["peer_loss"] = nullptr;
    row["first_loss_difference"] = checked;
    if (r.peer) {
        r.peer->ask(line) >> ignored >> loss;
        row["peer_loss"] = loss;
        row["peer_variant"] = variant;
        row["peer_as_installed"] = work / w4_epochs / answer_to(*stock, "train 1"); // many times slower
    }
    out.print(row);
}

void compare_ranking(const rivals& r, contestant stock, const std::string& variant, int rounds, report& out) {
    const temporary_file model("model");
    r.ours->ask("fit " + model.path());
    json checked = nullptr;
    std::string chunk;
    if (r.peer) {
        const temporary_file own("ours");
        const temporary_file others("peer");
        r.ours->ask("predict " + model.path() + " " + own.path());
        r.peer->ask("predict " + model.path() + " " + others.path());
        const auto a = read_numbers<double>(own.path(), static_cast<std::size_t>(w4_segment::size));
        const auto b = read_numbers<float>(others.path(), static_cast<std::size_t>(w4_segment::size));
        const auto [low, high] = std::minmax_element(a.begin(), a.end());
        double most = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            most = (std::max)(most, std::abs(a[i] - static_cast<double>(b[i])));
        }
        checked = most / (*high - *low);
        if (!(checked.get<double>() <= most_difference)) {
            throw std::runtime_error("predictions differ by " + std::to_string(checked.get<double>()) +
                                     " of their range");
        }
        double least = std::numeric_limits<double>::infinity();
        for (const char* size : {"256", "1024", "4096", "16384"}) {
            const std::string line = "rank " + model.path() + " 1 " + size;
            answer_to(*r.peer, line);
            if (const double s = answer_to(*r.peer, line); s < least) {
                least = s;
                chunk = size;
            }
        }
    }
    // As often as a tenth of a second asks for.
    const double once = answer_to(*r.ours, "rank " + model.path() + " 1");
    const int times = (std::max)(1, static_cast<int>(0.1 / once));
    const std::string line = "rank " + model.path() + " ";
    std::array<double, 3> seconds = medians(
        r.all(), rounds, {line + std::to_string(times), line + "1 " + chunk, line + std::to_string(times)});
    seconds[0] /= times;
    seconds[2] /= times;
    const auto work = static_cast<double>(w4_segment::size);
    json row = row_of("W4rank", r, work, seconds);
    row["prediction_difference"] = checked;
    if (r.peer) {
        row["peer_variant"] = variant + ", batches of " + chunk;
        row["peer_as_installed"] = work / answer_to(*stock, line + "1 " + chunk);
    }
    out.print(row);
}

void compare(const options& o, const sides& both, report& out, const std::string& name) {
    const int rounds = o.rounds > 0 ? o.rounds : 5;
    rivals r;
    r.ours = both.ours(name, o.threads);
    r.one_thread = o.threads > 1 ? both.ours(name, 1) : nullptr;
    contestant stock;
    std::string variant;
    if (both.has_peer()) {
        double least = std::numeric_limits<double>::infinity();
        for (const std::string one : {"nodes_first", "batch_first"}) {
            contestant candidate = both.peer(name, one);
            answer_to(*candidate, "train 1");
            if (const double s = answer_to(*candidate, "train 4"); s < least) {
                least = s;
                r.peer = std::move(candidate);
                variant = one;
            }
        }
        stock = both.peer_as_installed(name, variant);
    }
    (name == "W4train" ? compare_training : compare_ranking)(r, std::move(stock), variant, rounds, out);
}

} // namespace

int main(int argc, char** argv) {
    return bench::contest_main(argc, argv, "Fitting and asking a predictor: ours against LibTorch.",
                               {"W4train", "W4rank"}, serve_predictor, compare);
}
