/// @file
/// @brief The best few of what has been seen.

#ifndef FITNAS_SEARCH_SHORTLIST_HPP
#define FITNAS_SEARCH_SHORTLIST_HPP

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <fitnas/search/candidate.hpp>

namespace fitnas::search::detail {

/// The best few; ties by the order of the codes, so that the order in which they come does not matter. A
/// heap, the worst of them on top.
template <code_space Space>
class shortlist {
public:
    struct entry {
        architecture<Space> code;
        double value;
    };

    shortlist(std::size_t most, const char* what) : m_most(most) {
        if (most < 1) {
            throw option_error("[F0701] " + std::string(what) + ": top: expected at least 1, got 0");
        }
    }

    static bool better(const entry& a, const entry& b) {
        return a.value != b.value ? a.value > b.value : a.code < b.code;
    }

    /// Each network must be offered once.
    void offer(const architecture<Space>& a, double value) {
        const entry e{a, value};
        if (m_entries.size() == m_most) {
            if (!better(e, m_entries.front())) {
                return;
            }
            std::pop_heap(m_entries.begin(), m_entries.end(), better);
            m_entries.pop_back();
        }
        m_entries.push_back(e);
        std::push_heap(m_entries.begin(), m_entries.end(), better);
    }

    /// Whether codes that begin so, of values up to `bound`, may come on the list.
    bool may_take(double bound, const architecture<Space>& a, std::size_t cells) const {
        return m_entries.size() < m_most || bound > m_entries.front().value ||
               (bound == m_entries.front().value &&
                std::memcmp(a.data(), m_entries.front().code.data(), cells) <= 0);
    }
    /// The value of its last; minus infinity where there is room.
    double threshold() const {
        return m_entries.size() < m_most ? -std::numeric_limits<double>::infinity() : m_entries.front().value;
    }

    std::vector<entry> sorted() const {
        std::vector<entry> all = m_entries;
        std::sort(all.begin(), all.end(), better);
        return all;
    }
    std::vector<candidate<Space>> candidates(const limit_check& limits) const {
        std::vector<candidate<Space>> list;
        for (const entry& e : sorted()) {
            list.push_back(candidate_by<Space>(e.code, e.value, limits));
        }
        return list;
    }

private:
    std::size_t m_most;
    std::vector<entry> m_entries;
};

} // namespace fitnas::search::detail

#endif
