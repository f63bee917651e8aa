/// @file
/// @brief The first layers of a model, computed once for each window that a batch has.

#ifndef FITNAS_PREDICTOR_GCN_SHARED_ROWS_HPP
#define FITNAS_PREDICTOR_GCN_SHARED_ROWS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/core/memory.hpp>
#include <fitnas/core/row_product.hpp>
#include <fitnas/predictor/encoding/window_forms.hpp>
#include <fitnas/predictor/gcn/model.hpp>

namespace fitnas::gcn::detail {

/// Which layers of a model work on shared rows: a first convolution, whose rows are as many as there are
/// windows, the layers behind it that take rows by themselves, and of the next convolution the product with
/// its weights. From there on each node has a row of its own.
template <model_type Model>
struct sharing {
    using graph = typename Model::graph;

    static constexpr bool possible = [] {
        if constexpr (encoding::local_encoding<graph> && is_conv<typename Model::template layer<0>>) {
            return encoding::window_forms<graph>::tabulated();
        }
        return false;
    }();
    /// How many layers work on shared rows alone.
    static constexpr std::size_t whole = [] {
        std::size_t count = 0;
        bool going_on = possible;
        const auto look_at = [&]<std::size_t At>(std::integral_constant<std::size_t, At>) {
            going_on = going_on && (At == 0 || is_row_wise<typename Model::template layer<At>>);
            count += going_on;
        };
        [&]<std::size_t... At>(std::index_sequence<At...>) {
            (look_at(std::integral_constant<std::size_t, At>()), ...);
        }
        (std::make_index_sequence<Model::layers>());
        return count;
    }();
    /// Whether the layer behind them is a convolution, whose product is shared too.
    static constexpr bool half = [] {
        if constexpr (possible && whole < Model::layers) {
            return is_conv<typename Model::template layer<whole>>;
        }
        return false;
    }();
    /// The first layer that sees a row for each node.
    static constexpr std::size_t end = whole + (half ? 1 : 0);
};

/// The shared rows of a batch. Work is cut into groups: of neighbouring rows, and of neighbouring
/// architectures. Different groups may be worked on by different threads.
template <model_type Model>
class shared_rows_of {
    using split = sharing<Model>;
    using forms = encoding::window_forms<typename Model::graph>;

public:
    using code = architecture<typename Model::space>;

    /// Finds the rows of a batch, and what all of them need of the parameters.
    /// @param groups how many there will be
    void prepare(const float* parameters, std::span<const code> batch, std::size_t groups) {
        const forms& table = forms::table();
        m_row_of.resize(table.size(), -1);
        for (const int w : m_windows) {
            m_row_of[static_cast<std::size_t>(w)] = -1;
        }
        m_windows.clear();
        m_rows.resize(batch.size() * nodes);
        int* row = m_rows.data();
        for (const code& a : batch) {
            table.read(a, row);
            for (int* const last = row + nodes; row != last; ++row) {
                int& known = m_row_of[static_cast<std::size_t>(*row)];
                if (known < 0) {
                    known = static_cast<int>(m_windows.size());
                    m_windows.push_back(*row);
                }
                *row = known;
            }
        }
        m_groups = groups;
        m_signals = m_signal_memory.reserve(size() * floats_of_a_row);
        m_scratch = m_scratch_memory.reserve(groups * 3 * chunk * widest);
        multiply_features(parameters);
    }
    /// How many rows there are.
    std::size_t size() const { return m_windows.size(); }

    /// Computes a group of rows.
    void forward(const float* parameters, std::size_t group) {
        const std::size_t end = first_row(group + 1);
        for (std::size_t first = first_row(group); first < end; first += chunk) {
            const std::size_t last = (std::min)(first + chunk, end);
            gather_features(parameters, first, last);
            [&]<std::size_t... At>(std::index_sequence<At...>) {
                (Model::template layer<At + 1>::forward(site_of<At + 1>(parameters, group, last - first),
                                                        signal_at(At + 1, first), signal_at(At + 2, first)),
                 ...);
            }
            (middle_layers());
            if constexpr (split::half) {
                row_product(static_cast<int>(last - first), width(split::end), width(split::whole),
                            signal_at(split::whole, first), parameters + Model::offsets[split::whole],
                            product_at(first));
            }
        }
    }

    /// The signal of each node of some architectures of the batch, before layer `sharing::end`.
    void read(const float* parameters, std::size_t first, std::size_t count, float* y) const {
        const int* row = m_rows.data() + first * nodes;
        for (std::size_t g = 0; g < count; ++g, row += nodes) {
            if constexpr (split::half) {
                for_each_node(Model::graph::adjacency, Model::graph::nodes, [&](int, auto edges) {
                    propagate_row<width(split::end)>(
                        edges, parameters + bias_at<split::whole>,
                        [&](int j) { return product_at(static_cast<std::size_t>(row[j])); }, y);
                    y += width(split::end);
                });
            } else {
                for (std::size_t i = 0; i < nodes; ++i, y += width(split::end)) {
                    std::copy_n(signal_at(split::end, static_cast<std::size_t>(row[i])), width(split::end),
                                y);
                }
            }
        }
    }

    void prepare_backward(const float* parameters) {
        m_slopes = m_slope_memory.reserve(size() * static_cast<std::size_t>(width(split::end)) * m_groups);
        m_feature_slopes = m_feature_memory.reserve(m_products.size() * m_groups);
        if constexpr (split::half) {
            m_transposed.resize(static_cast<std::size_t>(width(split::whole) * width(split::end)));
            transpose_rows(width(split::whole), width(split::end), parameters + Model::offsets[split::whole],
                           m_transposed.data());
        }
    }
    /// Forgets the gradients of a group.
    void clear(std::size_t group) {
        std::fill_n(slopes_of(group), size() * static_cast<std::size_t>(width(split::end)), 0.0F);
    }
    /// Takes in the gradient of what `read` gave, as part of a group; adds the bias' to `gradient`.
    void write(std::size_t group, std::size_t first, std::size_t count, const float* dy, float* gradient) {
        constexpr int n = width(split::end);
        float* slopes = slopes_of(group);
        if constexpr (split::half) {
            add_bias_gradient(static_cast<int>(count * nodes), dy, n, gradient + bias_at<split::whole>);
        }
        const int* row = m_rows.data() + first * nodes;
        for (std::size_t g = 0; g < count; ++g, row += nodes, dy += nodes * static_cast<std::size_t>(n)) {
            if constexpr (split::half) {
                // A is symmetric, so its rows are its columns.
                for_each_node(Model::graph::adjacency, Model::graph::nodes, [&](int i, auto edges) {
                    float* to = slopes + static_cast<std::ptrdiff_t>(row[i]) * n;
                    propagate_row<n>(
                        edges, to, [=](int j) { return dy + static_cast<std::ptrdiff_t>(j) * n; }, to);
                });
            } else {
                for (std::size_t i = 0; i < nodes; ++i) {
                    add_scaled(1, dy + i * static_cast<std::size_t>(n), n,
                               slopes + static_cast<std::ptrdiff_t>(row[i]) * n);
                }
            }
        }
    }
    /// Adds the gradient of the parameters that comes by a group of rows to `gradient`; behind `write` of all
    /// groups.
    void backward(const float* parameters, std::size_t group, float* gradient) {
        float* feature_slopes = m_feature_slopes + group * m_products.size();
        std::fill_n(feature_slopes, m_products.size(), 0.0F);
        float* const slopes[2] = {scratch_of(group) + chunk * widest, scratch_of(group) + 2 * chunk * widest};
        const std::size_t end = first_row(group + 1);
        for (std::size_t first = first_row(group); first < end; first += chunk) {
            const std::size_t count = (std::min)(first + chunk, end) - first;
            float* dz = sum_of_groups(first, count);
            float* dy = dz;
            if constexpr (split::half) {
                add_transposed_row_product(static_cast<int>(count), width(split::whole), width(split::end),
                                           signal_at(split::whole, first), dz,
                                           gradient + Model::offsets[split::whole]);
                dy = slopes[1];
                row_product(static_cast<int>(count), width(split::whole), width(split::end), dz,
                            m_transposed.data(), dy);
            }
            [&]<std::size_t... At>(std::index_sequence<At...>) {
                constexpr std::size_t last = sizeof...(At);
                ((Model::template layer<last - At>::backward(
                      site_of<last - At>(parameters, group, count), signal_at(last - At, first),
                      signal_at(last - At + 1, first), dy, slopes[At % 2],
                      gradient + Model::offsets[last - At]),
                  dy = slopes[At % 2]),
                 ...);
            }
            (middle_layers());
            scatter_features(first, count, dy, feature_slopes, gradient);
        }
        const forms& table = forms::table();
        for (std::size_t f = 0; f < table.features(); ++f, feature_slopes += width(1)) {
            for (const typename forms::value& v : table.values(f)) {
                add_scaled(v.x, feature_slopes, width(1), gradient + v.column * width(1));
            }
        }
    }

private:
    static constexpr auto nodes = static_cast<std::size_t>(Model::graph::nodes);
    /// Rows that go through all layers together: few enough to stay in the nearest cache.
    static constexpr std::size_t chunk = 64;
    /// The layers behind the first.
    using middle_layers = std::make_index_sequence<split::whole - 1>;

    static constexpr int width(std::size_t signal) { return Model::flow[signal].width; }
    /// Where each signal of a row begins; behind the last stands the product.
    static constexpr std::array<std::size_t, split::whole + 2> starts = [] {
        std::array<std::size_t, split::whole + 2> all{};
        for (std::size_t i = 1; i <= split::whole; ++i) {
            all[i + 1] = all[i] + static_cast<std::size_t>(width(i));
        }
        return all;
    }();
    static constexpr std::size_t floats_of_a_row =
        starts[split::whole + 1] + (split::half ? static_cast<std::size_t>(width(split::end)) : 0);
    static constexpr std::size_t widest = [] {
        int most = 0;
        for (std::size_t i = 1; i <= split::whole; ++i) {
            most = (std::max)(most, width(i));
        }
        return static_cast<std::size_t>(most);
    }();

    float* signal_at(std::size_t i, std::size_t row) const {
        return m_signals + size() * starts[i] + row * static_cast<std::size_t>(width(i));
    }
    float* product_at(std::size_t row) const {
        return m_signals + size() * starts[split::whole + 1] +
               row * static_cast<std::size_t>(width(split::end));
    }
    float* slopes_of(std::size_t group) const {
        return m_slopes + group * size() * static_cast<std::size_t>(width(split::end));
    }
    std::size_t first_row(std::size_t group) const { return size() * group / m_groups; }
    float* scratch_of(std::size_t group) const { return m_scratch + group * 3 * chunk * widest; }
    /// Where the bias of a convolution stands among the parameters.
    template <std::size_t At>
    static constexpr std::size_t bias_at = Model::offsets[At] + static_cast<std::size_t>(width(At)) *
                                                                    static_cast<std::size_t>(width(At + 1));
    template <std::size_t At>
    site site_of(const float* parameters, std::size_t group, std::size_t count) const {
        return {{1, width(At)},          {},
                static_cast<int>(count), 0,
                static_cast<int>(At),    parameters + Model::offsets[At],
                scratch_of(group),       nullptr};
    }

    /// What the first convolution makes of each feature vector.
    void multiply_features(const float* parameters) {
        const forms& table = forms::table();
        m_products.resize(table.features() * static_cast<std::size_t>(width(1)));
        float* to = m_products.data();
        for (std::size_t f = 0; f < table.features(); ++f, to += width(1)) {
            const auto values = table.values(f);
            sum_rows(
                width(1), static_cast<int>(values.size()), nullptr,
                [=](int i) { return values[static_cast<std::size_t>(i)].x; },
                [=](int i) { return parameters + values[static_cast<std::size_t>(i)].column * width(1); },
                to);
        }
    }
    void gather_features(const float* parameters, std::size_t first, std::size_t last) {
        const forms& table = forms::table();
        for (std::size_t r = first; r < last; ++r) {
            const auto entries = table.entries(static_cast<std::size_t>(m_windows[r]));
            const typename forms::entry* e = entries.data();
            sum_rows(
                width(1), static_cast<int>(entries.size()), parameters + bias_at<0>,
                [=](int i) { return e[i].weight; },
                [=, from = m_products.data()](int i) { return from + e[i].feature * width(1); },
                signal_at(1, r));
        }
    }
    void scatter_features(std::size_t first, std::size_t count, const float* dy, float* feature_slopes,
                          float* gradient) const {
        const forms& table = forms::table();
        add_bias_gradient(static_cast<int>(count), dy, width(1), gradient + bias_at<0>);
        for (std::size_t r = first; r < first + count; ++r, dy += width(1)) {
            for (const typename forms::entry& e : table.entries(static_cast<std::size_t>(m_windows[r]))) {
                add_scaled(e.weight, dy, width(1), feature_slopes + e.feature * width(1));
            }
        }
    }
    /// The groups' gradients of some rows, added up in order; they are where the first group's were.
    float* sum_of_groups(std::size_t first, std::size_t count) const {
        const std::size_t n = static_cast<std::size_t>(width(split::end));
        float* sum = slopes_of(0) + first * n;
        for (std::size_t g = 1; g < m_groups; ++g) {
            add_scaled(1, slopes_of(g) + first * n, static_cast<int>(count * n), sum);
        }
        return sum;
    }

    std::vector<int> m_rows;    ///< of each node of each architecture
    std::vector<int> m_windows; ///< of each row
    std::vector<int> m_row_of;  ///< of each window; -1 where the batch does not have it
    std::vector<float> m_products;
    std::vector<float> m_transposed; ///< the half layer's weights
    std::size_t m_groups = 1;
    float* m_signals = nullptr;
    float* m_slopes = nullptr;         ///< of what `read` took from each row, for each group
    float* m_feature_slopes = nullptr; ///< of m_products, for each group
    float* m_scratch = nullptr;
    aligned_buffer<float> m_signal_memory;
    aligned_buffer<float> m_slope_memory;
    aligned_buffer<float> m_feature_memory;
    aligned_buffer<float> m_scratch_memory;
};

struct nothing_shared {};
template <model_type Model>
using shared_rows = std::conditional_t<sharing<Model>::possible, shared_rows_of<Model>, nothing_shared>;

} // namespace fitnas::gcn::detail

#endif
