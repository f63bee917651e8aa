// Networks that are trained by themselves, each in one of the processes.
#include <string>
#include <vector>

#include <fitnas/supernet/training_scorer.hpp>

#include "../supernet/small_spaces.hpp"
#include "come_to.hpp"

using namespace fitnas;
using space = small::space;

std::string come_to(peers* all) {
    const dataset data = small::images();
    const std::vector<architecture<space>> some{{0, 1, 2}, {1, 1, 0}, {0, 0, 1}, {1, 0, 2}};
    all_told told(all);
    training_scorer<space> score{&data, {.epochs = 1, .batch = 64, .seed = seed{4}}, 2, all};
    score.options.observer = told.observer();
    const std::string lines = line_of("trainings", score(some));
    told.expect_all(8);
    return lines;
}
