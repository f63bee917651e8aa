#include <atomic>
#include <chrono>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/parallel.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/core/share_out.hpp>

#include "../support/thread_peers.hpp"

namespace {

// One process that is told to be several: what the others did is made up.
class one_of_two final : public fitnas::peers {
public:
    std::string other;    ///< what the other process gives where texts are gathered
    long long others = 0; ///< numbers that the other takes between two of ours
    bool other_fails = false;

    int rank() const override { return 0; }
    int count() const override { return 2; }
    void gather(const void* own, std::size_t bytes, void* all) override {
        const auto* from = static_cast<const char*>(own);
        auto* to = static_cast<char*>(all);
        for (std::size_t i = 0; i < bytes; ++i) {
            to[i] = from[i];
            to[bytes + i] = static_cast<char>(other_fails ? 1 : from[i]);
        }
    }
    std::vector<std::string> gather(const std::string& own) override { return {own, other}; }
    void begin_sum(std::span<const float* const>, std::span<float>) override {}
    void go_on() override {}
    void finish_sums() override {}
    void start_counting() override { m_next = 0; }
    long long next() override {
        m_next += others;
        return m_next++;
    }

private:
    long long m_next = 0;
};

// What a process gives of its pieces: their numbers, how many values, the values.
std::string bytes_of(const std::vector<std::size_t>& numbers,
                     const std::vector<std::vector<double>>& results) {
    std::string bytes;
    const auto add = [&](const void* data, std::size_t size) {
        bytes.append(static_cast<const char*>(data), size);
    };
    for (const std::size_t i : numbers) {
        const std::size_t size = results[i].size();
        add(&i, sizeof i);
        add(&size, sizeof size);
        add(results[i].data(), size * sizeof(double));
    }
    return bytes;
}

} // namespace

TEST_CASE("pieces that one process does alone come in their order") {
    for (const fitnas::pieces how : {fitnas::pieces::in_turn, fitnas::pieces::beside}) {
        const auto all = fitnas::share_out(nullptr, 100, how, [](std::size_t i) {
            return std::vector<double>(i % 3, static_cast<double>(i));
        });
        REQUIRE(all.size() == 100);
        CHECK(all[99].empty());
        CHECK(all[98] == std::vector<double>{98, 98});
    }
    CHECK(fitnas::share_out(nullptr, 0, fitnas::pieces::beside, [](std::size_t) -> std::vector<double> {
              throw std::logic_error("not called");
          }).empty());
}

TEST_CASE("of pieces that throw the smallest number counts, and no other begins") {
    for (const fitnas::pieces how : {fitnas::pieces::in_turn, fitnas::pieces::beside}) {
        std::atomic<int> begun{0};
        try {
            fitnas::share_out(nullptr, 10000, how, [&](std::size_t i) -> std::vector<double> {
                ++begun;
                if (i >= 10) {
                    throw fitnas::data_error("piece " + std::to_string(i));
                }
                return {};
            });
            FAIL("no exception");
        } catch (const fitnas::data_error& e) {
            CHECK(std::string(e.what()) == "piece 10");
        }
        CHECK(begun <= 10 + fitnas::thread_count());
    }
}

TEST_CASE("a process does what the others have not taken, and has what they came to") {
    one_of_two all;
    all.others = 1; // takes 0, 2, 4; this process 1, 3, 5
    all.other = bytes_of({0, 2, 4}, {{10.0}, {}, {12.0, 0.5}, {}, {}});
    const auto results = fitnas::share_out(&all, 6, fitnas::pieces::in_turn, [](std::size_t i) {
        CHECK(i % 2 == 1);
        return std::vector<double>{static_cast<double>(i)};
    });
    CHECK(results == std::vector<std::vector<double>>{{10.0}, {1.0}, {12.0, 0.5}, {3.0}, {}, {5.0}});
}

TEST_CASE("what fails on another process is thrown here, and says where") {
    one_of_two all;
    all.other_fails = true;
    all.other = "ethe disk is full";
    CHECK_THROWS_WITH_AS(fitnas::share_out(&all, 2, fitnas::pieces::in_turn,
                                           [](std::size_t) { return std::vector<double>{}; }),
                         "[F0010] process 1 of 2 failed: the disk is full", fitnas::peer_error);
    all.other = "istopped by a signal";
    CHECK_THROWS_WITH_AS(fitnas::share_out(&all, 2, fitnas::pieces::in_turn,
                                           [](std::size_t) { return std::vector<double>{}; }),
                         "stopped by a signal", fitnas::interrupted);
    all.other_fails = false;
    CHECK_THROWS_WITH_AS(
        fitnas::share_out(&all, 2, fitnas::pieces::in_turn,
                          [](std::size_t) -> std::vector<double> { throw fitnas::numeric_error("here"); }),
        "here", fitnas::numeric_error);
}

TEST_CASE("a piece that shares out its own pieces among the same processes is refused") {
    one_of_two all;
    const auto nothing = [](std::size_t) { return std::vector<double>{}; };
    const auto by_pieces = [&](std::size_t) {
        return fitnas::share_out(&all, 1, fitnas::pieces::beside, nothing)[0];
    };
    const std::string sentence =
        "[F0011] peers: expected either for the whole work or for its pieces, got both: "
        "a piece of work that is shared out among processes shares out its own";
    CHECK_THROWS_WITH_AS(fitnas::share_out(&all, 1, fitnas::pieces::in_turn, by_pieces), sentence.c_str(),
                         fitnas::option_error);
    // Not where only one process does it, and not behind it.
    CHECK(fitnas::share_out(nullptr, 1, fitnas::pieces::in_turn, by_pieces).size() == 1);
    CHECK(fitnas::share_out(&all, 1, fitnas::pieces::in_turn, [&](std::size_t) {
              return fitnas::share_out(nullptr, 2, fitnas::pieces::beside, nothing)[0];
          }).size() == 1);
}

TEST_CASE("a single piece has all threads") {
    const auto threads = [](std::size_t) {
        std::vector<double> seen(static_cast<std::size_t>(fitnas::thread_count()));
        fitnas::parallel_for(fitnas::thread_count(), [&](std::ptrdiff_t i) {
            seen[static_cast<std::size_t>(i)] = fitnas::thread_index();
        });
        return seen;
    };
    for (const fitnas::pieces how : {fitnas::pieces::in_turn, fitnas::pieces::beside}) {
        CHECK(fitnas::share_out(nullptr, 1, how, threads)[0].back() == fitnas::thread_count() - 1);
    }
}

TEST_CASE("long pieces of others end early where one fails, and its exception is the one that counts") {
    std::atomic<int> own{0};
    std::atomic<int> quoted{0};
    support::thread_peers::run(3, [&](support::thread_peers& all) {
        std::atomic<int> begun{0};
        const auto work = [&](std::size_t i) -> std::vector<double> {
            ++begun;
            if (i == 1) {
                throw fitnas::numeric_error("of piece 1");
            }
            for (int turn = 0; turn < 20'000; ++turn) { // a minute, were it not asked to stop
                try {
                    fitnas::detail::heed(&all);
                } catch (const fitnas::interrupted&) {
                    throw fitnas::interrupted("what was trained is saved"); // as a training does
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(3));
            }
            return {};
        };
        try {
            fitnas::share_out(&all, 50, fitnas::pieces::in_turn, work);
        } catch (const fitnas::numeric_error&) {
            ++own;
        } catch (const fitnas::peer_error& e) {
            quoted += std::string(e.what()).find("failed: of piece 1") != std::string::npos ? 1 : 0;
        }
        // The next work is whole again.
        const auto next = fitnas::share_out(&all, 6, fitnas::pieces::in_turn, [&](std::size_t i) {
            fitnas::detail::heed(&all);
            return std::vector<double>{static_cast<double>(i)};
        });
        if (next.size() != 6 || next[5] != std::vector<double>{5.0}) {
            quoted = -100;
        }
    });
    CHECK(own == 1);
    CHECK(quoted == 2);
}
