/// @file
/// @brief Sums over rows for each channel, gathered in groups whose number does not depend on the threads.

#ifndef FITNAS_CPU_GROUP_SUMS_HPP
#define FITNAS_CPU_GROUP_SUMS_HPP

#include <algorithm>
#include <cstddef>
#include <span>

#include <fitnas/core/memory.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/cpu/activation.hpp>

namespace fitnas::detail {

/// Sums over rows for each channel, one pair of rows of doubles for each group: [group][2][channels].
class group_sums {
public:
    peers* together = nullptr; ///< processes whose sums make one; null: this process is alone

    int processes() const { return together == nullptr ? 1 : together->count(); }

    void start(int channels) {
        m_channels = channels;
        const std::size_t n = std::size_t{2} * sum_groups * static_cast<std::size_t>(channels);
        std::fill_n(m_data.reserve(n), n, 0.0);
    }
    void grow_as(const group_sums& other) { m_data.reserve(other.m_data.size()); }
    double* first(int group) { return m_data.reserve(0) + std::ptrdiff_t{2} * group * m_channels; }
    double* second(int group) { return first(group) + m_channels; }
    /// Adds the groups, in order; then those of all processes.
    void add_up() {
        for (int g = 1; g < sum_groups; ++g) {
            for (int c = 0; c < 2 * m_channels; ++c) {
                first(0)[c] += first(g)[c];
            }
        }
        if (together != nullptr) {
            std::copy_n(first(0), 2 * m_channels, first(1));
            add_over(*together, {first(1), std::size_t{2} * static_cast<std::size_t>(m_channels)});
        }
    }
    // After `add_up`.
    const double* own_first() { return first(0); }   ///< of this process
    const double* own_second() { return second(0); } ///< of this process
    const double* all_first() { return first(place_of_all()); }
    const double* all_second() { return second(place_of_all()); }

private:
    int place_of_all() const { return together == nullptr ? 0 : 1; }

    aligned_buffer<double> m_data;
    int m_channels = 0;
};

/// Gathers n sums apart and adds them to what is there, whole: a gradient's bits do not depend on whether it
/// is added to those of other paths at once or later.
/// @param gather called as gather(sums), which are zeros
template <class Gather>
void add_whole(float* to, int n, Gather&& gather) {
    float* sums = thread_scratch(static_cast<std::size_t>(n));
    std::fill_n(sums, n, 0.0F);
    gather(sums);
    for (int i = 0; i < n; ++i) {
        to[i] += sums[i];
    }
}

/// Adds lanes channels' sums of a tile to the sums of a group.
FITNAS_INLINE void add_to(double* sums, vec<> tile, int count) {
    if (count >= lanes) {
        typedef double doubles __attribute__((vector_size(lanes * sizeof(double))));
        doubles sum;
        __builtin_memcpy(&sum, sums, sizeof sum);
        sum += __builtin_convertvector(tile, doubles);
        __builtin_memcpy(sums, &sum, sizeof sum);
        return;
    }
    for (int i = 0; i < count; ++i) {
        sums[i] += static_cast<double>(tile[i]);
    }
}

} // namespace fitnas::detail

#endif
