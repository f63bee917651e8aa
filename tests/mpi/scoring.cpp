// Networks that are scored by several processes have the scores that one gives them.
#include <span>
#include <string>
#include <vector>

#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/fine_tune.hpp>
#include <fitnas/supernet/scorer.hpp>
#include <fitnas/supernet/train.hpp>

#include "../supernet/small_spaces.hpp"
#include "come_to.hpp"

using namespace fitnas;

namespace {

using operators = operator_set<op::mbconv<3, 2>, op::identity, op::mbconv<5, 2>>;
struct space
    : search_space<image<8, 8, 1>, stem<8>, stage<operators, 2, 8>, stage<operators, 2, 12, 2>, head<16, 4>> {
};

} // namespace

std::string come_to(peers* all) {
    const dataset data = small::images();
    supernet<space> net(seed{1});
    train(net, data.train, {.epochs = 1, .batch = 64, .sampling = sampling::strict_fair});
    std::string lines;
    const auto score = [&](const std::string& name, const std::vector<architecture<space>>& some,
                           evaluate_options o, long long chunks) {
        all_told told(all);
        o.peers = all;
        o.observer = told.observer();
        const evaluation<space> found = evaluate_both<space>(net, some, data, o);
        told.expect_all(chunks * static_cast<long long>(some.size()));
        expect(found.accuracy.architectures == some, "architectures in their order");
        lines += line_of(name + ", accuracy", found.accuracy.scores);
        lines += line_of(name + ", negative loss", found.negative_loss);
    };
    const auto many = different_networks<space>();
    const auto some = sample<space>(20, seed{3});
    score("one chunk", many, {.calibration = 100}, 1);
    score("chunks", many, {.calibration = 100, .images = 150, .batch = 37}, 5);
    score("statistics of the batch", some, {.statistics = statistics::batch, .batch = 70}, 3);
    score("fewer networks than processes", {some.front()}, {.batch = 100}, 2);
    score("no networks", {}, {}, 1);
    const auto scores = scorer(net, data, {.peers = all}, score_measure::negative_loss);
    lines += line_of("a scorer", scores(some));
    all_told told(all); // of 4 steps each
    const auto tuned = fine_tune<space>(net, std::span(some).first(3), data,
                                        {.epochs = 1, .peers = all, .observer = told.observer()});
    told.expect_all(3 * 4);
    lines += line_of("fine-tuned", tuned.negative_loss);
    return lines;
}
