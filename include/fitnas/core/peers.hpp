/// @file
/// @brief Processes that work together: what trainings and independent work ask of each other.

#ifndef FITNAS_CORE_PEERS_HPP
#define FITNAS_CORE_PEERS_HPP

#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>

namespace fitnas {

/// @brief Processes that work together, each with memory of its own; `mpi::session` (fitnas/mpi/session.hpp)
/// makes one of what `mpirun` starts. All of them call the same functions with equal arguments in the same
/// order; a function whose options have `peers` shares its work out and gives all of them the same result.
///
/// An error on one of them is agreed: it is thrown there, and a `peer_error` that quotes it on all others.
/// What is called collective is called by all, and so never inside of a piece of work that only one does.
class peers {
public:
    virtual ~peers() = default;

    virtual int rank() const = 0;  ///< which of them this is, from 0
    virtual int count() const = 0; ///< at least 1

    /// Collective: gives all of them the values of each.
    /// @param own `bytes` bytes
    /// @param all count() times as many, in the order of ranks
    virtual void gather(const void* own, std::size_t bytes, void* all) = 0;
    /// Collective: the same for texts, or any bytes, of different lengths.
    virtual std::vector<std::string> gather(const std::string& own) = 0;

    /// Collective: begins a sum, which goes on while the caller works.
    /// @param own as many arrays on each rank, each as long as `sum`; unchanged until the sum is there
    /// @param sum of the arrays of all, added one after the other in the order of ranks: the same bits
    /// everywhere, however many arrays a rank has. It may be the only own array
    virtual void begin_sum(std::span<const float* const> own, std::span<float> sum) = 0;
    virtual void go_on() = 0;       ///< gives begun sums a moment; not collective
    virtual void finish_sums() = 0; ///< waits for all of them; collective

    virtual void start_counting() = 0; ///< collective: `next` begins at 0
    /// @return 0, 1, 2, ..., each to one of the processes; not collective
    virtual long long next() = 0;

    /// Says that pieces of work which are shared out should end early, until `start_counting`; not
    /// collective.
    virtual void ask_to_stop() {}
    /// @return whether one of them said so, as far as this one knows; not collective, and cheap. Several
    /// threads may ask at once
    virtual bool asked_to_stop() { return false; }
};

/// @brief Another of the processes that work together has failed.
class peer_error : public error {
public:
    using error::error;
};

namespace detail {

/// Whether this thread does a piece of work that is shared out, and the other processes do something else.
inline thread_local bool in_a_piece = false;

/// Another process has failed, and so this one's piece of work ended: `agree` looks for what was thrown
/// there.
class stopped_by_peer : public interrupted {
public:
    stopped_by_peer() : interrupted("[F0087] another process ended the work") {}
};

/// Whether `heed` has ended this thread's piece, whatever comes out of it: a training throws its own
/// `interrupted`.
inline thread_local bool heeded = false;

/// Ends a long piece of work early where another process has failed.
/// @param all null: this process is alone
/// @throws stopped_by_peer
FITNAS_LAZY void heed(peers* all);

/// Refuses what is collective inside of such a piece: the others would wait for ever.
FITNAS_LAZY FITNAS_COLD void require_no_piece();

/// Collective: throws where one of the processes failed: there its own exception, elsewhere a `peer_error`
/// that quotes the first, or `interrupted` where nothing worse happened. A `stopped_by_peer` is no failure of
/// its own.
FITNAS_LAZY void agree(peers& all, const std::exception_ptr& own);

/// Collective: whether it is so on any of them.
/// @param all null: this process is alone
FITNAS_LAZY bool any_of(peers* all, bool own);

/// Collective: the value of the first process.
/// @param all null: this process is alone
inline double of_first(peers* all, double own) {
    if (all != nullptr) {
        std::vector<double> each(static_cast<std::size_t>(all->count()));
        all->gather(&own, sizeof own, each.data());
        own = each.front();
    }
    return own;
}

/// Collective: the sum of own values, in the order of ranks.
FITNAS_LAZY void add_over(peers& all, std::span<double> values);

/// Whether this process writes what all have.
/// @param all null: this process is alone
inline bool is_first(const peers* all) { return all == nullptr || all->rank() == 0; }

/// Does what may fail on one process alone, and agrees on it.
/// @param all null: this process is alone
template <class Work>
void do_agreed(peers* all, Work&& work) {
    if (all == nullptr) {
        work();
        return;
    }
    std::exception_ptr failure;
    try {
        work();
    } catch (...) {
        failure = std::current_exception();
    }
    agree(*all, failure);
}

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void heed(peers* all) {
    if (all != nullptr && all->asked_to_stop()) {
        heeded = true;
        throw stopped_by_peer();
    }
}

FITNAS_LAZY_AGAIN void require_no_piece() {
    if (in_a_piece) {
        throw option_error("[F0011] peers: expected either for the whole work or for its pieces, got both: "
                           "a piece of work that is shared out among processes shares out its own");
    }
}

FITNAS_LAZY_AGAIN bool any_of(peers* all, bool own) {
    if (all == nullptr) {
        return own;
    }
    require_no_piece();
    const char mine = own ? 1 : 0;
    std::string each(static_cast<std::size_t>(all->count()), '\0');
    all->gather(&mine, 1, each.data());
    return each.find('\1') != std::string::npos;
}

FITNAS_LAZY_AGAIN void agree(peers& all, const std::exception_ptr& own) {
    if (!any_of(&all, own != nullptr)) {
        return;
    }
    std::string text; // 'e' or 'i', and what was said; empty where nothing failed
    try {
        if (own) {
            std::rethrow_exception(own);
        }
    } catch (const stopped_by_peer&) {
        text.clear();
    } catch (const interrupted& e) {
        text = std::string("i") + e.what();
    } catch (const std::exception& e) {
        text = std::string("e") + e.what();
    } catch (...) {
        text = "ean exception of an unknown type";
    }
    const std::vector<std::string> texts = all.gather(text);
    if (!text.empty()) {
        std::rethrow_exception(own);
    }
    const auto found = [&](char kind) {
        return std::find_if(texts.begin(), texts.end(),
                            [&](const std::string& t) { return !t.empty() && t.front() == kind; });
    };
    const auto failed = found('e');
    if (failed != texts.end()) {
        throw peer_error("[F0010] process " + std::to_string(failed - texts.begin()) + " of " +
                         std::to_string(texts.size()) + " failed: " + failed->substr(1));
    }
    const auto stopped = found('i');
    const std::string by = stopped != texts.end() ? stopped->substr(1) : stopped_by_peer().what();
    throw interrupted(by);
}

FITNAS_LAZY_AGAIN void add_over(peers& all, std::span<double> values) {
    require_no_piece();
    std::vector<double> each(values.size() * static_cast<std::size_t>(all.count()));
    all.gather(values.data(), values.size_bytes(), each.data());
    std::copy_n(each.begin(), values.size(), values.begin());
    for (std::size_t i = values.size(); i < each.size(); ++i) {
        values[i % values.size()] += each[i];
    }
}

} // namespace fitnas::detail

#endif

#endif
