/// @file
/// @brief Several predictors as one: their mean, and how far they disagree.

#ifndef FITNAS_PREDICTOR_ENSEMBLE_HPP
#define FITNAS_PREDICTOR_ENSEMBLE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/mean.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/core/share_out.hpp>
#include <fitnas/predictor/fit.hpp>
#include <fitnas/predictor/predictor.hpp>

namespace fitnas {

/// @brief A `predictor`: the mean of its members, rounded once: where all predict the same, that is the mean.
/// @tparam Member a `predictor`
template <predictor Member>
class ensemble {
public:
    using space = typename Member::space;

    /// @throws shape_error where there are no members
    explicit ensemble(std::vector<Member> members) : m_members(std::move(members)) {
        if (m_members.empty()) {
            throw shape_error("[F0607] ensemble: expected at least 1 member, got 0");
        }
    }

    /// @return means of the members' predictions, one an architecture
    /// @throws architecture_error
    std::vector<double> predict(std::span<const architecture<space>> many) const { return gather(many).mean; }
    double predict(const architecture<space>& one) const { return predict(just(one)).front(); }

    /// @return standard deviations of the members' predictions (divisor: members less 1), one an
    /// architecture; 0 where there is one member
    /// @throws architecture_error
    std::vector<double> spread(std::span<const architecture<space>> many) const {
        return gather(many).deviation;
    }
    /// The same for one architecture.
    double spread(const architecture<space>& one) const { return spread(just(one)).front(); }

    const std::vector<Member>& members() const { return m_members; } ///< the models whose mean it is

private:
    struct summary {
        std::vector<double> mean;
        std::vector<double> deviation;
    };

    static std::span<const architecture<space>> just(const architecture<space>& one) { return {&one, 1}; }

    /// Goes chunk by chunk, since all predictions of an architecture are kept until their mean is taken.
    summary gather(std::span<const architecture<space>> many) const {
        constexpr std::size_t chunk = 16384;
        summary all;
        std::vector<std::vector<double>> predicted(m_members.size());
        std::vector<double> values(m_members.size());
        for (std::size_t first = 0; first < many.size(); first += chunk) {
            const auto some = many.subspan(first, (std::min)(chunk, many.size() - first));
            for (std::size_t m = 0; m < m_members.size(); ++m) {
                predicted[m] = m_members[m].predict(some);
            }
            for (std::size_t i = 0; i < some.size(); ++i) {
                for (std::size_t m = 0; m < m_members.size(); ++m) {
                    values[m] = predicted[m][i];
                }
                all.mean.push_back(detail::exact_mean(values));
                all.deviation.push_back(
                    values.size() > 1 ? detail::deviation_about(all.mean.back(), values, values.size() - 1)
                                      : 0);
            }
        }
        return all;
    }

    std::vector<Member> m_members;
};

/// @brief Fits a model several times, each time with another seed; the first has the seed of the options.
/// Bit-equal for any number of threads and processes.
/// @tparam Model a `gcn::model`
/// @param members how many, at least 1
/// @param all processes that share out the fits; the observer is told on the process where it was given, of
/// this process's fits; null: this process is alone
/// @throws option_error where there are fewer members, and as `fit`
template <gcn::model_type Model>
ensemble<fitted<Model>> fit_ensemble(const score_table<typename Model::space>& table, int members,
                                     const fit_options& options = {}, peers* all = nullptr) {
    if (members < 1) {
        throw option_error("[F0608] fit_ensemble: members: expected at least 1, got " +
                           std::to_string(members));
    }
    const stopwatch clock;
    long long done = 0; // by this process
    const auto one = [&](std::size_t m) {
        fit_options own = options;
        if (m > 0) {
            random_stream random(options.seed, purpose::fit, 0, m);
            own.seed.value = (std::uint64_t{random.bits()} << 32U) | random.bits();
        }
        if (options.observer) { // one piece of work for whoever watches
            own.observer = [&](progress p) {
                p.done += done * options.epochs;
                p.total = static_cast<long long>(members) * options.epochs;
                p.seconds = clock.seconds();
                options.observer(p);
            };
        }
        const fitted<Model> found = fit<Model>(table, own);
        ++done;
        return detail::numbers_of(found);
    };
    std::vector<fitted<Model>> found;
    for (const std::vector<double>& numbers :
         share_out(all, static_cast<std::size_t>(members), pieces::in_turn, one)) {
        found.push_back(detail::fitted_of<Model>(numbers));
    }
    return ensemble<fitted<Model>>(std::move(found));
}

} // namespace fitnas

#endif
