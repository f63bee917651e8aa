// Networks trained by themselves: a signal ends the work with what is done in the table, and the same call
// goes on.

#include <cmath>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/study/alone.hpp>

#include "../support/temporary_folder.hpp"

using namespace fitnas;

namespace {

using ops = operator_set<op::identity, op::conv<3>>;
struct space : search_space<image<6, 6, 1>, stem<4>, stage<ops, 2, 4>, head<8, 3>> {};

} // namespace

TEST_CASE("trainings that a signal stopped go on to the same table") {
    const dataset data =
        datasets::synthetic({.image = {6, 6, 1}, .classes = 3, .train = 48, .validation = 12, .test = 12});
    std::vector<study::alone_job<space>> jobs;
    for (const auto& a : different_networks<space>()) {
        for (std::uint64_t s = 1; s <= 3; ++s) {
            jobs.push_back({a, s});
        }
    }
    REQUIRE(jobs.size() == 9); // of 4 codes, 3 networks
    const temporary_folder folder;
    const train_options options{.epochs = 1, .batch = 16};
    const auto whole = study::train_alone<space>(folder.path("whole.csv"), jobs, data, options);

    const std::string path = folder.path("stopped.csv");
    for (const int signal : {SIGINT, SIGTERM}) {
        std::string said;
        const auto before = std::filesystem::exists(path) ? study::read_alone<space>(path).size() : 0;
        try {
            study::train_alone<space>(path, jobs, data, options, [&](const progress& p) {
                if (p.done == 2) {
                    std::raise(signal);
                }
            });
        } catch (const interrupted& e) {
            said = e.what();
        }
        const auto there = study::read_alone<space>(path).size();
        CHECK(there >= before + 2); // one more of each other thread may have been under way
        CHECK(there < jobs.size());
        CHECK(said.find("stopped; " + path + " has " + std::to_string(there) + " trainings of 9") !=
              std::string::npos);
    }
    const auto all = study::train_alone<space>(path, jobs, data, options);
    REQUIRE(all.size() == whole.size());
    for (const auto& [job, result] : whole) {
        CHECK(all.at(job).test_accuracy == result.test_accuracy);
        CHECK(all.at(job).curve == result.curve);
    }
}

TEST_CASE("what other processes left beside the table is taken up, and then goes") {
    const dataset data =
        datasets::synthetic({.image = {6, 6, 1}, .classes = 3, .train = 48, .validation = 12, .test = 12});
    const std::vector<study::alone_job<space>> jobs{{{1, 1}, 1}, {{1, 1}, 2}, {{1, 1}, 1ULL << 40U}};
    const temporary_folder folder;
    const std::string path = folder.path("t.csv");
    study::write_alone<space>(path + ".process1", {{jobs[0], {0.25, 0.5, {0.125, 0.75}}}});
    study::write_alone<space>(path + ".process12", {{jobs[2], {0.5, 0.25, {}}}});
    folder.write("t.csv.process1.tmp", "half");
    folder.write("t.csv.processor", "another");
    const auto all = study::train_alone<space>(path, jobs, data, {.epochs = 1, .batch = 16});
    REQUIRE(all.size() == 3);
    CHECK(all.at(jobs[0]).curve == std::vector<double>{0.125, 0.75});
    CHECK(all.at(jobs[2]).validation_accuracy == 0.5);
    CHECK(folder.names() == std::vector<std::string>{"t.csv", "t.csv.process1.tmp", "t.csv.processor"});
    CHECK(study::read_alone<space>(path).at(jobs[0]).test_accuracy == 0.5);
}

TEST_CASE("networks that are right equally often have equal means, whatever their trainings") {
    study::alone_results<space> results;
    const auto add = [&](const char* code, std::vector<int> right, int validation) {
        for (std::uint64_t s = 0; s < right.size(); ++s) {
            results[{parse<space>(code), s}] = {validation / 700.0, right[s] / 900.0, {}};
        }
    };
    add("00", {611, 612, 619}, 13);
    add("01", {614, 614, 614}, 13);
    add("10", {619, 611, 612}, 13);
    add("11", {612}, 699);
    const auto found = study::summarise<space>(results, 700, 900);
    for (const char* code : {"00", "01", "10"}) {
        const study::alone_summary& s = found.at(parse<space>(code));
        CHECK(s.runs == 3);
        CHECK(s.test_accuracy == 1842 / 2700.0);
        CHECK(s.validation_accuracy == 13 / 700.0);
    }
    // Offsets -3, -2 and 5 of 900: (9 + 4 + 25) / 2 = 19.
    CHECK(found.at(parse<space>("00")).deviation == doctest::Approx(std::sqrt(19.0) / 900));
    CHECK(found.at(parse<space>("01")).deviation == doctest::Approx(0));
    CHECK(found.at(parse<space>("11")).test_accuracy == 612 / 900.0);
    CHECK(found.at(parse<space>("11")).deviation == 0);
}
