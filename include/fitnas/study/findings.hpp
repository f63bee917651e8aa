/// @file
/// @brief What a run found, in sentences that are computed from its figures.

#ifndef FITNAS_STUDY_FINDINGS_HPP
#define FITNAS_STUDY_FINDINGS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/core/number_text.hpp>
#include <fitnas/study/rank_table.hpp>

namespace fitnas::study {

/// @brief A network that was trained by itself, from `runs` seeds.
struct trained_network {
    std::string name;     ///< "winner", "random 1", ...
    std::string code;     ///< of the architecture
    double accuracy = 0;  ///< mean over the seeds
    double deviation = 0; ///< between the seeds; 0 for one run
    int runs = 1;         ///< at least 1
};

/// @brief A finding: its verdict, and the figures from which it follows.
struct finding {
    std::string verdict; ///< in a sentence
    std::string figures; ///< in a sentence
};

/// @brief What a table says of two kinds of score; nothing where it does not have both.
///
/// One is called better or worse than the other where 0 is outside of the 95 % interval of the difference.
/// @param own,other names in the table
/// @param own_words,other_words the same in sentences
FITNAS_COLD FITNAS_API std::optional<finding> compared(const rank_table& table, const std::string& own,
                                                       const std::string& own_words, const std::string& other,
                                                       const std::string& other_words);

namespace detail {

/// A number of things, "none" where there are none.
inline std::string count_words(std::size_t n) { return n == 0 ? "none" : std::to_string(n); }

/// A difference, and how many standard errors it is where that is known.
FITNAS_LAZY std::string difference_words(double difference, const std::optional<double>& error);

} // namespace detail

/// @brief Whether the winner is better than random networks of its cost; nothing where there is no winner or
/// nothing to compare it with.
///
/// The variance between seeds is pooled over the networks. Random networks are a sample: the standard error
/// of their mean is their spread's. The winner is called better or worse where the difference is above two
/// standard errors.
FITNAS_COLD FITNAS_API std::optional<finding> winner_found(const std::vector<trained_network>& trained);

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study {

FITNAS_API std::optional<finding> compared(const rank_table& table, const std::string& own,
                                           const std::string& own_words, const std::string& other,
                                           const std::string& other_words) {
    std::vector<std::string> verdicts;
    finding found;
    const auto add = [&](const std::string& measure, const std::string& gain_measure, const std::string& what,
                         const std::string& said, int digits) {
        const auto a = table.find(own, measure);
        const auto b = table.find(other, measure);
        const auto gain = table.find(own, gain_measure + other);
        if (!a || !b || !gain) {
            return;
        }
        const bool apart = a->range.low > b->range.high || b->range.low > a->range.high;
        verdicts.push_back(gain->range.low > 0                   ? "better " + what
                           : gain->range.high < 0                ? "worse " + what
                           : gain->range.low == gain->range.high ? "the same " + what
                                                                 : "no clear difference of " + what);
        found.figures += (found.figures.empty() ? "" : " ") + said + " " + words(*a, digits) + " against " +
                         words(*b, digits) + ", a gain of " + words(*gain, digits) +
                         "; the intervals of the two " + (apart ? "do not overlap." : "overlap.");
    };
    add("tau", "tau_over_", "order", "Tau-b", 3);
    add("regret", "regret_below_", "picks", "Loss of the picks", 4);
    if (verdicts.empty()) {
        return std::nullopt;
    }
    found.verdict = own_words + " against " + other_words + ": " + verdicts.front() +
                    (verdicts.size() > 1 ? ", " + verdicts.back() : "") + ".";
    return found;
}

} // namespace fitnas::study

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN std::string difference_words(double difference, const std::optional<double>& error) {
    std::string text = fitnas::detail::fixed_point_text(std::abs(difference), 4);
    if (error && *error > 0) {
        text += " (" + fitnas::detail::fixed_point_text(std::abs(difference) / *error, 1) +
                "\u00a0standard\u00a0errors of the difference)";
    }
    return text;
}

} // namespace fitnas::study::detail

namespace fitnas::study {

FITNAS_API std::optional<finding> winner_found(const std::vector<trained_network>& trained) {
    const auto fixed = [](double v) { return fitnas::detail::fixed_point_text(v, 4); };
    const trained_network* winner = nullptr;
    const trained_network* best = nullptr;
    std::vector<double> others;
    double squares = 0;
    double free = 0;
    for (const trained_network& t : trained) {
        squares += t.deviation * t.deviation * (t.runs - 1);
        free += t.runs - 1;
        if (t.name == "winner") {
            winner = &t;
        } else if (t.name.starts_with("random")) {
            others.push_back(t.accuracy);
            best = best == nullptr || t.accuracy > best->accuracy ? &t : best;
        }
    }
    if (winner == nullptr || best == nullptr) {
        return std::nullopt;
    }
    const double mean = fitnas::detail::exact_mean(others);
    const auto count = static_cast<double>(others.size());
    const auto above = static_cast<std::size_t>(
        std::count_if(others.begin(), others.end(), [&](double v) { return v >= winner->accuracy; }));
    const double spread =
        others.size() > 1 ? fitnas::detail::deviation_about(mean, others, others.size() - 1) : 0;
    std::optional<double> of_winner;
    std::optional<double> to_mean;
    std::optional<double> to_best;
    if (free > 0) {
        const double variance = squares / free;
        of_winner = std::sqrt(variance / winner->runs);
        to_best = std::sqrt(variance / winner->runs + variance / best->runs);
        if (others.size() > 1) {
            to_mean = std::sqrt(variance / winner->runs + spread * spread / count);
        }
    }
    const double gain = winner->accuracy - mean;
    const std::string than = "random networks of its cost";
    finding found;
    if (!to_mean) {
        found.verdict = "The winner, " + winner->code + ", came out " +
                        (gain > 0   ? "above"
                         : gain < 0 ? "below"
                                    : "equal to") +
                        " the mean of " + than + "; how much of that is chance is not known.";
    } else {
        found.verdict = "The winner, " + winner->code + ", is " +
                        (gain > 2 * *to_mean    ? "better than "
                         : gain < -2 * *to_mean ? "worse than "
                                                : "not clearly better or worse than ") +
                        than + ".";
    }
    found.figures = "Trained by itself from " + std::to_string(winner->runs) +
                    (winner->runs == 1 ? " seed" : " seeds") + " it is right on " + fixed(winner->accuracy) +
                    " of the test images" + (of_winner ? " (standard error " + fixed(*of_winner) + ")" : "") +
                    "; " + std::to_string(others.size()) + " random " +
                    (others.size() == 1 ? "network" : "networks") + ", trained alike, on " + fixed(mean) +
                    " in the mean" +
                    (others.size() > 1 ? " (standard error " + fixed(spread / std::sqrt(count)) + ")" : "") +
                    ", a difference of " + detail::difference_words(gain, to_mean) + ". The best of them, " +
                    best->code + ", has " + fixed(best->accuracy) + ", " +
                    (best->accuracy > winner->accuracy   ? "above the winner by "
                     : best->accuracy < winner->accuracy ? "below the winner by "
                                                         : "a difference of ") +
                    detail::difference_words(best->accuracy - winner->accuracy, to_best) + "; " +
                    detail::count_words(above) + " of the " + std::to_string(others.size()) + " " +
                    (above < 2 ? "is" : "are") + " as good as the winner or better.";
    return found;
}

} // namespace fitnas::study

#endif

#endif
