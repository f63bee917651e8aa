// Processes that train together, here threads; tests/mpi has those of MPI.

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/train.hpp>

#include "../support/thread_peers.hpp"
#include "../support/thrown.hpp"
#include "every_primitive.hpp"
#include "graph_spaces.hpp"
#include "small_spaces.hpp"

using namespace fitnas;
using support::thread_peers;

namespace {

template <class Space = small::space>
const dataset& images() {
    static const dataset data = datasets::synthetic({.image = Space::input,
                                                     .classes = Space::classes,
                                                     .train = 256,
                                                     .validation = 8,
                                                     .test = 8,
                                                     .seed = seed{5},
                                                     .shift = 1});
    return data;
}

template <class Space>
std::vector<float> trained(const train_options& o) {
    supernet<Space> net(seed{1});
    train(net, images<Space>().train, o);
    return {net.parameters().begin(), net.parameters().end()};
}

// On each of `count` processes.
template <class Space>
std::vector<std::vector<float>> trained_by(int count, train_options o) {
    std::vector<std::vector<float>> all(static_cast<std::size_t>(count));
    thread_peers::run(count, [&](thread_peers& own) {
        train_options mine = o;
        mine.peers = &own;
        all[static_cast<std::size_t>(own.rank())] = trained<Space>(mine);
    });
    return all;
}

float difference(const std::vector<float>& a, const std::vector<float>& b) {
    float most = 0;
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        most = (std::max)(most, std::abs(a[i] - b[i]));
    }
    return most;
}

const train_options two_epochs{
    .epochs = 2, .batch = 64, .label_smoothing = 0.1, .augment = {.crop_padding = 1, .flip = true}};

} // namespace

TEST_CASE("a step in two parts is the mean of a step on each") {
    const dataset data = small::images();
    const auto order = shuffled_indices(data.train.size(), seed{0}, 0);
    const std::size_t batch = data.train.size();
    train_options o{.epochs = 1, .batch = batch, .learning_rate = 0.5, .momentum = 0, .weight_decay = 0};
    const auto code = parse<small::space>("002");
    const auto after = [&](const image_source& images, const train_options& with) {
        network<small::space> net(code, seed{3});
        train(net, images, with);
        return std::vector<float>(net.parameters().begin(), net.parameters().end());
    };
    std::vector<std::vector<float>> halves;
    for (std::size_t part = 0; part < 2; ++part) {
        const std::vector<std::size_t> own(order.begin() + static_cast<std::ptrdiff_t>(part * batch / 2),
                                           order.begin() +
                                               static_cast<std::ptrdiff_t>((part + 1) * batch / 2));
        train_options half = o;
        half.batch = batch / 2;
        halves.push_back(after(subset(data.train, own), half));
    }
    o.parts = 2;
    const auto whole = after(data.train, o);
    const network<small::space> before(code, seed{3});
    float moved = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        moved = (std::max)(moved, std::abs(whole[i] - before.parameters()[i]));
        CHECK(std::abs(whole[i] - (halves[0][i] + halves[1][i]) / 2) < 5e-5F);
    }
    CHECK(moved > 0.01F);
}

TEST_CASE_TEMPLATE("parts of the batch on processes: to the byte what one process makes of as many", Space,
                   small::space, every::space, small::graph_space) {
    for (const sampling way : {sampling::uniform, sampling::strict_fair, sampling::sandwich}) {
        train_options o = two_epochs;
        o.sampling = way;
        o.distillation = way == sampling::sandwich ? 0.5 : 0;
        o.parts = 4;
        const auto one = trained<Space>(o);
        for (const int count : {1, 2, 4}) {
            for (const auto& each : trained_by<Space>(count, o)) {
                CHECK(each == one);
            }
        }
        o.parts = 0;
        CHECK(trained_by<Space>(4, o).front() == one);
        CHECK(trained<Space>(o) != one);
    }
}

TEST_CASE_TEMPLATE("batch norm over all processes: one step is that of one process", Space, small::space,
                   every::space, small::graph_space) {
    train_options o{.epochs = 1, .batch = 256, .learning_rate = 0.5, .label_smoothing = 0.1};
    for (const sampling way : {sampling::uniform, sampling::strict_fair}) {
        o.sampling = way;
        o.share = step_share::images_synchronised;
        const auto one = trained<Space>(o);
        for (const int count : {2, 4}) {
            const auto all = trained_by<Space>(count, o);
            CHECK(difference(all.front(), one) < 1e-5F);
            for (const auto& each : all) {
                CHECK(each == all.front());
            }
        }
        train_options own = o;
        own.share = step_share::images;
        CHECK(difference(trained_by<Space>(4, own).front(), one) > 1e-4F); // it can fail
    }
}

TEST_CASE_TEMPLATE("paths on processes: one step is that of one process", Space, small::space, every::space,
                   small::graph_space) {
    train_options o{.epochs = 1, .batch = 256, .learning_rate = 0.5, .share = step_share::paths};
    for (const sampling way : {sampling::strict_fair, sampling::sandwich}) {
        CAPTURE(static_cast<int>(way));
        o.sampling = way;
        o.distillation = way == sampling::sandwich ? 0.5 : 0;
        const auto one = trained<Space>(o);
        for (const int count : {2, 3}) {
            const auto all = trained_by<Space>(count, o);
            CHECK(difference(all.front(), one) < 1e-5F);
            for (const auto& each : all) {
                CHECK(each == all.front());
            }
        }
    }
}

TEST_CASE("only what a step uses goes over to other processes") {
    std::size_t floats = 0;
    thread_peers::run(2, [&](thread_peers& own) {
        supernet<small::space> net(seed{1});
        train(net, images().train, {.epochs = 1, .batch = 256, .peers = &own});
        if (own.rank() == 0) {
            floats = own.sizes;
        }
    });
    CHECK(floats > 0);
    CHECK(floats < supernet<small::space>(seed{1}).parameters().size() * 3 / 4);
}

TEST_CASE("a report, a checkpoint and a stop are those of all") {
    std::vector<std::vector<epoch_report>> reports(2);
    std::vector<training_state> saved;
    std::mutex saving;
    std::vector<std::vector<float>> at_stop(2);
    train_options o = two_epochs;
    o.parts = 2;
    o.seed = seed{4};
    thread_peers::run(2, [&](thread_peers& own) {
        train_options mine = o;
        mine.peers = &own;
        long long steps = 0;
        mine.keep.every = 3;
        mine.keep.save = [&](const training_state& s) {
            const std::lock_guard<std::mutex> lock(saving);
            CHECK(own.rank() == 0);
            saved.push_back(s);
        };
        mine.keep.stop = [&] { return own.rank() == 1 && ++steps == 5; }; // a signal that one process gets
        supernet<small::space> net(seed{1});
        CHECK_THROWS_AS(train(net, images().train, mine), interrupted);
        at_stop[static_cast<std::size_t>(own.rank())].assign(net.parameters().begin(),
                                                             net.parameters().end());
    });
    REQUIRE(saved.size() == 2);
    CHECK(saved[0].step == 3);
    CHECK(saved[1].step == 5);
    CHECK(at_stop[0] == at_stop[1]);
    const auto through = trained<small::space>(o);
    for (const int count : {1, 2}) { // goes on with fewer processes, or as many
        thread_peers::run(count, [&](thread_peers& own) {
            train_options mine = o;
            mine.peers = &own;
            mine.keep.from = &saved[1];
            supernet<small::space> net(seed{1});
            std::copy(at_stop[0].begin(), at_stop[0].end(), net.parameters().begin());
            const train_report report = train(net, images().train, mine);
            CHECK(std::vector<float>(net.parameters().begin(), net.parameters().end()) == through);
            supernet<small::space> alone(seed{1});
            const train_report whole = train(alone, images().train, o);
            for (std::size_t e = 0; e < 2; ++e) {
                CHECK(report.epochs[e].loss == whole.epochs[e].loss);
                CHECK(report.epochs[e].accuracy == whole.epochs[e].accuracy);
            }
        });
    }
}

TEST_CASE("what fails on one process fails on all, and says where") {
    struct damaged final : image_source {
        const image_source& of;
        bool here;
        damaged(const image_source& s, bool on_this_process) : of(s), here(on_this_process) {}
        std::size_t size() const override { return of.size(); }
        shape image_shape() const override { return of.image_shape(); }
        int class_count() const override { return of.class_count(); }
        int label(std::size_t i) const override { return of.label(i); }
        std::string fingerprint() const override { return of.fingerprint(); }
        const std::uint8_t* read(std::size_t i, std::uint8_t* room) const override {
            if (here && i == 77) {
                throw data_error("image 77 is damaged");
            }
            return of.read(i, room);
        }
    };
    std::vector<std::string> texts(2);
    const auto run = [&](const std::function<void(supernet<small::space>&, train_options&, int)>& change,
                         bool damages = false) {
        thread_peers::run(2, [&](thread_peers& own) {
            train_options o = two_epochs;
            o.peers = &own;
            supernet<small::space> net(seed{1});
            change(net, o, own.rank());
            const damaged mine(images().train, damages && own.rank() == 1);
            const std::vector<float> before(net.parameters().begin(), net.parameters().end());
            texts[static_cast<std::size_t>(own.rank())] = thrown<error>([&] { train(net, mine, o); });
            CHECK(std::equal(before.begin(), before.end(), net.parameters().begin()));
        });
    };
    run([](auto&, auto&, int) {}, true);
    CHECK(texts[0] == "[F0010] process 1 of 2 failed: image 77 is damaged");
    CHECK(texts[1] == "image 77 is damaged");

    run([](auto&, train_options& o, int) {
        o.keep.save = [](const training_state&) { throw data_error("the disk is full"); };
    });
    CHECK(texts[0] == "the disk is full");
    CHECK(texts[1] == "[F0010] process 0 of 2 failed: the disk is full");

    run([](supernet<small::space>& net, auto&, int rank) { net.parameters()[7] += rank == 1 ? 1.0F : 0.0F; });
    CHECK(texts[0].find("must be alike: process 0 has weights, hash") != std::string::npos);
    CHECK(texts[0] == texts[1]);

    run([](auto&, train_options& o, int rank) { o.learning_rate = rank == 1 ? 0.2 : 0.1; });
    CHECK(texts[1].find("process 0 has learning_rate 0.10") != std::string::npos);

    run([](auto&, train_options& o, int) { o.learning_rate = 1e30; });
    CHECK(texts[0].find("not finite") != std::string::npos);
    CHECK(texts[1].find("not finite") != std::string::npos);
}

TEST_CASE("batches, parts and paths that processes cannot share are refused") {
    const auto text = [](int count, const train_options& o) {
        std::string first;
        thread_peers::run(count, [&](thread_peers& own) {
            train_options with = o;
            with.peers = &own;
            supernet<small::space> net(seed{1});
            const std::string mine = thrown<option_error>([&] { train(net, images().train, with); });
            if (own.rank() == 0) {
                first = mine;
            }
        });
        return first;
    };
    CHECK(text(1, {.batch = 64, .parts = 3}) ==
          "[F0541] train_options::batch: expected a multiple of the 3 parts, got 64");
    CHECK(text(3, {.batch = 64}) ==
          "[F0541] train_options::batch: expected a multiple of the 3 processes, got 64");
    CHECK(text(2, {.batch = 66, .parts = 3}) ==
          "[F0542] train_options::parts: expected a multiple of the number of processes, 2, got 3");
    CHECK(text(2, {.batch = 64, .parts = 4, .share = step_share::images_synchronised}) ==
          "[F0542] train_options::parts: expected 0 or the number of processes, 2, got 4");
    CHECK(text(2, {.batch = 64, .parts = 2, .share = step_share::paths}) ==
          "[F0543] train_options::parts: expected 0 or 1 where processes share paths, got 2");
    CHECK(text(2, {.batch = 64, .share = step_share::paths}).find("2 processes share the 1 paths") !=
          std::string::npos);
    CHECK(text(1, {.batch = 64, .parts = -1}) == "[F0540] train_options::parts: expected at least 0, got -1");
}
