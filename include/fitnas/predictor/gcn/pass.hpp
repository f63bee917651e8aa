/// @file
/// @brief Forward and backward through a model, for batches of architectures.

#ifndef FITNAS_PREDICTOR_GCN_PASS_HPP
#define FITNAS_PREDICTOR_GCN_PASS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/memory.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/predictor/gcn/model.hpp>

namespace fitnas::gcn {

namespace detail {

/// The signals of some architectures, kept from `forward` to `backward`; on one thread.
template <model_type Model>
class tape {
public:
    using code = architecture<typename Model::space>;

    /// @return one output an architecture
    const float* forward(const float* parameters, std::span<const code> some, int first,
                         const training_step* training) {
        m_count = some.size();
        m_first = first;
        m_training = training;
        // The signals, two gradients of signals, scratch.
        m_buffer.reserve(m_count * (starts[Model::layers + 1] + 3 * largest));
        float* features = signal_at(0);
        for (std::size_t g = 0; g < m_count; ++g) {
            Model::graph::encode(some[g], features + g * Model::signals[0].size());
        }
        run_forward(parameters, every_layer{});
        return signal_at(Model::layers);
    }

    /// Adds to `gradient`.
    void backward(const float* parameters, const float* output_gradient, float* gradient) {
        std::copy(output_gradient, output_gradient + m_count, extra(0));
        run_backward(parameters, gradient, every_layer{});
    }

private:
    using every_layer = std::make_index_sequence<Model::layers>;

    /// Where each signal begins, in floats an architecture.
    static constexpr std::array<std::size_t, Model::layers + 2> starts = [] {
        std::array<std::size_t, Model::layers + 2> all{};
        for (std::size_t i = 0; i <= Model::layers; ++i) {
            all[i + 1] = all[i] + Model::signals[i].size();
        }
        return all;
    }();
    static constexpr std::size_t largest = [] {
        std::size_t most = 0;
        for (const signal& s : Model::signals) {
            most = (std::max)(most, s.size());
        }
        return most;
    }();

    float* signal_at(std::size_t i) { return m_buffer.reserve(0) + m_count * starts[i]; }
    float* extra(std::size_t i) { return signal_at(Model::layers + 1) + i * m_count * largest; }
    template <std::size_t I>
    site site_of(const float* parameters) {
        return {Model::signals[I],
                Model::graph::adjacency,
                static_cast<int>(m_count),
                m_first,
                static_cast<int>(I),
                parameters + Model::offsets[I],
                extra(2),
                m_training};
    }
    template <std::size_t... I>
    void run_forward(const float* parameters, std::index_sequence<I...>) {
        (Model::template layer<I>::forward(site_of<I>(parameters), signal_at(I), signal_at(I + 1)), ...);
    }
    template <std::size_t... I>
    void run_backward(const float* parameters, float* gradient, std::index_sequence<I...>) {
        (step_backward<Model::layers - 1 - I>(parameters, gradient, extra(I % 2), extra((I + 1) % 2)), ...);
    }
    template <std::size_t I>
    void step_backward(const float* parameters, float* gradient, const float* dy, float* dx) {
        Model::template layer<I>::backward(site_of<I>(parameters), signal_at(I), signal_at(I + 1), dy,
                                           I == 0 ? nullptr : dx, gradient + Model::offsets[I]);
    }

    aligned_buffer<float> m_buffer;
    std::size_t m_count = 0;
    int m_first = 0;
    const training_step* m_training = nullptr;
};

/// Calls `body(begin, end)` for blocks that together cover [0, n), in parallel.
template <class Body>
void for_each_block(std::size_t n, Body&& body) {
    constexpr std::size_t block = 512;
    parallel_for(static_cast<std::ptrdiff_t>((n + block - 1) / block), [&](std::ptrdiff_t b) {
        const std::size_t begin = static_cast<std::size_t>(b) * block;
        body(begin, (std::min)(n, begin + block));
    });
}

inline void require_size(std::size_t got, std::size_t expected, const char* what) {
    if (got != expected) {
        throw shape_error(std::string("gcn: expected ") + std::to_string(expected) + " " + what + ", got " +
                          std::to_string(got));
    }
}

} // namespace detail

/// @brief The outputs of a model. Each depends on its architecture alone, to the bit, whatever else is in the
/// batch.
/// @param parameters `Model::parameters` values
/// @param some any number of architectures
/// @return one output an architecture
/// @throws shape_error, architecture_error
template <model_type Model>
std::vector<float> outputs(std::span<const float> parameters,
                           std::span<const architecture<typename Model::space>> some) {
    detail::require_size(parameters.size(), Model::parameters, "parameters");
    std::vector<float> result(some.size());
    detail::for_each_block(some.size(), [&](std::size_t begin, std::size_t end) {
        // A chunk's signals stay in the cache; a block's chunks share their memory.
        constexpr std::size_t chunk = 16;
        detail::tape<Model> tape;
        for (std::size_t first = begin; first < end; first += chunk) {
            const auto codes = some.subspan(first, (std::min)(chunk, end - first));
            for (const auto& code : codes) {
                require_valid<typename Model::space>(code);
            }
            const float* values = tape.forward(parameters.data(), codes, 0, nullptr);
            std::copy(values, values + codes.size(), result.data() + first);
        }
    });
    return result;
}

/// @brief Forward and backward for training: the batch is cut into `sum_groups` groups whose gradients are
/// added in order, so results are equal to the bit for any number of threads.
template <model_type Model>
class pass {
public:
    using space = typename Model::space;

    /// @brief Computes the outputs of a batch and keeps what `backward` needs.
    /// @param parameters `Model::parameters` values
    /// @param batch architectures of the space
    /// @param outputs as many, overwritten
    /// @param training switches dropout on; must live until `backward`
    /// @throws shape_error, architecture_error
    void forward(std::span<const float> parameters, std::span<const architecture<space>> batch,
                 std::span<float> outputs, const training_step* training = nullptr) {
        detail::require_size(parameters.size(), Model::parameters, "parameters");
        detail::require_size(outputs.size(), batch.size(), "outputs, one an architecture");
        for (const architecture<space>& a : batch) {
            require_valid<space>(a);
        }
        m_size = batch.size();
        for_each_group([&](group& mine, std::size_t first, std::size_t count) {
            const float* values = mine.signals.forward(parameters.data(), batch.subspan(first, count),
                                                       static_cast<int>(first), training);
            std::copy(values, values + count, outputs.data() + first);
        });
    }

    /// @brief The gradient of a function of the outputs of the last `forward`.
    /// @param parameters the same as there
    /// @param output_gradient of the function, one an architecture
    /// @param gradient `Model::parameters` values, overwritten
    /// @throws shape_error
    void backward(std::span<const float> parameters, std::span<const float> output_gradient,
                  std::span<float> gradient) {
        detail::require_size(parameters.size(), Model::parameters, "parameters");
        detail::require_size(output_gradient.size(), m_size, "gradients of outputs, one an architecture");
        detail::require_size(gradient.size(), Model::parameters, "values of a gradient");
        for_each_group([&](group& mine, std::size_t first, std::size_t /*count*/) {
            mine.gradient.assign(Model::parameters, 0);
            mine.signals.backward(parameters.data(), output_gradient.data() + first, mine.gradient.data());
        });
        std::fill(gradient.begin(), gradient.end(), 0.0F);
        for (const group& part : m_groups) {
            for (std::size_t i = 0; i < Model::parameters; ++i) {
                gradient[i] += part.gradient[i];
            }
        }
    }

private:
    struct group {
        detail::tape<Model> signals;
        std::vector<float> gradient;
    };

    /// Multiply-accumulates of a forward step for one architecture, about.
    static constexpr std::size_t work = [] {
        std::size_t sum = 0;
        for (std::size_t i = 0; i < Model::layers; ++i) {
            sum += (Model::offsets[i + 1] - Model::offsets[i]) *
                   static_cast<std::size_t>(Model::signals[i].nodes);
        }
        return sum;
    }();
    /// Below this much work a second thread wins little, and loses much where processors are busy.
    static constexpr std::size_t worth_threads = std::size_t{1} << 22U;

    template <class Body>
    void for_each_group(Body&& body) {
        const auto run = [&](std::ptrdiff_t g) {
            const auto at = static_cast<std::size_t>(g);
            const std::size_t first = m_size * at / m_groups.size();
            body(m_groups[at], first, m_size * (at + 1) / m_groups.size() - first);
        };
        if (m_size * work >= worth_threads) {
            parallel_for(sum_groups, run);
        } else {
            for (std::ptrdiff_t g = 0; g < sum_groups; ++g) {
                run(g);
            }
        }
    }

    std::array<group, static_cast<std::size_t>(sum_groups)> m_groups;
    std::size_t m_size = 0;
};

} // namespace fitnas::gcn

#endif
