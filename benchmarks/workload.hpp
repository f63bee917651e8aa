// The fixed workloads, as workloads.md states them: spaces, paths and what they cost. Known to
// our worker, to the peer and to the programs that compare them.

#ifndef FITNAS_BENCHMARKS_WORKLOAD_HPP
#define FITNAS_BENCHMARKS_WORKLOAD_HPP

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/space/canonical.hpp>
#include <fitnas/space/cost.hpp>
#include <fitnas/space/spaces.hpp>

namespace bench {

using w1_space = fitnas::spaces::nas_bench_macro;
using w2_operators = fitnas::operator_set<fitnas::op::mbconv<3, 3>, fitnas::op::mbconv<5, 3>,
                                          fitnas::op::mbconv<3, 6>, fitnas::op::mbconv<5, 6>>;
struct w2_space
    : fitnas::search_space<fitnas::image<16, 16, 1>, fitnas::stem<16>, fitnas::stage<w2_operators, 2, 32, 2>,
                           fitnas::stage<w2_operators, 3, 64, 2>, fitnas::head<128, 10>> {};
using w5_space = fitnas::spaces::mobile_19x6;
using w6_space = fitnas::spaces::nas_bench_201<>;

// Uniform paths: x <- 1664525 x + 1013904223 mod 2^32 from x = 1; operator = (x >> 16) mod (number of
// operators), cell by cell, path by path.
template <class Space>
std::vector<fitnas::architecture<Space>> lcg_paths(int count) {
    std::uint32_t x = 1;
    std::vector<fitnas::architecture<Space>> paths(static_cast<std::size_t>(count));
    for (fitnas::architecture<Space>& path : paths) {
        for (std::size_t i = 0; i < path.size(); ++i) {
            x = 1664525U * x + 1013904223U;
            path[i] =
                static_cast<std::uint8_t>((x >> 16U) % static_cast<std::uint32_t>(Space::operator_counts[i]));
        }
    }
    return paths;
}

// Strictly fair steps, as many paths each as a cell has operators (all cells have as many): x as above; in
// each cell the operators 0, 1, ... are shuffled, from the last place on: place i and place (x >> 16) mod (i
// + 1).
template <class Space>
std::vector<std::vector<fitnas::architecture<Space>>> lcg_fair_steps(int count) {
    std::uint32_t x = 1;
    const auto operators = static_cast<std::size_t>(Space::operator_counts[0]);
    std::vector<std::vector<fitnas::architecture<Space>>> steps(
        static_cast<std::size_t>(count), std::vector<fitnas::architecture<Space>>(operators));
    for (auto& paths : steps) {
        for (std::size_t cell = 0; cell < paths[0].size(); ++cell) {
            for (std::size_t i = 0; i < operators; ++i) {
                paths[i][cell] = static_cast<std::uint8_t>(i);
            }
            for (std::size_t i = operators; i-- > 1;) {
                x = 1664525U * x + 1013904223U;
                std::swap(paths[i][cell], paths[(x >> 16U) % (i + 1)][cell]);
            }
        }
    }
    return steps;
}

// What a training step goes along, without the type of its space: one path, or several.
struct path {
    std::string code;         // with commas between paths
    long long macs = 0;       // of a forward pass of one image along all
    long long parameters = 0; // of the blocks that are trained; 0 where images do not reach the output
    int count = 1;            // of paths
};

// The codes of its paths.
inline std::vector<std::vector<std::uint8_t>> codes_of(const std::string& text) {
    std::vector<std::vector<std::uint8_t>> codes(1);
    for (const char c : text) {
        if (c == ',') {
            codes.emplace_back();
        } else {
            codes.back().push_back(static_cast<std::uint8_t>(c - '0'));
        }
    }
    return codes;
}

// Its block in each layer that takes part, the last first: layers whose values lead to the output.
inline std::vector<const fitnas::space_block*> used_blocks(const fitnas::space_layout& space,
                                                           std::span<const std::uint8_t> code) {
    const auto at = [](int node) { return static_cast<std::size_t>(node); };
    std::vector<char> has_value(space.layers.size() + 1, 0); // of each node
    std::vector<char> wanted(space.layers.size() + 1, 0);
    has_value[0] = 1;
    wanted[at(space.layers.back().to)] = 1;
    for (const fitnas::space_layer& l : space.layers) {
        if (!l.inside || (has_value[at(l.from)] != 0 && !space.block(l, code).steps.gives_zeros())) {
            has_value[at(l.to)] = 1;
        }
    }
    std::vector<const fitnas::space_block*> used;
    for (std::size_t i = space.layers.size(); i-- > 0;) {
        const fitnas::space_layer& l = space.layers[i];
        const fitnas::space_block& b = space.block(l, code);
        if (wanted[at(l.to)] != 0 && has_value[at(l.from)] != 0 && !b.steps.gives_zeros()) {
            wanted[at(l.from)] = 1;
            used.push_back(&b);
        }
    }
    return used;
}

inline path described(const fitnas::space_layout& space, std::span<const std::uint8_t> code) {
    path p;
    for (const std::uint8_t digit : code) {
        p.code += static_cast<char>('0' + digit);
    }
    const std::vector<const fitnas::space_block*> used = used_blocks(space, code);
    for (const fitnas::space_block* b : used) {
        p.macs += b->macs;
        p.parameters += b->parameters;
    }
    if (used.back() != space.blocks.data()) {
        p.parameters = 0;
    }
    return p;
}
template <class Space>
std::vector<path> described(const std::vector<fitnas::architecture<Space>>& architectures) {
    std::vector<path> paths;
    for (const fitnas::architecture<Space>& a : architectures) {
        paths.push_back(described(Space::layout(), a));
    }
    return paths;
}
// Steps of several paths in chains, where each image reaches the output.
template <class Space>
std::vector<path> described(const std::vector<std::vector<fitnas::architecture<Space>>>& steps) {
    std::vector<path> all;
    for (const auto& step : steps) {
        path sum;
        sum.count = static_cast<int>(step.size());
        std::set<const fitnas::space_block*> blocks;
        for (const fitnas::architecture<Space>& a : step) {
            const path one = described(Space::layout(), a);
            sum.code += (sum.code.empty() ? "" : ",") + one.code;
            sum.macs += one.macs;
            for (const fitnas::space_block* b : used_blocks(Space::layout(), a)) {
                sum.parameters += blocks.insert(b).second ? b->parameters : 0;
            }
        }
        all.push_back(sum);
    }
    return all;
}

// Paths whose images a second are one figure.
struct training_row {
    std::string name;
    std::vector<path> paths;
};

// A training workload: W1, W2, W2-strict, W5 or W6.
struct training {
    fitnas::space_layout space;
    int batch = 0;
    int steps = 1;  // timed together, so that a measurement is not shorter than a tenth of a second
    int rounds = 5; // unless the user asks for another number
    std::vector<training_row> rows;
};

inline training training_workload(const std::string& name) {
    if (name == "W1") {
        return {w1_space::layout(),
                128,
                1,
                5,
                {{"W1", described<w1_space>(lcg_paths<w1_space>(12))},
                 {"W1-11111111", described<w1_space>({fitnas::parse<w1_space>("11111111")})},
                 {"W1-22222222", described<w1_space>({fitnas::parse<w1_space>("22222222")})}}};
    }
    if (name == "W2") {
        return {w2_space::layout(), 64, 10, 5, {{"W2", described<w2_space>(lcg_paths<w2_space>(12))}}};
    }
    if (name == "W2-strict") {
        return {
            w2_space::layout(), 64, 4, 5, {{"W2-strict", described<w2_space>(lcg_fair_steps<w2_space>(3))}}};
    }
    if (name == "W5") {
        return {w5_space::layout(), 16, 1, 3, {{"W5", described<w5_space>(lcg_paths<w5_space>(12))}}};
    }
    if (name == "W6") {
        return {w6_space::layout(), 128, 1, 3, {{"W6", described<w6_space>(lcg_paths<w6_space>(12))}}};
    }
    throw std::invalid_argument("no training workload \"" + name +
                                "\": expected W1, W2, W2-strict, W5 or W6");
}

inline constexpr int scored_images = 500;
inline constexpr int scored_in_job = 1000;

// Sub-networks that are scored in one go: W3a, W3b, W3c, W3d, W7, or those of W8.
template <class Space>
struct scoring {
    std::vector<fitnas::architecture<Space>> architectures;
    int images = scored_images;
    int rounds = 3; // unless the user asks for another number
    int stride = 7; // the peer scores every stride-th alone; no multiple of 3, so that every cell's
                    // operators take turns
};

// What `work` says of a workload: work(scoring<its space>).
template <class Work>
auto with_scoring(const std::string& name, Work&& work) {
    if (name == "W3d") {
        return work(scoring<w2_space>{.architectures = lcg_paths<w2_space>(243)});
    }
    if (name == "W7") {
        return work(scoring<w6_space>{.architectures = lcg_paths<w6_space>(243)});
    }
    scoring<w1_space> s;
    if (name == "W8") {
        s.architectures = fitnas::different_networks<w1_space>();
        s.images = scored_in_job;
    } else if (name == "W3b") {
        s.architectures = lcg_paths<w1_space>(243);
    } else if (name == "W3a" || name == "W3c") {
        fitnas::for_each_architecture<w1_space>([&](const fitnas::architecture<w1_space>& a) {
            if (name == "W3c" || (a[0] == 1 && a[1] == 2 && a[2] == 1)) {
                s.architectures.push_back(a);
            }
        });
    } else {
        throw std::invalid_argument("no scoring workload \"" + name +
                                    "\": expected W3a, W3b, W3c, W3d, W7 or W8");
    }
    if (name == "W3c") {
        s.rounds = 1;
        s.stride = 262;
    }
    return work(s);
}

// Every `stride`-th of them from `first` on.
template <class T>
std::vector<T> every(const std::vector<T>& all, std::size_t first, std::size_t stride) {
    std::vector<T> some;
    for (std::size_t i = first; i < all.size(); i += stride) {
        some.push_back(all[i]);
    }
    return some;
}

// What scoring has to do at the least: different networks, and the multiply-accumulates for one image where
// every first part that networks share is computed once; 0 in spaces with graphs, where other parts are alike
// too.
struct shared_cost {
    std::size_t networks = 0;
    long long macs = 0;
};

template <class Space>
shared_cost cost_of_sharing(const std::vector<fitnas::architecture<Space>>& architectures) {
    std::vector<std::vector<const fitnas::space_block*>> networks; // the blocks that they use
    for (const fitnas::architecture<Space>& a : architectures) {
        networks.push_back(used_blocks(Space::layout(), fitnas::canonical<Space>(a)));
        std::reverse(networks.back().begin(), networks.back().end());
    }
    std::sort(networks.begin(), networks.end());
    networks.erase(std::unique(networks.begin(), networks.end()), networks.end());
    shared_cost sum{networks.size(), 0};
    const auto of_graph = [](const fitnas::space_layer& l) { return l.graph >= 0; };
    const auto& layers = Space::layout().layers;
    if (std::any_of(layers.begin(), layers.end(), of_graph)) {
        return sum;
    }
    for (std::size_t n = 0; n < networks.size(); ++n) {
        std::size_t same = 0;
        while (n > 0 && networks[n][same] == networks[n - 1][same]) {
            ++same;
        }
        for (std::size_t i = same; i < networks[n].size(); ++i) {
            sum.macs += networks[n][i]->macs;
        }
    }
    return sum;
}

} // namespace bench

#endif
