#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/nn/adam.hpp>
#include <fitnas/nn/gradient_check.hpp>
#include <fitnas/predictor/gcn/pass.hpp>
#include <fitnas/predictor/loss.hpp>
#include <fitnas/space/sample.hpp>

#include "../nn/golden_file.hpp"
#include "fixtures.hpp"

using namespace fitnas;
using namespace fixtures;

namespace {

std::vector<architecture<tiny>> golden_codes(const golden::file& file) {
    std::vector<architecture<tiny>> codes(file["codes"].sizes[0]);
    for (std::size_t g = 0; g < codes.size(); ++g) {
        const auto row = file["codes"].row(g);
        for (std::size_t i = 0; i < codes[g].size(); ++i) {
            codes[g][i] = static_cast<std::uint8_t>(row[i]);
        }
    }
    return codes;
}

template <class Net>
void agrees_with_pytorch(const std::string& name) {
    CAPTURE(name);
    const golden::file file(name, "predictor");
    const auto codes = golden_codes(file);
    std::vector<float> parameters = file["parameters"].floats();
    REQUIRE(parameters.size() == Net::parameters);

    CHECK(golden::relative_error(gcn::outputs<Net>(parameters, codes), file["outputs"].values) < 1e-5);
    gcn::pass<Net> pass;
    std::vector<float> outputs(codes.size(), NAN);
    pass.forward(parameters, codes, outputs);
    CHECK(golden::relative_error(outputs, file["outputs"].values) < 1e-5);
    for (const char* loss : {"mse", "pairwise"}) {
        CAPTURE(loss);
        const std::vector<float> slope = file[std::string(loss) + ":output_gradient"].floats();
        std::vector<float> gradient(Net::parameters, NAN);
        pass.backward(parameters, slope, gradient);
        CHECK(golden::relative_error(gradient, file[std::string(loss) + ":gradient"].values) < 1e-5);
    }

    const golden::tensor& steps = file["adam"];
    adam optimiser(Net::parameters, {.weight_decay = 0.1F});
    for (std::size_t step = 0; step < steps.sizes[0]; ++step) {
        std::vector<float> slope(codes.size());
        std::vector<float> gradient(Net::parameters);
        pass.forward(parameters, codes, outputs);
        evaluate_loss(loss::mse, outputs, file["targets"].values, slope);
        pass.backward(parameters, slope, gradient);
        optimiser.step(parameters, gradient, 0.01);
        CAPTURE(step);
        CHECK(golden::relative_error(parameters, steps.row(step)) < 1e-4);
    }
}

// Some layers behind each other, for what the golden models do not have.
using dropped_net = gcn::model<chain, gcn::dropout<20>, gcn::conv<9>, gcn::relu, gcn::dropout<>, gcn::conv<4>,
                               gcn::flatten, gcn::relu, gcn::dropout<50>, gcn::linear<3>, gcn::linear<1>>;
using smooth_net = gcn::model<chain, gcn::conv<8>, gcn::silu, gcn::conv<6>, gcn::silu, gcn::mean_pool,
                              gcn::linear<3>, gcn::silu, gcn::linear<1>>;
using shallow_net = gcn::model<lattice, gcn::flatten, gcn::linear<1>>;
using narrow_net = gcn::model<chain, gcn::conv<1>, gcn::mean_pool>;

template <class Net>
void gradient_is_right(const gcn::training_step* training) {
    const score_table<tiny> table = tiny_table();
    const std::size_t n = 21; // groups of 2 and 3
    const auto codes = codes_of(table).subspan(7, n);
    std::vector<float> slope(n);
    std::vector<float> parameters = Net::initial_parameters(seed{5});
    random_stream random(seed{6}, purpose::user);
    for (float& s : slope) {
        s = static_cast<float>(random.normal());
    }
    for (float& p : parameters) {
        p += static_cast<float>(0.1 * random.normal()); // no bias is 0
    }
    gcn::pass<Net> pass;
    std::vector<float> outputs(n);
    std::vector<float> gradient(Net::parameters, NAN);
    // Linear in the outputs, so that kinks are all that central differences can suffer from.
    const auto value = [&] {
        pass.forward(parameters, codes, outputs, training);
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
            sum += static_cast<double>(slope[i]) * static_cast<double>(outputs[i]);
        }
        return sum;
    };
    value();
    pass.backward(parameters, slope, gradient);
    const gradient_check_options options{.step = 2e-3, .tolerance = 2e-3, .samples = 400};
    const gradient_report report = check_gradient(parameters, gradient, value, options);
    INFO(report.log);
    CHECK(report.ok);
    CHECK(report.compared > Net::parameters / 2);

    // The tolerance is worth something: one part in a hundred off is seen.
    for (float& g : gradient) {
        g *= 1.01F;
    }
    CHECK_FALSE(check_gradient(parameters, gradient, value, options).ok);
}

// 19 cells: enough work that a batch is shared among threads.
using wide = codes<6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6>;
using wide_net = gcn::model<encoding::chain<wide, feature::cell_operator>, gcn::conv<64>, gcn::relu,
                            gcn::dropout<>, gcn::conv<64>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;

} // namespace

TEST_CASE("models agree with PyTorch in outputs, gradients and steps of Adam") {
    agrees_with_pytorch<chain_net>("chain");
    agrees_with_pytorch<complete_net>("complete");
    agrees_with_pytorch<lattice_net>("lattice");
}

TEST_CASE("gradients of whole models agree with central differences") {
    const gcn::training_step training{seed{3}, 11};
    gradient_is_right<chain_net>(nullptr);
    gradient_is_right<complete_net>(nullptr);
    gradient_is_right<lattice_net>(nullptr);
    gradient_is_right<smooth_net>(nullptr);
    gradient_is_right<shallow_net>(nullptr);
    gradient_is_right<narrow_net>(nullptr);
    gradient_is_right<dropped_net>(&training);
    gradient_is_right<dropped_net>(nullptr);
}

TEST_CASE("a model is described by constants") {
    static_assert(chain_net::parameters == 11 * 8 + 8 + 8 * 6 + 6 + 6 + 1);
    static_assert(complete_net::parameters == 4 * 5 + 5 + 4 * 5 * 4 + 4 + 4 + 1);
    static_assert(chain_net::flow[5] == gcn::signal{1, 6, true});
    static_assert(std::is_same_v<chain_net::layer<2>, gcn::conv<6>>);
    static_assert(gcn::model_type<chain_net> && !gcn::model_type<chain>);
    struct named : chain_net {};
    static_assert(gcn::model_type<named>);
}

TEST_CASE("first parameters: weights uniform within Glorot's limit, biases zero") {
    using net = gcn::model<chain, gcn::conv<200>, gcn::relu, gcn::conv<100>, gcn::mean_pool, gcn::linear<1>>;
    const std::vector<float> p = net::initial_parameters(seed{1});
    const auto check = [&](std::size_t layer, int in, int out) {
        CAPTURE(layer);
        const double limit = std::sqrt(6.0 / (in + out));
        const std::span<const float> own =
            std::span(p).subspan(net::offsets[layer], net::offsets[layer + 1] - net::offsets[layer]);
        const auto weights = own.first(static_cast<std::size_t>(in * out));
        double sum = 0;
        double squares = 0;
        for (const float w : weights) {
            CHECK(std::abs(static_cast<double>(w)) <= limit);
            sum += static_cast<double>(w);
            squares += static_cast<double>(w) * static_cast<double>(w);
        }
        const auto n = static_cast<double>(weights.size());
        CHECK(std::abs(sum / n) < 4 * limit / std::sqrt(3 * n));
        CHECK(squares / n == doctest::Approx(limit * limit / 3).epsilon(4 / std::sqrt(n)));
        const auto bias = own.subspan(weights.size());
        CHECK(bias.size() == static_cast<std::size_t>(out));
        CHECK(std::all_of(bias.begin(), bias.end(), [](float b) { return b == 0; }));
    };
    check(0, 11, 200);
    check(2, 200, 100);
    CHECK(net::initial_parameters(seed{1}) == p);
    CHECK(net::initial_parameters(seed{2}) != p);
}

TEST_CASE("dropout drops its share, keeps the mean, and repeats itself") {
    const gcn::training_step step{seed{4}, 9};
    gcn::site at;
    at.input = {4, 500};
    at.count = 6;
    at.training = &step;
    const std::vector<float> x(6 * 2000, 2);
    std::vector<float> y(x.size(), NAN);
    gcn::dropout<30>::forward(at, x.data(), y.data());
    const auto zeros = std::count(y.begin(), y.end(), 0.0F);
    CHECK(std::abs(static_cast<double>(zeros) / 12000 - 0.3) < 0.02); // 5 deviations
    for (const float v : y) {
        CHECK((v == 0 || std::abs(v - 2 / 0.7F) < 1e-6F));
    }
    // Rows differ, so do steps and layers; what stands at a place of the batch does not depend on the cut.
    CHECK_FALSE(std::equal(y.begin(), y.begin() + 2000, y.begin() + 2000));
    std::vector<float> again(x.size());
    gcn::site tail = at;
    tail.first = 4;
    tail.count = 2;
    gcn::dropout<30>::forward(tail, x.data(), again.data());
    CHECK(std::equal(again.begin(), again.begin() + 4000, y.begin() + 8000));
    gcn::site other = at;
    other.layer = 1;
    gcn::dropout<30>::forward(other, x.data(), again.data());
    CHECK(again != y);
    const gcn::training_step next{seed{4}, 10};
    other = at;
    other.training = &next;
    gcn::dropout<30>::forward(other, x.data(), again.data());
    CHECK(again != y);
    // The gradient passes where the value did.
    gcn::dropout<30>::backward(at, x.data(), y.data(), x.data(), again.data(), nullptr);
    CHECK(again == y);
    // Nothing happens outside of training.
    at.training = nullptr;
    gcn::dropout<30>::forward(at, x.data(), again.data());
    CHECK(again == x);
}

TEST_CASE("an output does not depend on what else is in the batch") {
    const std::vector<float> parameters = wide_net::initial_parameters(seed{2});
    const std::vector<architecture<wide>> some = sample<wide>(1100, seed{1});
    const std::vector<float> all = gcn::outputs<wide_net>(parameters, some);
    CHECK(std::set<float>(all.begin(), all.end()).size() > 1000);
    for (const std::size_t i : {0UL, 15UL, 16UL, 511UL, 512UL, 1099UL}) {
        CHECK(gcn::outputs<wide_net>(parameters, std::span(some).subspan(i, 1)).front() == all[i]);
    }
    std::vector<float> outputs(77);
    gcn::pass<wide_net> pass;
    pass.forward(parameters, std::span(some).first(77), outputs);
    CHECK(std::equal(outputs.begin(), outputs.end(), all.begin()));
    CHECK(gcn::outputs<wide_net>(parameters, {}).empty());
}

TEST_CASE("outputs and gradients are bit-equal on 1, 2 and 4 threads") {
    const std::vector<float> parameters = wide_net::initial_parameters(seed{2});
    const std::vector<architecture<wide>> some = sample<wide>(600, seed{1});
    const gcn::training_step training{seed{3}, 1};
    const auto run = [&](int threads) {
        return on_threads(threads, [&] {
            std::vector<float> result = gcn::outputs<wide_net>(parameters, some);
            gcn::pass<wide_net> pass;
            std::vector<float> outputs(100);
            std::vector<float> gradient(wide_net::parameters);
            pass.forward(parameters, std::span(some).first(100), outputs, &training);
            pass.backward(parameters, outputs, gradient);
            result.insert(result.end(), outputs.begin(), outputs.end());
            result.insert(result.end(), gradient.begin(), gradient.end());
            return result;
        });
    };
    const std::vector<float> one = run(1);
    CHECK(std::all_of(one.begin(), one.end(), [](float v) { return std::isfinite(v); }));
    CHECK(run(2) == one);
    CHECK(run(4) == one);
}

TEST_CASE("wrong sizes and architectures are refused") {
    std::vector<float> parameters(chain_net::parameters);
    std::vector<architecture<tiny>> some(3);
    CHECK_THROWS_WITH_AS(gcn::outputs<chain_net>(std::span(parameters).first(5), some),
                         "[F0628] gcn: expected 157 parameters, got 5", shape_error);
    gcn::pass<chain_net> pass;
    std::vector<float> outputs(3);
    CHECK_THROWS_AS(pass.forward(parameters, some, std::span(outputs).first(2)), shape_error);
    pass.forward(parameters, some, outputs);
    CHECK_THROWS_AS(pass.backward(parameters, std::span(outputs).first(2), parameters), shape_error);
    CHECK_THROWS_AS(pass.backward(parameters, outputs, outputs), shape_error);
    some[1] = {0, 2, 0, 0};
    CHECK_THROWS_AS(gcn::outputs<chain_net>(parameters, some), architecture_error);
    CHECK_THROWS_AS(pass.forward(parameters, some, outputs), architecture_error);
}
