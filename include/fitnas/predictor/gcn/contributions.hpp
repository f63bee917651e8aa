/// @file
/// @brief What each node of a graph convolutional network adds to the output, as tables over the operators in
/// the cells that it sees.

#ifndef FITNAS_PREDICTOR_GCN_CONTRIBUTIONS_HPP
#define FITNAS_PREDICTOR_GCN_CONTRIBUTIONS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <fitnas/predictor/gcn/node_tables.hpp>
#include <fitnas/predictor/gcn/pass.hpp>
#include <fitnas/predictor/gcn/window_rule.hpp>

namespace fitnas::gcn {

namespace detail {

/// Takes the nodes of a model through its layers, window by window.
template <class Model>
class tabulator : node_tables {
public:
    using graph = typename Model::graph;
    using space = typename Model::space;

    explicit tabulator(const float* parameters)
        : node_tables(graph::adjacency, space::operator_counts, first_cells), m_parameters(parameters) {}

    window_sum<space> run() {
        fold_tail<Model::layers - 1>();
        encode(static_cast<std::size_t>(graph::features), [](std::span<const std::uint8_t> code, float* out) {
            graph::encode(fitnas::detail::architecture_of<space>(code), out);
        });
        step<0>();
        window_sum<space> result(m_constant);
        for (std::size_t i = 0; i < nodes(); ++i) {
            result.add({m_rows[i].cells.first, m_rows[i].cells.last, std::move(m_terms[i])});
        }
        return result;
    }

private:
    template <std::size_t At>
    using rule = window_rule<typename Model::template layer<At>>;
    static constexpr auto first_cells = windows_behind<graph>(0);
    static constexpr std::size_t pool = [] {
        std::size_t i = 0;
        while (!Model::flow[i + 1].pooled) {
            ++i;
        }
        return i;
    }();

    /// The layers behind the nodes, down from At, as one row of weights a node, and a constant.
    template <std::size_t At>
    void fold_tail() {
        if constexpr (At > pool) {
            if constexpr (rule<At>::action == window_action::linear) {
                read_out_by(m_parameters + Model::offsets[At],
                            static_cast<std::size_t>(Model::flow[At].width));
            }
            fold_tail<At - 1>();
        } else {
            share_out(static_cast<std::size_t>(Model::flow[pool].width), rule<pool>::share(graph::nodes),
                      rule<pool>::flat);
        }
    }

    /// Layer At on all nodes, and those on each node behind it.
    template <std::size_t At>
    void step() {
        if constexpr (rule<At>::action == window_action::neighbours) {
            using way = rule<At>;
            constexpr signal in = Model::flow[At];
            const float* p = m_parameters + Model::offsets[At];
            plain_convolution layer{in, Model::flow[At + 1].width, p + way::bias(in), {}, way::map_of};
            for (int k = 0; k < way::maps; ++k) {
                layer.weights.push_back(p + way::weights(in, k));
            }
            convolve(layer, end_of_run<At + 1>() == pool, finish_from<At + 1>);
            if constexpr (end_of_run<At + 1>() < pool) {
                step<end_of_run<At + 1>()>();
            }
        } else {
            go_on(finish_from<At>); // only before the first convolution: others take these layers along
            if constexpr (end_of_run<At>() < pool) {
                step<end_of_run<At>()>();
            }
        }
    }

    /// The first layer from At on that does not work on each node by itself.
    template <std::size_t At>
    static constexpr std::size_t end_of_run() {
        if constexpr (rule<At>::action == window_action::each_node) {
            return end_of_run<At + 1>();
        } else {
            return At;
        }
    }

    template <std::size_t At>
    static void finish_from(node_tables& tables, std::size_t node, std::size_t first, int count, float* rows,
                            std::vector<float>& kept) {
        const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(count) * Model::flow[At].width;
        static_cast<tabulator&>(tables).finish<At>(node, first, count, rows, rows + size, rows + 2 * size,
                                                   kept);
    }
    /// @param other room for as many rows, as `scratch` is
    template <std::size_t At>
    void finish(std::size_t node, std::size_t first, int count, float* rows, float* other, float* scratch,
                std::vector<float>& kept) {
        constexpr int width = Model::flow[At].width;
        if constexpr (rule<At>::action == window_action::each_node) {
            static_assert(Model::flow[At + 1].width == width,
                          "[F0629] gcn::window_rule: a layer that works on each node must keep its width");
            site at{};
            at.input = signal{1, width};
            at.count = count;
            at.layer = static_cast<int>(At);
            at.parameters = m_parameters + Model::offsets[At];
            at.scratch = scratch;
            Model::template layer<At>::forward(at, rows, other);
            finish<At + 1>(node, first, count, other, rows, scratch, kept);
        } else if constexpr (At == pool) {
            read_out(node, first, count, rows, static_cast<std::size_t>(width));
        } else {
            std::copy_n(rows, static_cast<std::ptrdiff_t>(count) * width,
                        kept.begin() + static_cast<std::ptrdiff_t>(first) * width);
        }
    }

    const float* m_parameters;
};

} // namespace detail

/// @brief The output of a model as a sum over its nodes: with each architecture's code as it stands it agrees
/// with `outputs` up to rounding.
/// @param parameters `Model::parameters` values
/// @throws shape_error
template <model_type Model>
requires(windows_fault<Model> == window_fault::none)
    window_sum<typename Model::space> contributions(std::span<const float> parameters) {
    detail::require_size(parameters.size(), Model::parameters, "parameters");
    return detail::tabulator<Model>(parameters.data()).run();
}

} // namespace fitnas::gcn

#endif
