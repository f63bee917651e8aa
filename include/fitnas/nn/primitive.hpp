/// @file
/// @brief The primitives that recipes are made of, and what each costs.

#ifndef FITNAS_NN_PRIMITIVE_HPP
#define FITNAS_NN_PRIMITIVE_HPP

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <fitnas/core/rng.hpp>
#include <fitnas/nn/shape.hpp>

namespace fitnas {

/// @brief Elementwise activations.
enum class activation : std::uint8_t {
    none,      ///< x
    relu,      ///< max(x, 0)
    relu6,     ///< min(max(x, 0), 6)
    hard_swish ///< x min(max(x + 3, 0), 6) / 6
};

class onnx_graph;

/// @brief A primitive of a user's own, as a table of functions; made by `custom<T>()` from a type T.
///
/// `forward` and `backward` see one image at a time and are called for many images at once from several
/// threads.
struct custom_primitive {
    std::string_view name;
    shape (*output)(shape input);
    long long (*parameters)(shape input);
    long long (*macs)(shape input);
    void (*initialise)(shape input, std::span<float> parameters, random_stream& random);
    void (*forward)(shape input, std::span<const float> x, std::span<const float> parameters,
                    std::span<float> y);
    void (*backward)(shape input, std::span<const float> x, std::span<const float> parameters,
                     std::span<const float> dy, std::span<float> dx, std::span<float> dparameters);
    /// Null where the type does not say how ONNX computes it.
    std::string (*onnx)(onnx_graph& graph, const std::string& x, shape input,
                        std::span<const float> parameters) = nullptr;
};

/// @brief What a type must offer to be a primitive: static, and `output`, `parameters`, `macs` constexpr.
///
/// - `name`: a text;
/// - `output(input)`: the shape that comes out;
/// - `parameters(input)`, `macs(input)`: how many trainable values, how many multiply-accumulates for one
/// image;
/// - `initialise(input, parameters, random)`: first values of the parameters;
/// - `forward(input, x, parameters, y)`: overwrites y;
/// - `backward(input, x, parameters, dy, dx, dparameters)`: overwrites dx, adds into dparameters;
/// - `onnx(graph, x, input, parameters)`, if networks with it are to be saved as ONNX: adds the nodes of
/// `forward` to an `onnx_graph` (io/onnx_graph.hpp), where values are N x C x H x W; returns the name of what
/// comes out.
///
/// @code
/// struct channel_scale { // y = x * w, one w a channel
///     static constexpr std::string_view name = "channel_scale";
///     static constexpr shape output(shape in) { return in; }
///     static constexpr long long parameters(shape in) { return in.channels; }
///     static constexpr long long macs(shape in) { return in.size(); }
///     static void initialise(shape, std::span<float> w, random_stream&) {
///         std::fill(w.begin(), w.end(), 1.0F);
///     }
///     static void forward(shape, std::span<const float> x, std::span<const float> w, std::span<float> y);
///     static void backward(shape, std::span<const float> x, std::span<const float> w,
///                          std::span<const float> dy, std::span<float> dx, std::span<float> dw);
/// };
/// @endcode
template <class T>
concept custom_primitive_type = requires(shape s, std::span<float> out, std::span<const float> in,
                                         random_stream& random) {
    { T::name } -> std::convertible_to<std::string_view>;
    { T::output(s) } -> std::same_as<shape>;
    { T::parameters(s) } -> std::convertible_to<long long>;
    { T::macs(s) } -> std::convertible_to<long long>;
    T::initialise(s, out, random);
    T::forward(s, in, in, out);
    T::backward(s, in, in, in, out, out);
};

/// @brief The kinds of primitive that the engine knows.
enum class primitive_kind : std::uint8_t {
    pointwise,
    depthwise,
    convolution,
    batch_norm,
    activate,
    max_pool,
    average_pool,
    global_pool,
    linear,
    squeeze_excite,
    residual,
    residual_if_same_shape,
    custom,
    zero
};

/// @brief One step of a recipe. Make it with the functions below.
struct primitive {
    primitive_kind kind = primitive_kind::activate; ///< what it does
    activation act = activation::none;              ///< of `primitive_kind::activate`
    int kernel = 1;                                 ///< height and width of its window
    int stride = 1;                                 ///< pixels from one window to the next
    int width = 0;                                  ///< output channels; the reduction of squeeze-excite
    const custom_primitive* user = nullptr;         ///< of `primitive_kind::custom`

    friend constexpr bool operator==(const primitive&, const primitive&) = default;

    /// @return hidden channels of squeeze-excite on `in`
    constexpr int hidden(shape in) const { return in.channels / width > 0 ? in.channels / width : 1; }

    /// @return the shape that comes out where `in` comes in
    constexpr shape output(shape in) const {
        const auto strided = [&](int channels) { return cell{in, channels, stride}.output(); };
        switch (kind) {
        case primitive_kind::pointwise:
        case primitive_kind::convolution:
        case primitive_kind::zero:
            return strided(width);
        case primitive_kind::depthwise:
        case primitive_kind::max_pool:
        case primitive_kind::average_pool:
            return strided(in.channels);
        case primitive_kind::global_pool:
            return {1, 1, in.channels};
        case primitive_kind::linear:
            return {in.height, in.width, width};
        case primitive_kind::custom:
            return user->output(in);
        default:
            return in;
        }
    }

    /// @return trainable values; a convolution has no bias, batch norm has scale and shift
    constexpr long long parameters(shape in) const {
        const long long c = in.channels;
        switch (kind) {
        case primitive_kind::pointwise:
            return c * width;
        case primitive_kind::depthwise:
            return c * kernel * kernel;
        case primitive_kind::convolution:
            return c * width * kernel * kernel;
        case primitive_kind::batch_norm:
            return 2 * c;
        case primitive_kind::linear:
            return (c + 1) * width;
        case primitive_kind::squeeze_excite:
            return 2 * c * hidden(in) + c + hidden(in);
        case primitive_kind::custom:
            return user->parameters(in);
        default:
            return 0;
        }
    }

    /// @return multiply-accumulates for one image of convolutions and linear layers; additions, biases, batch
    /// norm, activations and pooling are not counted
    constexpr long long macs(shape in) const {
        switch (kind) {
        case primitive_kind::pointwise:
        case primitive_kind::depthwise:
        case primitive_kind::convolution:
            return output(in).pixels() * parameters(in);
        case primitive_kind::linear:
            return in.size() * width;
        case primitive_kind::squeeze_excite:
            return 2LL * in.channels * hidden(in);
        case primitive_kind::custom:
            return user->macs(in);
        default:
            return 0;
        }
    }
};

/// @brief 1x1 convolution to `width` channels, no bias.
constexpr primitive pointwise(int width, int stride = 1) {
    return {.kind = primitive_kind::pointwise, .stride = stride, .width = width};
}
/// @brief Depthwise convolution, `kernel` odd, padding kernel / 2, no bias.
constexpr primitive depthwise(int kernel, int stride = 1) {
    return {.kind = primitive_kind::depthwise, .kernel = kernel, .stride = stride};
}
/// @brief Convolution to `width` channels, `kernel` odd, padding kernel / 2, no bias.
constexpr primitive convolution(int kernel, int width, int stride = 1) {
    return {.kind = primitive_kind::convolution, .kernel = kernel, .stride = stride, .width = width};
}
/// @brief Batch norm over images and pixels, with scale and shift (Ioffe and Szegedy, arXiv 1502.03167).
constexpr primitive batch_norm() { return {.kind = primitive_kind::batch_norm}; }
/// @brief An elementwise activation.
constexpr primitive activate(activation a) { return {.kind = primitive_kind::activate, .act = a}; }
/// @brief max(x, 0)
constexpr primitive relu() { return activate(activation::relu); }
/// @brief min(max(x, 0), 6)
constexpr primitive relu6() { return activate(activation::relu6); }
/// @brief x min(max(x + 3, 0), 6) / 6 (Howard et al., arXiv 1905.02244, section 5.2)
constexpr primitive hard_swish() { return activate(activation::hard_swish); }
/// @brief Maximum over a `kernel` x `kernel` window, padding (kernel - 1) / 2 before the image.
constexpr primitive max_pool(int kernel, int stride = 1) {
    return {.kind = primitive_kind::max_pool, .kernel = kernel, .stride = stride};
}
/// @brief Mean over the pixels of a `kernel` x `kernel` window that lie inside the image.
constexpr primitive average_pool(int kernel, int stride = 1) {
    return {.kind = primitive_kind::average_pool, .kernel = kernel, .stride = stride};
}
/// @brief Mean over all pixels.
constexpr primitive global_pool() { return {.kind = primitive_kind::global_pool}; }
/// @brief Linear layer over the channels, with bias.
constexpr primitive linear(int width) { return {.kind = primitive_kind::linear, .width = width}; }
/// @brief Squeeze-and-excitation: channels scaled by sigmoid(W2 relu(W1 mean + b1) + b2) with channels /
/// `reduction` hidden units, at least one (Hu et al., arXiv 1709.01507).
constexpr primitive squeeze_excite(int reduction = 4) {
    return {.kind = primitive_kind::squeeze_excite, .width = reduction};
}
/// @brief Zeros, `width` channels of every stride-th pixel. A recipe that has it has nothing else.
constexpr primitive zero(int width, int stride = 1) {
    return {.kind = primitive_kind::zero, .stride = stride, .width = width};
}
/// @brief Adds the input of the recipe; its shape must be the same.
constexpr primitive residual() { return {.kind = primitive_kind::residual}; }
/// @brief Adds the input of the recipe where its shape is the same, does nothing elsewhere.
constexpr primitive residual_if_same_shape() { return {.kind = primitive_kind::residual_if_same_shape}; }

namespace detail {
template <class T>
constexpr decltype(custom_primitive::onnx) onnx_of() {
    if constexpr (requires { &T::onnx; }) {
        return &T::onnx;
    } else {
        return nullptr;
    }
}
template <custom_primitive_type T>
inline constexpr custom_primitive custom_table{T::name,       T::output,  T::parameters, T::macs,
                                               T::initialise, T::forward, T::backward,   onnx_of<T>()};
} // namespace detail

/// @brief A primitive of a user's own type.
/// @tparam T models `custom_primitive_type`
template <custom_primitive_type T>
constexpr primitive custom() {
    return {.kind = primitive_kind::custom, .user = &detail::custom_table<T>};
}

} // namespace fitnas

#endif
