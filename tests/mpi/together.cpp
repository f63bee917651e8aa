// Processes that train together come to what one process comes to; what tests/mpi/kill.sh kills.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <fitnas/io/checkpoint.hpp>

#include "../supernet/small_spaces.hpp"
#include "come_to.hpp"

using namespace fitnas;

namespace {

std::vector<float> trained(const dataset& data, const train_options& o) {
    supernet<small::space> net(seed{1});
    train(net, data.train, o);
    return {net.parameters().begin(), net.parameters().end()};
}

} // namespace

std::string come_to(peers* all) {
    const dataset data = small::images();
    std::string text;
    for (const sampling way : {sampling::uniform, sampling::strict_fair}) {
        text += line_of(
            "parts", std::span<const float>(trained(data, {.epochs = 2,
                                                           .batch = 48,
                                                           .sampling = way,
                                                           .label_smoothing = 0.1,
                                                           .parts = 12,
                                                           .peers = all,
                                                           .augment = {.crop_padding = 1, .flip = true}})));
    }
    // One step, in which rounding has not grown.
    train_options o{.epochs = 1, .batch = 480, .sampling = sampling::strict_fair, .learning_rate = 0.5};
    const std::vector<float> one = trained(data, o);
    o.peers = all;
    for (const step_share share : {step_share::images_synchronised, step_share::paths}) {
        o.share = share;
        const std::vector<float> step = trained(data, o);
        float most = 0;
        for (std::size_t i = 0; i < step.size(); ++i) {
            most = (std::max)(most, std::abs(step[i] - one[i]));
        }
        expect(most < 1e-5F, "a step that is shared is that of one process");
    }
    return text;
}

// Trains with a checkpoint after each step, and writes FILE.hash; each process writes its number into
// FILE.RANK.
void keep(peers* all, const std::string& file) {
    std::ofstream(file + "." + std::to_string(all->rank())) << getpid();
    const dataset data = small::images();
    supernet<small::space> net(seed{1});
    const train_report report = train(net, data.train,
                                      {.epochs = 4,
                                       .batch = 32,
                                       .sampling = sampling::strict_fair,
                                       .parts = 4,
                                       .peers = all,
                                       .augment = {.crop_padding = 1, .flip = true}},
                                      checkpoint_options{.file = file, .every = 1});
    if (all->rank() == 0) {
        std::uint64_t sum = small::hash(net.parameters());
        for (const epoch_report& e : report.epochs) {
            sum = sum * 31 + static_cast<std::uint64_t>(e.loss * 1e12);
        }
        std::ofstream(file + ".hash") << sum << '\n';
    }
}
