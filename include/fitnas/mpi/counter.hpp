/// @file
/// @brief A number and a word that processes share without waiting for each other.

#ifndef FITNAS_MPI_COUNTER_HPP
#define FITNAS_MPI_COUNTER_HPP

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include <fitnas/mpi/mpi.hpp>

namespace fitnas::mpi::detail {

/// A number that each process may fetch and count up, and a word that each may say, without the others. On
/// one machine both lie in memory that all share. On several a thread of the first process answers the
/// others, for its own piece of work may take hours; where MPI does not let two threads call it, each process
/// has every n-th number, and no word.
class counter {
public:
    explicit counter(MPI_Comm all) {
        MPI_Comm_dup(all, &m_all);
        MPI_Comm_rank(all, &m_rank);
        MPI_Comm_size(all, &m_count);
        MPI_Comm machine = MPI_COMM_NULL;
        MPI_Comm_split_type(all, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
        int here = 1;
        MPI_Comm_size(machine, &here);
        int threads = MPI_THREAD_SINGLE;
        MPI_Query_thread(&threads);
        const int same[] = {here == m_count, threads == MPI_THREAD_MULTIPLE};
        int all_same[] = {0, 0}; // processes of one machine may be all of it, beside others that are not
        MPI_Allreduce(same, all_same, 2, MPI_INT, MPI_MIN, all);
        if (all_same[0] != 0) {
            const MPI_Aint bytes = m_rank == 0 ? sizeof(numbers) : 0;
            MPI_Win_allocate_shared(bytes, alignof(numbers), MPI_INFO_NULL, machine, &m_numbers, &m_window);
            MPI_Aint size = 0;
            int unit = 0;
            MPI_Win_shared_query(m_window, 0, &size, &unit, &m_numbers);
            MPI_Win_lock_all(MPI_MODE_NOCHECK, m_window);
        } else if (all_same[1] != 0) {
            m_asks = m_rank > 0;
            m_numbers = m_asks ? nullptr : &m_own;
            if (m_rank == 0) {
                m_server = std::thread([this] { serve(); });
            }
        }
        MPI_Comm_free(&machine);
    }
    ~counter() {
        MPI_Barrier(m_all); // nobody asks any more
        if (m_server.joinable()) {
            m_ends = true;
            m_server.join();
        }
        if (m_window != MPI_WIN_NULL) {
            MPI_Win_unlock_all(m_window);
            MPI_Win_free(&m_window);
        }
        MPI_Comm_free(&m_all);
    }
    counter(const counter&) = delete;
    counter& operator=(const counter&) = delete;

    void reset() {
        MPI_Barrier(m_all);
        if (m_rank == 0 && m_numbers != nullptr) {
            std::atomic_ref<long long>{m_numbers->next}.store(0);
            std::atomic_ref<long long>{m_numbers->stop}.store(0);
        }
        m_strided = m_rank;
        m_asked = {};
        MPI_Barrier(m_all);
    }
    long long next() {
        if (m_numbers != nullptr) {
            return std::atomic_ref<long long>{m_numbers->next}.fetch_add(1);
        }
        if (m_asks) {
            return answer(question::number);
        }
        const long long own = m_strided;
        m_strided += m_count;
        return own;
    }
    void ask_to_stop() {
        if (m_numbers != nullptr) {
            std::atomic_ref<long long>{m_numbers->stop}.store(1);
        } else if (m_asks) {
            answer(question::stop);
        }
    }
    bool asked_to_stop() {
        if (m_numbers != nullptr) {
            return std::atomic_ref<long long>{m_numbers->stop}.load() != 0;
        }
        const std::lock_guard<std::mutex> lock(m_asking);
        const auto now = std::chrono::steady_clock::now();
        if (!m_asks || now - m_asked < std::chrono::seconds(1)) {
            return false;
        }
        m_asked = now;
        return reply(question::stopped) != 0;
    }

private:
    struct numbers {
        long long next = 0;
        long long stop = 0;
    };
    enum class question : int { number, stop, stopped };

    long long answer(question q) {
        const std::lock_guard<std::mutex> lock(m_asking);
        return reply(q);
    }
    long long reply(question q) {
        const int asked = static_cast<int>(q);
        long long said = 0;
        MPI_Sendrecv(&asked, 1, MPI_INT, 0, to_server, &said, 1, MPI_LONG_LONG, 0, from_server, m_all,
                     MPI_STATUS_IGNORE);
        return said;
    }
    void serve() {
        while (!m_ends) {
            int there = 0;
            MPI_Status from;
            MPI_Iprobe(MPI_ANY_SOURCE, to_server, m_all, &there, &from);
            if (there == 0) { // MPI would wait at full speed
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                continue;
            }
            int asked = 0;
            MPI_Recv(&asked, 1, MPI_INT, from.MPI_SOURCE, to_server, m_all, MPI_STATUS_IGNORE);
            if (asked == static_cast<int>(question::stop)) {
                ask_to_stop();
            }
            const long long said = asked == static_cast<int>(question::number) ? next()
                                   : asked_to_stop()                           ? 1
                                                                               : 0;
            MPI_Send(&said, 1, MPI_LONG_LONG, from.MPI_SOURCE, from_server, m_all);
        }
    }

    static constexpr int to_server = 1; ///< tags
    static constexpr int from_server = 2;

    MPI_Comm m_all = MPI_COMM_NULL;
    int m_rank = 0;
    int m_count = 1;
    numbers m_own;                ///< of the first process, where others ask it
    numbers* m_numbers = nullptr; ///< those of the first process, where this one sees them
    MPI_Win m_window = MPI_WIN_NULL;
    bool m_asks = false; ///< the first process's thread
    long long m_strided = 0;
    std::mutex m_asking;
    std::chrono::steady_clock::time_point m_asked{}; ///< when it last asked whether to stop
    std::atomic<bool> m_ends{false};
    std::thread m_server;
};

} // namespace fitnas::mpi::detail

#endif
