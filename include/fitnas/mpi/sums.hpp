/// @file
/// @brief Sums over processes that go on while their callers compute, in the order of ranks.

#ifndef FITNAS_MPI_SUMS_HPP
#define FITNAS_MPI_SUMS_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <fitnas/mpi/mpi.hpp>

namespace fitnas::mpi::detail {

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

} // namespace fitnas::mpi::detail

#endif
