/// Predictors that are saved and loaded: the same bits, the same searches.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/io/predictor.hpp>
#include <fitnas/predictor/encoding/complete.hpp>
#include <fitnas/predictor/encoding/operator_lattice.hpp>
#include <fitnas/predictor/feature/operators.hpp>
#include <fitnas/predictor/feature/with_costs.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/search/exhaustive.hpp>
#include <fitnas/space/codes.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/test_locale.hpp"
#include "../support/thrown.hpp"
#include "candidates.hpp"

using namespace fitnas;

namespace {

// `space` has 5 cells of identity and two convolutions: equal networks among its codes.
using bare = codes<3, 1, 4, 2>;

template <class Space>
std::vector<architecture<Space>> all_codes() {
    std::vector<architecture<Space>> all;
    for_each_architecture<Space>([&](const architecture<Space>& a) { all.push_back(a); });
    return all;
}

std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
    std::vector<std::uint64_t> bits;
    for (const double v : values) {
        bits.push_back(std::bit_cast<std::uint64_t>(v));
    }
    return bits;
}

template <class Model>
auto found_with(const Model& model) {
    if constexpr (decomposable<Model>) {
        return search::exact(model, {.top = 10});
    } else {
        return search::exhaustive(model, {.top = 10});
    }
}

/// Saves, loads, and compares what both predict for every code of the space and what searches find.
template <class Model>
Model comes_back(const Model& model) {
    using Space = typename Model::space;
    const temporary_folder folder;
    const std::string path = folder.path("model.json");
    save_predictor(path, model);
    CHECK(folder.names() == std::vector<std::string>{"model.json"});
    const Model back = load_predictor<Model>(path);
    const auto codes = all_codes<Space>();
    CHECK(bits_of(back.predict(codes)) == bits_of(model.predict(codes)));
    const auto before = found_with(model);
    const auto after = found_with(back);
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        CHECK(before[i].architecture == after[i].architecture);
        CHECK(before[i].predicted == after[i].predicted);
    }
    save_predictor(folder.path("again.json"), back);
    CHECK(folder.read("again.json") == folder.read("model.json"));
    return back;
}

template <class Space>
score_table<Space> scores_of(std::size_t networks, double noise) {
    score_table<Space> table;
    random_stream random(seed{3}, purpose::user);
    for (const auto& a : sample<Space>(networks, seed{4})) {
        double score = 0.7 + noise * (random.uniform() - 0.5);
        for (std::size_t i = 0; i < a.size(); ++i) {
            score += 0.01 * std::sqrt(a[i] + static_cast<double>(i));
            score += i > 0 && a[i] == a[i - 1] ? -0.02 : 0;
        }
        table.push_back(a, score);
    }
    return table;
}

/// A model whose parameters are drawn, from tiny to large.
template <class Model>
fitted<Model> drawn(std::uint64_t s) {
    random_stream random(seed{s}, purpose::user);
    std::vector<float> parameters(Model::parameters);
    for (float& p : parameters) {
        p = std::ldexp(static_cast<float>(2 * random.uniform() - 1), -static_cast<int>(random.below(20)));
    }
    return fitted<Model>(parameters, {random.uniform(), 1 + random.uniform()});
}

template <class Net>
std::string refusal_by(const json& file) {
    return thrown<data_error>([&] { predictor_from_json<fitted<Net>>(file, "m.json"); });
}

// --- types of a user's own

/// Each feature of a node times a factor that is learned.
struct gains {
    static constexpr gcn::place works_on = gcn::place::nodes;
    static constexpr gcn::signal output(gcn::signal in) { return {in.nodes, in.width}; }
    static constexpr std::size_t parameters(gcn::signal in) { return static_cast<std::size_t>(in.width); }
    static void initialise(gcn::signal in, float* p, random_stream&) { std::fill_n(p, in.width, 1.0F); }
    static void forward(const gcn::site& at, const float* x, float* y) {
        for (int i = 0; i < at.count * at.input.nodes * at.input.width; ++i) {
            y[i] = at.parameters[i % at.input.width] * x[i];
        }
    }
    static void backward(const gcn::site& at, const float* x, const float*, const float* dy, float* dx,
                         float* dp) {
        for (int i = 0; i < at.count * at.input.nodes * at.input.width; ++i) {
            dp[i % at.input.width] += x[i] * dy[i];
            if (dx != nullptr) {
                dx[i] = at.parameters[i % at.input.width] * dy[i];
            }
        }
    }
};

/// max(x, x / Part), which says so itself.
template <int Part>
struct leaky : gcn::detail::without_parameters {
    static constexpr std::string_view name = Part == 4 ? "leaky by 4" : "leaky by 8";
    static constexpr gcn::place works_on = gcn::place::between;
    static constexpr gcn::signal output(gcn::signal in) { return in; }
    static void forward(const gcn::site& at, const float* x, float* y) {
        for (std::size_t i = 0; i < static_cast<std::size_t>(at.count) * at.input.size(); ++i) {
            y[i] = x[i] > 0 ? x[i] : x[i] / Part;
        }
    }
    static void backward(const gcn::site& at, const float* x, const float*, const float* dy, float* dx,
                         float*) {
        for (std::size_t i = 0; dx != nullptr && i < static_cast<std::size_t>(at.count) * at.input.size();
             ++i) {
            dx[i] = x[i] > 0 ? dy[i] : dy[i] / Part;
        }
    }
};

/// How far an operator's number is through those of its cell.
struct how_far {
    template <code_space Space>
    static constexpr int width = 2;
    template <code_space Space>
    static void write(int cell, int operator_index, float* out) {
        out[0] = static_cast<float>(operator_index);
        out[1] = static_cast<float>(Space::operator_counts[static_cast<std::size_t>(cell)] - operator_index);
    }
};

/// A chain that is closed to a ring.
template <class Space>
struct ring : encoding::chain<Space, feature::beside<how_far, feature::cell_operator>> {
    static constexpr auto joined = [](int i, int j) {
        return (i - j + Space::cells + 1) % Space::cells == 0 ||
               (j - i + Space::cells + 1) % Space::cells == 0;
    };
    static constexpr auto adjacency =
        encoding::detail::normalised_edges<encoding::detail::count_edges(Space::cells, joined)>(Space::cells,
                                                                                                joined);
    static constexpr int cell_of(int) = delete; // a node sees cells that are no neighbours
};

using own_net = gcn::model<ring<space>, gains, gcn::conv<6>, leaky<4>, gains, gcn::flatten, gcn::linear<1>>;

/// The more operators of one number, the better.
class count_of {
public:
    using space = bare;
    explicit count_of(int number) : m_number(number) {}
    int number() const { return m_number; }
    double predict(const architecture<bare>& a) const {
        return static_cast<double>(std::count(a.begin(), a.end(), m_number));
    }
    std::vector<double> predict(std::span<const architecture<bare>> many) const {
        std::vector<double> values;
        for (const auto& a : many) {
            values.push_back(predict(a));
        }
        return values;
    }

private:
    int m_number;
};

/// One whose format forgets a number.
class forgetful : public count_of {
    using count_of::count_of;
};

} // namespace

template <>
struct fitnas::predictor_format<count_of> {
    static json model() { return {{"kind", "count_of"}}; }
    static json values(const count_of& p) { return {{"number", p.number()}}; }
    static count_of read(const json& values, const std::string& /*where*/) {
        return count_of(values.at("number").get<int>());
    }
};
template <>
struct fitnas::predictor_format<forgetful> {
    static json model() { return {{"kind", "forgetful"}}; }
    static json values(const forgetful& /*p*/) { return json::object(); }
    static forgetful read(const json& /*values*/, const std::string& /*where*/) { return forgetful(0); }
};

TEST_CASE("what the fits give comes back from a file to the bit, and so do searches") {
    const score_table<space> table = scores_of<space>(40, 0.01);
    using net = default_model<space>;
    const fit_options quick{.epochs = 3, .seed = seed{2}};
    comes_back(fit<net>(table, quick));
    comes_back(fit_ensemble<net>(table, 2, quick));
    const german_program german; // a decimal comma changes nothing
    comes_back(fit_default(table, {.plan = fit_plan::cautious, .repeats = 1}));
}

TEST_CASE("models of two fidelities come back, with and without a fit to the truths") {
    const score_table<bare> scores = scores_of<bare>(16, 0.05);
    const score_table<bare> truths = scores_of<bare>(24, 0);
    const two_fidelity_options<bare> options{.repeats = 1};
    const auto with = fit_two_fidelities(scores, truths, options);
    REQUIRE(with.of_truths().has_value());
    CHECK(comes_back(with).of_truths().has_value());
    const auto without = fit_two_fidelities(scores, scores_of<bare>(3, 0), options);
    REQUIRE_FALSE(without.of_truths().has_value());
    CHECK_FALSE(comes_back(without).of_truths().has_value());
}

TEST_CASE("baselines come back, with what the fit said of itself") {
    const score_table<space> table = scores_of<space>(60, 0.01);
    const auto cells = comes_back(ridge<space>(table, {.target = target::ranks}));
    CHECK(cells.lambda() == ridge<space>(table, {.target = target::ranks}).lambda());
    const ridge<space, ridge_terms::pairs> pairs(table, {.lambda = 0.5});
    const auto pairs_back = comes_back(pairs);
    CHECK(pairs_back.lambda() == 0.5);
    CHECK(pairs_back.leave_one_out_error() == pairs.leave_one_out_error());
    comes_back(ensemble<ridge<space>>({ridge<space>(table), ridge<space>(table, {.lambda = 10.0})}));

    const double infinity = std::numeric_limits<double>::infinity();
    const std::vector<double> weights{-0.0, 1e300, -5e-324, 0.1, 1, 2, 3, 4, 5, 6};
    CHECK(comes_back(ridge<bare>(0.25, weights, 2, infinity)).leave_one_out_error() == infinity);

    CHECK(comes_back(cost_baseline<space>()).cost() == cost::macs());
    CHECK(comes_back(cost_baseline<space>(cost::parameters())).cost() == cost::parameters());
    const named_cost energy = cost::table<bare>(
        "energy", "mJ", [](int cell, int o) { return 0.1 * (cell + 1) * o; }, 0.3);
    CHECK(comes_back(cost_baseline<bare>(energy)).cost() == energy);
}

TEST_CASE("windows and tables come back") {
    const fitted<default_model<space>> model = drawn<default_model<space>>(1);
    const windows<space> tables = comes_back(windows<space>(model));
    CHECK(tables.terms().size() == windows<space>(model).terms().size());
    comes_back(dense_table<space>(model));

    // The largest sum, 1 - 2^-53, is rounded up to 1. Rounding all again, by the unit that belongs to 1,
    // would change the other number, an odd multiple of 2^-51.
    window_sum<bare> sum(1 - 0.5 - 3 * 0x1p-51 - 0x1p-53);
    sum.add({0, 1, {3 * 0x1p-51, 0, 0}});
    sum.add({2, 3, {0.5, 0, 0, 0}});
    const windows<bare> edge(sum);
    const auto back = comes_back(edge);
    CHECK(back.offset() == edge.offset());
    CHECK(back.terms()[0].values == edge.terms()[0].values);
    random_stream random(seed{8}, purpose::user);
    for (int i = 0; i < 50; ++i) {
        window_sum<bare> one(random.normal());
        for (int first = 0; first < bare::cells; ++first) {
            const int last = first + 1 + static_cast<int>(random.below(2));
            if (last <= bare::cells) {
                window_term term{first, last, std::vector<double>(window_codes<bare>(first, last))};
                for (double& v : term.values) {
                    v = std::ldexp(random.normal(), -static_cast<int>(random.below(30)));
                }
                one.add(term);
            }
        }
        comes_back(windows<bare>(one));
    }
}

TEST_CASE("models of all encodings, features and layers come back, whatever their parameters") {
    using complete = encoding::complete<space, feature::with_costs<feature::operators>>;
    using lattice = encoding::operator_lattice<bare, feature::cell_operator>;
    for (std::uint64_t s = 1; s <= 10; ++s) {
        comes_back(drawn<gcn::model<complete, gcn::conv<5>, gcn::relu, gcn::flatten, gcn::linear<4>,
                                    gcn::dropout<20>, gcn::silu, gcn::linear<1>>>(s));
        comes_back(drawn<gcn::model<lattice, gcn::conv<7>, gcn::relu, gcn::mean_pool, gcn::linear<1>>>(s));
    }
    // Floats that are hard to write: the decimals must be those of floats.
    using plain = gcn::model<encoding::chain<bare, feature::cell_operator>, gcn::mean_pool, gcn::linear<1>>;
    const std::vector<float> hard{
        0.1F,     -0.0F,      1e-45F, 16777216,       3.4028235e38F, -1.17549435e-38F,
        1 / 3.0F, 8589973e9F, 1e10F,  9.8607613e-32F, 2.3509887e-38F};
    REQUIRE(hard.size() == plain::parameters);
    const auto back = comes_back(fitted<plain>(hard, {-0.0, 5e-324}));
    for (std::size_t i = 0; i < hard.size(); ++i) {
        CHECK(std::bit_cast<std::uint32_t>(back.parameters()[i]) == std::bit_cast<std::uint32_t>(hard[i]));
    }
    CHECK(std::signbit(back.unit().offset));
    const json values = to_json(fitted<plain>(hard)).at("values").at("parameters");
    CHECK(values[0].dump() == "0.1"); // the shortest, and not 0.10000000149011612
    random_stream random(seed{9}, purpose::user);
    for (int i = 0; i < 2000; ++i) {
        std::vector<float> any(plain::parameters);
        for (float& v : any) {
            do {
                v = std::bit_cast<float>(random.bits());
            } while (!std::isfinite(v) || std::abs(v) > 1e36F);
        }
        const fitted<plain> model(any);
        const auto read = predictor_from_json<fitted<plain>>(json::parse(to_json(model).dump()), "any");
        CHECK(std::equal(any.begin(), any.end(), read.parameters().begin()));
    }
}

TEST_CASE("layers, encodings, features and predictors of a user's own come back") {
    comes_back(drawn<own_net>(5));
    comes_back(fit<own_net>(scores_of<space>(30, 0), {.epochs = 3}));
    const json model = to_json(drawn<own_net>(5)).at("model");
    CHECK(model.at("encoding").dump() == R"({"name":"ring","nodes":5,"features":17,"edges":15})");
    CHECK(model.at("layers")[0].dump() == R"({"name":"gains","nodes":5,"width":17,"parameters":17})");
    CHECK(model.at("layers")[2].dump() == R"({"name":"leaky by 4","nodes":5,"width":6,"parameters":0})");

    CHECK(comes_back(count_of(2)).number() == 2);
    comes_back(ensemble<count_of>({count_of(1), count_of(2)}));
    const temporary_folder folder;
    const std::string path = folder.write("model.json", "before");
    const std::string text = thrown<data_error>([&] { save_predictor(path, forgetful(2)); });
    CHECK(contains(text, "[F0974] " + path + ": the model does not give the predictions that were saved"));
    CHECK(folder.read("model.json") == "before");
    CHECK(folder.names() == std::vector<std::string>{"model.json"});
}

TEST_CASE("a model that another layer, encoding or feature would read is refused, and the layer is named") {
    using graph = encoding::chain<bare, feature::cell_operator>;
    using net = gcn::model<graph, gcn::conv<4>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;
    const json file = to_json(drawn<net>(1));
    const std::string other = "[F0968] m.json: of another model: ";
    CHECK(refusal_by<gcn::model<graph, gcn::conv<4>, gcn::silu, gcn::mean_pool, gcn::linear<1>>>(file) ==
          other + R"(layers[1]: expected {"name":"silu","nodes":4,"width":4,"parameters":0}, )" +
              R"(got {"name":"relu","nodes":4,"width":4,"parameters":0})");
    CHECK(refusal_by<gcn::model<graph, gcn::conv<5>, gcn::relu, gcn::mean_pool, gcn::linear<1>>>(file) ==
          other + R"(layers[0]: expected {"name":"conv","nodes":4,"width":5,"parameters":55}, )" +
              R"(got {"name":"conv","nodes":4,"width":4,"parameters":44})");
    using longer = gcn::model<graph, gcn::conv<4>, gcn::relu, gcn::mean_pool, gcn::linear<1>, gcn::linear<1>>;
    CHECK(refusal_by<longer>(file) ==
          other + R"(layers[4]: expected {"name":"linear","nodes":1,"width":1,"parameters":2}, got nothing)");
    CHECK(refusal_by<net>(to_json(drawn<longer>(1))) ==
          other + R"(layers[4]: expected nothing, got {"name":"linear","nodes":1,"width":1,"parameters":2})");
    using complete = encoding::complete<bare, feature::cell_operator>;
    CHECK(
        refusal_by<gcn::model<complete, gcn::conv<4>, gcn::relu, gcn::mean_pool, gcn::linear<1>>>(file) ==
        other +
            R"(encoding: expected {"name":"complete<cell_operator>","nodes":4,"features":10,"edges":16}, )" +
            R"(got {"name":"chain<cell_operator>","nodes":4,"features":10,"edges":10})");
    // Alike in name and size, but not in what it does.
    using four = gcn::model<graph, gcn::conv<4>, leaky<4>, gcn::mean_pool, gcn::linear<1>>;
    using eight = gcn::model<graph, gcn::conv<4>, leaky<8>, gcn::mean_pool, gcn::linear<1>>;
    json changed = to_json(drawn<four>(1));
    CHECK(contains(refusal_by<eight>(changed), R"(layers[1]: expected {"name":"leaky by 8",)"));
    changed["model"]["layers"][1]["name"] = "leaky by 8";
    CHECK(contains(refusal_by<eight>(changed),
                   "[F0974] m.json: the model does not give the predictions that were saved with it: of "));
}

TEST_CASE("what is not finite is not written") {
    const temporary_folder folder;
    const std::string path = folder.write("model.json", "before");
    using net = gcn::model<encoding::chain<bare, feature::cell_operator>, gcn::mean_pool, gcn::linear<1>>;
    std::vector<float> parameters(net::parameters, 1);
    parameters[3] = std::numeric_limits<float>::quiet_NaN();
    CHECK(thrown<numeric_error>([&] { save_predictor(path, fitted<net>(parameters)); }) ==
          "[F0964] predictor: the prediction of 0000: expected finite numbers, got nan");
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(thrown<numeric_error>([&] {
              save_predictor(path, ridge<bare>(0, std::vector<double>(10), infinity));
          }) == "[F0964] predictor: values.lambda: expected finite numbers, got inf");
    CHECK(folder.read("model.json") == "before");
    CHECK(folder.names() == std::vector<std::string>{"model.json"});
}
