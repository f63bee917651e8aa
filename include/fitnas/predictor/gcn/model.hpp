/// @file
/// @brief Graph convolutional networks as types: an encoding and layers.

#ifndef FITNAS_PREDICTOR_GCN_MODEL_HPP
#define FITNAS_PREDICTOR_GCN_MODEL_HPP

#include <array>
#include <cstddef>
#include <tuple>
#include <vector>

#include <fitnas/predictor/gcn/conv.hpp>
#include <fitnas/predictor/gcn/dropout.hpp>
#include <fitnas/predictor/gcn/flatten.hpp>
#include <fitnas/predictor/gcn/linear.hpp>
#include <fitnas/predictor/gcn/mean_pool.hpp>
#include <fitnas/predictor/gcn/relu.hpp>
#include <fitnas/predictor/gcn/silu.hpp>

namespace fitnas::gcn {

namespace detail {

/// Whether each layer that wants the place `wanted` finds the nodes pooled, or not, as it needs.
template <class... Layers>
constexpr bool layers_stand_at(place wanted) {
    signal s{2, 2};
    bool good = true;
    ((good = good && (Layers::works_on != wanted || s.pooled == (wanted == place::pooled)),
      s = Layers::output(s)),
     ...);
    return good;
}

template <class... Layers>
constexpr bool last_layer_gives_numbers() {
    place last = place::between;
    ((last = Layers::works_on), ...);
    return last != place::between;
}

template <class... Layers>
constexpr std::array<signal, sizeof...(Layers) + 1> signals_of(signal features) {
    std::array<signal, sizeof...(Layers) + 1> all{features};
    std::size_t i = 0;
    ((all[i + 1] = Layers::output(all[i]), ++i), ...);
    return all;
}

} // namespace detail

/// @brief A model: everything about it is a type or a constant, its parameters are one flat vector.
///
/// @code
/// using graph = encoding::chain<space, feature::cell_operator>;
/// using net = gcn::model<graph, gcn::conv<64>, gcn::relu, gcn::conv<64>, gcn::relu, gcn::mean_pool,
/// gcn::linear<1>>;
/// @endcode
/// @tparam Encoding an `encoding::encoding_type`
/// @tparam Layers each a `gcn::layer_type`; the last gives one number
template <class Encoding, class... Layers>
struct model {
    static_assert(encoding::encoding_type<Encoding>,
                  "[F0621] gcn::model<Encoding, Layers...>: the first argument must be an encoding such as "
                  "encoding::chain<space, feature::cell_operator>");
    static_assert(
        (layer_type<Layers> && ...),
        "[F0622] gcn::model<Encoding, Layers...>: behind the encoding every argument must be a layer such as "
        "gcn::conv<64> or gcn::relu");
    static_assert(sizeof...(Layers) >= 1 && sizeof...(Layers) < 256,
                  "[F0623] gcn::model<Encoding, Layers...>: there must be 1 to 255 layers");
    static_assert(detail::layers_stand_at<Layers...>(place::nodes),
                  "[F0624] gcn::model<Encoding, Layers...>: conv, mean_pool and flatten work on nodes, and "
                  "behind mean_pool "
                  "or flatten there are none left");
    static_assert(detail::layers_stand_at<Layers...>(place::pooled),
                  "[F0625] gcn::model<Encoding, Layers...>: linear works on one vector an architecture: put "
                  "mean_pool or "
                  "flatten before it");
    static_assert(
        detail::last_layer_gives_numbers<Layers...>(),
        "[F0626] gcn::model<Encoding, Layers...>: relu, silu and dropout cannot be the last layer, they "
        "would spoil the "
        "predictions");

    using graph = Encoding; ///< the encoding
    using space = typename Encoding::space;
    template <std::size_t At>
    using layer = std::tuple_element_t<At, std::tuple<Layers...>>; ///< the layer at a place

    static constexpr std::size_t layers = sizeof...(Layers); ///< how many layers there are
    /// What flows into each layer, and out of the last.
    static constexpr std::array<signal, layers + 1> flow =
        detail::signals_of<Layers...>({Encoding::nodes, Encoding::features, false, true});
    static_assert(flow[layers].pooled && flow[layers].width == 1,
                  "[F0627] gcn::model<Encoding, Layers...>: the last layer must give one number an "
                  "architecture: end with "
                  "linear<1>");

    /// Where each layer's parameters begin, and where the last's end.
    static constexpr std::array<std::size_t, layers + 1> offsets = [] {
        std::array<std::size_t, layers + 1> all{};
        std::size_t i = 0;
        ((all[i + 1] = all[i] + Layers::parameters(flow[i]), ++i), ...);
        return all;
    }();
    /// How many parameters there are.
    static constexpr std::size_t parameters = offsets[layers];

    /// @return first values of the parameters, drawn layer by layer
    static std::vector<float> initial_parameters(seed s) {
        std::vector<float> all(parameters);
        std::size_t i = 0;
        const auto initialise = [&]<class Layer>(Layer*) {
            random_stream random(s, purpose::initialise, i);
            Layer::initialise(flow[i], all.data() + offsets[i], random);
            ++i;
        };
        (initialise(static_cast<Layers*>(nullptr)), ...);
        return all;
    }
};

/// @brief A `model`, or a struct of yours that derives from one to have a short name.
template <class M>
concept model_type = requires {
    []<class Encoding, class... Layers>(model<Encoding, Layers...>*) {}(static_cast<M*>(nullptr));
};

} // namespace fitnas::gcn

#endif
