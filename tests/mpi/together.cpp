// Under mpirun: processes that train together come to what one process comes to.
//
//   together                 compares; a batch and its parts must be cut among the processes: 1, 2 or 4
//   together --keep FILE     trains with a checkpoint after each step, for tests/mpi/kill.sh, and writes
//   FILE.hash;
//                            each process writes its number into FILE.RANK
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <fitnas/io/checkpoint.hpp>
#include <fitnas/mpi/session.hpp>

#include "../supernet/small_spaces.hpp"

using namespace fitnas;

namespace {

int failures = 0;

void check(bool holds, const mpi::session& all, const std::string& what) {
    if (!holds) {
        std::fprintf(stderr, "process %d of %d: %s\n", all.rank(), all.count(), what.c_str());
        ++failures;
    }
}

std::vector<float> trained(const dataset& data, const train_options& o) {
    supernet<small::space> net(seed{1});
    train(net, data.train, o);
    return {net.parameters().begin(), net.parameters().end()};
}

void compare(mpi::session& all) {
    const dataset data = small::images();
    train_options o{.epochs = 2,
                    .batch = 64,
                    .label_smoothing = 0.1,
                    .parts = 4,
                    .augment = {.crop_padding = 1, .flip = true}};
    for (const sampling way : {sampling::uniform, sampling::strict_fair}) {
        o.sampling = way;
        train_options together = o;
        together.peers = &all;
        check(trained(data, together) == trained(data, o), all,
              "parts of the batch: other bytes than one process");
    }
    // One step, in which rounding has not grown.
    o = {.epochs = 1, .batch = 512, .sampling = sampling::strict_fair, .learning_rate = 0.5};
    const std::vector<float> one = trained(data, o);
    o.peers = &all;
    for (const step_share share : {step_share::images_synchronised, step_share::paths}) {
        o.share = share;
        const std::vector<float> step = trained(data, o);
        float most = 0;
        for (std::size_t i = 0; i < step.size(); ++i) {
            most = (std::max)(most, std::abs(step[i] - one[i]));
        }
        check(most < 1e-5F, all, "a shared step is not that of one process");
    }
}

void keep(mpi::session& all, const std::string& file) {
    std::ofstream(file + "." + std::to_string(all.rank())) << getpid();
    const dataset data = small::images();
    supernet<small::space> net(seed{1});
    const train_report report = train(net, data.train,
                                      {.epochs = 4,
                                       .batch = 32,
                                       .sampling = sampling::strict_fair,
                                       .parts = 4,
                                       .peers = &all,
                                       .augment = {.crop_padding = 1, .flip = true}},
                                      checkpoint_options{.file = file, .every = 1});
    if (all.rank() == 0) {
        std::uint64_t sum = small::hash(net.parameters());
        for (const epoch_report& e : report.epochs) {
            sum = sum * 31 + static_cast<std::uint64_t>(e.loss * 1e12);
        }
        std::ofstream(file + ".hash") << sum << '\n';
    }
}

} // namespace

int main(int count, char** arguments) {
    try {
        mpi::session all(count, arguments);
        if (count == 3 && std::string_view(arguments[1]) == "--keep") {
            keep(all, arguments[2]);
        } else {
            compare(all);
        }
    } catch (const interrupted& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 130;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
    return failures == 0 ? 0 : 1;
}
