#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/io/json.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

using name_list = std::vector<std::string>;

TEST_CASE("a file that was written is there alone, without its temporary") {
    const temporary_folder folder;
    write_json(folder.path("a.json"), json{{"x", 1}});
    CHECK(folder.names() == name_list{"a.json"});
    CHECK(folder.read("a.json") == "{\n  \"x\": 1\n}\n");
    write_json(folder.path("a.json"), json(2)); // what was there is replaced
    CHECK(folder.names() == name_list{"a.json"});
    CHECK(folder.read("a.json") == "2\n");
}

TEST_CASE("where the temporary cannot be written, what stood there stays") {
    const temporary_folder folder;
    folder.write("a.json", "old");
    std::filesystem::create_directory(folder.path("a.json.tmp"));
    const std::string text = thrown<data_error>([&] { write_json(folder.path("a.json"), json(1)); });
    CHECK(contains(text, folder.path("a.json") + ": cannot be written"));
    CHECK(contains(text, "a.json.tmp"));
    CHECK(folder.read("a.json") == "old");
}

TEST_CASE("where the file cannot be put in place, no temporary is left") {
    const temporary_folder folder;
    std::filesystem::create_directories(folder.path("taken/inside"));
    CHECK(contains(thrown<data_error>([&] { write_json(folder.path("taken"), json(1)); }),
                   "taken: cannot be put in place: "));
    CHECK(folder.names() == name_list{"taken"});
}

TEST_CASE("a folder that does not exist is an error with the system's reason") {
    const temporary_folder folder;
    const std::string text = thrown<data_error>([&] { write_json(folder.path("no/such/a.json"), json(1)); });
    CHECK(contains(text, folder.path("no/such/a.json")));
    CHECK(contains(text, "No such file or directory"));
    CHECK(contains(thrown<data_error>([&] { read_json(folder.path("absent.json")); }), "absent.json"));
}

TEST_CASE("writers of one path take turns: what is there is always one of theirs, whole") {
    const temporary_folder folder;
    const std::string path = folder.path("a.json");
    constexpr std::size_t length = 100'000;
    const auto text = [](int writer) { return std::string(length, static_cast<char>('a' + writer)); };
    write_json(path, json(text(0)));
    std::vector<std::string> failed(4);
    std::vector<std::thread> writers;
    for (int w = 0; w < 4; ++w) {
        writers.emplace_back([&, w] {
            failed[static_cast<std::size_t>(w)] = thrown<data_error>([&] {
                for (int i = 0; i < 50; ++i) {
                    write_json(path, json(text(w)));
                }
            });
        });
    }
    int torn = 0;
    for (int i = 0; i < 200; ++i) {
        const std::string read = folder.read("a.json");
        const bool whole = read.size() == length + 3 && // quotes, and the end of the line
                           std::count(read.begin(), read.end(), read[1]) == static_cast<long>(length);
        torn += whole ? 0 : 1;
    }
    for (std::thread& w : writers) {
        w.join();
    }
    CHECK(torn == 0);
    for (const std::string& what : failed) {
        CHECK(what == "nothing was thrown");
    }
    CHECK(folder.names() == name_list{"a.json"});
}
