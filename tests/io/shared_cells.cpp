/// Supernets of spaces in which several layers read one cell.
#include <cmath>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/train.hpp>

#include "../space/spaces_for_tests.hpp"
#include "../support/temporary_folder.hpp"

using namespace fitnas;

TEST_CASE("a supernet whose layers share choices is trained, scored, saved and read") {
    const dataset data = datasets::synthetic(
        {.image = {8, 8, 2}, .classes = 3, .train = 48, .validation = 24, .test = 24, .seed = seed{5}});
    supernet<shared_space> net(seed{3});
    for (const sampling kind : {sampling::uniform, sampling::strict_fair, sampling::sandwich}) {
        const train_report report = train(net, data.train, {.epochs = 1, .batch = 16, .sampling = kind});
        CHECK(std::isfinite(report.epochs.front().loss));
    }
    const auto codes = sample<shared_space>(4, seed{8});
    const auto scores = evaluate<shared_space>(net, codes, data, {.calibration = 16});

    const temporary_folder folder;
    save_checkpoint(folder.path("n.safetensors"), net); // each tensor has a name of its own
    supernet<shared_space> other(seed{9});
    load_checkpoint(folder.path("n.safetensors"), other);
    CHECK(std::equal(net.parameters().begin(), net.parameters().end(), other.parameters().begin()));
    CHECK(evaluate<shared_space>(other, codes, data, {.calibration = 16}).scores == scores.scores);

    // A network of its own has the weights that its code names in every layer.
    const network<shared_space> one(codes[0], net);
    std::size_t at = 0;
    for (const space_layer& l : shared_space::tables.layers) {
        const space_block& b = shared_space::layout().block(l, codes[0]);
        for (long long i = 0; i < b.parameters; ++i) {
            REQUIRE(one.parameters()[at++] == net.parameters()[static_cast<std::size_t>(b.offset + i)]);
        }
    }
    CHECK(at == one.parameters().size());
}
