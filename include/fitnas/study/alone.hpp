/// @file
/// @brief Many networks trained by themselves, in parallel over the networks; a stopped run goes on.

#ifndef FITNAS_STUDY_ALONE_HPP
#define FITNAS_STUDY_ALONE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/io/signal_guard.hpp>
#include <fitnas/study/folder.hpp>
#include <fitnas/supernet/retrain.hpp>
#include <fitnas/supernet/training_scorer.hpp>

namespace fitnas::study {

/// @brief One training: which network, from which seed.
template <search_space_type Space>
struct alone_job {
    fitnas::architecture<Space> architecture{}; ///< the network
    std::uint64_t seed = 0;                     ///< of the first weights and of all that is drawn
    friend auto operator<=>(const alone_job&, const alone_job&) = default;
};

/// @brief What one training came to.
struct alone_result {
    double validation_accuracy = 0; ///< in [0, 1]
    double test_accuracy = 0;       ///< in [0, 1]
    std::vector<double> curve{};    ///< training accuracy of each epoch
};

/// @brief Results by job.
template <search_space_type Space>
using alone_results = std::map<alone_job<Space>, alone_result>;

/// @brief Writes `arch,seed,validation_accuracy,test_accuracy,curve`, in the order of the jobs.
/// @throws data_error where the file cannot be written
template <search_space_type Space>
void write_alone(const std::string& path, const alone_results<Space>& results) {
    csv_rows table{.header = {"arch", "seed", "validation_accuracy", "test_accuracy", "curve"}};
    for (const auto& [job, result] : results) {
        std::string curve;
        for (const double v : result.curve) {
            if (!curve.empty()) {
                curve += ' ';
            }
            curve += exact_text(v);
        }
        table.rows.push_back({to_string<Space>(job.architecture), std::to_string(job.seed),
                              exact_text(result.validation_accuracy), exact_text(result.test_accuracy),
                              curve});
    }
    write_rows(path, table);
}

/// @brief Reads what `write_alone` wrote.
/// @throws data_error which names path and line where something is wrong
template <search_space_type Space>
alone_results<Space> read_alone(const std::string& path) {
    fitnas::detail::csv_reader reader(path);
    const std::size_t code = reader.place("arch");
    const std::size_t number = reader.place("seed");
    const std::size_t validation = reader.place("validation_accuracy");
    const std::size_t test = reader.place("test_accuracy");
    const std::size_t curve = reader.place("curve");
    alone_results<Space> results;
    for (std::vector<std::string> fields; reader.next(fields);) {
        alone_result result{fitnas::detail::csv_finite(fields[validation], reader, validation),
                            fitnas::detail::csv_finite(fields[test], reader, test),
                            {}};
        for (std::size_t from = 0; from < fields[curve].size();) {
            const std::size_t end = (std::min)(fields[curve].find(' ', from), fields[curve].size());
            result.curve.push_back(
                fitnas::detail::csv_number<double>(fields[curve].substr(from, end - from), reader, curve));
            from = end + 1;
        }
        results[{fitnas::detail::csv_code<Space>(fields[code], reader, code),
                 fitnas::detail::csv_number<std::uint64_t>(fields[number], reader, number)}] = result;
    }
    return results;
}

namespace detail {

/// Where a process keeps its trainings until all are done: the first in the table itself, others beside it.
inline std::string part_of_table(const std::string& path, int rank) {
    return rank == 0 ? path : path + ".process" + std::to_string(rank);
}

/// @return the table and what other processes wrote beside it, whatever is there
FITNAS_LAZY std::vector<std::string> parts_of_table(const std::string& path);

/// Collective: adds what any of the processes has.
/// @param all null: this process is alone
template <search_space_type Space>
void gather_results(peers* all, alone_results<Space>& results) {
    if (all == nullptr) {
        return;
    }
    std::vector<double> own; // seeds in halves: each number is exact
    for (const auto& [job, result] : results) {
        own.insert(own.end(), job.architecture.begin(), job.architecture.end());
        own.insert(own.end(), {static_cast<double>(job.seed >> 32U),
                               static_cast<double>(job.seed & 0xFFFFFFFFU), result.validation_accuracy,
                               result.test_accuracy, static_cast<double>(result.curve.size())});
        own.insert(own.end(), result.curve.begin(), result.curve.end());
    }
    const std::string bytes(reinterpret_cast<const char*>(own.data()), own.size() * sizeof(double));
    for (const std::string& text : all->gather(bytes)) {
        std::vector<double> numbers(text.size() / sizeof(double));
        std::copy_n(text.data(), text.size(), reinterpret_cast<char*>(numbers.data()));
        for (auto at = numbers.begin(); at != numbers.end();) {
            alone_job<Space> job;
            for (std::uint8_t& digit : job.architecture) {
                digit = static_cast<std::uint8_t>(*at++);
            }
            job.seed = static_cast<std::uint64_t>(*at++) << 32U;
            job.seed |= static_cast<std::uint64_t>(*at++);
            alone_result result{*at, *(at + 1), {}};
            const auto curve = at + 3;
            at = curve + static_cast<std::ptrdiff_t>(*(at + 2));
            result.curve.assign(curve, at);
            results[job] = std::move(result);
        }
    }
}

} // namespace detail

/// @brief Trains each job's network by itself and tests it, one network a thread at a time. The same jobs
/// give the same results for any number of threads and processes.
/// @param path of a table that is written after each training; jobs that it has already are not trained
/// again. Of several processes all but the first write theirs beside it until all are done, to
/// `path.process1` and so on; a run that goes on, of any number of processes, takes up what is there
/// @param options of each training, whose seed is the job's and whose observer plays no part
/// @param watch called after each training of this process, and every 10 s between; one at a time
/// @param all processes that share out the trainings; null: this process is alone
/// @return all results, also those that were there before
/// @throws as `retrain`; interrupted after the first SIGINT, SIGTERM or SIGHUP, when the trainings that had
/// begun are in the table
template <search_space_type Space>
alone_results<Space> train_alone(const std::string& path, const std::vector<alone_job<Space>>& jobs,
                                 const dataset& data, const train_options& options,
                                 const observer& watch = {}, peers* all = nullptr) {
    const std::string own_path = detail::part_of_table(path, all == nullptr ? 0 : all->rank());
    alone_results<Space> results;
    bool in_parts = all != nullptr && all->count() > 1;
    fitnas::detail::do_agreed(all, [&] {
        for (const std::string& part : detail::parts_of_table(path)) {
            results.merge(read_alone<Space>(part));
            in_parts = in_parts || part != path;
        }
    });
    detail::gather_results(all, results);
    std::vector<alone_job<Space>> left;
    std::set<alone_job<Space>> taken;
    for (const alone_job<Space>& job : jobs) {
        if (!results.contains(job) && taken.insert(job).second) {
            left.push_back(job);
        }
    }
    if (!left.empty()) {
        fitnas::detail::do_agreed(all, [&] { fitnas::detail::require_writable(own_path); });
    }
    // Costs differ between networks; a random order shares them evenly among the threads.
    random_stream random(options.seed, purpose::shuffle);
    random.shuffle(std::span<alone_job<Space>>(left));
    observer tell;
    if (watch) {
        tell = [&, over = 0LL, told = 0.0](const progress& p) mutable {
            if (p.done > over || p.seconds - told >= 10) {
                over = p.done;
                told = p.seconds;
                watch(p);
            }
        };
    }
    std::mutex mutex; // of the table
    const auto one = [&](std::size_t i, train_options& own) {
        const alone_job<Space>& job = left[i];
        own.seed = seed{job.seed};
        const auto trained = retrain<Space>(job.architecture, data, own);
        alone_result result{trained.validation_accuracy, trained.test_accuracy, {}};
        for (const epoch_report& e : trained.report.epochs) {
            result.curve.push_back(e.accuracy);
        }
        const std::lock_guard lock(mutex);
        results[job] = std::move(result);
        write_alone<Space>(own_path, results);
        return std::vector<double>{1};
    };
    const signal_guard guard;
    const auto ended = fitnas::detail::train_beside(
        all, left.size(), "alone", options, tell, [&] { return guard.seen() != 0; }, one);
    detail::gather_results(all, results);
    if (in_parts) { // one table again; parts go when it is there
        fitnas::detail::do_agreed(all, [&] {
            if (fitnas::detail::is_first(all)) {
                write_alone<Space>(path, results);
            }
        });
        fitnas::detail::do_agreed(all, [&] {
            for (const std::string& part : detail::parts_of_table(path)) {
                if (part != path) {
                    remove_file(part);
                }
            }
        });
    }
    const auto left_out = std::count(ended.begin(), ended.end(), std::vector<double>{});
    if (left_out > 0) {
        throw interrupted("[F1016] training networks: stopped; " + path + " has " +
                          std::to_string(results.size()) + " trainings of " +
                          std::to_string(results.size() + static_cast<std::size_t>(left_out)));
    }
    return results;
}

/// @brief Mean and spread of one network's trainings.
struct alone_summary {
    double validation_accuracy = 0; ///< the mean, in [0, 1]
    double test_accuracy = 0;       ///< the mean, in [0, 1]
    double deviation = 0; ///< of test accuracies between seeds (divisor: runs less 1); 0 for one run
    int runs = 0;         ///< how many trainings
};

/// @brief Results by network. Means are counts of right images, divided once: networks that are right equally
/// often have equal means, whichever of their trainings was better.
/// @param validation,test images that the accuracies are shares of
template <search_space_type Space>
std::map<architecture<Space>, alone_summary> summarise(const alone_results<Space>& results,
                                                       std::size_t validation, std::size_t test) {
    struct runs_of_one {
        double right = 0; ///< of the validation images
        std::vector<double> test{};
    };
    const auto right = [](double share, std::size_t of) {
        return std::round(share * static_cast<double>(of));
    };
    std::map<architecture<Space>, runs_of_one> runs;
    for (const auto& [job, result] : results) {
        runs[job.architecture].right += right(result.validation_accuracy, validation);
        runs[job.architecture].test.push_back(result.test_accuracy);
    }
    std::map<architecture<Space>, alone_summary> networks;
    for (const auto& [code, one] : runs) {
        alone_summary& s = networks[code];
        s.runs = static_cast<int>(one.test.size());
        s.validation_accuracy = one.right / (s.runs * static_cast<double>(validation));
        for (const double share : one.test) {
            s.test_accuracy += right(share, test);
        }
        s.test_accuracy /= s.runs * static_cast<double>(test);
        if (s.runs > 1) {
            s.deviation = fitnas::detail::deviation_about(s.test_accuracy, one.test, one.test.size() - 1);
        }
    }
    return networks;
}

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

#include <filesystem>
#include <string_view>
#include <system_error>

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN std::vector<std::string> parts_of_table(const std::string& path) {
    std::vector<std::string> parts;
    if (is_there(path)) {
        parts.push_back(path);
    }
    const std::filesystem::path table(path);
    const std::string begin = table.filename().string() + ".process";
    std::error_code unknown; // of a folder that is not there
    for (const auto& entry : std::filesystem::directory_iterator(
             table.has_parent_path() ? table.parent_path() : std::filesystem::path("."), unknown)) {
        const std::string name = entry.path().filename().string();
        if (name.size() > begin.size() && name.starts_with(begin) &&
            name.find_first_not_of("0123456789", begin.size()) == std::string::npos) {
            parts.push_back(path + name.substr(begin.size() - std::string_view(".process").size()));
        }
    }
    return parts;
}

} // namespace fitnas::study::detail

#endif

#endif
