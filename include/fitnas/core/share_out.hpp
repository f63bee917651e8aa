/// @file
/// @brief Pieces of work that do not depend on each other, shared out among processes and threads.

#ifndef FITNAS_CORE_SHARE_OUT_HPP
#define FITNAS_CORE_SHARE_OUT_HPP

#include <cstddef>
#include <functional>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/peers.hpp>

namespace fitnas {

/// @brief How the pieces that one process does lie in time.
enum class pieces {
    in_turn, ///< one after the other, each on all threads
    beside   ///< beside each other, each on one thread; one that a process has alone on all
};

/// @brief Does each of n pieces of work in one of the processes, whichever is free next, and gives what all
/// came to to all of them. Collective.
///
/// Numbers are taken in order, and a process has its own in order. A piece that throws ends the work: no
/// other begins, and pieces that have begun are done, or end early where they ask `peers::asked_to_stop`. Of
/// one process's exceptions the one of the smallest number counts; processes agree as `peers` says.
/// @param all null: this process does all of it
/// @param n pieces
/// @param how
/// @param work called as work(i), from several threads where pieces run beside each other; what it gives must
/// depend on i alone
/// @return work(0), work(1), ...: the same for any number of processes and threads
/// @throws what a piece throws; option_error where a piece shares out work among the same processes
FITNAS_API std::vector<std::vector<double>>
share_out(peers* all, std::size_t n, pieces how, const std::function<std::vector<double>(std::size_t)>& work);

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <cstring>
#include <exception>
#include <mutex>
#include <string>
#include <utility>

#include <fitnas/core/parallel.hpp>

namespace fitnas {

namespace detail {

/// What one process has done: (number, values) one after the other, as bytes.
FITNAS_LAZY std::string bytes_of(const std::vector<std::size_t>& numbers,
                                 const std::vector<std::vector<double>>& results) {
    std::string bytes;
    for (const std::size_t i : numbers) {
        const std::size_t head[] = {i, results[i].size()};
        bytes.append(reinterpret_cast<const char*>(head), sizeof head);
        bytes.append(reinterpret_cast<const char*>(results[i].data()), results[i].size() * sizeof(double));
    }
    return bytes;
}

FITNAS_LAZY void add_bytes(const std::string& bytes, std::vector<std::vector<double>>& results) {
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t head[2];
        std::memcpy(head, bytes.data() + at, sizeof head);
        at += sizeof head;
        std::vector<double>& one = results[head[0]];
        one.resize(head[1]);
        if (!one.empty()) {
            std::memcpy(one.data(), bytes.data() + at, one.size() * sizeof(double));
        }
        at += one.size() * sizeof(double);
    }
}

/// Numbers of pieces, each taken once among all processes and threads.
FITNAS_LAZY class piece_numbers {
public:
    piece_numbers(peers* all, std::size_t n) : m_all(all), m_end(n) {
        if (all != nullptr) {
            all->start_counting();
        }
    }
    /// @return n where there are no more
    std::size_t take() {
        const std::lock_guard<std::mutex> lock(m_mutex);
        const std::size_t i = next();
        if (i < m_end) {
            m_own.push_back(i);
        }
        return i;
    }
    /// Leaves out all that nobody has taken.
    void fail(std::size_t i, std::exception_ptr failure) {
        const std::lock_guard<std::mutex> lock(m_mutex);
        if (i < m_failed) {
            m_failed = i;
            m_failure = std::move(failure);
        }
        leave_rest();
        if (m_all != nullptr) {
            m_all->ask_to_stop();
        }
    }
    /// A piece has ended because another failed, here or in another process.
    void heed() {
        const std::lock_guard<std::mutex> lock(m_mutex);
        if (!m_failure) {
            m_failure = std::make_exception_ptr(stopped_by_peer());
        }
        leave_rest();
    }
    const std::vector<std::size_t>& own() const { return m_own; }
    const std::exception_ptr& failure() const { return m_failure; }

private:
    void leave_rest() {
        while (next() < m_end) {
        }
    }
    std::size_t next() {
        m_next = m_all == nullptr ? m_next + 1 : static_cast<std::size_t>(m_all->next()) + 1;
        m_next = (std::min)(m_next, m_end + 1);
        return m_next - 1;
    }

    peers* m_all;
    std::mutex m_mutex;
    std::size_t m_end;
    std::size_t m_next = 0;
    std::vector<std::size_t> m_own;
    std::size_t m_failed = static_cast<std::size_t>(-1);
    std::exception_ptr m_failure;
};

/// Says that this thread is inside of a piece, while it lives.
class piece_mark {
public:
    explicit piece_mark(bool shared_out) : m_before(in_a_piece) { in_a_piece = in_a_piece || shared_out; }
    ~piece_mark() { in_a_piece = m_before; }
    piece_mark(const piece_mark&) = delete;
    piece_mark& operator=(const piece_mark&) = delete;

private:
    bool m_before;
};

} // namespace detail

FITNAS_API std::vector<std::vector<double>>
share_out(peers* all, std::size_t n, pieces how,
          const std::function<std::vector<double>(std::size_t)>& work) {
    if (all != nullptr) {
        detail::require_no_piece();
    }
    std::vector<std::vector<double>> results(n);
    detail::piece_numbers numbers(all, n);
    const auto go = [&](std::ptrdiff_t /*thread*/) {
        for (std::size_t i = numbers.take(); i < n; i = numbers.take()) {
            detail::heeded = false;
            try {
                const detail::piece_mark mark(all != nullptr);
                results[i] = work(i);
            } catch (...) {
                if (detail::heeded) {
                    numbers.heed();
                } else {
                    numbers.fail(i, std::current_exception());
                }
            }
        }
    };
    const auto processes = static_cast<std::size_t>(all == nullptr ? 1 : all->count());
    const auto own = static_cast<std::ptrdiff_t>((n + processes - 1) / processes);
    parallel_for(how == pieces::beside ? (std::min)(std::ptrdiff_t{thread_count()}, own) : std::ptrdiff_t{1},
                 go);
    if (all != nullptr) {
        detail::agree(*all, numbers.failure());
        for (const std::string& bytes : all->gather(detail::bytes_of(numbers.own(), results))) {
            detail::add_bytes(bytes, results);
        }
    } else if (numbers.failure()) {
        std::rethrow_exception(numbers.failure());
    }
    return results;
}

} // namespace fitnas

#endif

#endif
