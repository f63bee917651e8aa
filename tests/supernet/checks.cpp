// Scoring stands on what it needs alone.
#include <fitnas/supernet/scorer.hpp>

#if defined(FITNAS_SUPERNET_TRAIN_HPP) || defined(FITNAS_NN_SGD_HPP)
#error "scoring includes training"
#endif

#include <limits>

#include <doctest/doctest.h>

#include "../support/thrown.hpp"
#include "small_spaces.hpp"

using namespace fitnas;
using space = small::space;

TEST_CASE("scoring refuses foreign images and spoilt weights by name") {
    const dataset data = small::images();
    const auto some = std::vector<architecture<space>>{parse<space>("002")};
    supernet<space> net(seed{1});
    const auto message_of = [&](const dataset& images) {
        return thrown<error>([&] { evaluate<space>(net, some, images); });
    };
    dataset wrong = data;
    wrong.validation = datasets::synthetic({.image = {8, 9, 1}, .classes = 4, .validation = 8}).validation;
    CHECK(
        contains(message_of(wrong), "evaluate: the validation split: the network takes images of 8 x 8 x 1"));
    wrong = data;
    image_dataset five_classes(data.train);
    five_classes.classes = 5;
    wrong.train = five_classes;
    CHECK(
        contains(message_of(wrong), "evaluate: the training split: the network has 4 classes, the images 5"));
    net.parameters(1, 0)[0] = std::numeric_limits<float>::infinity();
    CHECK(contains(message_of(data), "evaluate: there are weights that are not finite, first in cell1.op0"));
}
