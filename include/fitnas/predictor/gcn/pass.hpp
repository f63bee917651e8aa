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

#include <fitnas/config.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/predictor/gcn/model.hpp>
#include <fitnas/predictor/gcn/shared_rows.hpp>

namespace fitnas::gcn {

namespace detail {

/// The signals of some architectures, kept from `forward` to `backward`; on one thread. It goes through the
/// layers behind those that work on shared rows.
template <model_type Model>
class tape {
public:
    using code = architecture<typename Model::space>;

    /// @param batch whose shared rows are `rows`
    /// @param first the place of the first architecture there
    /// @param outputs one an architecture, overwritten
    void forward(const float* parameters, std::span<const code> batch, const shared_rows<Model>& rows,
                 std::size_t first, std::size_t count, const training_step* training, float* outputs) {
        m_count = count;
        m_first = first;
        m_training = training;
        // The signals, two gradients of signals, scratch.
        m_signals = m_buffer.reserve(count * floats + 3 * chunk_of(count) * largest);
        m_extra = m_signals + count * floats;
        for_each_chunk([&](const chunk& now) {
            if constexpr (first_layer > 0) {
                rows.read(parameters, now.first, now.count, signal_at(now, first_layer));
            } else {
                for (std::size_t g = 0; g < now.count; ++g) {
                    Model::graph::encode(batch[now.first + g], signal_at(now, 0) + g * Model::flow[0].size());
                }
            }
            run_forward(now, parameters, own_layers{});
            std::copy_n(signal_at(now, Model::layers), now.count, outputs);
            outputs += now.count;
        });
    }

    /// Adds to `gradient`, and calls `pass_on(first, count, slope)` with the gradient of the first layer's
    /// input, which has a meaning where there are shared rows.
    template <class PassOn>
    void backward(const float* parameters, const float* output_gradient, float* gradient,
                  const PassOn& pass_on) {
        for_each_chunk([&](const chunk& now) {
            std::copy_n(output_gradient, now.count, extra(0));
            output_gradient += now.count;
            run_backward(now, parameters, gradient, own_layers{});
            pass_on(now.first, now.count, extra(own_layers::size() % 2));
        });
    }

private:
    static constexpr std::size_t first_layer = sharing<Model>::end;
    using own_layers = std::make_index_sequence<Model::layers - first_layer>;

    /// Whether layer At overwrites its input: where nobody reads that any more.
    template <std::size_t At>
    static constexpr bool overwrites = [] {
        if constexpr (At > 0) {
            return is_in_place<typename Model::template layer<At>> &&
                   is_conv<typename Model::template layer<At - 1>>;
        }
        return false;
    }();
    /// Where each signal begins, in floats an architecture.
    static constexpr std::array<std::size_t, Model::layers + 1> starts = [] {
        std::array<std::size_t, Model::layers + 1> all{};
        [&]<std::size_t... At>(std::index_sequence<At...>) {
            ((all[first_layer + At + 1] =
                  all[first_layer + At] +
                  (overwrites<first_layer + At> ? 0 : Model::flow[first_layer + At].size())),
             ...);
        }
        (own_layers{});
        return all;
    }();
    static constexpr std::size_t floats = starts[Model::layers] + 1;
    static constexpr std::size_t largest = [] {
        std::size_t most = 0;
        for (std::size_t i = first_layer; i <= Model::layers; ++i) {
            most = (std::max)(most, Model::flow[i].size());
        }
        return most;
    }();

    /// Architectures that go through all layers together: where no layer has weights to apply to each node,
    /// as few as stay in the nearest cache.
    static constexpr std::size_t chunk_of(std::size_t count) {
        for (std::size_t i = first_layer; i < Model::layers; ++i) {
            if (!Model::flow[i].pooled && Model::offsets[i + 1] > Model::offsets[i]) {
                return count;
            }
        }
        constexpr std::size_t cached = 4096;
        return (std::min)(count, (std::max)(cached / largest, std::size_t{1}));
    }
    struct chunk {
        std::size_t first = 0; ///< in the batch
        std::size_t count = 0;
        float* kept = nullptr;
    };
    template <class Body>
    void for_each_chunk(const Body& body) {
        const std::size_t step = chunk_of(m_count);
        for (std::size_t done = 0; done < m_count; done += step) {
            body(chunk{m_first + done, (std::min)(step, m_count - done), m_signals + done * floats});
        }
    }

    static float* signal_at(const chunk& now, std::size_t i) { return now.kept + now.count * starts[i]; }
    float* extra(std::size_t i) { return m_extra + i * chunk_of(m_count) * largest; }
    template <std::size_t At>
    site site_of(const chunk& now, const float* parameters) {
        return {Model::flow[At],
                Model::graph::adjacency,
                static_cast<int>(now.count),
                static_cast<int>(now.first),
                static_cast<int>(At),
                parameters + Model::offsets[At],
                extra(2),
                m_training};
    }
    template <std::size_t... At>
    void run_forward(const chunk& now, const float* parameters, std::index_sequence<At...>) {
        (step_forward<first_layer + At>(now, parameters), ...);
    }
    template <std::size_t At>
    void step_forward(const chunk& now, const float* parameters) {
        Model::template layer<At>::forward(site_of<At>(now, parameters), signal_at(now, At),
                                           signal_at(now, At + 1));
    }
    template <std::size_t... At>
    void run_backward(const chunk& now, const float* parameters, float* gradient,
                      std::index_sequence<At...>) {
        (step_backward<Model::layers - 1 - At>(now, parameters, gradient, extra(At % 2), extra((At + 1) % 2)),
         ...);
    }
    template <std::size_t At>
    void step_backward(const chunk& now, const float* parameters, float* gradient, const float* dy,
                       float* dx) {
        Model::template layer<At>::backward(site_of<At>(now, parameters), signal_at(now, At),
                                            signal_at(now, At + 1), dy, At == 0 ? nullptr : dx,
                                            gradient + Model::offsets[At]);
    }

    aligned_buffer<float> m_buffer;
    float* m_signals = nullptr;
    float* m_extra = nullptr;
    std::size_t m_count = 0;
    std::size_t m_first = 0;
    const training_step* m_training = nullptr;
};

/// Calls `body(begin, end)` for slices that together cover [0, n), in parallel.
template <class Body>
void for_each_slice(std::size_t n, Body&& body) {
    constexpr std::size_t slice = 512;
    parallel_for(static_cast<std::ptrdiff_t>((n + slice - 1) / slice), [&](std::ptrdiff_t s) {
        const std::size_t begin = static_cast<std::size_t>(s) * slice;
        body(begin, (std::min)(n, begin + slice));
    });
}

FITNAS_LAZY void require_size(std::size_t got, std::size_t expected, const char* what);

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
    detail::for_each_slice(some.size(), [&](std::size_t begin, std::size_t end) {
        const auto codes = some.subspan(begin, end - begin);
        for (const auto& code : codes) {
            require_valid<typename Model::space>(code);
        }
        detail::shared_rows<Model> rows;
        if constexpr (detail::sharing<Model>::possible) {
            rows.prepare(parameters.data(), codes, 1);
            rows.forward(parameters.data(), 0);
        }
        // A chunk's signals stay in the cache; a slice's chunks share their memory.
        constexpr std::size_t chunk = 16;
        detail::tape<Model> tape;
        for (std::size_t first = 0; first < codes.size(); first += chunk) {
            tape.forward(parameters.data(), codes, rows, first, (std::min)(chunk, codes.size() - first),
                         nullptr, result.data() + begin + first);
        }
    });
    return result;
}

/// @brief Forward and backward for training: the batch is cut into groups, as many as its size says, whose
/// gradients are added in order, so results are equal to the bit for any number of threads.
///
/// What many nodes of a batch have in common is computed once: see `encoding::window_forms`.
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
        m_group_count = groups_for(m_size);
        if constexpr (shares) {
            m_rows.prepare(parameters.data(), batch, m_group_count);
            for_each_group([&](std::size_t g) { m_rows.forward(parameters.data(), g); });
        }
        for_each_group([&](std::size_t g) {
            const std::size_t first = first_of(g);
            m_groups[g].kept.forward(parameters.data(), batch, m_rows, first, first_of(g + 1) - first,
                                     training, outputs.data() + first);
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
        if constexpr (shares) {
            m_rows.prepare_backward(parameters.data());
        }
        for_each_group([&](std::size_t g) {
            group& mine = m_groups[g];
            mine.gradient.assign(Model::parameters, 0);
            if constexpr (shares) {
                m_rows.clear(g);
            }
            mine.kept.backward(parameters.data(), output_gradient.data() + first_of(g), mine.gradient.data(),
                               [&]([[maybe_unused]] std::size_t first, [[maybe_unused]] std::size_t count,
                                   [[maybe_unused]] const float* slope) {
                                   if constexpr (shares) {
                                       m_rows.write(g, first, count, slope, mine.gradient.data());
                                   }
                               });
        });
        if constexpr (shares) {
            for_each_group(
                [&](std::size_t g) { m_rows.backward(parameters.data(), g, m_groups[g].gradient.data()); });
        }
        std::copy(m_groups[0].gradient.begin(), m_groups[0].gradient.end(), gradient.begin());
        for (std::size_t g = 1; g < m_group_count; ++g) {
            detail::add_scaled(1, m_groups[g].gradient.data(), static_cast<int>(Model::parameters),
                               gradient.data());
        }
    }

private:
    struct group {
        detail::tape<Model> kept;
        std::vector<float> gradient;
    };

    static constexpr bool shares = detail::sharing<Model>::possible;
    /// Multiply-accumulates of a forward step for one architecture, about, where nothing is shared.
    static constexpr std::size_t work = [] {
        std::size_t sum = 0;
        for (std::size_t i = 0; i < Model::layers; ++i) {
            sum +=
                (Model::offsets[i + 1] - Model::offsets[i]) * static_cast<std::size_t>(Model::flow[i].nodes);
        }
        return sum;
    }();
    /// A group is worth so much work: with less another thread wins little, and loses much where processors
    /// are busy.
    static constexpr std::size_t worth_a_group = std::size_t{1} << 22U;
    /// Each group has gradients of its own for the rows that all share: few groups are less work in all.
    static constexpr std::size_t most_groups = shares ? 4 : static_cast<std::size_t>(sum_groups);

    static std::size_t groups_for(std::size_t size) {
        return std::clamp(size * work / worth_a_group, std::size_t{1}, most_groups);
    }
    std::size_t first_of(std::size_t g) const { return m_size * g / m_group_count; }

    template <class Body>
    void for_each_group(Body&& body) {
        parallel_for(static_cast<std::ptrdiff_t>(m_group_count),
                     [&](std::ptrdiff_t g) { body(static_cast<std::size_t>(g)); });
    }

    std::array<group, most_groups> m_groups;
    detail::shared_rows<Model> m_rows;
    std::size_t m_group_count = 1;
    std::size_t m_size = 0;
};

} // namespace fitnas::gcn

#if FITNAS_DEFINITIONS

namespace fitnas::gcn::detail {

FITNAS_LAZY_AGAIN void require_size(std::size_t got, std::size_t expected, const char* what) {
    if (got != expected) {
        throw shape_error(std::string("[F0628] gcn: expected ") + std::to_string(expected) + " " + what +
                          ", got " + std::to_string(got));
    }
}

} // namespace fitnas::gcn::detail

#endif

#endif
