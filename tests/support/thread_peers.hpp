// Processes that are threads of one, so that what works together is tested without MPI.

#ifndef FITNAS_TESTS_SUPPORT_THREAD_PEERS_HPP
#define FITNAS_TESTS_SUPPORT_THREAD_PEERS_HPP

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <fitnas/core/peers.hpp>

namespace support {

class thread_peers final : public fitnas::peers {
public:
    // What all of them share.
    struct meeting {
        explicit meeting(int n) : count(n), texts(static_cast<std::size_t>(n)) {}

        // All wait for all; after a minute it is a deadlock.
        void meet() {
            std::unique_lock<std::mutex> lock(mutex);
            const long long mine = times;
            if (++there == count) {
                there = 0;
                ++times;
                all_there.notify_all();
            } else if (!all_there.wait_for(lock, std::chrono::seconds(60), [&] { return times != mine; })) {
                std::terminate();
            }
        }

        const int count;
        std::vector<std::string> texts;
        std::atomic<long long> next{0};
        std::atomic<bool> stop{false};
        std::mutex mutex;
        std::condition_variable all_there;
        int there = 0;
        long long times = 0;
    };

    thread_peers(meeting& m, int rank) : m_all(m), m_rank(rank) {}

    int rank() const override { return m_rank; }
    int count() const override { return m_all.count; }
    void gather(const void* own, std::size_t bytes, void* all) override {
        const auto texts = gather(std::string(static_cast<const char*>(own), bytes));
        for (std::size_t r = 0; r < texts.size(); ++r) {
            std::memcpy(static_cast<char*>(all) + r * bytes, texts[r].data(), bytes);
        }
    }
    std::vector<std::string> gather(const std::string& own) override {
        m_all.texts[static_cast<std::size_t>(m_rank)] = own;
        m_all.meet();
        std::vector<std::string> all = m_all.texts;
        m_all.meet();
        return all;
    }
    void begin_sum(std::span<const float* const> own, std::span<float> sum) override {
        sums.push_back({{own.begin(), own.end()}, sum});
    }
    void go_on() override {}
    void finish_sums() override {
        for (const begun& s : sums) {
            std::string own;
            for (const float* one : s.own) {
                own.append(reinterpret_cast<const char*>(one), s.sum.size_bytes());
            }
            const auto all = gather(own);
            bool first = true;
            for (const std::string& from : all) {
                for (std::size_t at = 0; at < from.size(); at += s.sum.size_bytes(), first = false) {
                    for (std::size_t i = 0; i < s.sum.size(); ++i) {
                        float value = 0;
                        std::memcpy(&value, from.data() + at + i * sizeof(float), sizeof value);
                        s.sum[i] = first ? value : s.sum[i] + value;
                    }
                }
            }
            sizes += s.sum.size();
        }
        sums.clear();
    }
    void start_counting() override {
        m_all.meet();
        if (m_rank == 0) {
            m_all.next = 0;
            m_all.stop = false;
        }
        m_all.meet();
    }
    long long next() override { return m_all.next++; }
    void ask_to_stop() override { m_all.stop = true; }
    bool asked_to_stop() override { return m_all.stop; }

    // Calls work(peers) on each.
    static void run(int count, const std::function<void(thread_peers&)>& work) {
        meeting all(count);
        std::vector<std::thread> threads;
        std::vector<std::exception_ptr> failures(static_cast<std::size_t>(count));
        for (int r = 0; r < count; ++r) {
            threads.emplace_back([&, r] {
                try {
                    thread_peers own(all, r);
                    work(own);
                } catch (...) {
                    failures[static_cast<std::size_t>(r)] = std::current_exception();
                }
            });
        }
        for (std::thread& t : threads) {
            t.join();
        }
        for (const std::exception_ptr& failure : failures) {
            if (failure) {
                std::rethrow_exception(failure);
            }
        }
    }

    struct begun {
        std::vector<const float*> own;
        std::span<float> sum;
    };
    std::vector<begun> sums;
    std::size_t sizes = 0; // floats that were summed

private:
    meeting& m_all;
    int m_rank;
};

} // namespace support

#endif
