/// @file
/// @brief The processes that `mpirun` starts, as `peers`. The only room that includes `<mpi.h>`.

#ifndef FITNAS_MPI_SESSION_HPP
#define FITNAS_MPI_SESSION_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <fitnas/core/error.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/mpi/counter.hpp>
#include <fitnas/mpi/mpi.hpp>
#include <fitnas/mpi/sums.hpp>

namespace fitnas::mpi {

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
