/// @file
/// @brief One model from many scores of a supernet and a few networks trained by themselves.

#ifndef FITNAS_PREDICTOR_TWO_FIDELITIES_HPP
#define FITNAS_PREDICTOR_TWO_FIDELITIES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/cholesky.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/cell_effects.hpp>
#include <fitnas/predictor/choose_plan.hpp>
#include <fitnas/predictor/distinct.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/predictor/order_weights.hpp>
#include <fitnas/predictor/outliers.hpp>
#include <fitnas/predictor/target.hpp>
#include <fitnas/predictor/windows.hpp>

namespace fitnas {

namespace detail {
/// Multiply-accumulates and parameters; nothing in a space without a layout.
template <code_space Space>
std::vector<window_sum<Space>> known_costs() {
    if constexpr (search_space_type<Space>) {
        return {cost::macs(), cost::parameters()};
    } else {
        return {};
    }
}
} // namespace detail

/// @brief How to fit two fidelities.
template <code_space Space>
struct two_fidelity_options {
    /// What is known of all networks without evaluating any and goes with quality, the surest first: costs,
    /// or any sums over windows. A space of bare `codes` knows no costs; give yours here (`cost::table`).
    std::vector<window_sum<Space>> costs = detail::known_costs<Space>();
    int repeats = 2;                ///< as in `default_fit_options`, for each of two fits
    fitnas::seed seed{};            ///< of these, and of which networks stand for all
    fitnas::observer observer{};    ///< as in `default_fit_options`, for each of two fits
    fitnas::peers* peers = nullptr; ///< as in `default_fit_options`
};

/// @brief What `fit_two_fidelities` returns, a `predictor` in the unit of the truths: the fit to the scores
/// and the one to the truths, each times a factor, plus what operators add. Equal networks get equal
/// predictions. It decomposes where the default model does.
template <code_space Space, class Encoding = default_encoding<Space>>
class two_fidelity_predictor {
public:
    using space = Space;
    using part = default_predictor<Space, Encoding>; ///< the model of each of the two

    /// @param of_scores,of_truths fits; the second may be missing
    /// @param score_factor,truth_factor by which their predictions count
    /// @param effects what operators and costs add, and the constant
    two_fidelity_predictor(part of_scores, double score_factor, std::optional<part> of_truths,
                           double truth_factor, windows<Space> effects)
        : m_of_scores(std::move(of_scores)),
          m_score_factor(score_factor),
          m_of_truths(std::move(of_truths)),
          m_truth_factor(truth_factor),
          m_effects(std::move(effects)) {}

    std::vector<double> predict(std::span<const architecture<Space>> many) const {
        std::vector<double> sums = m_effects.predict(many);
        add(m_of_scores, m_score_factor, many, sums);
        if (m_of_truths) {
            add(*m_of_truths, m_truth_factor, many, sums);
        }
        return sums;
    }
    /// @throws architecture_error
    double predict(const architecture<Space>& one) const {
        return predict(std::span<const architecture<Space>>(&one, 1)).front();
    }

    /// @return the prediction as a sum over windows, see `windows`
    window_sum<Space> contributions() const requires decomposable<part> {
        window_sum<Space> sum = m_effects.contributions();
        sum.add(window_traits<part>::contributions(m_of_scores), m_score_factor);
        if (m_of_truths) {
            sum.add(window_traits<part>::contributions(*m_of_truths), m_truth_factor);
        }
        return sum;
    }

    const part& of_scores() const { return m_of_scores; } ///< the fit to the scores
    /// @return nothing where truths were too few or too noisy for a fit to them alone to add anything
    const std::optional<part>& of_truths() const { return m_of_truths; }
    /// What predictions of the scores are multiplied by.
    double score_factor() const { return m_score_factor; }
    /// What predictions of the truths are multiplied by.
    double truth_factor() const { return m_truth_factor; }
    /// What operators add to the truths, beyond the scores.
    const windows<Space>& effects() const { return m_effects; }

private:
    static void add(const part& model, double factor, std::span<const architecture<Space>> many,
                    std::vector<double>& sums) {
        const std::vector<double> predicted = model.predict(many);
        for (std::size_t i = 0; i < sums.size(); ++i) {
            sums[i] += factor * predicted[i];
        }
    }

    part m_of_scores;
    double m_score_factor;
    std::optional<part> m_of_truths;
    double m_truth_factor;
    windows<Space> m_effects;
};

namespace detail {

/// At most so many rows of a table, drawn without replacement; in their order where these are all.
template <code_space Space>
score_table<Space> rows_drawn(const score_table<Space>& table, std::size_t most, random_stream& random) {
    std::vector<std::size_t> order(table.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    if (order.size() > most) {
        random.shuffle(std::span<std::size_t>(order));
        order.resize(most);
    }
    return table.rows(order);
}

/// The features by which truths are ordered: what the fit to the scores predicts, costs, and effects of
/// operators.
template <code_space Space>
struct truth_features {
    /// @param given predictions of the fit to the scores
    truth_features(const std::vector<architecture<Space>>& networks, const std::vector<double>& given,
                   const std::vector<window_sum<Space>>& costs)
        : x(networks.size()), standardised{moments(given)} {
        const std::size_t count = networks.size();
        for (const window_sum<Space>& cost : costs) {
            standardised.emplace_back(
                windows<Space>(cost).predict(std::span<const architecture<Space>>(networks)));
        }
        // Standardised scores weigh 1 and have 1 as their prior weight; costs likewise, of the first 1/4.
        square_matrix values({count, standardised.size()}, 0.0);
        for (std::size_t c = 0; c < standardised.size(); ++c) {
            for (std::size_t r = 0; r < count; ++r) {
                const moments& m = standardised[c];
                values(r, c) = m.deviation > 0 ? (m.values[r] - m.mean) / m.deviation : 0;
            }
            x.add(values, c, c + 1, 1);
            prior.resize(x.size(), c == 0 ? 1 : c == 1 ? 0.25 : 0);
        }
        simple = x.size();
        const auto first = effects.first_of_kind();
        square_matrix rows({count, first.back()}, 0.0);
        for (std::size_t r = 0; r < count; ++r) {
            effects.write(networks[r], std::span<double>(&rows(r, 0), first.back()));
        }
        constexpr double weights_of_kind[] = {0.4, 0.4, 0.2, 0.2};
        for (std::size_t kind = 0; kind + 1 < first.size(); ++kind) {
            x.add(rows, first[kind], first[kind + 1], weights_of_kind[kind]);
        }
        prior.resize(x.size(), 0);
    }

    /// What features with weights add up to.
    struct weighted {
        double score_factor = 0;  ///< of the predictions of the fit to the scores
        window_sum<Space> rest{}; ///< costs and effects
    };
    /// @param share by which the weights count
    weighted sum(const std::vector<double>& weights, double share,
                 const std::vector<window_sum<Space>>& costs) const {
        weighted found;
        std::vector<double> of_effect(effects.first_of_kind().back());
        for (std::size_t c = 0; c < x.size(); ++c) {
            const double weight = share * weights[c] * x.factor(c);
            const std::size_t source = x.source(c);
            if (c >= simple) {
                of_effect[source] = weight;
                continue;
            }
            const moments& m = standardised[source];
            const double factor = std::ldexp(weight / m.deviation, -m.exponent);
            if (source == 0) {
                found.score_factor = factor;
            } else {
                found.rest.add(costs[source - 1], factor);
            }
        }
        found.rest.add(effects.contributions(of_effect), 1);
        return found;
    }

    feature_columns x;
    std::vector<moments> standardised; ///< predictions and costs
    std::vector<double> prior{};       ///< weights
    std::size_t simple = 0;            ///< columns before those of effects
    cell_effects<Space> effects{};
};

/// The part that a fit to so many truths alone has in the model; 0 where it would be small.
inline double share_of_truths(std::size_t truths, double noise) {
    constexpr double least = 0.03;
    const auto n = static_cast<double>(truths);
    const double doubt = 40 / n + 1500 * noise / n;
    const double share = std::isnan(doubt) ? 0 : 1 / (1 + doubt * doubt);
    return share > least ? share : 0;
}

} // namespace detail

/// @brief Fits one model to two tables: many scores of a supernet, which say roughly what networks are worth
/// and whose errors networks share, and a few networks trained by themselves, which say where that is wrong.
/// With few truths it ranks as the scores do, or better; with hundreds as `fit_default(truths)`, within 0.005
/// of Kendall's tau-b on the benchmarks and 0.02 in made-up spaces. Bit-equal for any number of threads.
///
/// The order of the truths is fitted by a ridge regression (Bradley and Terry's model) whose features are
/// what `fit_default(scores)` predicts, costs, and effects of operators (in cells alike, in stages, in cells,
/// and products of their counts in stages). Its prior is the order of the scores. `fit_default(truths)` is
/// mixed in with the weight 1 / (1 + (40 / n + 1500 v / n)^2), where n is the number of truths and v the part
/// of their ranks' variance that is noise. Truths that accidents made are left out as there. Our choice;
/// docs/predictor.md has the figures.
/// @param scores higher is better; errors count as a supernet's, whatever `kind` says
/// @param truths of at least two networks, which may be among those with scores; errors count as each one's
/// own
/// @param options costs, seed
/// @throws as `merge_equal_networks`, of each table; option_error where repeats is below 1; interrupted
template <code_space Space, class Encoding = default_encoding<Space>>
two_fidelity_predictor<Space, Encoding> fit_two_fidelities(score_table<Space> scores,
                                                           score_table<Space> truths,
                                                           const two_fidelity_options<Space>& options = {}) {
    if (options.repeats < 1) {
        throw option_error("[F0670] fit_two_fidelities: repeats: expected at least 1, got " +
                           std::to_string(options.repeats));
    }
    scores.kind = score_kind::supernet;
    truths.kind = score_kind::truth;
    const score_table<Space> scored = merge_equal_networks(scores, "fit_two_fidelities: scores");
    const score_table<Space> known =
        detail::without_outliers(merge_equal_networks(truths, "fit_two_fidelities: truths"));
    const auto fitted_to = [&](const score_table<Space>& table, std::optional<fit_plan> plan) {
        try {
            return fit_default<Space, Encoding>(table, {.plan = plan,
                                                        .repeats = options.repeats,
                                                        .seed = options.seed,
                                                        .observer = options.observer,
                                                        .peers = options.peers});
        } catch (const interrupted& by) { // half of the model is none
            throw interrupted(by);
        }
    };
    const auto of_scores = fitted_to(scores, std::nullopt);

    // The networks that stand for all, the truths first; the regression looks at some of these.
    constexpr std::size_t most_truths = 250;
    constexpr std::size_t most_networks = 1000;
    random_stream random(options.seed, purpose::sample);
    const score_table<Space> seen = detail::rows_drawn(known, most_truths, random);
    std::vector<architecture<Space>> networks = seen.architectures;
    const score_table<Space> others = detail::rows_drawn(scored, most_networks, random);
    networks.insert(networks.end(), others.architectures.begin(), others.architectures.end());
    const auto all = std::span<const architecture<Space>>(networks);
    const detail::truth_features<Space> features(networks, of_scores.predict(all), options.costs);
    const std::vector<double> weights =
        detail::order_weights(features.x, networks.size(), features.prior, seen.scores, options.seed);

    // What a fit to the truths alone adds.
    const plan_choice choice = detail::plan_of(known, {.seed = options.seed});
    const double share = detail::share_of_truths(known.size(), choice.noise);
    std::optional<default_predictor<Space, Encoding>> of_truths;
    double truth_factor = 0;
    if (share > 0) {
        of_truths.emplace(fitted_to(truths, choice.plan));
        const detail::moments m(of_truths->predict(all));
        truth_factor = m.deviation > 0 ? std::ldexp(share / m.deviation, -m.exponent) : 0;
    }
    const auto [score_factor, sum] = features.sum(weights, 1 - share, options.costs);

    // In the unit of the truths.
    using found = two_fidelity_predictor<Space, Encoding>;
    const found model(of_scores, score_factor, of_truths, truth_factor, windows<Space>(sum));
    const line unit =
        fit_line(model.predict(std::span<const architecture<Space>>(known.architectures)), known.scores);
    detail::require_finite_line(unit, known.scores);
    window_sum<Space> in_unit(unit.offset);
    in_unit.add(sum, unit.slope);
    return found(of_scores, unit.slope * score_factor, std::move(of_truths), unit.slope * truth_factor,
                 windows<Space>(in_unit));
}

} // namespace fitnas

#endif
