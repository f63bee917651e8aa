#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#include <sys/mount.h>
#endif

#include <doctest/doctest.h>

#include <fitnas/io/checkpoint.hpp>
#include <fitnas/space/spaces.hpp>

#include "../supernet/small_spaces.hpp"
#include "../support/file_size_limit.hpp"
#include "../support/temporary_folder.hpp"
#include "../support/test_locale.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;
using space = small::space;

namespace {

struct other_space : search_space<image<8, 8, 1>, stem<8>, stage<small::two, 2, 8>,
                                  stage<small::three, 1, 16, 2>, head<16, 4>> {};

const train_options options{.epochs = 3,
                            .batch = 100,
                            .sampling = sampling::strict_fair,
                            .warmup = 0.5,
                            .label_smoothing = 0.1,
                            .augment = {.crop_padding = 1, .flip = true},
                            .seed = seed{9}};
constexpr long long all_steps = 3 * 5; // 512 images

std::uint64_t hash(const train_report& r) {
    std::vector<float> values;
    for (const epoch_report& e : r.epochs) {
        values.resize(values.size() + 4);
        std::memcpy(values.data() + values.size() - 4, &e, sizeof e);
    }
    return small::hash(values);
}

/// The tensors and texts of a checkpoint, to be changed and written again with a right checksum.
struct file_copy {
    struct tensor {
        std::string name;
        tensor_type type;
        std::vector<std::uint64_t> shape;
        std::vector<std::byte> bytes;
    };
    std::vector<tensor> tensors;
    std::map<std::string, std::string> metadata;

    explicit file_copy(const std::string& path) {
        const safetensors file(path);
        for (const tensor_info& t : file.tensors()) {
            tensors.push_back({t.name, t.type, t.shape, {}});
            const auto keep = [&](const auto& values) {
                const auto bytes = std::as_bytes(std::span(values));
                tensors.back().bytes.assign(bytes.begin(), bytes.end());
            };
            if (t.type == tensor_type::f32) {
                keep(file.values<float>(t.name));
            } else if (t.type == tensor_type::f64) {
                keep(file.values<double>(t.name));
            } else {
                keep(file.values<std::uint8_t>(t.name));
            }
        }
        metadata = file.metadata();
        metadata.erase("checksum");
    }
    tensor& at(const std::string& name) {
        const auto found =
            std::find_if(tensors.begin(), tensors.end(), [&](const tensor& t) { return t.name == name; });
        REQUIRE(found != tensors.end());
        return *found;
    }
    template <class T, class Change>
    void change(const std::string& name, Change&& by) {
        tensor& t = at(name);
        for (std::size_t i = 0; i < t.bytes.size(); i += sizeof(T)) {
            T value;
            std::memcpy(&value, &t.bytes[i], sizeof(T));
            by(value);
            std::memcpy(&t.bytes[i], &value, sizeof(T));
        }
    }
    void write(const std::string& path) const {
        std::vector<tensor_view> views;
        for (const tensor& t : tensors) {
            views.push_back({t.name, t.type, t.shape, t.bytes});
        }
        write_safetensors(path, views, metadata);
    }
};

/// What a supernet says that is to load this; it must not have changed.
std::string refusal(const file_copy& copy) {
    const temporary_folder folder;
    copy.write(folder.path("b"));
    supernet<space> other(seed{2});
    const std::uint64_t before = small::hash(other.parameters());
    const std::string text = thrown<data_error>([&] { load_checkpoint(folder.path("b"), other); });
    CHECK((text == "nothing was thrown" || small::hash(other.parameters()) == before));
    return text;
}

/// A stop after so many steps.
train_options stopped(long long steps) {
    train_options o = options;
    o.keep.stop = [steps, done = 0LL]() mutable { return ++done == steps; };
    return o;
}

} // namespace

TEST_CASE("a training goes on in a program with a decimal comma, and behind one, to the same bytes") {
    const dataset data = small::images();
    const temporary_folder folder;
    supernet<space> whole(seed{1});
    train(whole, data.train, options, checkpoint_options{.file = folder.path("whole"), .every = 0});
    const auto last_of = [&](const std::string& name, bool german_first) {
        const checkpoint_options where{.file = folder.path(name), .every = 0};
        for (const bool german : {german_first, !german_first}) {
            const auto now = german ? std::make_unique<german_program>() : nullptr;
            supernet<space> net(seed{1});
            if (german == german_first) {
                thrown<interrupted>([&] { train(net, data.train, stopped(7), where); });
            } else {
                train(net, data.train, options, where);
            }
        }
        return folder.read(name);
    };
    CHECK(last_of("german_first", true) == folder.read("whole"));
    CHECK(last_of("german_last", false) == folder.read("whole"));
}

TEST_CASE("a training that stops after any step and goes on comes to the same bits") {
    const dataset data = small::images();
    supernet<space> whole(seed{1});
    const train_report report = train(whole, data.train, options);
    REQUIRE(report.epochs.size() == 3);
    for (long long at = 1; at < all_steps; ++at) {
        CAPTURE(at);
        const temporary_folder folder;
        const checkpoint_options where{.file = folder.path("a.safetensors"), .every = 0};
        supernet<space> first(seed{1});
        CHECK(contains(thrown<interrupted>([&] { train(first, data.train, stopped(at), where); }),
                       "train: stopped after step " + std::to_string(at) + " of 15, which is saved"));
        supernet<space> second(seed{77}); // its own weights are replaced
        const train_report rest = train(second, data.train, options, where);
        CHECK(small::hash(second.parameters()) == small::hash(whole.parameters()));
        CHECK(hash(rest) == hash(report));
        supernet<space> third;
        const train_report again = train(third, data.train, options, where); // it is over
        CHECK(small::hash(third.parameters()) == small::hash(whole.parameters()));
        CHECK(hash(again) == hash(report));
        CHECK(folder.names() == std::vector<std::string>{"a.safetensors"});
    }
}

TEST_CASE("a training with an average, warm-up and distillation goes on to the same bits after any step") {
    const dataset data = small::images();
    train_options averaged = options;
    averaged.average = 0.7; // the last 11 of 15 steps
    averaged.largest_epochs = 1;
    averaged.distillation = 0.5;
    averaged.sampling = sampling::sandwich;
    supernet<space> whole(seed{1});
    train(whole, data.train, averaged);
    for (long long at = 1; at < all_steps; ++at) {
        CAPTURE(at);
        const temporary_folder folder;
        const checkpoint_options where{.file = folder.path("a.safetensors"), .every = 0};
        train_options o = averaged;
        o.keep.stop = stopped(at).keep.stop;
        o.observer = stopped(at).observer;
        supernet<space> net(seed{1});
        CHECK_THROWS_AS(train(net, data.train, o, where), interrupted);
        CHECK(small::hash(net.parameters()) != small::hash(whole.parameters()));
        CHECK(load_checkpoint(where.file, net).training.average.empty() == (at <= 4));
        for (int i = 0; i < 2; ++i) { // then it is over
            supernet<space> rest(seed{77});
            train(rest, data.train, averaged, where);
            CHECK(small::hash(rest.parameters()) == small::hash(whole.parameters()));
        }
        CHECK(load_checkpoint(where.file, net).training.average.empty());
    }
}

TEST_CASE("a training without files is saved and gone on with in memory") {
    const dataset data = small::images();
    supernet<space> whole(seed{1});
    train(whole, data.train, options);
    supernet<space> net(seed{1});
    std::vector<long long> saved;
    training_state state;
    std::vector<float> weights;
    train_options o = options;
    o.keep = {.every = 4, .save = [&](const training_state& s) {
                  saved.push_back(s.step);
                  if (s.step == 8) {
                      state = s;
                      weights.assign(net.parameters().begin(), net.parameters().end());
                  }
              }};
    train(net, data.train, o);
    CHECK(saved == std::vector<long long>{4, 8, 12, 15});
    supernet<space> rest;
    std::copy(weights.begin(), weights.end(), rest.parameters().begin());
    o.keep = {.from = &state};
    train(rest, data.train, o);
    CHECK(small::hash(rest.parameters()) == small::hash(whole.parameters()));
    state.optimiser.pop_back();
    CHECK(contains(thrown<shape_error>([&] { train(rest, data.train, o); }), "an optimiser's state of"));
    state.step = 11;
    CHECK(contains(thrown<option_error>([&] { train(rest, data.train, o); }), "with 1 reports"));
}

TEST_CASE("other options or images do not go on, and change nothing") {
    const dataset data = small::images();
    const temporary_folder folder;
    const checkpoint_options where{.file = folder.path("a")};
    supernet<space> net(seed{1});
    CHECK_THROWS_AS(train(net, data.train, stopped(3), where), interrupted);
    supernet<space> other(seed{2});
    const std::uint64_t before = small::hash(other.parameters());
    const auto refusal = [&](train_options o, const image_source& images) {
        const std::string text = thrown<option_error>([&] { train(other, images, o, where); });
        CHECK(small::hash(other.parameters()) == before);
        CHECK(contains(text, where.file));
        return text;
    };
    train_options o = options;
    o.batch = 64;
    CHECK(contains(refusal(o, data.train), "batch was 100, and is now 64"));
    o = options;
    o.seed = seed{10};
    CHECK(contains(refusal(o, data.train), "seed was 9, and is now 10"));
    o = options;
    o.learning_rate = 0.1000001;
    CHECK(contains(refusal(o, data.train), "learning_rate was 0.1"));
    o = options;
    o.average = 0.5;
    CHECK(contains(refusal(o, data.train), "average was not noted, and is now 0.5"));
    image_dataset changed(data.train);
    changed.labels[3] = (changed.labels[3] + 1) % 4;
    CHECK(contains(refusal(options, changed), "images was 512 of"));
    save_weights(where.file, net);
    CHECK(contains(refusal(options, data.train), "weights alone"));
    CHECK(contains(thrown<option_error>([&] { train(other, data.train, options, checkpoint_options{}); }),
                   "checkpoint_options::file"));
}

TEST_CASE("a training with an average does not go on without it") {
    const dataset data = small::images();
    const temporary_folder folder;
    const checkpoint_options where{.file = folder.path("a")};
    train_options o = stopped(8);
    o.average = 1;
    supernet<space> net(seed{1});
    CHECK_THROWS_AS(train(net, data.train, o, where), interrupted);
    CHECK(contains(thrown<option_error>([&] { train(net, data.train, options, where); }),
                   "average was 1, and is now not noted"));
    training_state state = load_checkpoint(where.file, net).training;
    state.average.pop_back();
    CHECK(contains(thrown<shape_error>([&] { save_checkpoint(folder.path("b"), net, state); }),
                   "the average of"));
    o = options;
    o.average = 1;
    o.keep.from = &state;
    CHECK(contains(thrown<shape_error>([&] { train(net, data.train, o); }), "expected the average of"));
}

TEST_CASE("SIGINT and SIGTERM save and end the training; without a training they do what they did") {
    const dataset data = small::images();
    supernet<space> whole(seed{1});
    train(whole, data.train, options);
    for (const int number : {SIGINT, SIGTERM}) {
        const auto before = std::signal(number, SIG_DFL); // doctest has handlers of its own
        std::signal(number, before);
        const temporary_folder folder;
        const checkpoint_options where{.file = folder.path("a"), .every = 0};
        train_options o = options;
        o.observer = [&](const progress& p) {
            if (p.done == 7) {
                std::raise(number);
            }
        };
        supernet<space> net(seed{1});
        CHECK(contains(thrown<interrupted>([&] { train(net, data.train, o, where); }), "after step 7"));
        const auto after = std::signal(number, before);
        CHECK((after == before));
        train(net, data.train, options, where);
        CHECK(small::hash(net.parameters()) == small::hash(whole.parameters()));
    }
}

TEST_CASE("one network, and a retraining, are gone on with too") {
    const dataset data = small::images();
    const auto a = parse<space>("102");
    const retrained<space> whole = retrain<space>(a, data, options);
    const temporary_folder folder;
    const checkpoint_options where{.file = folder.path("a"), .every = 2};
    CHECK_THROWS_AS(retrain<space>(a, data, stopped(8), where), interrupted);
    const retrained<space> rest = retrain<space>(a, data, options, where);
    CHECK(small::hash(rest.network.parameters()) == small::hash(whole.network.parameters()));
    CHECK(hash(rest.report) == hash(whole.report));
    CHECK(rest.test_accuracy == whole.test_accuracy);
    CHECK(rest.validation_accuracy == whole.validation_accuracy);
    network<space> other(parse<space>("001"));
    CHECK(contains(thrown<data_error>([&] { load_checkpoint(where.file, other); }), "of another network"));
    supernet<space> super;
    CHECK(contains(thrown<data_error>([&] { load_checkpoint(where.file, super); }),
                   "expected architecture \"supernet\""));
}

TEST_CASE("a network is saved with its batch norm statistics, and predicts the same bits when it is loaded") {
    const dataset data = small::images();
    const auto a = parse<space>("102");
    const auto logits_of = [&](const network<space>& net) {
        const tensor2 logits = net.logits(data.validation);
        return small::hash({logits.data(), logits.size()});
    };
    network<space> net(a, seed{1});
    train(net, data.train, options);
    const temporary_folder folder;
    save_checkpoint(folder.path("a"), net);
    network<space> loaded(a, seed{2});
    CHECK(load_checkpoint(folder.path("a"), loaded).golden_difference == 0);
    CHECK(logits_of(loaded) == logits_of(net));
    const safetensors file(folder.path("a"));
    CHECK(file.find("normalisation.mean")->shape == std::vector<std::uint64_t>{1});
    CHECK(file.find("stem.step1_batch_norm.statistics")->shape == std::vector<std::uint64_t>{4, 8});

    // The last file of a training has them too, also of one that was stopped, and one that is over.
    const checkpoint_options where{.file = folder.path("b"), .every = 2};
    network<space> kept(a, seed{1});
    CHECK_THROWS_AS(train(kept, data.train, stopped(8), where), interrupted);
    network<space> begun(a);
    load_checkpoint(where.file, begun);
    CHECK(contains(thrown<option_error>([&] { begun.logits(data.validation); }), "call calibrate"));
    train(kept, data.train, options, where);
    const std::string bytes = folder.read("b");
    network<space> again(a);
    train(again, data.train, options, where);
    CHECK(folder.read("b") == bytes);
    network<space> last(a);
    load_checkpoint(where.file, last);
    for (const network<space>* one : {&kept, &again, &last}) {
        CHECK(logits_of(*one) == logits_of(net));
    }

    // Weights alone: what there was fits no more.
    network<space> fresh(a, seed{3});
    save_checkpoint(folder.path("c"), fresh);
    load_checkpoint(folder.path("c"), last);
    CHECK(contains(thrown<option_error>([&] { last.logits(data.validation); }), "call calibrate"));
}

TEST_CASE("weights alone are half the size, and good for use and as a start") {
    const dataset data = small::images();
    const temporary_folder folder;
    supernet<space> net(seed{1});
    const checkpoint_options where{.file = folder.path("trained")};
    train(net, data.train, options, where);
    save_weights(folder.path("weights"), net, {{"of", "a test"}});
    const safetensors all(folder.path("trained"));
    const safetensors some(folder.path("weights"));
    CHECK(all.find("training.momentum") != nullptr);
    CHECK(some.find("training.momentum") == nullptr);
    CHECK(all.find("training.momentum")->shape[0] == net.parameters().size());
    supernet<space> loaded(seed{5});
    const checkpoint read = load_checkpoint(folder.path("weights"), loaded);
    CHECK(read.training.optimiser.empty());
    CHECK(read.metadata.at("note.of") == "a test");
    CHECK(std::equal(loaded.parameters().begin(), loaded.parameters().end(), net.parameters().begin()));
    // A start with fresh momentum is that of the weights in memory.
    train(net, data.train, options);
    train(loaded, data.train, options);
    CHECK(std::equal(loaded.parameters().begin(), loaded.parameters().end(), net.parameters().begin()));
    // What it refuses leaves the weights as they were.
    const std::vector<float> before(loaded.parameters().begin(), loaded.parameters().end());
    CHECK(contains(
        thrown<option_error>([&] { train(loaded, data.train, options, {.file = folder.path("weights")}); }),
        "weights alone"));
    CHECK(std::equal(before.begin(), before.end(), loaded.parameters().begin()));
}

TEST_CASE("a network is loaded without being told its architecture") {
    const dataset data = small::images();
    const temporary_folder folder;
    network<space> net(parse<space>("102"), seed{1});
    train(net, data.train, options);
    save_weights(folder.path("winner"), net);
    const network<space> loaded = load_network<space>(folder.path("winner"));
    CHECK(loaded.architecture() == net.architecture());
    CHECK(loaded.logits(data.test) == net.logits(data.test));
    CHECK(loaded.class_names().empty());
    save_weights(folder.path("super"), supernet<space>(seed{1}));
    CHECK(contains(thrown<data_error>([&] { load_network<space>(folder.path("super")); }), "a supernet"));
    CHECK(contains(thrown<data_error>([&] { load_network<other_space>(folder.path("winner")); }),
                   "another space"));
    CHECK_THROWS_AS(load_network<space>(folder.path("none")), data_error);
}

TEST_CASE("a network keeps what its classes are called, in its file too") {
    const temporary_folder folder;
    image_dataset images(small::images().train);
    images.names = {"cat", "dog, wet", "caf\xC3\xA9 \"x\"", ""};
    network<space> net(parse<space>("102"), seed{1});
    CHECK(net.class_names().empty());
    net.calibrate(subset(images, std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7}));
    const auto names_of = [](const network<space>& one) {
        return std::vector<std::string>(one.class_names().begin(), one.class_names().end());
    };
    CHECK(names_of(net) == images.names);
    save_weights(folder.path("net"), net);
    CHECK(names_of(load_network<space>(folder.path("net"))) == images.names);

    // Folders may be called by bytes that are no UTF-8, which a safetensors file cannot hold.
    images.names[1] = "pi\xF1";
    net.calibrate(images);
    save_weights(folder.path("net"), net);
    CHECK(load_network<space>(folder.path("net")).class_names()[1] == "pi\xEF\xBF\xBD");

    images.names.pop_back();
    CHECK(contains(thrown<data_error>([&] { net.calibrate(images); }),
                   "expected a name for each of the 4 classes, or none, got 3"));
    CHECK(net.class_names().size() == 4);
}

TEST_CASE("an observer that throws interrupted stops a training, which is saved") {
    const dataset data = small::images();
    supernet<space> whole(seed{1});
    train(whole, data.train, options);
    const temporary_folder folder;
    const checkpoint_options where{.file = folder.path("a"), .every = 0};
    train_options o = options;
    o.observer = [](const progress& p) {
        if (p.done == 6) {
            throw interrupted("enough");
        }
    };
    supernet<space> net(seed{1});
    CHECK(contains(thrown<interrupted>([&] { train(net, data.train, o, where); }),
                   "train: stopped after step 6 of 15, which is saved"));
    train(net, data.train, options, where);
    CHECK(small::hash(net.parameters()) == small::hash(whole.parameters()));
}

TEST_CASE("a file says what it is, and is loaded by its own space alone") {
    const dataset data = small::images();
    const temporary_folder folder;
    const checkpoint_options where{.file = folder.path("a"), .notes = {{"study", "first"}}};
    supernet<space> net(seed{1});
    train(net, data.train, options, where);
    const safetensors file(where.file);
    CHECK(file.metadata().at("format") == "fitnas checkpoint");
    CHECK(file.metadata().at("space") == space_fingerprint<space>());
    CHECK(file.metadata().at("train.batch") == "100");
    CHECK(file.metadata().at("train.seed") == "9");
    CHECK(file.metadata().at("step") == "15");
    CHECK(file.metadata().at("note.study") == "first");
    // Tensors have names and shapes of their own: the second cell's first operator, mb1_k3, is a block of its
    // own in the flat buffer, which begins with its depthwise convolution.
    const std::string name = "cell1.op0_mb1_k3.step0_depthwise.weight";
    REQUIRE(file.find(name) != nullptr);
    CHECK(file.find(name)->shape == std::vector<std::uint64_t>{3, 3, 8});
    const std::vector<float> values = file.values<float>(name);
    CHECK(std::equal(values.begin(), values.end(), net.parameters(1, 0).begin()));
    CHECK(file.find("head.step4_linear.bias") != nullptr);
    CHECK(file.values<float>("training.momentum").size() == net.parameters().size());

    supernet<space> loaded(seed{5});
    const checkpoint c = load_checkpoint(where.file, loaded);
    CHECK(c.golden_difference == 0);
    CHECK(c.training.step == 15);
    CHECK(small::hash(loaded.parameters()) == small::hash(net.parameters()));
    supernet<other_space> other;
    CHECK(contains(thrown<data_error>([&] { load_checkpoint(where.file, other); }), "of another space"));
    CHECK(contains(thrown<data_error>([&] { load_checkpoint(folder.path("absent"), other); }), "absent"));
}

TEST_CASE("weights that do not give the golden output are refused, and change nothing") {
    const temporary_folder folder;
    const std::string path = folder.path("a");
    supernet<space> net(seed{1});
    save_checkpoint(path, net);
    // The same file with other weights for one operator, and a right checksum.
    const auto rewritten = [&](const std::string& changed, float factor, const std::string& dropped = "") {
        file_copy copy(path);
        if (!changed.empty()) {
            copy.change<float>(changed, [&](float& v) { v *= factor; });
        }
        std::erase_if(copy.tensors, [&](const auto& t) { return t.name == dropped; });
        return refusal(copy);
    };
    CHECK(rewritten("", 1) == "nothing was thrown");
    CHECK(contains(rewritten("cell2.op2_mb2_k3_se4.step3_depthwise.weight", -1), "do not give the outputs"));
    CHECK(contains(rewritten("golden.output", 1.01F), "do not give the outputs"));
    CHECK(contains(rewritten("golden.output", NAN), "do not give the outputs"));
    // One that is not a number, and others behind it that are right.
    file_copy one(path);
    bool first = true;
    one.change<float>("golden.output", [&](float& v) { v = std::exchange(first, false) ? NAN : v; });
    CHECK(contains(refusal(one), "do not give the outputs"));
    CHECK(contains(rewritten("head.step4_linear.weight", INFINITY), "not finite"));
    CHECK(contains(rewritten("", 1, "head.step4_linear.bias"),
                   "expected a tensor \"head.step4_linear.bias\", there is none"));
    net.parameters()[0] = NAN;
    CHECK(contains(thrown<numeric_error>([&] { save_checkpoint(path, net); }), "not finite"));
    CHECK(load_checkpoint(path, net).golden_difference == 0); // the good one is still there
}

TEST_CASE("a checkpoint that contradicts itself is refused by name") {
    const temporary_folder folder;
    const std::string path = folder.path("a");
    supernet<space> net(seed{1});
    const dataset data = small::images();
    train(net, data.train, options, checkpoint_options{.file = path});
    const auto with = [&](auto&& change) {
        file_copy copy(path);
        change(copy);
        return refusal(copy);
    };
    CHECK(with([](file_copy&) {}) == "nothing was thrown");
    CHECK(contains(with([](file_copy& c) { c.metadata["format"] = "another"; }), "not a checkpoint"));
    CHECK(contains(with([](file_copy& c) { c.metadata["schema"] = "0"; }), "of another version"));
    CHECK(contains(with([](file_copy& c) { c.metadata.erase("step"); }),
                   "metadata \"step\": expected a number, got nothing"));
    for (const char* wrong : {"", "-1", "5 ", "4611686018427387904"}) { // the last is 2^62
        CHECK(contains(with([&](file_copy& c) { c.metadata["steps"] = wrong; }),
                       "metadata \"steps\": expected a number, got \"" + std::string(wrong) + "\""));
    }
    CHECK(contains(with([](file_copy& c) {
                       c.at("training.reports").shape = {7};
                       c.at("training.reports").bytes.resize(7 * sizeof(double));
                   }),
                   "\"training.reports\": expected pairs, got 7 values"));
    CHECK(contains(with([](file_copy& c) {
                       c.at("training.momentum").shape = {3};
                       c.at("training.momentum").bytes.resize(3 * sizeof(float));
                   }),
                   "\"training.momentum\": expected"));
    CHECK(contains(
        with([](file_copy& c) { c.change<float>("training.momentum", [](float& v) { v = INFINITY; }); }),
        "\"training.momentum\": there are values that are not finite"));
    CHECK(contains(with([](file_copy& c) {
                       std::swap(c.at("head.step4_linear.weight").shape[0],
                                 c.at("head.step4_linear.weight").shape[1]);
                   }),
                   "\"head.step4_linear.weight\": expected the shape"));
    CHECK(contains(
        with([](file_copy& c) { c.change<std::uint8_t>("golden.paths", [](std::uint8_t& p) { p ^= 1; }); }),
        "\"golden.paths\": expected each operator"));
    // The checksum by another name.
    std::string bytes = folder.read("a");
    bytes.replace(bytes.find("\"checksum\""), 10, "\"checksun\"");
    folder.write("a", bytes);
    CHECK(contains(thrown<data_error>([&] { load_checkpoint(path, net); }),
                   "expected a checksum, there is none"));

    training_state state;
    state.average.resize(3);
    CHECK(contains(thrown<shape_error>([&] { save_checkpoint(path, net, state); }), "the average of"));
    for (float& v : net.parameters()) {
        v = 1e30F; // finite, but what comes out is not
    }
    CHECK(contains(thrown<numeric_error>([&] { save_checkpoint(path, net); }), "logits that are not finite"));
    CHECK(folder.read("a") == bytes);
}

TEST_CASE("a full disk and folders that are gone or read-only leave the last good checkpoint") {
    const dataset data = small::images();
    const temporary_folder folder;
    std::filesystem::create_directories(folder.path("run"));
    const checkpoint_options where{.file = folder.path("run/a"), .every = 1};
    supernet<space> net(seed{1});
    CHECK_THROWS_AS(train(net, data.train, stopped(3), where), interrupted);
    const std::string good = folder.read("run/a");
    {
        const std::uint64_t before = small::hash(net.parameters());
        const file_size_limit full(2000);
        CHECK(contains(thrown<data_error>([&] { train(net, data.train, options, where); }),
                       "run/a: cannot be written: File too large"));
        CHECK(folder.read("run/a") == good);
        CHECK(!std::filesystem::exists(folder.path("run/a.tmp")));
        CHECK(small::hash(net.parameters()) == before);
    }
    // In the middle of a training, the folder goes.
    train_options o = options;
    o.observer = [&](const progress& p) {
        if (p.done == 5) {
            std::filesystem::rename(folder.path("run"), folder.path("moved"));
        }
    };
    CHECK(
        contains(thrown<data_error>([&] { train(net, data.train, o, where); }), "No such file or directory"));
    std::filesystem::rename(folder.path("moved"), folder.path("run"));
    supernet<space> rest;
    CHECK(load_checkpoint(where.file, rest).training.step == 4);
    supernet<space> whole(seed{1});
    train(whole, data.train, options);
    train(rest, data.train, options, where);
    CHECK(small::hash(rest.parameters()) == small::hash(whole.parameters()));
}

#if defined(__linux__)

namespace {

/// A file system of 1 MiB at the path, for this thread alone. @return why there is none; empty where there is
std::string mount_small(const std::string& path) {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", path.c_str(), "tmpfs", 0, "size=1m") != 0) {
        return std::strerror(errno);
    }
    return {};
}

} // namespace

TEST_CASE("a file system that is full or read-only, for root too, leaves the last good checkpoint") {
    const dataset data = small::images();
    const temporary_folder folder;
    std::filesystem::create_directories(folder.path("disk"));
    // What a thread mounts goes with it.
    std::thread([&] {
        const std::string reason = mount_small(folder.path("disk"));
        if (!reason.empty()) {
            MESSAGE("skipped, a file system cannot be mounted here: " << reason);
            return;
        }
        const checkpoint_options where{.file = folder.path("disk/a"), .every = 1};
        supernet<space> net(seed{1});
        CHECK_THROWS_AS(train(net, data.train, stopped(3), where), interrupted);
        const std::string good = folder.read("disk/a");
        {
            std::ofstream filler(folder.path("disk/filler"), std::ios::binary);
            const std::string block(4096, 'x');
            for (int i = 0; i < 1000 && filler.write(block.data(), 4096).flush(); ++i) {
            }
        }
        CHECK(contains(thrown<data_error>([&] { train(net, data.train, options, where); }),
                       "disk/a: cannot be written: No space left on device"));
        CHECK(folder.read("disk/a") == good);
        CHECK(!std::filesystem::exists(folder.path("disk/a.tmp")));
        std::filesystem::remove(folder.path("disk/filler"));

        REQUIRE(mount(nullptr, folder.path("disk").c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
        const std::string refused = thrown<data_error>([&] { train(net, data.train, options, where); });
        CAPTURE(refused);
        CHECK(contains(refused, "Read-only file system"));
        CHECK(folder.read("disk/a") == good);
        REQUIRE(mount(nullptr, folder.path("disk").c_str(), nullptr, MS_REMOUNT, nullptr) == 0);

        supernet<space> whole(seed{1});
        train(whole, data.train, options);
        supernet<space> rest;
        train(rest, data.train, options, where);
        CHECK(small::hash(rest.parameters()) == small::hash(whole.parameters()));
        umount(folder.path("disk").c_str());
    }).join();
}

#endif
