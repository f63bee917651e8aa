// A training step of sub-networks, ours against LibTorch's: see workloads.md.
//
//   bench_train [--workload W1,W2,W2-strict,W5,W6] [--rounds N] [--threads N] [--json] [--no-peer]

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include <fitnas/nn/sgd.hpp>
#include <fitnas/supernet/update.hpp>

#include "allocations.hpp"
#include "contest.hpp"
#include "workload.hpp"

namespace {

using namespace bench;

constexpr double learning_rate = 0.01;

// `fitnas::train` for one batch of images.
class trainer {
public:
    explicit trainer(const training& work)
        : m_weights(work.space, fitnas::seed{1}),
          m_update(
              m_weights, m_work,
              [](std::size_t n) { return fitnas::sgd(n, {.momentum = 0.9, .weight_decay = 4e-5}); }, false,
              static_cast<std::size_t>(work.rows.front().paths.front().count)),
          m_images(static_cast<std::size_t>(work.batch) * static_cast<std::size_t>(work.space.input.size())),
          m_labels(static_cast<std::size_t>(work.batch)) {
        std::mt19937 random(1);
        std::normal_distribution<float> pixel;
        std::generate(m_images.begin(), m_images.end(), [&] { return pixel(random); });
        std::uniform_int_distribution<int> label(0, work.space.classes - 1);
        std::generate(m_labels.begin(), m_labels.end(), [&] { return label(random); });
    }

    // The loss of the last path.
    double step(const std::vector<std::vector<std::uint8_t>>& codes) {
        m_losses.clear();
        m_update.add(
            codes, m_images.data(), m_labels, 0, [](const auto&) { return fitnas::soft_labels{}; }, m_losses);
        m_update.apply(learning_rate);
        return m_losses.back().loss;
    }
    // Of the paths' blocks to which a gradient came in the last step.
    std::size_t parameters(const std::vector<std::vector<std::uint8_t>>& codes) {
        std::set<int> blocks;
        for (const auto& code : codes) {
            const fitnas::detail::network_path path = m_weights.path(code);
            blocks.insert(path.begin(), path.end());
        }
        std::size_t sum = 0;
        for (const int number : blocks) {
            const fitnas::detail::weight_block& b = m_weights.block(number);
            const std::span<const float> gradient = m_update.gradient().subspan(b.offset, b.size);
            const auto is_zero = [](float g) { return g == 0; };
            sum += std::all_of(gradient.begin(), gradient.end(), is_zero) ? 0 : b.size;
        }
        return sum;
    }

private:
    fitnas::detail::weights m_weights;
    fitnas::detail::step_work m_work; // this process is alone
    fitnas::detail::weights_update<fitnas::sgd> m_update;
    std::vector<float> m_images;
    std::vector<int> m_labels;
    std::vector<fitnas::batch_loss> m_losses;
};

// Answers "train <codes> <steps>" with seconds, the last loss, the paths' parameters, and heap allocations in
// the steps.
int serve_training(const std::string& workload) {
    trainer net(training_workload(workload));
    return serve([&](const std::string&, std::istream& arguments) {
        std::string digits;
        int steps = 0;
        arguments >> digits >> steps;
        const auto codes = codes_of(digits);
        double loss = 0;
        const long long before = allocations();
        const bench::clock::time_point start = bench::clock::now();
        for (int i = 0; i < steps; ++i) {
            loss = net.step(codes);
        }
        const double seconds = seconds_since(start);
        const long long allocated = allocations() - before;
        return std::to_string(seconds) + " " + std::to_string(loss) + " " +
               std::to_string(net.parameters(codes)) + " " + std::to_string(allocated);
    });
}

struct measurement {
    double seconds = 0;
    double allocations = 0; // 0 where the worker does not count them
};

// `steps` steps of one path.
measurement train(worker& w, const path& p, int steps) {
    measurement m;
    double loss = 0;
    long long parameters = 0;
    std::istringstream answer = w.ask("train " + p.code + " " + std::to_string(steps));
    answer >> m.seconds >> loss >> parameters >> m.allocations;
    if (!std::isfinite(loss) || (p.parameters > 0 && parameters != p.parameters)) {
        throw std::runtime_error("path " + p.code + ": a loss of " + std::to_string(loss) + " and " +
                                 std::to_string(parameters) + " parameters trained, expected " +
                                 std::to_string(p.parameters));
    }
    return m;
}

// One row: for each path the median of each worker's measurements, which take turns.
struct row_times {
    std::vector<double> seconds; // of each worker, summed over the paths; 0 where there is none
    double allocations = 0;      // of the first worker, a step
};
row_times measure(const std::vector<worker*>& workers, const std::vector<path>& paths, int steps,
                  int rounds) {
    row_times result;
    result.seconds.resize(workers.size());
    for (worker* w : workers) {
        for (const path& p : paths) {
            if (w != nullptr) {
                train(*w, p, 1);
            }
        }
    }
    for (const path& p : paths) {
        std::vector<std::vector<double>> seconds(workers.size());
        for (int round = -1; round < rounds; ++round) { // the first warms the caches up
            for (std::size_t i = 0; i < workers.size(); ++i) {
                if (workers[i] == nullptr) {
                    continue;
                }
                const measurement m = train(*workers[i], p, round < 0 ? 1 : steps);
                if (round >= 0) {
                    seconds[i].push_back(m.seconds / steps);
                }
                if (i == 0 && round >= 0) {
                    result.allocations += m.allocations / (static_cast<double>(steps * rounds) *
                                                           static_cast<double>(paths.size()));
                }
            }
        }
        for (std::size_t i = 0; i < workers.size(); ++i) {
            result.seconds[i] += seconds[i].empty() ? 0 : median(seconds[i]);
        }
    }
    return result;
}

void compare_training(const options& o, const sides& both, report& out, const std::string& name) {
    const training work = training_workload(name);
    const int rounds = o.rounds > 0 ? o.rounds : work.rounds;
    const contestant ours = both.ours(name, o.threads);
    const contestant one_thread = o.threads > 1 ? both.ours(name, 1) : nullptr;
    contestant peer;
    contestant stock;
    std::string layout;
    if (both.has_peer()) {
        std::tie(peer, layout) = both.faster_peer(name, [&](worker& w) {
            const path& p = work.rows.front().paths.front();
            train(w, p, work.steps);
            return (std::min)(train(w, p, work.steps).seconds, train(w, p, work.steps).seconds);
        });
        stock = both.peer_as_installed(name, layout);
    }
    for (const training_row& r : work.rows) {
        const row_times times =
            measure({ours.get(), peer.get(), one_thread.get()}, r.paths, work.steps, rounds);
        long long macs = 0;
        double images = 0;
        for (const path& p : r.paths) {
            macs += p.macs;
            images += work.batch * static_cast<double>(p.count);
        }
        const auto rate = [&](std::size_t i) {
            return times.seconds[i] > 0 ? json(images / times.seconds[i]) : json();
        };
        json row;
        row["workload"] = r.name;
        row["ours"] = rate(0);
        row["peer"] = rate(1);
        row["ratio"] = peer ? json(times.seconds[1] / times.seconds[0]) : json();
        // Backward is twice forward: gradients of the input and of the weights.
        row["gflops"] = 3 * 2 * static_cast<double>(macs) * work.batch / times.seconds[0] / 1e9;
        row["peak_share"] = nullptr;
        row["peak_mib"] = ours->peak_mib();
        row["peer_peak_mib"] = peer ? json(peer->peak_mib()) : json();
        row["allocations"] = times.allocations;
        row["one_thread"] = rate(2);
        row["scaling"] = one_thread ? json(times.seconds[2] / times.seconds[0]) : json();
        row["peer_as_installed"] = nullptr;
        if (peer) { // two paths are enough: many times slower, and compared on the same two
            const std::vector<path> few = every(r.paths, 0, (r.paths.size() + 1) / 2);
            const row_times pair = measure({peer.get(), stock.get()}, few, work.steps, 1);
            row["peer_as_installed"] = images / times.seconds[1] * pair.seconds[0] / pair.seconds[1];
            row["peer_variant"] = layout;
        }
        out.print(row);
    }
}

} // namespace

int main(int argc, char** argv) {
    return bench::contest_main(argc, argv, "Training steps, images a second: ours against LibTorch.",
                               {"W1", "W2", "W2-strict", "W5", "W6"}, serve_training, compare_training);
}
