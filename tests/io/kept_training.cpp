// Trainings with a checkpoint that cannot go on: what is wrong is found before the first step, and weights,
// statistics and files are as before.
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fitnas/data/image_view.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/nn/adam.hpp>
#include <fitnas/nn/schedule.hpp>
#include <fitnas/supernet/training_method.hpp>

#include "../supernet/small_spaces.hpp"
#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;
using space = small::space;
using name_list = std::vector<std::string>;

namespace {

const train_options options{.epochs = 3, .batch = 100}; // 15 steps

template <class Exception>
train_options throwing(long long step, const Exception& what) {
    train_options o = options;
    o.observer = [=](const progress& p) {
        if (p.done == step) {
            throw what;
        }
    };
    return o;
}

template <class Net>
std::uint64_t weights_of(const Net& net) {
    return small::hash(net.parameters());
}

} // namespace

TEST_CASE("what cannot be saved is found before the first step") {
    const dataset data = small::images();
    const temporary_folder folder;
    std::filesystem::create_directory(folder.path("folder"));
    folder.write("file", "old");
    REQUIRE(mkfifo(folder.path("fifo").c_str(), 0600) == 0);
    std::filesystem::create_symlink("/dev/null", folder.path("device"));
    std::filesystem::create_symlink("circle", folder.path("circle"));
    std::filesystem::create_symlink("gone/a", folder.path("dangling"));
    const name_list before = folder.names();
    const auto refused = [&](const std::string& name, const std::string& reason) {
        CAPTURE(name);
        for (const long long every : {0, 1}) {
            train_options o = options;
            o.observer = [](const progress&) { FAIL_CHECK("a step was made"); };
            const checkpoint_options where{.file = folder.path(name), .every = every};
            supernet<space> net(seed{1});
            network<space> one(parse<space>("002"), seed{1});
            const std::uint64_t weights = weights_of(net);
            const std::uint64_t one_weights = weights_of(one);
            CHECK(contains(thrown<data_error>([&] { train(net, data.train, o, where); }), reason));
            CHECK(contains(thrown<data_error>([&] { train(one, data.train, o, where); }), reason));
            CHECK(contains(thrown<data_error>([&] { retrain<space>(one.architecture(), data, o, where); }),
                           reason));
            CHECK(weights_of(net) == weights);
            CHECK(weights_of(one) == one_weights);
        }
        CHECK(folder.names() == before);
        CHECK(folder.read("file") == "old");
    };
    refused("gone/a", "No such file or directory");
    refused("gone/", "No such file or directory");
    refused("file/a", "Not a directory");
    refused("folder", "got a folder");
    refused("fifo", "got a FIFO");
    refused("device", "got a device");
    refused("circle", "Too many levels of symbolic links");
    refused("dangling", "No such file or directory");
    refused(std::string(256, 'a'), "File name too long");
    refused(std::string(253, 'a'), "File name too long");
    refused("file", "truncated");
    CHECK(std::filesystem::is_empty(folder.path("folder")));
}

TEST_CASE("notes that no file can hold are found before the first step") {
    const dataset data = small::images();
    const temporary_folder folder;
    train_options o = options;
    o.observer = [](const progress&) { FAIL_CHECK("a step was made"); };
    supernet<space> net(seed{1});
    CHECK(contains(thrown<option_error>([&] {
                       train(net, data.train, o,
                             checkpoint_options{
                                 .file = folder.path("a"), .every = 0, .notes = {{"x", "\xFF"}}});
                   }),
                   "must be UTF-8"));
    CHECK(folder.names().empty());
}

TEST_CASE("a training that is over only reads") {
    const dataset data = small::images();
    const temporary_folder folder;
    const checkpoint_options where{.file = folder.path("a")};
    supernet<space> net(seed{1});
    train(net, data.train, options, where);
    std::filesystem::create_directory(folder.path("a.tmp")); // nothing can be written any more
    supernet<space> again(seed{2});
    train(again, data.train, options, where);
    CHECK(weights_of(again) == weights_of(net));
}

TEST_CASE("what a checkpoint brought is taken back where the training does not go on") {
    const dataset data = small::images();
    const dataset wide = datasets::synthetic({.image = {8, 9, 1}, .classes = 4, .train = 512});
    const temporary_folder folder;
    const auto code = parse<space>("002");
    const auto check = [&](const auto& make, const std::string& name) {
        const checkpoint_options where{.file = folder.path(name), .every = 0};
        auto first = make(1);
        CHECK_THROWS_AS(train(first, data.train, throwing(7, interrupted("stop")), where), interrupted);
        const std::string file = folder.read(name);
        auto net = make(2);
        const std::uint64_t weights = weights_of(net);
        const auto refused = [&](auto exception, const image_source& images, const train_options& o) {
            CHECK_THROWS_AS(train(net, images, o, where), decltype(exception));
            CHECK(weights_of(net) == weights);
            CHECK(folder.read(name) == file);
        };
        refused(shape_error("x"), wide.train, options);
        refused(data_error("x"), image_dataset{}, options);
        train_options o = options;
        o.batch = 64;
        refused(option_error("x"), data.train, o);
        o.batch = 0;
        refused(option_error("x"), data.train, o);
        image_dataset classes(data.train);
        classes.classes = 5;
        refused(shape_error("x"), classes, options);
        refused(std::runtime_error("x"), data.train, throwing(9, std::runtime_error("x")));
        refused(std::bad_alloc(), data.train, throwing(9, std::bad_alloc()));
        refused(7, data.train, throwing(9, 7));

        // What was saved on the way stays, and the same call goes on from there.
        checkpoint_options often = where;
        often.every = 4;
        CHECK_THROWS_AS(train(net, data.train, throwing(13, std::runtime_error("x")), often),
                        std::runtime_error);
        CHECK(weights_of(net) == weights);
        auto whole = make(1);
        train(whole, data.train, options);
        train(net, data.train, options, where);
        CHECK(weights_of(net) == weights_of(whole));
    };
    check([](std::uint64_t s) { return supernet<space>(seed{s}); }, "supernet");
    check([&](std::uint64_t s) { return network<space>(code, seed{s}); }, "network");
}

TEST_CASE("a network's statistics are taken back with its weights") {
    const dataset data = small::images();
    const temporary_folder folder;
    const checkpoint_options where{.file = folder.path("a"), .every = 0};
    const auto code = parse<space>("002");
    network<space> other(code, seed{1});
    CHECK_THROWS_AS(train(other, data.train, throwing(7, interrupted("stop")), where), interrupted);

    network<space> net(code, seed{2});
    train(net, data.train, options);
    const std::uint64_t weights = weights_of(net);
    const auto statistics = net.statistics();
    const auto same = [&] {
        CHECK(weights_of(net) == weights);
        CHECK(net.statistics() == statistics);
    };
    train_options o = options;
    o.batch = 64;
    CHECK_THROWS_AS(train(net, data.train, o, where), option_error);
    same();
    CHECK_THROWS_AS(train(net, data.train, throwing(9, std::runtime_error("x")), where), std::runtime_error);
    same();
    const image_view wide = datasets::synthetic({.image = {8, 9, 1}, .classes = 4, .train = 512}).train;
    CHECK_THROWS_AS(train(net, wide, options, where), shape_error);
    same();
    std::string bytes = folder.read("a");
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    folder.write("damaged", bytes);
    CHECK_THROWS_AS(load_checkpoint(folder.path("damaged"), net), data_error);
    CHECK_THROWS_AS(load_checkpoint(folder.path("absent"), net), data_error);
    CHECK_THROWS_AS(load_checkpoint(folder.path(""), net), data_error);
    CHECK_THROWS_AS(train(net, data.train, options, checkpoint_options{.file = folder.path("damaged")}),
                    data_error);
    same();
    CHECK(folder.read("damaged") == bytes);
    // A training that stops again has the weights of that moment, for which there are no statistics yet.
    CHECK_THROWS_AS(train(net, data.train, throwing(9, interrupted("stop")), where), interrupted);
    network<space> saved(code);
    CHECK(load_checkpoint(where.file, saved).training.step == 9);
    CHECK(weights_of(net) == weights_of(saved));
    CHECK(net.statistics() == nullptr);
}

TEST_CASE("a training by Adam is kept, and goes on to the same bits") {
    const dataset data = small::images();
    const temporary_folder folder;
    const checkpoint_options where{.file = folder.path("a"), .every = 4};
    const training_method method(
        "adam", [](std::size_t n) { return adam(n); }, constant_rate{1e-3});
    const auto check = [&](const auto& make) {
        auto whole = make(1);
        train(whole, data.train, options, method);
        auto first = make(1);
        CHECK_THROWS_AS(train(first, data.train, throwing(7, interrupted("stop")), where, method),
                        interrupted);
        auto net = make(2);
        const std::uint64_t before = weights_of(net);
        CHECK(contains(thrown<option_error>([&] { train(net, data.train, options, where); }),
                       "method was adam, and is now not noted (saved in "));
        CHECK(weights_of(net) == before);
        train(net, data.train, options, where, method);
        CHECK(weights_of(net) == weights_of(whole));
        CHECK(load_checkpoint(where.file, net).training.step == 15);
        std::filesystem::remove(where.file);
    };
    check([](std::uint64_t s) { return supernet<space>(seed{s}); });
    check([](std::uint64_t s) { return network<space>(parse<space>("002"), seed{s}); });
}
