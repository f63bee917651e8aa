// Trainings that are kept: several processes write one table, whatever a stopped run has left.
#include <span>
#include <string>
#include <vector>

#include <fitnas/study/kept_trainings.hpp>

#include "../supernet/small_spaces.hpp"
#include "../support/temporary_folder.hpp"
#include "come_to.hpp"

using namespace fitnas;
using space = small::space;

std::string come_to(peers* all) {
    const dataset data = small::images();
    const std::vector<architecture<space>> some{{0, 1, 2}, {1, 1, 0}, {0, 0, 1}, {0, 0, 0}};
    const temporary_folder folder; // that of process 0 counts
    const std::string path = all == nullptr ? folder.path("t.csv") : all->gather(folder.path("t.csv"))[0];
    study::kept_trainings<space> kept{path, &data, {.epochs = 1, .batch = 64, .seed = seed{4}}, 2};
    kept.peers = all;
    const auto score = [&](std::span<const architecture<space>> networks, long long trainings) {
        all_told told(all);
        kept.watch = told.observer();
        const std::vector<double> scores = kept(networks);
        told.expect_all(trainings);
        return scores;
    };
    std::string lines = line_of("some", score(std::span(some).first(2), 4));
    // What a run of more processes would leave that was killed.
    fitnas::detail::do_agreed(all, [&] {
        if (fitnas::detail::is_first(all)) {
            auto results = study::read_alone<space>(path);
            expect(results.size() == 4, "four trainings in the table");
            study::alone_results<space> part;
            part.insert(results.extract(results.begin()));
            study::write_alone<space>(path + ".process9", part);
            study::write_alone<space>(path, results);
        }
    });
    lines += line_of("all", score(some, 4));
    lines += line_of("again", score(some, 0));
    std::string table;
    fitnas::detail::do_agreed(all, [&] {
        if (fitnas::detail::is_first(all)) {
            expect(folder.names() == std::vector<std::string>{"t.csv", "t.csv.json"}, "one table in the end");
            table = folder.read("t.csv");
        }
    });
    return lines + (all == nullptr ? table : all->gather(table)[0]);
}
