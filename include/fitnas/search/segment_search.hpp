/// @file
/// @brief One run of a search by segments: what `search::segment` runs.

#ifndef FITNAS_SEARCH_SEGMENT_SEARCH_HPP
#define FITNAS_SEARCH_SEGMENT_SEARCH_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/core/mean.hpp>
#include <fitnas/core/memory_limit.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/search/enumerate.hpp>
#include <fitnas/search/segment_options.hpp>
#include <fitnas/search/shortlist.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/sample.hpp>

namespace fitnas::search {

namespace detail {

/// The code space of a segment: a slot for what was kept of the cells before, then a slot for each cell.
/// Segments of equal form share one type, so that a model is compiled once for them.
template <code_space Space, int First, int Keep, class Cells>
struct segment_slots;
template <code_space Space, int First, int Keep, std::size_t... Cell>
struct segment_slots<Space, First, Keep, std::index_sequence<Cell...>> {
    static constexpr std::size_t first = First;
    using type = std::conditional_t<First == 0, codes<Space::operator_counts[first + Cell]...>,
                                    codes<Keep, Space::operator_counts[first + Cell]...>>;
};

/// The operator of each cell with the most, or the fewest, macs.
template <code_space Space>
architecture<Space> fill_by_macs(bool most) {
    architecture<Space> a{};
    if constexpr (search_space_type<Space>) {
        const cost_terms macs = cost::macs().in<Space>();
        const cost_terms parameters = cost::parameters().in<Space>();
        for (int i = 0; i < Space::cells; ++i) {
            const auto costs = [&](int o) {
                return std::pair(macs.of_cell(i)[static_cast<std::size_t>(o)],
                                 parameters.of_cell(i)[static_cast<std::size_t>(o)]);
            };
            int chosen = 0;
            for (int o = 1; o < Space::operator_counts[static_cast<std::size_t>(i)]; ++o) {
                if (most ? costs(o) > costs(chosen) : costs(o) < costs(chosen)) {
                    chosen = o;
                }
            }
            a[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(chosen);
        }
        return a;
    } else {
        throw option_error(
            "[F0719] segment: fill: heaviest and cheapest need a space with costs; use fill::random or "
            "fill::fixed");
    }
}

/// One run of a segment search.
template <code_space Space, int Keep, class Scorer, class Fit>
class segment_search {
public:
    using code = architecture<Space>;

    segment_search(Scorer& score, Fit& make_model, const segment_options<Space>& options)
        : m_score(score), m_fit(make_model), m_options(options), m_check(check_of<Space>(options.limit)) {
        at_least(2, options.samples, "samples");
        at_least(Keep, options.rescored, "rescored");
        at_least(1, options.completions, "completions");
        require_valid<Space>(options.completion);
        if (options.fill == fill::heaviest || options.fill == fill::cheapest) {
            m_options.completion = fill_by_macs<Space>(options.fill == fill::heaviest);
        }
        m_check.require_possible("segment");
    }

    template <int... Cells>
    segment_result<Space> run(segments<Cells...>) {
        m_total = 3 * static_cast<long long>(sizeof...(Cells));
        return fitnas::detail::or_partial(
            [&] {
                run_from<0, Cells...>();
                return m_result;
            },
            [&] {
                m_result.best.clear();
                for (const auto& seen : m_seen) {
                    m_result.best.push_back(candidate_by<Space>(seen.code, seen.value, m_check));
                    m_result.best.back().score = seen.value;
                }
                return m_result;
            });
    }

private:
    /// What a segment's search knows of a candidate.
    template <class Slots>
    struct entry {
        architecture<Slots> picks;
        code begun; ///< its cells up to the segment's end, then zeros
        double predicted = 0;
        double score = 0;
    };
    /// The best first.
    template <class Slots>
    static void sort_by(double entry<Slots>::*value, std::vector<entry<Slots>>& all) {
        std::sort(all.begin(), all.end(), [&](const entry<Slots>& a, const entry<Slots>& b) {
            return a.*value != b.*value ? a.*value > b.*value : a.begun < b.begun;
        });
    }

    static void at_least(std::size_t least, std::size_t value, const char* name) {
        if (value < least) {
            throw option_error(std::string("[F0720] segment: ") + name + ": expected at least " +
                               std::to_string(least) + ", got " + std::to_string(value));
        }
    }

    template <int First, int Cells, int... Others>
    void run_from() {
        using slot_codes =
            typename segment_slots<Space, First, Keep,
                                   std::make_index_sequence<static_cast<std::size_t>(Cells)>>::type;
        static_assert(slot_codes::size <= enumerable_size,
                      "[F0721] search::segment: a segment has more than 2^26 candidates; make it shorter");
        constexpr int last = First + Cells;
        segment_report report{.first = First, .last = last};

        std::vector<entry<slot_codes>> found = candidates<slot_codes>(First, last);
        report.candidates = found.size();
        tell();
        const bool modelled = found.size() > m_options.rescored;
        if (modelled) {
            predict<slot_codes>(found, report);
        }
        tell();
        rescore<slot_codes>(found, report);
        for (entry<slot_codes>& e : found) {
            e.predicted = modelled ? e.predicted : e.score;
        }
        sort_by(&entry<slot_codes>::score, found);

        m_kept.clear();
        for (std::size_t i = 0; i < found.size() && i < static_cast<std::size_t>(Keep); ++i) {
            m_kept.push_back(found[i].begun);
            report.kept.push_back(
                {to_string<Space>(found[i].begun).substr(0, last), found[i].predicted, found[i].score});
        }
        m_result.segments.push_back(std::move(report));
        tell();
        if constexpr (sizeof...(Others) > 0) {
            run_from<last, Others...>();
        } else {
            for (const entry<slot_codes>& e : found) {
                m_result.best.push_back(candidate_by<Space>(canonical<Space>(e.begun), e.predicted, m_check));
                m_result.best.back().score = e.score;
            }
        }
    }

    /// The different candidates of a segment that can keep the limits, in the order of their codes.
    template <class Slots>
    std::vector<entry<Slots>> candidates(int first, int last) const {
        constexpr std::uint64_t chunk = 65536;
        const std::uint64_t super_cells = first == 0 ? 1 : m_kept.size(); // the padding is left out
        const std::uint64_t size = first == 0 ? Slots::size : Slots::size / std::uint64_t{Keep} * super_cells;
        // Twice: a list that grows is copied.
        require_memory("segment: the " + std::to_string(size) + " candidates of the cells " +
                           std::to_string(first) + " to " + std::to_string(last - 1),
                       memory_size(size) *
                           (2 * sizeof(entry<Slots>) + sizeof(code) + fitnas::detail::set_node),
                       0, "shorter segments need less");
        std::vector<entry<Slots>> found;
        std::vector<entry<Slots>> some((std::min)(chunk, Slots::size));
        std::vector<code> networks(some.size());
        std::vector<std::uint8_t> possible(some.size());
        std::set<code> known;
        for (std::uint64_t from = 0; from < size; from += chunk) {
            const std::uint64_t n = (std::min)(chunk, size - from);
            parallel_for(static_cast<std::ptrdiff_t>(n), [&](std::ptrdiff_t i) {
                const auto at = static_cast<std::size_t>(i);
                some[at].picks = architecture_at<Slots>(from + at);
                some[at].begun = begun_by<Slots>(some[at].picks, first, last);
                possible[at] = m_check.can_meet(some[at].begun, last);
                // Two beginnings are the same network exactly where they are with the same cells behind.
                networks[at] = canonical<Space>(some[at].begun);
            });
            for (std::size_t i = 0; i < n; ++i) {
                if (possible[i] != 0 && (!search_space_type<Space> || known.insert(networks[i]).second)) {
                    found.push_back(some[i]);
                }
            }
        }
        if (found.empty()) {
            throw m_check.nothing_found("segment", "no candidate for the cells " + std::to_string(first) +
                                                       " to " + std::to_string(last - 1) + " behind the " +
                                                       std::to_string(super_cells) + " kept");
        }
        return found;
    }

    /// A candidate with its super-cell replaced by what it stands for.
    template <class Slots>
    code begun_by(const architecture<Slots>& picks, int first, int last) const {
        code a = first == 0 ? code{} : m_kept[picks[0]];
        std::copy(picks.end() - (last - first), picks.end(), a.begin() + first);
        return a;
    }

    /// Gives a beginning its cells behind.
    code filled(code a, int last, random_stream random) const {
        const code behind = m_options.fill == fill::random ? sample_one<Space>(random) : m_options.completion;
        std::copy(behind.begin() + last, behind.end(), a.begin() + last);
        return canonical<Space>(a);
    }

    std::vector<double> scores_of(const std::vector<code>& some, segment_report& report) {
        std::vector<double> values = m_score(std::span<const code>(some));
        require_values(values, some.size(), "segment", "scorer");
        report.scored += some.size();
        note(some, values);
        return values;
    }

    /// Keeps the best that were scored, for a search that is interrupted.
    void note(const std::vector<code>& some, const std::vector<double>& values) {
        for (std::size_t i = 0; i < some.size(); ++i) {
            if (m_check.meets(some[i])) {
                m_seen.push_back({some[i], values[i]});
            }
        }
        std::sort(m_seen.begin(), m_seen.end(), best_codes::better<typename shortlist<Space>::entry>);
        std::set<code> kept;
        std::erase_if(m_seen, [&](const auto& e) {
            return kept.size() == m_options.rescored || !kept.insert(e.code).second;
        });
    }

    void tell() {
        ++m_done;
        if (m_options.observer) {
            m_options.observer(
                {.stage = "segment", .done = m_done, .total = m_total, .seconds = m_clock.seconds()});
        }
    }

    /// A stream for this segment.
    random_stream stream(std::uint64_t use, std::size_t index) const {
        return {m_options.seed, purpose::search, 3 * m_result.segments.size() + use, index};
    }

    /// Scores a sample, fits a model to it, and leaves the candidates that the model finds best.
    template <class Slots>
    void predict(std::vector<entry<Slots>>& found, segment_report& report) {
        report.sampled = (std::min)(m_options.samples, found.size());
        std::vector<std::size_t> order(found.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        random_stream random = stream(0, 0);
        random.shuffle(std::span<std::size_t>(order));
        std::vector<code> sampled;
        for (std::size_t i = 0; i < report.sampled; ++i) {
            sampled.push_back(filled(found[order[i]].begun, report.last, stream(1, i)));
        }
        const std::vector<double> values = scores_of(sampled, report);
        score_table<Slots> table;
        table.kind = kind_of_scorer<Scorer>;
        for (std::size_t i = 0; i < report.sampled; ++i) {
            table.push_back(found[order[i]].picks, values[i]);
        }

        using model_type = std::remove_cvref_t<decltype(m_fit(std::as_const(table)))>;
        static_assert(model<model_type>,
                      "[F0722] search::segment: fit(table) must return a model: it names its `space` and has "
                      "predict(std::span<const architecture<space>>) -> std::vector<double>");
        static_assert(std::is_same_v<typename model_type::space, Slots>,
                      "[F0723] search::segment: fit(table) must return a model of the table's own space");
        const model_type predictor = m_fit(std::as_const(table));
        constexpr std::size_t batch = 16384;
        std::vector<architecture<Slots>> some;
        for (std::size_t from = 0; from < found.size(); from += some.size()) {
            some.clear();
            for (std::size_t i = from; i < found.size() && some.size() < batch; ++i) {
                some.push_back(found[i].picks);
            }
            const std::vector<double> predicted =
                predictor.predict(std::span<const architecture<Slots>>(some));
            require_values(predicted, some.size(), "segment", "model");
            for (std::size_t i = 0; i < some.size(); ++i) {
                found[from + i].predicted = predicted[i];
            }
        }
        sort_by(&entry<Slots>::predicted, found);
        found.resize(m_options.rescored);
    }

    /// Scores candidates, all of them with the same cells behind, so that their differences are their own.
    template <class Slots>
    void rescore(std::vector<entry<Slots>>& found, segment_report& report) {
        const bool one = report.last == Space::cells || m_options.fill != fill::random;
        const std::size_t completions = one ? 1 : m_options.completions;
        require_memory("segment: " + std::to_string(completions) + " completions of " +
                           std::to_string(found.size()) + " candidates",
                       memory_size(found.size()) * completions * (sizeof(code) + sizeof(double)), 0,
                       "fewer need less");
        std::vector<code> all;
        for (const entry<Slots>& e : found) {
            for (std::size_t i = 0; i < completions; ++i) {
                all.push_back(filled(e.begun, report.last, stream(2, i)));
            }
        }
        const std::vector<double> values = scores_of(all, report);
        for (std::size_t i = 0; i < found.size(); ++i) {
            found[i].score =
                fitnas::detail::exact_mean(std::span(values).subspan(i * completions, completions));
        }
    }

    Scorer& m_score;
    Fit& m_fit;
    segment_options<Space> m_options;
    limit_check m_check;
    std::vector<code> m_kept; // beginnings that the segment before kept, zeros behind
    segment_result<Space> m_result;
    std::vector<typename shortlist<Space>::entry> m_seen; // whole architectures, best first
    stopwatch m_clock;
    long long m_done = 0;
    long long m_total = 0;
};

} // namespace detail

} // namespace fitnas::search

#endif
