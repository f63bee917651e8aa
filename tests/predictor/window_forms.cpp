#include <cmath>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/encoding/window_forms.hpp>
#include <fitnas/predictor/feature/with_costs.hpp>
#include <fitnas/predictor/gcn/pass.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "../nn/golden_file.hpp"
#include "fixtures.hpp"

using namespace fitnas;
using namespace fixtures;

namespace {

// The same encoding, which does not say what decides a node's features: nothing of it is shared.
template <class E>
struct plain {
    using space = typename E::space;
    static constexpr int nodes = E::nodes;
    static constexpr int features = E::features;
    static constexpr auto adjacency = E::adjacency;
    static void encode(const architecture<space>& a, float* out) { E::encode(a, out); }
};
static_assert(encoding::local_encoding<chain> && !encoding::local_encoding<plain<chain>>);

// A layer of a user's, which says nothing about itself: 2 x.
struct twice {
    static constexpr gcn::place works_on = gcn::place::between;
    static constexpr gcn::signal output(gcn::signal in) { return in; }
    static constexpr std::size_t parameters(gcn::signal) { return 0; }
    static void initialise(gcn::signal, float*, random_stream&) {}
    static void forward(const gcn::site& at, const float* x, float* y) {
        for (std::size_t i = 0; i < static_cast<std::size_t>(at.count) * at.input.size(); ++i) {
            y[i] = 2 * x[i];
        }
    }
    static void backward(const gcn::site& at, const float*, const float*, const float* dy, float* dx,
                         float*) {
        forward(at, dy, dx);
    }
};

// Windows are equal exactly where a graph convolution sees the same.
template <class E>
void forms_are_those_seen(const std::vector<architecture<typename E::space>>& some) {
    static_assert(encoding::window_forms<E>::tabulated());
    const auto& forms = encoding::window_forms<E>::table();
    std::map<std::vector<std::pair<std::vector<float>, float>>, int> known;
    std::set<int> used;
    const auto width = static_cast<std::size_t>(E::features);
    std::vector<float> x(width * static_cast<std::size_t>(E::nodes));
    std::vector<int> windows(static_cast<std::size_t>(E::nodes));
    for (const auto& a : some) {
        E::encode(a, x.data());
        forms.read(a, windows.data());
        for (int i = 0; i < E::nodes; ++i) {
            std::vector<std::pair<std::vector<float>, float>> seen;
            for (const encoding::edge& e : E::adjacency) {
                const float* row = x.data() + static_cast<std::size_t>(e.column) * width;
                std::vector<float> features(row, row + width);
                if (e.row == i && features != std::vector<float>(width)) {
                    seen.emplace_back(std::move(features), e.weight);
                }
            }
            const int window = windows[static_cast<std::size_t>(i)];
            REQUIRE(static_cast<std::size_t>(window) < forms.size());
            CHECK(known.try_emplace(seen, window).first->second == window);
            used.insert(window);
            const auto entries = forms.entries(static_cast<std::size_t>(window));
            REQUIRE(entries.size() == seen.size());
            for (std::size_t k = 0; k < seen.size(); ++k) {
                std::vector<float> features(width);
                for (const auto& v : forms.values(static_cast<std::size_t>(entries[k].feature))) {
                    features[static_cast<std::size_t>(v.column)] = v.x;
                }
                CHECK(features == seen[k].first);
                CHECK(entries[k].weight == seen[k].second);
            }
        }
    }
    CHECK(known.size() == used.size());
}

// Outputs and gradients with shared rows and without.
template <class E, class... Layers>
void sharing_changes_nothing(std::span<const architecture<typename E::space>> batch) {
    using net = gcn::model<E, Layers...>;
    using plain_net = gcn::model<plain<E>, Layers...>;
    std::vector<float> parameters = net::initial_parameters(seed{5});
    random_stream random(seed{6}, purpose::user);
    for (float& p : parameters) {
        p += static_cast<float>(0.1 * random.normal());
    }
    const gcn::training_step training{seed{3}, 11};
    std::vector<float> slope(batch.size());
    for (float& s : slope) {
        s = static_cast<float>(random.normal());
    }
    const auto run = [&]<class Net>(Net*) {
        gcn::pass<Net> pass;
        std::vector<float> outputs(batch.size(), NAN);
        std::vector<float> gradient(Net::parameters, NAN);
        for (int times = 0; times < 2; ++times) { // what the first leaves must not matter
            pass.forward(parameters, batch, outputs, &training);
            pass.backward(parameters, slope, gradient);
        }
        return std::pair(outputs, gradient);
    };
    const auto shared = run(static_cast<net*>(nullptr));
    const auto alone = run(static_cast<plain_net*>(nullptr));
    const auto as_doubles = [](const std::vector<float>& x) {
        return std::vector<double>(x.begin(), x.end());
    };
    CHECK(golden::relative_error(shared.first, as_doubles(alone.first)) < 1e-5);
    CHECK(golden::relative_error(shared.second, as_doubles(alone.second)) < 1e-5);
}

using macro = spaces::nas_bench_macro;
using wide = codes<6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6>;

} // namespace

TEST_CASE("windows are what a graph convolution sees, each form once") {
    const auto all = tiny_table().architectures;
    forms_are_those_seen<chain>(all);
    forms_are_those_seen<complete>(all);
    forms_are_those_seen<lattice>(all);
    forms_are_those_seen<encoding::chain<wide, feature::operators>>(sample<wide>(50, seed{1}));
    // Ends and their neighbours see other weights than the 15 nodes between them.
    CHECK(encoding::window_forms<encoding::chain<wide, feature::operators>>::table().size() ==
          2 * 36 + 3 * 216);
    static_assert(!encoding::window_forms<encoding::complete<wide, feature::operators>>::tabulated());
}

TEST_CASE("rows that nodes share change neither outputs nor gradients") {
    using gcn::conv;
    using gcn::dropout;
    using gcn::flatten;
    using gcn::linear;
    using gcn::mean_pool;
    using gcn::relu;
    const auto tiny_codes = tiny_table().architectures;
    sharing_changes_nothing<chain, conv<8>, relu, conv<6>, relu, mean_pool, linear<1>>(tiny_codes);
    sharing_changes_nothing<chain, conv<5>, conv<21>, relu, conv<3>, flatten, linear<1>>(tiny_codes);
    sharing_changes_nothing<chain, conv<9>, relu, dropout<>, conv<4>, relu, mean_pool, linear<1>>(tiny_codes);
    sharing_changes_nothing<chain, conv<9>, twice, relu, conv<40>, twice, mean_pool, linear<1>>(tiny_codes);
    sharing_changes_nothing<chain, conv<1>, mean_pool>(tiny_codes);
    sharing_changes_nothing<chain, conv<7>, relu, relu, flatten, linear<3>, relu, linear<1>>(tiny_codes);
    sharing_changes_nothing<complete, conv<5>, relu, conv<4>, relu, flatten, linear<1>>(tiny_codes);
    sharing_changes_nothing<lattice, conv<7>, relu, conv<5>, mean_pool, linear<1>>(tiny_codes);
    sharing_changes_nothing<encoding::chain<macro, feature::with_costs<feature::cell_operator>>, conv<16>,
                            relu, conv<16>, relu, mean_pool, linear<1>>(sample<macro>(70, seed{1}));
    // Enough for several groups.
    sharing_changes_nothing<encoding::chain<wide, feature::operators>, conv<64>, relu, conv<64>, relu,
                            mean_pool, linear<1>>(sample<wide>(300, seed{1}));
}
