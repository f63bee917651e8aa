// W8, the whole job: from images to the ranked space of NAS-Bench-Macro, ours against LibTorch's: see
// workloads.md.
//
//   bench_job [--data cifar10:DIR] [--steps N] [--peer-steps N] [--networks N] [--peer-networks N] [--full]
//             [--rounds N] [--svg FILE] [--threads N] [--json] [--no-peer]

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fitnas/data/cifar.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/predictor/windows.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/train.hpp>

#include "bar_chart.hpp"
#include "contest.hpp"
#include "workload.hpp"

namespace {

using namespace bench;
using space = w1_space;
using code = fitnas::architecture<space>;

constexpr fitnas::seed job_seed{7};
constexpr std::size_t training_images = 45000;
constexpr std::size_t held_out_images = 5000;
constexpr std::size_t batch = 128;
constexpr int epochs = 9;
constexpr std::size_t all_steps = training_images / batch * epochs;

// What the user asks for.
struct amounts {
    std::string data;
    std::size_t steps = 96;
    std::size_t peer_steps = 48;
    std::size_t networks = 480;
    std::size_t peer_networks = 48;
    bool full = false;
    std::string svg;
};

// Random pixels and labels: their values change no time.
fitnas::dataset made_up_images() {
    std::mt19937_64 random(1);
    const auto some = [&](std::size_t n) {
        auto pixels = fitnas::pixel_tensor::from_shape({n, std::size_t{32}, std::size_t{32}, std::size_t{3}});
        std::generate_n(pixels.data(), pixels.size(), [&] { return static_cast<std::uint8_t>(random()); });
        std::vector<int> labels(n);
        std::iota(labels.begin(), labels.end(), 0);
        std::for_each(labels.begin(), labels.end(), [](int& label) { label %= 10; });
        return fitnas::image_dataset(std::move(pixels), std::move(labels), 10);
    };
    const fitnas::image_view all = some(training_images + held_out_images);
    return fitnas::split(all, some(10), {.validation = held_out_images, .seed = job_seed});
}

// Our side: the job by the library's public functions, piece by piece.
class job {
public:
    job() : m_networks(fitnas::different_networks<space>()), m_net(job_seed), m_scores(m_networks.size()) {}

    // Answers
    //   "images [DIR]" with seconds;
    //   "train <steps>", which goes on with the training, with seconds to the end of the first of these
    //   steps, seconds of the others, and the epoch's mean accuracy; "score <first> <count>" with seconds and
    //   the mean accuracy of these networks; "fit" with seconds and the parameters of a model; "search" with
    //   seconds, the best network under a limit, and its multiply-accumulates.
    std::string answer(const std::string& command, std::istream& arguments) {
        std::size_t a = 0;
        std::size_t b = 0;
        if (command == "images") {
            std::string folder;
            std::getline(arguments >> std::ws, folder);
            return load(folder);
        }
        arguments >> a >> b;
        return command == "train"   ? train(a)
               : command == "score" ? score(a, b)
               : command == "fit"   ? fit()
                                    : search();
    }

private:
    std::string load(const std::string& folder) {
        const bench::clock::time_point start = bench::clock::now();
        m_data = folder.empty()
                     ? made_up_images()
                     : fitnas::datasets::cifar10(folder, {.validation = held_out_images, .seed = job_seed});
        return std::to_string(seconds_since(start));
    }

    std::string train(std::size_t steps) {
        const bench::clock::time_point start = bench::clock::now();
        std::vector<double> ends;
        double accuracy = 0;
        fitnas::train_options o{.epochs = epochs,
                                .batch = batch,
                                .learning_rate = 0.1,
                                .label_smoothing = 0.1,
                                .augment = {.crop_padding = 4, .flip = true},
                                .seed = job_seed};
        o.observer = [&](const fitnas::progress& p) {
            ends.push_back(seconds_since(start));
            accuracy = p.accuracy;
        };
        o.keep.stop = [&] { return ends.size() == steps; };
        o.keep.save = [&](const fitnas::training_state& now) { m_state = now; };
        o.keep.from = m_state.step > 0 ? &m_state : nullptr;
        try {
            fitnas::train(m_net, m_data->train, o);
        } catch (const fitnas::interrupted&) { // as it was asked
        }
        return std::to_string(ends.front()) + " " + std::to_string(ends.back() - ends.front()) + " " +
               std::to_string(accuracy);
    }

    std::string score(std::size_t first, std::size_t count) {
        const bench::clock::time_point start = bench::clock::now();
        const auto found = fitnas::evaluate_both<space>(
            m_net, std::span<const code>(m_networks).subspan(first, count), *m_data,
            {.statistics = fitnas::statistics::batch,
             .images = scored_in_job,
             .batch = scored_in_job,
             .seed = job_seed});
        const double seconds = seconds_since(start);
        double accuracy = 0;
        for (std::size_t i = 0; i < count; ++i) {
            m_scores[first + i] = found.negative_loss[i];
            accuracy += found.accuracy.scores[i] / static_cast<double>(count);
        }
        return std::to_string(seconds) + " " + std::to_string(accuracy);
    }

    std::string fit() {
        fitnas::score_table<space> table;
        table.kind = fitnas::score_kind::supernet;
        for (std::size_t i = 0; i < m_networks.size(); ++i) {
            table.push_back(m_networks[i], m_scores[i] ? *m_scores[i] : made_up_score(m_networks[i]));
        }
        const bench::clock::time_point start = bench::clock::now();
        m_model = fitnas::fit_default(table, {.seed = job_seed});
        return std::to_string(seconds_since(start)) + " " +
               std::to_string(fitnas::default_model<space>::parameters);
    }
    // Of networks that this run leaves out.
    static double made_up_score(const code& a) {
        double score = -1;
        for (std::size_t i = 0; i < a.size(); ++i) {
            score += 0.02 * a[i] * static_cast<double>(i % 3) - 0.01 * a[i] * a[(i + 1) % a.size()];
        }
        return score;
    }

    std::string search() const {
        const bench::clock::time_point start = bench::clock::now();
        const auto best =
            fitnas::search::exact(*m_model, {.top = 10, .limit = fitnas::cost::macs_at_most(60'000'000)});
        const std::vector<double> predicted = m_model->predict(std::span<const code>(m_networks));
        std::vector<std::size_t> ranked(predicted.size());
        std::iota(ranked.begin(), ranked.end(), std::size_t{0});
        std::stable_sort(ranked.begin(), ranked.end(),
                         [&](std::size_t a, std::size_t b) { return predicted[a] > predicted[b]; });
        const double seconds = seconds_since(start);
        return std::to_string(seconds) + " " + fitnas::to_string<space>(best.front().architecture) + " " +
               std::to_string(best.front().macs);
    }

    std::vector<code> m_networks;
    std::optional<fitnas::dataset> m_data;
    fitnas::supernet<space> m_net;
    fitnas::training_state m_state;
    std::vector<std::optional<double>> m_scores; // of each network
    std::optional<fitnas::default_predictor<space>> m_model;
};

// Multiply-accumulates of work that is measured, and its seconds.
struct measured {
    double seconds = 0;
    double macs = 0;
    // What all of the work takes, in proportion.
    double of(double all) const { return macs > 0 ? seconds / macs * all : 0; }
};

struct part {
    std::string name;
    double ours = 0; // seconds of the whole part
    double peer = 0;
    double stock = 0;     // the peer as installed
    double our_share = 1; // how much of it was run
    double peer_share = 1;
};

double macs_of(const std::vector<path>& paths) {
    double sum = 0;
    for (const path& p : paths) {
        sum += static_cast<double>(p.macs);
    }
    return sum;
}

// The paths of all steps, as `fitnas::train` draws them.
std::vector<path> training_paths() {
    fitnas::detail::path_sampler sampler(space::operator_counts, fitnas::sampling::uniform, job_seed);
    std::vector<path> paths;
    for (std::size_t step = 0; step < all_steps; ++step) {
        paths.push_back(described(space::layout(), sampler.paths(step).front()));
    }
    return paths;
}

// Steps of these paths, a network by itself each; LibTorch's loss has no label smoothing here, and its batch
// is always the same.
void train_peer(worker& w, std::span<const path> paths, measured& sum) {
    for (const path& p : paths) {
        double seconds = 0;
        w.ask("train " + p.code + " 1") >> seconds;
        sum.seconds += seconds;
        sum.macs += static_cast<double>(p.macs);
    }
}

part compare_training(const options& o, const sides& both, const amounts& a, worker& ours) {
    const std::vector<path> paths = training_paths();
    const std::span<const path> all(paths);
    const double work = macs_of(paths);
    part result{.name = "training"};
    contestant peer;
    std::string layout;
    measured ignored;
    measured by_peer;
    if (both.has_peer()) {
        std::tie(peer, layout) = both.faster_peer("W1", [&](worker& w) {
            measured trial;
            train_peer(w, all.first(2), ignored);
            train_peer(w, all.first(2), trial);
            return trial.seconds;
        });
    }
    const std::size_t steps = a.full ? all_steps : a.steps;
    const auto rounds = static_cast<std::size_t>(a.full ? 1 : o.rounds);
    measured by_us;
    double beginning = 0; // until the first step is done: memory, and statistics of all images
    double first_macs = 0;
    std::size_t at = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        // Half of the peer's before ours and half behind, so that a drift of the machine meets both.
        const auto of_peer = [&](std::size_t half) {
            const std::size_t from = a.peer_steps * (2 * round + half) / (2 * rounds);
            const std::size_t to = a.peer_steps * (2 * round + half + 1) / (2 * rounds);
            if (peer) {
                train_peer(*peer, all.subspan(from, to - from), by_peer);
            }
        };
        of_peer(0);
        const std::size_t end = steps * (round + 1) / rounds;
        double first = 0;
        double others = 0;
        ours.ask("train " + std::to_string(end - at)) >> first >> others;
        if (round == 0) {
            beginning = first;
            first_macs = static_cast<double>(paths[0].macs);
        }
        by_us.seconds += others;
        for (++at; at < end; ++at) {
            by_us.macs += static_cast<double>(paths[at].macs);
        }
        of_peer(1);
    }
    result.ours = beginning + by_us.of(work - first_macs);
    result.our_share = static_cast<double>(steps) / static_cast<double>(all_steps);
    result.peer = by_peer.of(work);
    result.peer_share = static_cast<double>(a.peer_steps) / static_cast<double>(all_steps);
    if (peer) {
        const contestant stock = both.peer_as_installed("W1", layout);
        measured pair;
        measured by_stock;
        train_peer(*stock, all.first(1), ignored);
        train_peer(*peer, all.first(4), pair);
        train_peer(*stock, all.first(4), by_stock);
        result.stock = result.peer * by_stock.seconds / pair.seconds;
    }
    return result;
}

part compare_scoring(const options& o, const sides& both, const amounts& a, worker& ours) {
    const std::vector<code> networks = fitnas::different_networks<space>();
    const std::size_t count = networks.size();
    const std::vector<path> paths = described<space>(networks);
    part result{.name = "scoring"};
    const auto score = [](worker& w, std::size_t first, std::size_t second, const std::string& more = "") {
        double seconds = 0;
        double accuracy = -1;
        w.ask("score " + std::to_string(first) + " " + std::to_string(second) + more) >> seconds >> accuracy;
        if (!(accuracy >= 0 && accuracy <= 1)) {
            throw std::runtime_error("a mean accuracy of " + std::to_string(accuracy));
        }
        return seconds;
    };
    const std::size_t rare = count / 2; // every so many: two networks
    contestant peer;
    std::string layout;
    std::string together;
    if (both.has_peer()) {
        std::tie(peer, layout) = both.faster_peer("W8", [&](worker& w) {
            score(w, rare / 2, rare, " 500");
            return score(w, rare / 2, rare, " 500");
        });
        double least = std::numeric_limits<double>::infinity();
        for (const std::string images : {" 125", " 250", " 500", " 1000"}) {
            score(*peer, rare / 2, rare, images);
            if (const double seconds = score(*peer, rare / 2, rare, images); seconds < least) {
                least = seconds;
                together = images;
            }
        }
    }
    const std::size_t scored = a.full ? count : (std::min)(a.networks, count);
    const auto rounds = a.full ? std::size_t{1} : static_cast<std::size_t>(o.rounds);
    const std::size_t sets = 2 * rounds;
    const std::size_t stride = (std::max)(count / (std::max)(a.peer_networks, sets), std::size_t{1});
    measured by_us;
    measured by_peer;
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto of_peer = [&](std::size_t set) {
            if (peer) {
                by_peer.seconds += score(*peer, set * stride, sets * stride, together);
                by_peer.macs += macs_of(every(paths, set * stride, sets * stride));
            }
        };
        of_peer(2 * round);
        // Networks that follow each other share their first cells.
        const std::size_t from = count * round / rounds;
        const std::size_t some = (std::max)(scored / rounds, std::size_t{1});
        const std::size_t first = from + (count / rounds - some) / 2;
        by_us.seconds += score(ours, first, some);
        by_us.macs += static_cast<double>(
            cost_of_sharing<space>({networks.begin() + static_cast<std::ptrdiff_t>(first),
                                    networks.begin() + static_cast<std::ptrdiff_t>(first + some)})
                .macs);
        of_peer(2 * round + 1);
    }
    const auto share = [&](std::size_t n) { return static_cast<double>(n) / static_cast<double>(count); };
    result.ours = by_us.of(static_cast<double>(cost_of_sharing<space>(networks).macs));
    result.our_share = share(scored / rounds * rounds);
    result.peer = by_peer.of(macs_of(paths));
    result.peer_share = share(every(networks, 0, stride).size());
    if (peer) {
        const contestant stock = both.peer_as_installed("W8", layout);
        score(*stock, rare / 2, count, together);
        result.stock =
            result.peer * score(*stock, rare / 2, rare, together) / score(*peer, rare / 2, rare, together);
    }
    return result;
}

struct found {
    std::string code;
    long long macs = 0;
};

std::pair<part, part> compare_fits(const sides& both, worker& ours, found& best) {
    using fitnas::detail::plan_ways;
    const std::size_t networks = fitnas::different_networks<space>().size();
    const int repeats = fitnas::default_fit_options{}.repeats;
    const auto plan = static_cast<std::size_t>(fitnas::fit_plan::smoothed);
    std::string line = "fit";
    for (int way = plan_ways[plan][0]; way < plan_ways[plan][1]; ++way) {
        for (int i = 0; i < repeats; ++i) {
            line += " " + std::to_string(fitnas::options_of_way(way, networks).epochs);
        }
    }
    contestant peer;
    std::string variant;
    const auto fit = [](worker& w, const std::string& how, const std::string& say) {
        double seconds = 0;
        std::size_t parameters = 0;
        w.ask(how) >> seconds >> parameters;
        if (parameters != fitnas::default_model<space>::parameters) {
            throw std::runtime_error(say + ": a model has " + std::to_string(parameters) + " parameters");
        }
        return seconds;
    };
    if (both.has_peer()) {
        double least = std::numeric_limits<double>::infinity();
        for (const std::string one : {"nodes_first", "batch_first"}) {
            contestant candidate = both.peer("W8fit", one);
            fit(*candidate, "fit 1", one);
            if (const double seconds = fit(*candidate, "fit 2", one); seconds < least) {
                least = seconds;
                peer = std::move(candidate);
                variant = one;
            }
        }
    }
    std::vector<double> seconds[4];
    for (int round = 0; round < 3; ++round) {
        seconds[0].push_back(fit(ours, "fit", "ours"));
        double searched = 0;
        ours.ask("search") >> searched >> best.code >> best.macs;
        seconds[1].push_back(searched);
        if (peer) {
            seconds[2].push_back(fit(*peer, line, variant));
            peer->ask("search") >> searched;
            seconds[3].push_back(searched);
        }
    }
    part fits{.name = "fit", .ours = median(seconds[0])};
    part searches{.name = "search", .ours = median(seconds[1])};
    if (peer) {
        const contestant stock = both.peer_as_installed("W8fit", variant);
        fits.peer = median(seconds[2]);
        searches.peer = median(seconds[3]);
        fits.stock = fit(*stock, "fit 1", variant) / fit(*peer, "fit 1", variant) * fits.peer;
        stock->ask("search") >> searches.stock;
    }
    return {fits, searches};
}

std::string minutes(double seconds) { return fitnas::detail::fixed_point_text(seconds / 60, 1) + " minutes"; }

void write_chart(const std::string& file, const std::vector<part>& parts) {
    std::vector<bar> bars{
        {"fitnas", {}, ""}, {"LibTorch at its best", {}, ""}, {"LibTorch as installed", {}, ""}};
    const std::vector<double part::*> sides_of{&part::ours, &part::peer, &part::stock};
    for (std::size_t side = 0; side < bars.size(); ++side) {
        double rest = 0;
        double whole = 0;
        for (const part& p : parts) {
            const double seconds = p.*sides_of[side];
            whole += seconds;
            if (p.name == "training" || p.name == "scoring") {
                bars[side].parts.push_back(seconds);
            } else {
                rest += seconds;
            }
        }
        bars[side].parts.push_back(rest);
        bars[side].text = minutes(whole);
    }
    if (parts.back().peer == 0) {
        bars.resize(1);
    }
    std::ofstream to(file);
    to << bar_chart_svg("From images to the ranked space",
                        {"training", "scoring 3,969 networks", "images, fit, search"}, bars);
    if (!to.flush()) {
        throw std::runtime_error(file + " cannot be written");
    }
}

part whole_of(const std::vector<part>& parts) {
    part whole{.name = "whole"};
    double our_measured = 0; // seconds
    double peer_measured = 0;
    for (const part& p : parts) {
        whole.ours += p.ours;
        whole.peer += p.peer;
        whole.stock += p.stock;
        our_measured += p.ours * p.our_share;
        peer_measured += p.peer * p.peer_share;
    }
    whole.our_share = our_measured / whole.ours;
    whole.peer_share = whole.peer > 0 ? peer_measured / whole.peer : 0;
    return whole;
}

void print(report& out, const part& p, bool has_peer) {
    const bool compared = has_peer && p.peer > 0; // images are free for the peer
    json row;
    row["workload"] = "W8";
    row["part"] = p.name;
    row["ours"] = p.ours;
    row["peer"] = compared ? json(p.peer) : json();
    row["ratio"] = compared ? json(p.peer / p.ours) : json();
    row["peer_as_installed"] = compared ? json(p.stock) : json();
    row["our_share"] = p.our_share;
    row["peer_share"] = compared ? json(p.peer_share) : json();
    out.print(row);
}

void compare(options o, const sides& both, report& out, const amounts& a) {
    o.rounds = o.rounds > 0 ? o.rounds : 4;
    const auto least = static_cast<std::size_t>(2 * o.rounds);
    if (!a.full && (a.steps < least || a.steps > all_steps || a.peer_steps > all_steps)) {
        throw std::runtime_error("--steps: expected " + std::to_string(least) + " to " +
                                 std::to_string(all_steps));
    }
    const contestant ours = both.ours("W8", o.threads);
    std::vector<part> parts;
    const auto add = [&](const part& p) {
        parts.push_back(p);
        print(out, p, both.has_peer());
    };
    part images{.name = "images"};
    ours->ask("images " + a.data) >> images.ours;
    add(images);
    add(compare_training(o, both, a, *ours));
    add(compare_scoring(o, both, a, *ours));
    found best;
    const auto [fits, searches] = compare_fits(both, *ours, best);
    add(fits);
    add(searches);
    if (!a.svg.empty()) {
        write_chart(a.svg, parts);
    }
    print(out, whole_of(parts), both.has_peer());
    std::fprintf(stderr, "the best of at most 60,000,000 multiply-accumulates: %s, %lld%s\n",
                 best.code.c_str(), best.macs, a.full ? "" : " (most scores were made up)");
}

} // namespace

int main(int argc, char** argv) {
    amounts a;
    const std::string prefix = "cifar10:";
    return bench::contest_main(
        argc, argv, "The whole job, seconds: ours against LibTorch.", {"W8"},
        [](const std::string&) {
            job work;
            return serve([&](const std::string& command, std::istream& arguments) {
                return work.answer(command, arguments);
            });
        },
        [&](const options& o, const sides& both, report& out, const std::string&) {
            if (a.data.rfind(prefix, 0) == 0) {
                a.data.erase(0, prefix.size());
            }
            compare(o, both, out, a);
        },
        [&](CLI::App& app) {
            app.add_option("--data", a.data, "folder of CIFAR-10's binary files; made-up images without it");
            app.add_option("--steps", a.steps, "training steps that are run, of 3,159")
                ->capture_default_str();
            app.add_option("--peer-steps", a.peer_steps, "by LibTorch")->capture_default_str();
            app.add_option("--networks", a.networks, "networks that are scored, of 3,969")
                ->capture_default_str();
            app.add_option("--peer-networks", a.peer_networks, "by LibTorch")->capture_default_str();
            app.add_flag("--full", a.full, "our side in full");
            app.add_option("--svg", a.svg, "a bar chart is written here");
        });
}
