/// @file
/// @brief What the last node of a graph comes to, as a sum of terms, and when two such sums are the same
/// network.

#ifndef FITNAS_SPACE_SUM_TERMS_HPP
#define FITNAS_SPACE_SUM_TERMS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include <fitnas/config.hpp>

namespace fitnas::detail {

/// Sums and their terms, each with a number; equal ones have one number. Term 0 is what comes in, sum 0
/// nothing.
class sum_terms {
public:
    FITNAS_LAZY FITNAS_COLD sum_terms();

    /// @param terms of a sum, in any order
    FITNAS_LAZY int sum_of(std::vector<int> terms);
    /// @param name of its weights; -1: it has none
    /// @param sum that it reads
    FITNAS_LAZY int term_of(int operation, int name, int sum);

    /// @return equal for sums that are one network, whatever their weights are called
    FITNAS_LAZY FITNAS_COLD std::vector<int> form_of(int sum) const;

private:
    struct term {
        int operation = 0;
        bool weighted = false;
        int sum = 0;
    };
    FITNAS_LAZY std::vector<int> terms_under(int sum) const;
    FITNAS_LAZY std::vector<std::uint64_t> colours(const std::vector<int>& terms, int sum) const;
    FITNAS_LAZY std::vector<int> written(const std::vector<int>& terms, int sum) const;

    std::map<std::vector<int>, int> m_sum_numbers;
    std::map<std::array<int, 3>, int> m_term_numbers;
    std::vector<std::vector<int>> m_sums;
    std::vector<term> m_terms;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <utility>

#include <fitnas/core/hash.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN sum_terms::sum_terms() : m_sum_numbers{{{}, 0}}, m_sums(1), m_terms(1) {}

FITNAS_LAZY_AGAIN int sum_terms::sum_of(std::vector<int> terms) {
    std::sort(terms.begin(), terms.end());
    const auto [at, added] = m_sum_numbers.emplace(terms, static_cast<int>(m_sums.size()));
    if (added) {
        m_sums.push_back(std::move(terms));
    }
    return at->second;
}

FITNAS_LAZY_AGAIN int sum_terms::term_of(int operation, int name, int sum) {
    const auto [at, added] =
        m_term_numbers.emplace(std::array<int, 3>{operation, name, sum}, static_cast<int>(m_terms.size()));
    if (added) {
        m_terms.push_back({operation, name >= 0, sum});
    }
    return at->second;
}

FITNAS_LAZY_AGAIN std::vector<int> sum_terms::terms_under(int sum) const {
    std::vector<int> found;
    const auto look = [&](int s) {
        for (const int t : m_sums[static_cast<std::size_t>(s)]) {
            if (t > 0 && std::find(found.begin(), found.end(), t) == found.end()) {
                found.push_back(t);
            }
        }
    };
    look(sum);
    for (std::size_t i = 0; i < found.size(); ++i) {
        look(m_terms[static_cast<std::size_t>(found[i])].sum);
    }
    return found;
}

/// @return a number for each term that does not depend on names: it hashes what the term is, what it reads,
/// what reads it, and so on
FITNAS_LAZY_AGAIN std::vector<std::uint64_t> sum_terms::colours(const std::vector<int>& terms,
                                                                int sum) const {
    constexpr std::uint64_t outside = 1;
    std::vector<std::uint64_t> now(terms.size());
    const auto place = [&](int t) {
        return static_cast<std::size_t>(std::find(terms.begin(), terms.end(), t) - terms.begin());
    };
    for (std::size_t round = 0; round <= terms.size(); ++round) {
        std::vector<std::vector<std::uint64_t>> readers(terms.size());
        for (const int t : m_sums[static_cast<std::size_t>(sum)]) {
            if (t > 0) {
                readers[place(t)].push_back(outside);
            }
        }
        std::vector<hash64> next(terms.size());
        for (std::size_t i = 0; i < terms.size(); ++i) {
            const term& one = m_terms[static_cast<std::size_t>(terms[i])];
            std::vector<std::uint64_t> reads;
            for (const int t : m_sums[static_cast<std::size_t>(one.sum)]) {
                reads.push_back(t == 0 ? outside : now[place(t)]);
                if (t > 0) {
                    readers[place(t)].push_back(now[i]);
                }
            }
            std::sort(reads.begin(), reads.end());
            next[i].add(now[i]);
            next[i].add(static_cast<std::uint64_t>(one.operation) * 2 + (one.weighted ? 1 : 0));
            for (const std::uint64_t colour : reads) {
                next[i].add(colour);
            }
        }
        for (std::size_t i = 0; i < terms.size(); ++i) {
            std::sort(readers[i].begin(), readers[i].end());
            for (const std::uint64_t colour : readers[i]) {
                next[i].add(~colour);
            }
            now[i] = next[i].value();
        }
    }
    return now;
}

/// Terms in their order, what each is and the places of what it reads, then the places of the sum's.
FITNAS_LAZY_AGAIN std::vector<int> sum_terms::written(const std::vector<int>& terms, int sum) const {
    std::vector<int> text;
    const auto write_sum = [&](int s) {
        std::vector<int> places;
        for (const int t : m_sums[static_cast<std::size_t>(s)]) {
            places.push_back(
                t == 0 ? 0 : 1 + static_cast<int>(std::find(terms.begin(), terms.end(), t) - terms.begin()));
        }
        std::sort(places.begin(), places.end());
        text.insert(text.end(), places.begin(), places.end());
        text.push_back(-1);
    };
    for (const int t : terms) {
        const term& one = m_terms[static_cast<std::size_t>(t)];
        text.push_back(one.operation * 2 + (one.weighted ? 1 : 0));
        write_sum(one.sum);
    }
    write_sum(sum);
    return text;
}

FITNAS_LAZY_AGAIN std::vector<int> sum_terms::form_of(int sum) const {
    const std::vector<int> terms = terms_under(sum);
    const std::vector<std::uint64_t> colour = colours(terms, sum);
    std::vector<std::size_t> order(terms.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::pair(colour[a], a) < std::pair(colour[b], b);
    });
    // Terms of one colour are tried in each order, and the smallest text is taken.
    std::vector<int> smallest;
    const auto look = [&] {
        std::vector<int> in_order;
        for (const std::size_t i : order) {
            in_order.push_back(terms[i]);
        }
        std::vector<int> text = written(in_order, sum);
        if (smallest.empty() || text < smallest) {
            smallest = std::move(text);
        }
    };
    std::vector<std::size_t> ends; // of the colours
    for (std::size_t i = 1; i <= order.size(); ++i) {
        if (i == order.size() || colour[order[i]] != colour[order[i - 1]]) {
            ends.push_back(i);
        }
    }
    bool more = true;
    while (more) {
        look();
        more = false;
        for (std::size_t c = 0, first = 0; c < ends.size() && !more; first = ends[c++]) {
            more = std::next_permutation(order.begin() + static_cast<std::ptrdiff_t>(first),
                                         order.begin() + static_cast<std::ptrdiff_t>(ends[c]));
        }
    }
    return smallest;
}

} // namespace fitnas::detail

#endif

#endif
