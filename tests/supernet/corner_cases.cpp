// Where numbers carry no information, or there is only one of something: each has a stated outcome.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/fit.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/network.hpp>

#include "../support/thrown.hpp"
#include "small_spaces.hpp"

using namespace fitnas;

namespace {

using only = operator_set<op::mbconv<3, 1>>;
struct one_network : search_space<image<4, 4, 1>, stem<4>, stage<only, 2, 4>, head<4, 2>> {};
struct one_class : search_space<image<4, 4, 1>, stem<4>, stage<small::two, 1, 4>, head<4, 1>> {};
// Maps of one pixel: with a batch of 1, batch norm sees one value a channel.
struct one_pixel : search_space<image<4, 4, 1>, stem<4, 4>, stage<small::two, 2, 4>, head<4, 2>> {};

dataset tiny(int classes) {
    return datasets::synthetic(
        {.image = {4, 4, 1}, .classes = classes, .train = 24, .validation = 12, .test = 12, .seed = seed{3}});
}

template <class Space>
bool finite(const supernet<Space>& net) {
    return std::all_of(net.parameters().begin(), net.parameters().end(),
                       [](float v) { return std::isfinite(v); });
}

} // namespace

TEST_CASE("a batch of 1, down to one value a channel: variance 0 gives the shift, and all stays finite") {
    const dataset data = tiny(2);
    supernet<one_pixel> net(seed{1});
    const train_report report = train(net, data.train, {.epochs = 2, .batch = 1, .learning_rate = 0.01});
    CHECK(std::isfinite(report.epochs.back().loss));
    CHECK(finite(net));
    const auto scores =
        evaluate<one_pixel>(net, sample<one_pixel>(2, seed{1}), data, {.calibration = 1, .batch = 1}).scores;
    for (const double s : scores) {
        CHECK((s >= 0 && s <= 1));
    }
}

TEST_CASE("images without any difference train, and every class but one is missed") {
    dataset data = tiny(2);
    for (image_view* part : {&data.train, &data.validation}) {
        image_dataset same(*part);
        std::fill(same.images.begin(), same.images.end(), std::uint8_t{7});
        *part = same;
    }
    supernet<one_pixel> net(seed{1});
    train(net, data.train, {.epochs = 1, .batch = 8});
    CHECK(finite(net));
    const std::vector<int> labels = image_dataset(data.validation).labels;
    const std::ptrdiff_t zeros = std::count(labels.begin(), labels.end(), 0);
    const double n = static_cast<double>(data.validation.size());
    const double score =
        evaluate<one_pixel>(net, sample<one_pixel>(1, seed{1}), data, {.calibration = 8}).scores.front();
    CHECK((score == doctest::Approx(static_cast<double>(zeros) / n) ||
           score == doctest::Approx(1 - static_cast<double>(zeros) / n)));
}

TEST_CASE("dead channels: weights of 0 get gradients that are finite") {
    const dataset data = tiny(2);
    supernet<one_pixel> net(seed{1});
    std::fill(net.parameters().begin(), net.parameters().end(), 0.0F);
    const train_report report = train(net, data.train, {.epochs = 1, .batch = 8});
    CHECK(report.epochs.front().loss == doctest::Approx(std::log(2.0)).epsilon(0.05)); // all logits are equal
    CHECK(finite(net));
}

TEST_CASE("one class: the loss is 0, every image is right, and scores that are all equal cannot be fitted") {
    const dataset data = tiny(1);
    supernet<one_class> net(seed{1});
    const train_report report = train(net, data.train, {.epochs = 1, .batch = 8});
    CHECK(report.epochs.front().loss == 0);
    CHECK(report.epochs.front().accuracy == 1);
    const auto table = evaluate<one_class>(net, sample<one_class>(2, seed{1}), data, {.calibration = 8});
    CHECK(table.scores == std::vector<double>{1, 1});
    CHECK(contains(thrown<numeric_error>([&] { require_usable(table, "fit"); }), "2 scores are equal to 1"));
}

TEST_CASE("a space of one network: it is trained and scored, and there is nothing to fit") {
    static_assert(one_network::size == 1);
    const dataset data = tiny(2);
    supernet<one_network> net(seed{1});
    train(net, data.train, {.epochs = 1, .batch = 8, .sampling = sampling::strict_fair});
    const auto all = sample<one_network>(1, seed{1});
    REQUIRE(all.size() == 1);
    CHECK(to_string<one_network>(all.front()) == "00");
    CHECK_THROWS_AS(sample<one_network>(2, seed{1}), option_error);
    const auto table = evaluate<one_network>(net, all, data, {.calibration = 8});
    CHECK(table.size() == 1);
    using net_type = gcn::model<encoding::chain<one_network, feature::cell_operator>, gcn::conv<4>, gcn::relu,
                                gcn::mean_pool, gcn::linear<1>>;
    CHECK(contains(thrown<error>([&] { fit<net_type>(table); }),
                   "fit: the table has 1 different network, at least 2 are needed"));
}
