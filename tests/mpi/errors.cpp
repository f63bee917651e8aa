// What goes wrong in one process ends the work of all, with its own exception there and one that quotes it
// elsewhere; what they do next is whole again. Process 1 fails where there is one; so that it gets a piece,
// the others wait in theirs until it has failed.
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/predictor/cross_validation.hpp>
#include <fitnas/predictor/ensemble.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/training_scorer.hpp>

#include "../predictor/fixtures.hpp"
#include "../supernet/small_spaces.hpp"
#include "../support/temporary_folder.hpp"
#include "come_to.hpp"

using namespace fitnas;
using space = small::space;

namespace {

// Where process 1 says that it has failed, and others wait for that.
class meeting {
public:
    explicit meeting(peers* all) : m_all(all) {
        static int number = 0;                // all processes make as many
        static const temporary_folder folder; // that of process 0 counts
        m_path = all->gather(folder.path(std::to_string(++number)))[0];
    }
    bool fails_here() const { return m_all->rank() == 1; }
    void say() const { std::ofstream(m_path) << "failed"; }
    void wait() const {
        while (!std::filesystem::exists(m_path)) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

private:
    peers* m_all;
    std::string m_path;
};

// Called in each piece: fails in process 1.
class failing_once {
public:
    failing_once(peers* all, std::exception_ptr failure) : m_meeting(all), m_failure(std::move(failure)) {}
    void operator()() const {
        if (m_meeting.fails_here()) {
            m_meeting.say();
            std::rethrow_exception(m_failure);
        }
        m_meeting.wait();
    }
    observer watching() const {
        return [*this](const progress&) { (*this)(); };
    }

private:
    meeting m_meeting;
    std::exception_ptr m_failure;
};

// Images whose reader fails in process 1.
class failing_images final : public image_source {
public:
    failing_images(const image_source& of, failing_once fail) : m_of(of), m_fail(std::move(fail)) {}
    std::size_t size() const override { return m_of.size(); }
    shape image_shape() const override { return m_of.image_shape(); }
    int class_count() const override { return m_of.class_count(); }
    int label(std::size_t image) const override { return m_of.label(image); }
    const std::uint8_t* read(std::size_t image, std::uint8_t* room) const override {
        if (image == 0) {
            m_fail();
        }
        return m_of.read(image, room);
    }

private:
    const image_source& m_of;
    failing_once m_fail;
};

template <class Kind>
std::exception_ptr what(const std::string& text) {
    return std::make_exception_ptr(Kind(text));
}

// Calls `work`, which must fail in all processes: in process 1 with its own exception, elsewhere with one
// that quotes it.
template <class Own, class Elsewhere, class Work>
void expect_failure(peers* all, const std::string& text, Work&& work) {
    const bool own = all->rank() == 1;
    const bool quotes = !own && !std::is_same_v<Elsewhere, interrupted>;
    const std::string wanted =
        quotes ? "[F0010] process 1 of " + std::to_string(all->count()) + " failed: " + text : text;
    std::string said = "nothing";
    try {
        work();
    } catch (const std::exception& e) {
        const bool kind =
            own ? dynamic_cast<const Own*>(&e) != nullptr : dynamic_cast<const Elsewhere*>(&e) != nullptr;
        said = (kind ? "" : "another kind: ") + std::string(e.what());
    }
    expect(said == wanted, "\"" + wanted + "\", got \"" + said + "\"");
}

// What was done before an observer interrupted process 1 is the same everywhere, and not all.
template <class Partial, class Work, class Numbers>
void expect_partial(peers* all, Work&& work, Numbers&& numbers) {
    std::string partial = "nothing";
    try {
        work();
    } catch (const interrupted_with<Partial>& e) {
        partial = line_of(e.what(), numbers(e.partial()));
    }
    const auto texts = all->gather(partial);
    expect(partial.starts_with("enough ") && texts[0] == texts[1] && texts[0] == texts.back(),
           "the same partial results, got " + texts[0] + texts[1]);
}

void score(peers* all, const dataset& data) {
    const supernet<space> net(seed{1});
    const auto some = sample<space>(8, seed{3});
    const auto evaluate_with = [&](const dataset& d, const observer& watch, std::size_t batch = 2000) {
        evaluate<space>(net, some, d, {.batch = batch, .observer = watch, .peers = all});
    };
    const failing_once enough(all, what<interrupted>("enough"));
    expect_failure<interrupted, interrupted>(all, "enough", [&] { evaluate_with(data, enough.watching()); });
    const failing_once bug(all, what<std::logic_error>("a bug"));
    expect_failure<std::logic_error, peer_error>(all, "a bug", [&] { evaluate_with(data, bug.watching()); });
    const auto lost = [&] { return failing_once(all, what<data_error>("the disk is gone")); };
    const failing_images images(data.train, lost()); // read before pieces begin
    expect_failure<data_error, peer_error>(all, "the disk is gone", [&] {
        evaluate_with({images, data.validation, data.test}, {});
    });
    const failing_images scored(data.validation, lost()); // read in pieces
    expect_failure<data_error, peer_error>(all, "the disk is gone", [&] {
        evaluate_with({data.train, scored, data.test}, {}, 50);
    });
}

void train_alone(peers* all, const dataset& data) {
    const std::vector<architecture<space>> some{{0, 1, 2}, {1, 1, 0}, {0, 0, 1}};
    training_scorer<space> scorer{&data, {.epochs = 1, .batch = 128}, 2, all};
    const failing_once enough(all, what<interrupted>("enough"));
    scorer.options.observer = enough.watching();
    expect_failure<interrupted, interrupted>(all, "enough", [&] { scorer(some); });
    scorer.options.observer = {};
    const failing_images images(data.train, {all, what<data_error>("the disk is gone")});
    const dataset failing{images, data.validation, data.test};
    scorer.data = &failing;
    expect_failure<data_error, peer_error>(all, "the disk is gone", [&] { scorer(some); });
}

void fit_some(peers* all) {
    using fixtures::chain_net;
    using fixtures::tiny;
    const score_table<tiny> table = fixtures::tiny_table();
    const auto fit_one = [](const auto& rows) { return fit<chain_net>(rows, {.epochs = 2}); };
    // The second fit of process 1 is interrupted, the others' never.
    const meeting second(all);
    const auto watch = [&](const progress& p) {
        if (!second.fails_here()) {
            second.wait();
        } else if (p.done > 0) {
            second.say();
            throw interrupted("enough");
        }
    };
    expect_partial<default_predictor<tiny>>(
        all,
        [&] { fit_default(table, {.plan = fit_plan::broad, .repeats = 4, .observer = watch, .peers = all}); },
        [&](const default_predictor<tiny>& p) {
            expect(p.members().size() < 36, "fewer than all members");
            return p.predict(fixtures::codes_of(table));
        });
    const failing_once enough(all, what<interrupted>("enough"));
    expect_partial<cross_validation_result<tiny>>(
        all,
        [&] { cross_validate(table, fit_one, {.folds = 12, .observer = enough.watching(), .peers = all}); },
        [](const cross_validation_result<tiny>& shown) {
            std::vector<double> ranks;
            for (const auto& fold : shown.folds) {
                ranks.push_back(fold.kendall);
            }
            return ranks;
        });
    const failing_once bug(all, what<std::logic_error>("a bug"));
    expect_failure<std::logic_error, peer_error>(all, "a bug", [&] {
        fit_ensemble<chain_net>(table, 6, {.epochs = 2, .observer = bug.watching()}, all);
    });
}

// Folds that are shared out and share out their fits would wait for each other, also where one process has
// all.
void nest(peers* all) {
    bool refused = false;
    try {
        cross_validate(fixtures::tiny_table(),
                       [&](const auto& rows) { return fit_default(rows, {.repeats = 1, .peers = all}); },
                       {.peers = all});
    } catch (const error& e) {
        refused = std::string(e.what()).find("[F0011] peers: expected either") != std::string::npos;
    }
    expect(refused, "folds with peers of their own to be refused");
}

} // namespace

std::string come_to(peers* all) {
    const dataset data = small::images();
    if (all != nullptr) {
        nest(all);
    }
    if (all != nullptr && all->count() > 1) {
        score(all, data);
        train_alone(all, data);
        fit_some(all);
    }
    const supernet<space> net(seed{1});
    const auto some = sample<space>(8, seed{3});
    return line_of("after all errors", evaluate<space>(net, some, data, {.peers = all}).scores);
}
