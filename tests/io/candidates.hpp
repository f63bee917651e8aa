/// A space, and candidates of it to write and read.
#ifndef FITNAS_TESTS_IO_CANDIDATES_HPP
#define FITNAS_TESTS_IO_CANDIDATES_HPP

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <fitnas/search/candidate.hpp>
#include <fitnas/space/spaces.hpp>

/// 5 cells of 3 operators.
using three = fitnas::operator_set<fitnas::op::identity, fitnas::op::conv<1>, fitnas::op::conv<3>>;
struct space : fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>, fitnas::stage<three, 5, 8, 1>,
                                    fitnas::head<8, 2>> {};

/// One with everything, one with what is there without limits, costs and a scorer.
inline std::vector<fitnas::search::candidate<space>> some_candidates() {
    return {{.architecture = fitnas::parse<space>("21012"),
             .predicted = 0.1,
             .macs = 123456789012,
             .parameters = 42,
             .costs = {{"latency", "ms", 2.5}, {"count", "", 3}},
             .score = 0.9},
            {.architecture = fitnas::parse<space>("00000"), .predicted = -1.0 / 3}};
}

inline bool equal(const std::vector<fitnas::search::candidate<space>>& a,
                  const std::vector<fitnas::search::candidate<space>>& b) {
    const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
    bool all = a.size() == b.size();
    for (std::size_t i = 0; all && i < a.size(); ++i) {
        all = a[i].architecture == b[i].architecture && a[i].predicted == b[i].predicted &&
              a[i].macs == b[i].macs && a[i].parameters == b[i].parameters && a[i].costs == b[i].costs &&
              same(a[i].score, b[i].score);
    }
    return all;
}

struct broken_candidate {
    std::vector<fitnas::search::candidate<space>> list;
    std::string says;
};

/// Lists whose second candidate cannot be written, and what the error must say.
inline std::vector<broken_candidate> broken_candidates() {
    std::vector<broken_candidate> all(7, {some_candidates(), ""});
    const double infinity = std::numeric_limits<double>::infinity();
    all[0].list[1].architecture[4] = 9;
    all[0].says = "cell 4 has the operators 0 to 2, got 9";
    all[1].list[1].predicted = std::numeric_limits<double>::quiet_NaN();
    all[1].says = "architecture 00000 (row 1): the prediction is not finite";
    all[2].list[1].predicted = -infinity;
    all[2].says = "the prediction is not finite";
    all[3].list[1].costs = {{"energy", "mJ", infinity}};
    all[3].says = "architecture 00000 (row 1): energy: expected a value from 0 to 1e300, got inf";
    all[4].list[1].score = infinity;
    all[4].says = "the score is infinite";
    all[5].list[1].macs = -1;
    all[5].says = "expected costs of 0 or more, got -1 macs and 0 parameters";
    all[6].list[1].costs = {{"a [b]", "", 1}};
    all[6].says = "[F0390] cost: expected a name other than";
    return all;
}

#endif
