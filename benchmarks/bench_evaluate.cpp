// Scoring sub-networks, ours against LibTorch's: see workloads.md.
//
//   bench_evaluate [--workload W3a,W3b,W3c,W3d,W7] [--rounds N] [--threads N] [--json] [--no-peer]

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/supernet/evaluate.hpp>

#include "contest.hpp"
#include "workload.hpp"

namespace {

using namespace bench;

// Answers "score <first> <stride>" with seconds and the mean accuracy of every stride-th sub-network.
template <class Space>
int serve_scoring(const scoring<Space>& work) {
    const fitnas::dataset data = fitnas::datasets::synthetic(
        {.image = Space::input, .train = 500, .validation = scored_images, .test = 10});
    const fitnas::supernet<Space> net(fitnas::seed{1});
    return serve([&](const std::string&, std::istream& arguments) {
        std::size_t first = 0;
        std::size_t stride = 1;
        arguments >> first >> stride;
        const auto some = every(work.architectures, first, stride);
        const bench::clock::time_point start = bench::clock::now();
        const auto table = fitnas::evaluate<Space>(
            net, some, data, {.statistics = fitnas::statistics::batch, .batch = scored_images});
        const double seconds = seconds_since(start);
        double accuracy = 0;
        for (const double score : table.scores) {
            accuracy += score / static_cast<double>(some.size());
        }
        return std::to_string(seconds) + " " + std::to_string(accuracy);
    });
}

// Seconds for every stride-th sub-network.
double score(worker& w, std::size_t first, std::size_t stride) {
    double seconds = 0;
    double accuracy = -1;
    w.ask("score " + std::to_string(first) + " " + std::to_string(stride)) >> seconds >> accuracy;
    if (!(accuracy >= 0 && accuracy <= 1)) {
        throw std::runtime_error("a mean accuracy of " + std::to_string(accuracy));
    }
    return seconds;
}

template <class Space>
void compare_scoring(const options& o, const sides& both, report& out, const std::string& name,
                     const scoring<Space>& work) {
    const int rounds = o.rounds > 0 ? o.rounds : work.rounds;
    const std::size_t count = work.architectures.size();
    const auto stride = static_cast<std::size_t>(work.stride);
    const contestant ours = both.ours(name, o.threads);
    score(*ours, 0, count / 2); // two or three sub-networks, to warm up
    contestant peer;
    std::string layout;
    if (both.has_peer()) {
        std::tie(peer, layout) = both.faster_peer(name, [&](worker& w) {
            score(w, 0, count / 2);
            return score(w, 0, count / 2);
        });
    }
    std::vector<double> our_seconds;
    std::vector<double> peer_seconds;
    const std::size_t measured = every(work.architectures, 0, stride).size();
    for (int round = 0; round < rounds; ++round) {
        // Half of the peer's before ours and half behind, so that a drift of the machine meets both.
        double seconds = peer ? score(*peer, 0, 2 * stride) : 0;
        our_seconds.push_back(score(*ours, 0, 1));
        seconds += peer ? score(*peer, stride, 2 * stride) : 0;
        peer_seconds.push_back(seconds * static_cast<double>(count) / static_cast<double>(measured));
    }
    const double networks = static_cast<double>(count);
    const shared_cost cost = cost_of_sharing<Space>(work.architectures);
    json row;
    row["workload"] = name;
    row["ours"] = networks / median(our_seconds);
    row["peer"] = peer ? json(networks / median(peer_seconds)) : json();
    row["ratio"] = peer ? json(median(peer_seconds) / median(our_seconds)) : json();
    if (cost.macs > 0) {
        row["gflops"] = 2 * static_cast<double>(cost.macs) * scored_images / median(our_seconds) / 1e9;
        row["peak_share"] = nullptr;
    }
    row["peak_mib"] = ours->peak_mib();
    row["peer_peak_mib"] = peer ? json(peer->peak_mib()) : json();
    row["subnetworks"] = count;
    row["different"] = cost.networks;
    row["peer_measured"] = peer ? json(measured) : json();
    if (peer) {
        row["peer_variant"] = layout;
    }
    out.print(row);
}

} // namespace

int main(int argc, char** argv) {
    using namespace bench;
    return contest_main(
        argc, argv, "Scoring, sub-networks a second: ours against LibTorch.",
        {"W3a", "W3b", "W3c", "W3d", "W7"},
        [](const std::string& name) {
            return with_scoring(name, [](const auto& work) { return serve_scoring(work); });
        },
        [](const options& o, const sides& both, report& out, const std::string& name) {
            with_scoring(name, [&](const auto& work) { compare_scoring(o, both, out, name, work); });
        });
}
