// Cells that are graphs: what a path computes, its gradient, its scores and its memory.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/nn/gradient_check.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/path.hpp>

#include "graph_spaces.hpp"
#include "small_spaces.hpp"

using namespace fitnas;
using small::graph_space;
using small::two_graphs;

namespace {

std::vector<float> some_images(std::size_t count, shape s) {
    std::vector<float> images(count * static_cast<std::size_t>(s.size()));
    random_stream random(seed{3}, purpose::user);
    detail::fill_normal(images, 1.0, random);
    return images;
}

// Node by node as the definition has it: no value is nothing, sums are added in the order of the edges.
std::vector<float> by_definition(const detail::weights& w, const detail::network_path& path,
                                 const std::vector<float>& images, int count) {
    const space_layout& space = w.part().space();
    std::vector<std::vector<float>> nodes(static_cast<std::size_t>(space.layers.back().to) + 1);
    nodes[0] = images;
    arena memory;
    detail::workspace shared;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const space_layer& l = space.layers[i];
        const detail::weight_block& b = w.block(path[i]);
        const std::vector<float>& x = nodes[static_cast<std::size_t>(l.from)];
        std::vector<float>& to = nodes[static_cast<std::size_t>(l.to)];
        std::vector<float> y;
        if (!x.empty() && b.plan.empty()) {
            y = x;
        } else if (!x.empty() && b.block->name != "none") {
            y.resize(static_cast<std::size_t>(b.output.size()) * static_cast<std::size_t>(count));
            memory.reset();
            detail::forward(b.plan, w.of(b), x.data(), count, y.data(), nullptr, memory, shared);
        }
        if (l.appends) { // channel by channel
            const auto c = static_cast<std::size_t>(b.output.channels);
            const auto pixels = static_cast<std::size_t>(b.output.pixels()) * static_cast<std::size_t>(count);
            y.resize(c * pixels);
            const std::size_t before = to.size() / pixels;
            std::vector<float> both;
            for (std::size_t p = 0; p < pixels; ++p) {
                for (std::size_t k = 0; k < before; ++k) {
                    both.push_back(to[p * before + k]);
                }
                for (std::size_t k = 0; k < c; ++k) {
                    both.push_back(y[p * c + k]);
                }
            }
            to = both;
        } else if (to.empty()) {
            to = y;
        } else {
            for (std::size_t k = 0; k < y.size(); ++k) {
                to[k] += y[k];
            }
        }
        const bool last = i + 1 == path.size() || space.layers[i + 1].to != l.to;
        if (last && to.empty() && !l.inside) {
            to.assign(static_cast<std::size_t>(b.output.size()) * static_cast<std::size_t>(count), 0.0F);
        }
    }
    return nodes.back();
}

template <class Space>
void compare_with_definition(const std::vector<architecture<Space>>& codes) {
    const supernet<Space> net(seed{1});
    const detail::weights& w = net.weights();
    constexpr int count = 5;
    const std::vector<float> images = some_images(count, Space::input);
    for (const auto& code : codes) {
        CAPTURE(to_string<Space>(code));
        const detail::network_path path = w.path(code);
        const std::vector<float> expected = by_definition(w, path, images, count);
        REQUIRE(expected.size() == count * Space::classes);
        detail::runner run;
        const float* y =
            run.along(w, path, images.data(), count,
                      [](const detail::weight_block&, const detail::block_run&, const float*) {});
        CHECK(std::equal(expected.begin(), expected.end(), y));
        detail::path_runner training(w);
        const std::span<const float> z = training.logits(w, path, images.data(), count);
        CHECK(std::equal(expected.begin(), expected.end(), z.begin(), z.end()));
    }
}

template <class Space>
void check_gradients(const std::vector<architecture<Space>>& codes) {
    constexpr std::size_t count = 6;
    const std::vector<int> labels{0, 1, 2, 3, 1, 0};
    for (const auto& code : codes) {
        CAPTURE(to_string<Space>(code));
        supernet<Space> net(seed{2});
        detail::weights& w = net.weights();
        random_stream random(seed{4}, purpose::user);
        for (float& v : w.values()) { // off the special values 0 and 1, and logits that differ
            v += 0.2F * static_cast<float>(random.normal());
        }
        const std::vector<float> images = some_images(count, Space::input);
        const detail::network_path path = w.path(code);
        detail::path_runner training(w);
        training.run(w, path, images.data(), labels, 0.1);
        const std::vector<float> gradient(training.gradient().begin(), training.gradient().end());
        const auto loss = [&] { return training.run(w, path, images.data(), labels, 0.1).loss; };
        // Of the path's own blocks; those of others have none.
        for (const detail::weight_block& b : w.blocks()) {
            const std::span<const float> mine = std::span(gradient).subspan(b.offset, b.size);
            CAPTURE(w.part().name_of(b));
            if (std::find(path.begin(), path.end(), static_cast<int>(b.index)) == path.end()) {
                CHECK(std::all_of(mine.begin(), mine.end(), [](float g) { return g == 0; }));
            } else if (b.size > 0) {
                const std::vector<float> copy(mine.begin(), mine.end());
                const gradient_report report = check_gradient(w.values(b), copy, loss, {.samples = 12});
                INFO(report.log);
                CHECK(report.ok);
            }
        }
    }
}

const std::vector<architecture<graph_space>> telling{
    parse<graph_space>("333333"), parse<graph_space>("111111"), parse<graph_space>("444444"),
    parse<graph_space>("000000"), parse<graph_space>("030303"), parse<graph_space>("300002"),
    parse<graph_space>("102413"), parse<graph_space>("241103"), parse<graph_space>("111040"),
    parse<graph_space>("013321"), parse<graph_space>("210340"), parse<graph_space>("003143")};

} // namespace

TEST_CASE("a path through graphs computes what its definition says") {
    compare_with_definition<graph_space>(telling);
    compare_with_definition<graph_space>(sample<graph_space>(60, seed{1}));
    compare_with_definition<two_graphs>(sample<two_graphs>(60, seed{1}));
    compare_with_definition<small::concat_space>(sample<small::concat_space>(60, seed{1}));
    compare_with_definition<small::concat_space>({architecture<small::concat_space>{}});
}

TEST_CASE("gradients of paths through graphs are those of central differences") {
    check_gradients<small::smooth_graph>(
        {parse<small::smooth_graph>("303301"), parse<small::smooth_graph>("111111"),
         parse<small::smooth_graph>("000000"), parse<small::smooth_graph>("030303"),
         parse<small::smooth_graph>("300002"), parse<small::smooth_graph>("102413"),
         parse<small::smooth_graph>("241103"), parse<small::smooth_graph>("111040"),
         parse<small::smooth_graph>("144340"), parse<small::smooth_graph>("135250")});
    check_gradients<small::concat_space>({parse<small::concat_space>("2324234"),
                                          parse<small::concat_space>("0240102"),
                                          parse<small::concat_space>("3010300")});
}

TEST_CASE("a supernet of graphs trains, and scores of networks together are those of each alone") {
    const dataset data = small::images();
    supernet<graph_space> net(seed{1});
    const train_report report = train(net, data.train, {.epochs = 3, .batch = 32});
    CHECK(report.epochs.back().loss < report.epochs.front().loss);
    std::vector<architecture<graph_space>> codes = sample<graph_space>(20, seed{2});
    codes.insert(codes.end(), telling.begin(), telling.end());
    for (const statistics from : {statistics::calibrated, statistics::batch}) {
        const evaluate_options options{.statistics = from, .calibration = 60, .batch = 70};
        const auto together = evaluate_both<graph_space>(net, codes, data, options);
        for (std::size_t i = 0; i < codes.size(); ++i) {
            CAPTURE(to_string<graph_space>(codes[i]));
            const auto alone = evaluate_both<graph_space>(
                net, std::span<const architecture<graph_space>>(&codes[i], 1), data, options);
            CHECK(alone.negative_loss[0] == together.negative_loss[i]);
            CHECK(alone.accuracy.scores[0] == together.accuracy.scores[i]);
        }
    }
}

TEST_CASE("one architecture of graphs trains by itself, also where edges are left out") {
    const dataset data = small::images();
    for (const char* code : {"333333", "000000", "102413"}) {
        network<graph_space> net(parse<graph_space>(code), seed{1});
        const train_report report = train(net, data.train, {.epochs = 2, .batch = 32});
        CHECK(report.epochs.size() == 2);
        CHECK(net.logits(data.validation).shape(0) == data.validation.size());
    }
}

TEST_CASE("edges that read nothing have statistics too, in a graph of too many codes for a table") {
    using space = small::large_graph;
    const dataset data = small::images();
    // Nothing comes to node 1; what leaves it plays no part and becomes the first operator, a convolution.
    network<space> net(parse<space>("2103211223"), seed{1});
    CHECK(to_string<space>(net.architecture()) == "2103011023");
    train(net, data.train, {.epochs = 1, .batch = 32});
    CHECK(accuracy(net, data.validation) >= 0);
}
