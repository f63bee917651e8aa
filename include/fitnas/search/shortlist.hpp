/// @file
/// @brief The best few of what has been seen.

#ifndef FITNAS_SEARCH_SHORTLIST_HPP
#define FITNAS_SEARCH_SHORTLIST_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/search/candidate.hpp>

namespace fitnas::search::detail {

/// The best few codes of one length; ties by the order of the codes, so that the order in which they come
/// does not matter. A heap, the worst of them on top.
class best_codes {
public:
    struct entry {
        std::vector<std::uint8_t> code;
        double value;
    };

    FITNAS_LAZY best_codes(std::size_t most, const char* what);

    /// @tparam Entry this, or a space's own
    template <class Entry>
    static bool better(const Entry& a, const Entry& b) {
        return a.value != b.value ? a.value > b.value : a.code < b.code;
    }

    /// Each network must be offered once.
    FITNAS_LAZY void offer(std::span<const std::uint8_t> code, double value) {
        if (may_take(value, code, code.size())) {
            take(code, value);
        }
    }

    /// Whether codes that begin so, of values up to `bound`, may come on the list.
    bool may_take(double bound, std::span<const std::uint8_t> code, std::size_t cells) const {
        return m_entries.size() < m_most || bound > m_entries.front().value ||
               (bound == m_entries.front().value &&
                std::memcmp(code.data(), m_entries.front().code.data(), cells) <= 0);
    }
    /// The value of its last; minus infinity where there is room.
    double threshold() const {
        return m_entries.size() < m_most ? -std::numeric_limits<double>::infinity() : m_entries.front().value;
    }

    FITNAS_LAZY std::vector<entry> sorted() const;

private:
    FITNAS_LAZY void take(std::span<const std::uint8_t> code, double value);

    std::size_t m_most;
    std::vector<entry> m_entries;
};

template <code_space Space>
std::vector<candidate<Space>> candidates_of(const std::vector<best_codes::entry>& best,
                                            const limit_check& limits) {
    std::vector<candidate<Space>> list;
    for (const best_codes::entry& e : best) {
        list.push_back(candidate_by<Space>(fitnas::detail::architecture_of<Space>(e.code), e.value, limits));
    }
    return list;
}

/// The same of a space's architectures.
template <code_space Space>
class shortlist {
public:
    struct entry {
        architecture<Space> code;
        double value;
    };

    shortlist(std::size_t most, const char* what) : m_codes(most, what) {}

    /// Each network must be offered once.
    void offer(const architecture<Space>& a, double value) { m_codes.offer(a, value); }

    std::vector<entry> sorted() const {
        std::vector<entry> all;
        for (const best_codes::entry& e : m_codes.sorted()) {
            all.push_back({fitnas::detail::architecture_of<Space>(e.code), e.value});
        }
        return all;
    }
    std::vector<candidate<Space>> candidates(const limit_check& limits) const {
        return candidates_of<Space>(m_codes.sorted(), limits);
    }

private:
    best_codes m_codes;
};

} // namespace fitnas::search::detail

#if FITNAS_DEFINITIONS

namespace fitnas::search::detail {

FITNAS_LAZY_AGAIN best_codes::best_codes(std::size_t most, const char* what) : m_most(most) {
    if (most < 1) {
        throw option_error("[F0701] " + std::string(what) + ": top: expected at least 1, got 0");
    }
}

FITNAS_LAZY_AGAIN void best_codes::take(std::span<const std::uint8_t> code, double value) {
    if (m_entries.size() == m_most) {
        std::pop_heap(m_entries.begin(), m_entries.end(), better<entry>);
        m_entries.back().code.assign(code.begin(), code.end());
        m_entries.back().value = value;
    } else {
        m_entries.push_back({{code.begin(), code.end()}, value});
    }
    std::push_heap(m_entries.begin(), m_entries.end(), better<entry>);
}

FITNAS_LAZY_AGAIN std::vector<best_codes::entry> best_codes::sorted() const {
    std::vector<entry> all = m_entries;
    std::sort_heap(all.begin(), all.end(), better<entry>);
    return all;
}

} // namespace fitnas::search::detail

#endif

#endif
