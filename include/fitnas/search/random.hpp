/// @file
/// @brief Random search: the best of a uniform sample.

#ifndef FITNAS_SEARCH_RANDOM_HPP
#define FITNAS_SEARCH_RANDOM_HPP

#include <set>

#include <fitnas/core/rng.hpp>
#include <fitnas/search/shortlist.hpp>
#include <fitnas/space/sample.hpp>

namespace fitnas::search {

/// @brief n different networks that keep the limits: codes are drawn uniformly, brought to canonical form,
/// and kept where they keep the limits and come for the first time.
///
/// A space of at most 2^20 codes gives all that keep the limits, in random order, where there are fewer than
/// n of them.
/// @param draws the most codes to draw for each one that is wanted
/// @param what who asks, for messages
/// @throws limit_error where no architecture keeps the limits, or the draws of a larger space find fewer than
/// n
template <code_space Space>
std::vector<architecture<Space>> sample_under(const cost::limit& limit, std::size_t n, seed s,
                                              std::size_t draws = 1000, const char* what = "sample_under") {
    constexpr bool is_small = Space::size <= (std::uint64_t{1} << 20U);
    const limit_check limits = check_of<Space>(limit);
    limits.require_possible(what);
    std::set<architecture<Space>> seen;
    std::vector<architecture<Space>> result;
    random_stream random(s, purpose::sample);
    const std::uint64_t most = is_small ? 4 * Space::size : (memory_size(draws) * n).value();
    require_memory(std::string(what) + ": " + std::to_string(n) + " different networks",
                   memory_size((std::min)(std::uint64_t{n}, Space::size)) *
                       (2 * sizeof(architecture<Space>) + fitnas::detail::set_node),
                   0, "fewer need less");
    for (std::uint64_t i = 0; i < most && result.size() < n; ++i) {
        const architecture<Space> a = canonical<Space>(sample_one<Space>(random));
        if (limits.meets(a) && seen.insert(a).second) {
            result.push_back(a);
        }
    }
    if (result.size() < n) {
        if constexpr (is_small) {
            // The codes that the draws missed.
            std::vector<architecture<Space>> missed;
            for_each_architecture<Space>([&](const architecture<Space>& a) {
                if (limits.meets(a) && canonical<Space>(a) == a && !seen.contains(a)) {
                    missed.push_back(a);
                }
            });
            random.shuffle(std::span<architecture<Space>>(missed));
            missed.resize((std::min)(missed.size(), n - result.size()));
            result.insert(result.end(), missed.begin(), missed.end());
            if (result.empty() && n > 0) {
                throw limits.nothing_found(what, "no architecture of the space");
            }
        } else {
            throw limits.nothing_found(
                what, "of " + std::to_string(most) + " random codes, where " + std::to_string(n) +
                          " different networks were asked for, only " + std::to_string(result.size()));
        }
    }
    return result;
}

/// @brief What is asked of `random`.
struct random_options {
    std::size_t samples = 1000; ///< at least 1; a small space may have fewer, see `sample_under`
    std::size_t top = 10;       ///< how many to return, at least 1
    cost::limit limit{};
    fitnas::seed seed{1};
    std::size_t draws = 1000; ///< the most codes to draw for each sample
    /// Samples that are scored together; 0: all, or 64 where somebody watches.
    std::size_t batch = 0;
    fitnas::observer observer{}; ///< called after each batch
};

/// @brief Scores a uniform sample of the networks that keep the limits.
/// @param score called once a batch, see `random_options`; higher is better
/// @return the best, best first; ties in the order of the codes
/// @throws limit_error where too few architectures keep the limits, see `sample_under`
/// @throws interrupted_with the best of the batches so far, where observer or scorer throw `interrupted`
template <code_space Space, scorer<Space> Scorer>
std::vector<candidate<Space>> random(Scorer&& score, const random_options& options = {}) {
    detail::shortlist<Space> best(options.top, "random");
    if (options.samples < 1) {
        throw option_error("[F0716] random: samples: expected at least 1, got 0");
    }
    const auto codes =
        sample_under<Space>(options.limit, options.samples, options.seed, options.draws, "random");
    const std::span<const architecture<Space>> all(codes);
    const std::size_t batch = options.batch != 0 ? options.batch : options.observer ? 64 : codes.size();
    const fitnas::detail::teller tell(options.observer, "random", all.size());
    const auto look = [&] {
        for (std::size_t first = 0; first < all.size();) {
            const auto some = all.subspan(first, (std::min)(batch, all.size() - first));
            const std::vector<double> values = score(some);
            detail::require_values(values, some.size(), "random", "scorer");
            for (std::size_t i = 0; i < some.size(); ++i) {
                best.offer(some[i], values[i]);
            }
            first += some.size();
            tell(first);
        }
        return best.candidates(check_of<Space>(options.limit));
    };
    return fitnas::detail::or_partial(look, [&] { return best.candidates(check_of<Space>(options.limit)); });
}

/// @brief The same with a model's predictions.
template <model Model>
std::vector<candidate<typename Model::space>> random(const Model& predictor,
                                                     const random_options& options = {}) {
    using space = typename Model::space;
    return random<space>([&](std::span<const architecture<space>> some) { return predictor.predict(some); },
                         options);
}

} // namespace fitnas::search

#endif
