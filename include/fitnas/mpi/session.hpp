/// @file
/// @brief The processes that `mpirun` starts, as `peers`. The only room that includes `<mpi.h>` (MPI 3: Open
/// MPI, MPICH).

#ifndef FITNAS_MPI_SESSION_HPP
#define FITNAS_MPI_SESSION_HPP

#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1 ///< of mpi.h: without Open MPI's C++ interface, which warns
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1 ///< the same of MPICH
#endif
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <mpi.h>

#include <fitnas/core/error.hpp>
#include <fitnas/core/peers.hpp>

namespace fitnas::mpi {

namespace detail {

/// Sums that go on while their callers compute. Each process adds up a slice of its own, for which all send
/// it theirs; then the slices are gathered. So the order of additions is ours, whatever MPI does.
class sums {
public:
    /// @param all which outlives it
    explicit sums(MPI_Comm all) {
        MPI_Comm_rank(all, &m_rank);
        MPI_Comm_size(all, &m_count);
        // Each has its own order of collective calls, the same on all processes.
        MPI_Comm_dup(all, &m_pieces);
        MPI_Comm_dup(all, &m_slices);
    }
    ~sums() {
        MPI_Comm_free(&m_pieces);
        MPI_Comm_free(&m_slices);
    }
    sums(const sums&) = delete;
    sums& operator=(const sums&) = delete;

    void begin(std::span<const float* const> own, std::span<float> sum) {
        if (m_begun == m_pending.size()) {
            m_pending.emplace_back();
        }
        pending& p = m_pending[m_begun++];
        p.sum = sum;
        p.arrays = own.size();
        p.counts.clear();
        p.places.clear();
        for (int r = 0; r < m_count; ++r) {
            p.places.push_back(first(sum.size(), r));
            p.counts.push_back(first(sum.size(), r + 1) - p.places.back());
        }
        const int slice = p.counts[static_cast<std::size_t>(m_rank)];
        const auto from_all = static_cast<std::size_t>(slice) * static_cast<std::size_t>(m_count);
        p.slices.assign(static_cast<std::size_t>(m_count), slice);
        p.slice_places.clear();
        for (int r = 0; r < m_count; ++r) {
            p.slice_places.push_back(r * slice);
        }
        if (p.pieces.size() < own.size() * from_all) {
            p.pieces.resize(own.size() * from_all);
        }
        p.requests.assign(own.size(), MPI_REQUEST_NULL);
        for (std::size_t i = 0; i < own.size(); ++i) {
            MPI_Ialltoallv(own[i], p.counts.data(), p.places.data(), MPI_FLOAT,
                           p.pieces.data() + i * from_all, p.slices.data(), p.slice_places.data(), MPI_FLOAT,
                           m_pieces, &p.requests[i]);
        }
        go_on();
    }

    void go_on() {
        while (m_added < m_begun) {
            pending& p = m_pending[m_added];
            int there = 0;
            MPI_Testall(static_cast<int>(p.requests.size()), p.requests.data(), &there, MPI_STATUSES_IGNORE);
            if (there == 0) {
                return;
            }
            add_up(p);
        }
    }

    void finish() {
        while (m_added < m_begun) {
            pending& p = m_pending[m_added];
            MPI_Waitall(static_cast<int>(p.requests.size()), p.requests.data(), MPI_STATUSES_IGNORE);
            add_up(p);
        }
        for (std::size_t i = 0; i < m_begun; ++i) {
            MPI_Wait(&m_pending[i].gathered, MPI_STATUS_IGNORE);
        }
        m_begun = 0;
        m_added = 0;
    }

private:
    struct pending {
        std::span<float> sum{};
        std::size_t arrays = 0;                    ///< of each process
        std::vector<int> counts{}, places{};       ///< of the slices, in `sum`
        std::vector<int> slices{}, slice_places{}; ///< of the pieces of one array
        std::vector<float> pieces{};               ///< of this process's slice: [array][process]
        std::vector<MPI_Request> requests{};       ///< for these
        MPI_Request gathered = MPI_REQUEST_NULL;
    };

    int first(std::size_t size, int rank) const {
        return static_cast<int>(size * static_cast<std::size_t>(rank) / static_cast<std::size_t>(m_count));
    }

    void add_up(pending& p) {
        const auto slice = static_cast<std::size_t>(p.slices.front());
        const auto processes = static_cast<std::size_t>(m_count);
        float* const to = p.sum.data() + p.places[static_cast<std::size_t>(m_rank)];
        std::copy_n(p.pieces.data(), slice, to);
        for (std::size_t i = 1; i < processes * p.arrays; ++i) { // process by process, array by array
            const float* piece = p.pieces.data() + (i % p.arrays * processes + i / p.arrays) * slice;
            for (std::size_t j = 0; j < slice; ++j) {
                to[j] += piece[j];
            }
        }
        MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, p.sum.data(), p.counts.data(), p.places.data(),
                        MPI_FLOAT, m_slices, &p.gathered);
        ++m_added;
    }

    MPI_Comm m_pieces = MPI_COMM_NULL;
    MPI_Comm m_slices = MPI_COMM_NULL;
    int m_rank = 0;
    int m_count = 1;
    std::vector<pending> m_pending; ///< kept, with their memory
    std::size_t m_begun = 0;
    std::size_t m_added = 0; ///< of these, whose slices are being gathered
};

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

} // namespace detail

/// @brief The processes that `mpirun` started; each makes one, in its `main`.
/// `examples/110_processes.cpp` is a whole program.
///
/// An exception that leaves `main`, or the block of the session, on one process alone ends all of them: it
/// waits for the others `patience` seconds and then aborts. So does `mpirun` where one is killed.
///
/// Threads of one process may call it one after the other. It asks MPI for more (MPI_THREAD_MULTIPLE), which
/// it needs on several machines alone, so that whichever process is free gets the next piece of shared work.
class session final : public peers {
public:
    static constexpr double patience = 5; ///< seconds

    /// Calls MPI_Init_thread, and in its destructor MPI_Finalize.
    /// @throws option_error where MPI has no threads, or `mpirun` is that of another MPI
    session(int& argc, char**& argv) : session(initialised(argc, argv), true) {}
    /// In a program that initialises MPI itself, with MPI_THREAD_SERIALIZED at least, better
    /// MPI_THREAD_MULTIPLE.
    /// @param all its processes; duplicated
    explicit session(MPI_Comm all) : session(all, false) {}
    ~session() override {
        if (std::uncaught_exceptions() > m_exceptions) {
            wait_for_all();
        }
        m_counter.reset();
        m_sums.reset();
        MPI_Comm_free(&m_all);
        if (m_finalises) {
            MPI_Finalize();
        }
    }
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    std::string last_words{}; ///< said where this process fails alone: what its exception says

    int rank() const override { return m_rank; }
    int count() const override { return m_count; }

    void gather(const void* own, std::size_t bytes, void* all) override {
        FITNAS_ASSERT(bytes <= most);
        MPI_Allgather(own, static_cast<int>(bytes), MPI_BYTE, all, static_cast<int>(bytes), MPI_BYTE, m_all);
    }
    std::vector<std::string> gather(const std::string& own) override {
        std::vector<std::string> all(static_cast<std::size_t>(m_count));
        for (int r = 0; r < m_count; ++r) {
            std::string& text = all[static_cast<std::size_t>(r)];
            if (r == m_rank) {
                text = own;
            }
            unsigned long long size = text.size();
            MPI_Bcast(&size, 1, MPI_UNSIGNED_LONG_LONG, r, m_all);
            text.resize(static_cast<std::size_t>(size));
            for (std::size_t i = 0; i < text.size(); i += most) {
                MPI_Bcast(text.data() + i, static_cast<int>((std::min)(most, text.size() - i)), MPI_BYTE, r,
                          m_all);
            }
        }
        return all;
    }

    void begin_sum(std::span<const float* const> own, std::span<float> sum) override {
        m_sums->begin(own, sum);
    }
    void go_on() override { m_sums->go_on(); }
    void finish_sums() override { m_sums->finish(); }

    void start_counting() override { m_counter->reset(); }
    long long next() override { return m_counter->next(); }
    void ask_to_stop() override { m_counter->ask_to_stop(); }
    bool asked_to_stop() override { return m_counter->asked_to_stop(); }

private:
    static constexpr std::size_t most = std::size_t{1} << 30U; ///< bytes in one call

    session(MPI_Comm all, bool finalises) : m_finalises(finalises) {
        MPI_Comm_dup(all, &m_all);
        MPI_Comm_rank(m_all, &m_rank);
        MPI_Comm_size(m_all, &m_count);
        m_sums.emplace(m_all);
        m_counter.emplace(m_all);
    }

    static MPI_Comm initialised(int& argc, char**& argv) {
        int threads = MPI_THREAD_SINGLE;
        MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &threads);
        if (threads < MPI_THREAD_SERIALIZED) {
            throw option_error("mpi::session: expected an MPI whose processes may have threads "
                               "(MPI_THREAD_SERIALIZED)");
        }
        int count = 1;
        MPI_Comm_size(MPI_COMM_WORLD, &count);
        for (const char* started :
             {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) { // by Open MPI, by MPICH and its like
            const char* const processes = std::getenv(started);
            if (count == 1 && processes != nullptr && std::atoi(processes) > 1) {
                throw option_error("mpi::session: expected the mpirun of the MPI that this program was built "
                                   "with, got " +
                                   std::string(processes) + " processes that do not know of each other");
            }
        }
        return MPI_COMM_WORLD;
    }

    /// An exception is on its way out. Where it was agreed all come here; else the others wait elsewhere.
    void wait_for_all() const {
        MPI_Request all = MPI_REQUEST_NULL;
        MPI_Ibarrier(m_all, &all);
        const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience);
        for (int there = 0; there == 0;) {
            MPI_Test(&all, &there, MPI_STATUS_IGNORE);
            if (there == 0 && std::chrono::steady_clock::now() > end) {
                std::fprintf(stderr, "process %d of %d failed alone, and ends all: %s\n", m_rank, m_count,
                             last_words.c_str());
                MPI_Abort(m_all, 1);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    MPI_Comm m_all = MPI_COMM_NULL;
    int m_rank = 0;
    int m_count = 1;
    bool m_finalises;
    int m_exceptions = std::uncaught_exceptions();
    std::optional<detail::sums> m_sums;
    std::optional<detail::counter> m_counter;
};

} // namespace fitnas::mpi

#endif
