#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/folded.hpp>
#include <fitnas/supernet/network.hpp>

#include "double_network.hpp"
#include "every_primitive.hpp"

using namespace fitnas;
using in_double::number;
using in_double::numbers;

namespace {

// Scales and shifts of batch norm as after a training, and statistics of random images.
template <class Space>
network<Space> used(const char* code, const dataset& data) {
    network<Space> net(parse<Space>(code), seed{4});
    random_stream random(seed{9}, purpose::user);
    detail::for_each_primitive(net.weights().part(), [&](const detail::selected_primitive& p) {
        for (int c = 0; p.norm >= 0 && c < p.input.channels; ++c) {
            net.parameters()[p.offset + number(c)] = 1.0F + 0.3F * static_cast<float>(random.normal());
            net.parameters()[p.offset + number(p.input.channels + c)] =
                0.5F * static_cast<float>(random.normal());
        }
    });
    net.calibrate(data.train, 40);
    return net;
}

// The network by its definition: batch norm is gamma (x - mean) / deviation + beta.
template <class Space>
numbers unfolded(const network<Space>& net, numbers x) {
    const auto parameters = net.parameters();
    const detail::selected_block* block = nullptr;
    std::size_t last = parameters.size();
    numbers block_input;
    detail::for_each_primitive(net.weights().part(), [&](const detail::selected_primitive& p) {
        if (p.block->index != last) {
            last = p.block->index;
            block_input = x;
        }
        block = p.block;
        const std::size_t channels = number(p.input.channels);
        numbers w(parameters.begin() + static_cast<std::ptrdiff_t>(p.offset),
                  parameters.begin() +
                      static_cast<std::ptrdiff_t>(p.offset + number(p.what->parameters(p.input))));
        numbers bias;
        if (p.norm >= 0) {
            const detail::norm_state& s = net.statistics()->blocks().of(block->index).norms[number(p.norm)];
            bias.assign(w.begin() + static_cast<std::ptrdiff_t>(channels), w.end());
            w.resize(channels);
            for (std::size_t c = 0; c < channels; ++c) {
                w[c] *= static_cast<double>(s.inverse[c]);
                bias[c] -= w[c] * static_cast<double>(s.mean[c]);
            }
        } else if (p.what->kind == primitive_kind::linear) {
            bias.assign(w.end() - p.what->width, w.end());
        }
        x = in_double::run(*p.what, p.input, x, w, bias, block_input);
    });
    return x;
}

numbers folded(const std::vector<detail::folded_block>& blocks, numbers x) {
    for (const detail::folded_block& b : blocks) {
        const numbers block_input = x;
        for (const detail::folded_step& s : b.steps) {
            CHECK(x.size() == number(s.input.size()));
            x = in_double::run(s.what, s.input, x, numbers(s.weights.begin(), s.weights.end()),
                               numbers(s.bias.begin(), s.bias.end()), block_input);
        }
        CHECK(x.size() == number(b.output.size()));
    }
    return x;
}

// The largest difference over the largest value.
template <class Values>
double difference(const numbers& expected, const Values& got) {
    double largest = 0;
    double most = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        largest = (std::max)(largest, std::abs(expected[i]));
        most = (std::max)(most, std::abs(expected[i] - static_cast<double>(got[i])));
    }
    return most / largest;
}

template <class Space>
std::vector<detail::folded_block> check(const char* code) {
    CAPTURE(code);
    const dataset data = datasets::synthetic({.image = Space::input,
                                              .classes = Space::classes,
                                              .train = 40,
                                              .validation = 10,
                                              .test = 10,
                                              .seed = seed{3}});
    const network<Space> net = used<Space>(code, data);
    const std::vector<detail::folded_block> blocks =
        detail::folded_blocks(net.weights(), net.statistics()->blocks());
    const tensor2 logits = net.logits(data.test);
    for (std::size_t i = 0; i < 2; ++i) {
        std::vector<float> image(number(Space::input.size()));
        load_batch(data.test, std::vector<std::size_t>{i}, net.statistics()->norm(), image.data(), nullptr);
        const numbers x(image.begin(), image.end());
        const numbers expected = unfolded(net, x);
        CHECK(difference(expected, folded(blocks, x)) < 1e-5);
        // So it is the network that is folded.
        CHECK(difference(expected, std::vector<float>(logits.data() + i * number(Space::classes),
                                                      logits.data() + (i + 1) * number(Space::classes))) <
              1e-4);
    }
    return blocks;
}

} // namespace

TEST_CASE("folded weights compute in double precision what the network computes") {
    for (const char* code : every::codes) {
        check<every::space>(code);
    }
    check<every::thin_space>("1");
    check<spaces::fashion_tiny>("0123");
}

TEST_CASE("batch norm is left only where nothing before it has weights") {
    const auto kinds = [](const detail::folded_block& b) {
        std::vector<primitive_kind> all;
        for (const detail::folded_step& s : b.steps) {
            all.push_back(s.what.kind);
        }
        return all;
    };
    using enum primitive_kind;
    const std::vector<detail::folded_block> usual = check<every::space>("11000");
    REQUIRE(usual.size() == 7);
    CHECK(kinds(usual[0]) == std::vector{convolution, activate});
    CHECK(kinds(usual[1]) ==
          std::vector{pointwise, activate, depthwise, activate, squeeze_excite, pointwise, residual});
    CHECK(kinds(usual[3]) == std::vector{average_pool, pointwise});
    CHECK(kinds(usual[6]) == std::vector{pointwise, activate, global_pool, linear});
    CHECK(usual[1].name == "cell0.op1_mb2_k3_se4");
    CHECK(usual[1].steps[2].name == "cell0.op1_mb2_k3_se4.step3");
    const std::vector<detail::folded_block> unusual = check<every::space>("00330");
    REQUIRE(unusual.size() == 7); // two of them without steps: identities
    CHECK(kinds(unusual[3]) == std::vector{batch_norm, activate, residual, batch_norm, linear, activate,
                                           activate, average_pool, batch_norm, depthwise, convolution});
}
