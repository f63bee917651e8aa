/// What programs of this folder have in common: each comes to lines that must be the same in every process,
/// however many there are, and in one without MPI. main.cpp runs them.
#ifndef FITNAS_TESTS_MPI_COME_TO_HPP
#define FITNAS_TESTS_MPI_COME_TO_HPP

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <fitnas/core/hash.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/core/progress.hpp>

/// @param all null: one process, without MPI
/// @throws std::exception where something is wrong in this process
std::string come_to(fitnas::peers* all);

/// What `PROGRAM --keep FILE` does, where a program has it.
void keep(fitnas::peers* all, const std::string& file);

/// A line with a name and a hash.
inline std::string line_of(const std::string& name, std::span<const double> values) {
    fitnas::detail::hash64 hash;
    hash.add(values.data(), values.size_bytes());
    return name + " " + hash.text() + "\n";
}
inline std::string line_of(const std::string& name, std::span<const float> values) {
    const std::vector<double> exact(values.begin(), values.end());
    return line_of(name, std::span<const double>(exact));
}

inline void expect(bool good, const std::string& what) {
    if (!good) {
        throw std::runtime_error("expected: " + what);
    }
}

/// Observers of all processes: together they must be told of all that there is.
class all_told {
public:
    explicit all_told(fitnas::peers* all) : m_all(all) {}
    fitnas::observer observer() {
        return [this](const fitnas::progress& p) {
            m_done = p.done;
            m_total = p.total;
        };
    }
    /// Collective. A process without a piece was told of nothing.
    void expect_all(long long total) {
        double done[] = {static_cast<double>(m_done)};
        if (m_all != nullptr) {
            fitnas::detail::add_over(*m_all, done);
        }
        expect(m_done == 0 || m_total == total, "observers count to " + std::to_string(total));
        expect(done[0] == static_cast<double>(total), "observers are told of all");
    }

private:
    fitnas::peers* m_all;
    long long m_done = 0;
    long long m_total = 0;
};

#endif
