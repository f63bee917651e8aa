/// @file
/// @brief A graph of ONNX nodes in memory (https://onnx.ai): what a network is turned into before it is
/// written, and where a primitive of a user's own adds its nodes.

#ifndef FITNAS_IO_ONNX_GRAPH_HPP
#define FITNAS_IO_ONNX_GRAPH_HPP

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>

namespace fitnas {

/// @brief An attribute of a node: a whole number, a number, a text, or a list of whole numbers.
struct onnx_attribute {
    std::string name;
    /// A value of one of the kinds above.
    std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>> value;

    /// A whole number.
    onnx_attribute(std::string called, int number)
        : name(std::move(called)), value(static_cast<std::int64_t>(number)) {}
    /// A number.
    onnx_attribute(std::string called, float number) : name(std::move(called)), value(number) {}
    /// A text.
    onnx_attribute(std::string called, std::string text) : name(std::move(called)), value(std::move(text)) {}
    /// A list of whole numbers.
    onnx_attribute(std::string called, std::vector<std::int64_t> numbers)
        : name(std::move(called)), value(std::move(numbers)) {}
};

/// @brief A node with one result.
struct onnx_node {
    std::string type;                ///< the operator: `Conv`, `Add`, ...
    std::vector<std::string> inputs; ///< names of results and constants
    std::string name;
    std::string output;                     ///< the name of the result, that of the node but for the last
    std::vector<onnx_attribute> attributes; ///< those that the operator has
};

/// @brief A constant tensor, row-major.
struct onnx_constant {
    std::string name;
    std::vector<std::int64_t> sizes;                                    ///< none: a scalar
    std::variant<std::vector<float>, std::vector<std::int64_t>> values; ///< as many as the sizes say
};

/// @brief Nodes in the order in which they are computed, and constants. Images are N x C x H x W.
///
/// @code
/// struct channel_scale { // y = x * w, one w a channel
///     static std::string onnx(onnx_graph& graph, const std::string& x, shape in, std::span<const float> w) {
///         const std::vector<float> values(w.begin(), w.end());
///         return graph.node("Mul", {x, graph.constant("w", {1, in.channels, 1, 1}, values)});
///     } // and what `custom_primitive_type` asks for
/// };
/// @endcode
class onnx_graph {
public:
    /// @param input the name of the images
    explicit onnx_graph(const std::string& input) : m_names{input} {}

    /// @brief Adds a node of the default operator set.
    /// @param type of version `onnx_opset` or before
    /// @param inputs results of nodes and constants; an empty name is an optional one that is left out
    /// @return the name of its result
    /// @throws option_error where nothing before it has the name of an input
    std::string node(const std::string& type, std::vector<std::string> inputs,
                     std::vector<onnx_attribute> attributes = {});

    /// @brief Adds a tensor.
    /// @param name what it is to the node, such as `weight`
    /// @param sizes none for a scalar
    /// @param values as many as the sizes have, row-major
    /// @return the whole name, unique in the graph
    /// @throws shape_error where there are more or fewer values
    std::string constant(const std::string& name, std::vector<std::int64_t> sizes, std::vector<float> values);
    /// @brief The same of whole numbers, which `Reshape`, `Slice` and others take.
    std::string constant(const std::string& name, std::vector<std::int64_t> sizes,
                         std::vector<std::int64_t> values);

    /// In the order in which they are computed.
    const std::vector<onnx_node>& nodes() const { return m_nodes; }
    /// In the order in which they were added.
    const std::vector<onnx_constant>& constants() const { return m_constants; }

    /// Names that are given from now on begin so. For the library's own rooms.
    void begin(const std::string& prefix) { m_prefix = prefix + "."; }
    /// Names the result of the last node, which no other reads.
    void name_result(const std::string& name) { m_nodes.back().output = name; }

private:
    std::string unique(const std::string& name);
    template <class T>
    std::string add(const std::string& name, std::vector<std::int64_t> sizes, std::vector<T> values);

    std::string m_prefix;
    std::set<std::string> m_names;
    std::vector<onnx_node> m_nodes;
    std::vector<onnx_constant> m_constants;
};

/// The version of ONNX's default operator set that graphs are made of (ONNX 1.8, 2020).
inline constexpr int onnx_opset = 13;

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API std::string onnx_graph::node(const std::string& type, std::vector<std::string> inputs,
                                        std::vector<onnx_attribute> attributes) {
    for (const std::string& name : inputs) {
        if (!name.empty() && m_names.count(name) == 0) {
            throw option_error("[F0980] onnx_graph: " + m_prefix + type +
                               ": expected inputs that are there before it, got \"" + name + "\"");
        }
    }
    std::string output = unique(type);
    m_nodes.push_back({type, std::move(inputs), output, output, std::move(attributes)});
    return output;
}

template <class T>
std::string onnx_graph::add(const std::string& name, std::vector<std::int64_t> sizes, std::vector<T> values) {
    std::int64_t count = 1;
    for (const std::int64_t size : sizes) {
        count *= size;
    }
    if (count != static_cast<std::int64_t>(values.size())) {
        throw shape_error("[F0981] onnx_graph: " + m_prefix + name + ": expected " + std::to_string(count) +
                          " values, as the sizes say, got " + std::to_string(values.size()));
    }
    m_constants.push_back({unique(name), std::move(sizes), std::move(values)});
    return m_constants.back().name;
}
FITNAS_API std::string onnx_graph::constant(const std::string& name, std::vector<std::int64_t> sizes,
                                            std::vector<float> values) {
    return add(name, std::move(sizes), std::move(values));
}
FITNAS_API std::string onnx_graph::constant(const std::string& name, std::vector<std::int64_t> sizes,
                                            std::vector<std::int64_t> values) {
    return add(name, std::move(sizes), std::move(values));
}

FITNAS_API std::string onnx_graph::unique(const std::string& name) {
    std::string whole = m_prefix + name;
    for (int i = 2; !m_names.insert(whole).second; ++i) {
        whole = m_prefix + name + std::to_string(i);
    }
    return whole;
}

} // namespace fitnas

#endif

#endif
