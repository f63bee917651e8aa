#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include <fitnas/study/run_folder.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

// A stage that copies a file and counts how often it worked.
struct copying {
    const temporary_folder& folder;
    int worked = 0;

    bool operator()(int option = 1, bool again = false) {
        study::run_folder run(folder.path("run"));
        return run.perform({"copy", {{"option", option}}, {folder.path("in")}, {"out"}, {"part"}}, again,
                           [&] {
                               ++worked;
                               folder.write("run/out", folder.read("in"));
                           });
    }
};

} // namespace

TEST_CASE("a stage is done once, until an option, an input or a missing output asks for it again") {
    const temporary_folder folder;
    folder.write("in", "a");
    copying copy{folder};
    CHECK(copy());
    CHECK_FALSE(copy());
    CHECK(copy(1, true));
    CHECK(copy(2));
    folder.write("in", "b");
    CHECK(copy(2));
    CHECK_FALSE(copy(2));
    std::filesystem::remove(folder.path("run/out"));
    CHECK(copy(2));
    CHECK(copy.worked == 5);
    folder.write("run/out", "replaced by hand");
    CHECK_FALSE(copy(2));
    CHECK(folder.read("run/out") == "replaced by hand");
}

TEST_CASE("a stopped stage keeps its partial files while nothing that it depends on changes") {
    const temporary_folder folder;
    const auto stopped = [&](int option) {
        study::run_folder run(folder.path("run"));
        bool had = false;
        CHECK_THROWS_AS(run.perform({"s", {{"option", option}}, {}, {"out"}, {"part"}}, false,
                                    [&] {
                                        had = run.has("part");
                                        folder.write("run/part", "half");
                                        throw std::runtime_error("stopped");
                                    }),
                        std::runtime_error);
        return had;
    };
    CHECK_FALSE(stopped(1));
    CHECK(stopped(1));
    CHECK_FALSE(stopped(2));
    // What was done with the other option is kept, and found again.
    CHECK(stopped(2));
    CHECK(stopped(1));
    CHECK(stopped(2));
}

TEST_CASE("finished work is kept where settings change, and where the manifest was lost") {
    const temporary_folder folder;
    int trained = 0;
    const auto train = [&](int option) {
        study::run_folder run(folder.path("run"));
        run.perform({"train", {{"option", option}}, {}, {"net", "log"}, {"net"}}, false, [&] {
            if (!run.has("net")) {
                ++trained;
                folder.write("run/net", "trained with " + std::to_string(option));
            }
            folder.write("run/log", "of " + folder.read("run/net"));
        });
    };
    train(1);
    train(2);
    CHECK(folder.read("run/net") == "trained with 2");
    train(1);
    CHECK(folder.read("run/net") == "trained with 1");
    CHECK(folder.read("run/log") == "of trained with 1");
    CHECK(trained == 2);
    std::filesystem::remove(folder.path("run/manifest.json"));
    train(3);
    CHECK(folder.read("run/net") == "trained with 3");
    CHECK(folder.read("run/net.unknown") == "trained with 1");
}

TEST_CASE("a stage depends on what a file holds, not on how its path is spelt or where it is") {
    const temporary_folder folder;
    folder.write("in", "a");
    const auto perform = [&](const std::string& input) {
        study::run_folder run(folder.path("run"));
        return run.perform({"s", json::object(), {input}, {"out"}, {}}, false,
                           [&] { folder.write("run/out", "o"); });
    };
    CHECK(perform(folder.path("in")));
    CHECK_FALSE(perform(folder.path() + "//run/../in"));
    std::filesystem::rename(folder.path("in"), folder.path("moved"));
    CHECK_FALSE(perform(folder.path("moved")));
    CHECK(perform(folder.write("moved", "b")));
    CHECK(perform(folder.path("in")));
}

TEST_CASE("the manifest says what ran; what is missing is named with the stage that writes it") {
    const temporary_folder folder;
    folder.write("in", "a");
    copying copy{folder};
    copy();
    const study::run_folder run(folder.path("run"));
    const json m = read_json(run.file("manifest.json"));
    CHECK(m["fitnas"] == FITNAS_VERSION_STRING);
    CHECK(m["threads"].get<int>() >= 1);
    CHECK(m["stages"]["copy"]["finished"] == true);
    CHECK(m["stages"]["copy"]["settings"]["option"] == 1);
    CHECK(m["stages"]["copy"]["seconds"].get<double>() >= 0);
    const std::string text = thrown<data_error>([&] { (void)run.need("scores.csv", "evaluate"); });
    CHECK(contains(text, "scores.csv"));
    CHECK(contains(text, "\"evaluate\""));
    folder.write("run/manifest.json", "{");
    CHECK_THROWS_AS(study::run_folder(folder.path("run")), data_error);
    folder.write("run/manifest.json", "[1]");
    CHECK(contains(thrown<data_error>([&] { study::run_folder{folder.path("run")}; }), "got a JSON array"));
}

TEST_CASE("a stage whose outputs cannot be written does no work, and changes nothing") {
    const temporary_folder folder;
    study::run_folder run(folder.path("run"));
    folder.write("run/part", "half");
    std::filesystem::create_directories(folder.path("run/taken/inside"));
    const std::string manifest = folder.read("run/manifest.json");
    for (const study::stage& s :
         {study::stage{"s", {}, {}, {"taken"}, {"part"}}, study::stage{"s", {}, {}, {"gone/out"}, {"part"}},
          study::stage{"s", {}, {}, {"out"}, {"part", "taken"}}}) {
        CHECK_THROWS_AS(run.perform(s, false, [] { FAIL_CHECK("it worked"); }), data_error);
        CHECK(folder.read("run/part") == "half");
        CHECK(folder.read("run/manifest.json") == manifest);
    }
    CHECK(contains(thrown<data_error>([&] { run.require_writable({"out", "taken"}); }), "got a folder"));
    CHECK(!run.has("out"));
    CHECK(!run.has("out.tmp"));

    // What cannot be written down is not remembered either.
    const json noted = run.manifest();
    CHECK_THROWS_AS(run.note("key", "\xFF"), data_error);
    CHECK(run.manifest() == noted);
    run.note("key", 1);
    CHECK_THROWS_AS(run.perform({"s", {{"path", "\xFF"}}, {}, {"out"}, {}}, false, [] {}), data_error);
    CHECK(read_json(run.file("manifest.json"))["key"] == 1);
    CHECK_THROWS_AS(run.perform({"s", {}, {}, {"out"}, {}}, false,
                                [&] { // the work's own exception counts, not that of the manifest
                                    std::filesystem::remove(run.file("manifest.json"));
                                    std::filesystem::create_directory(run.file("manifest.json"));
                                    throw std::runtime_error("x");
                                }),
                    std::runtime_error);
}

TEST_CASE("folders of a run that cannot be are errors of the library") {
    const temporary_folder folder;
    folder.write("file", "");
    std::filesystem::create_symlink("circle", folder.path("circle"));
    for (const std::string& path :
         {folder.path("file"), folder.path("file/run"), folder.path("circle"), folder.path("circle/run"),
          folder.path(std::string(300, 'a')), std::string()}) {
        CAPTURE(path);
        CHECK_THROWS_AS(study::run_folder{path}, data_error);
    }
    for (const char* text : {"[]", "5", "null", R"({"stages": []})"}) {
        folder.write("manifest.json", text);
        CHECK_THROWS_AS(study::run_folder(folder.path()), data_error);
    }
    // What a stage has there that is not as it was written counts as nothing.
    for (const char* text : {R"({"stages": {"s": 1}})", R"({"stages": {"s": {"key": 2, "seconds": "x"}}})"}) {
        folder.write("manifest.json", text);
        study::run_folder run(folder.path());
        CHECK(run.perform({"s", {}, {}, {}, {}}, false, [] {}));
    }
}

TEST_CASE("several notes are taken at once, and null takes one out") {
    const temporary_folder folder;
    study::run_folder run(folder.path("run"));
    run.note("a", 1);
    run.note({{"a", json()}, {"b", 2}, {"c", json()}});
    const study::run_folder again(folder.path("run"));
    CHECK_FALSE(again.manifest().contains("a"));
    CHECK_FALSE(again.manifest().contains("c"));
    CHECK(again.manifest().at("b") == 2);
}
