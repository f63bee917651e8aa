// A graph convolutional network on a chain of cells in LibTorch.

#ifndef FITNAS_BENCHMARKS_PEER_GCN_HPP
#define FITNAS_BENCHMARKS_PEER_GCN_HPP

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <torch/torch.h>

namespace peer {

struct gcn_shape {
    std::int64_t nodes;
    std::int64_t features; // of a node
    std::int64_t width;    // of a convolution
    int convolutions;
    bool smooth = false;  // SiLU in place of ReLU
    bool flatten = false; // in place of the mean over the nodes
};

// That of an encoding of ours.
template <class Encoding>
torch::Tensor adjacency_of() {
    torch::Tensor a = torch::zeros({Encoding::nodes, Encoding::nodes});
    for (const auto& e : Encoding::adjacency) {
        a[e.row][e.column] = e.weight;
    }
    return a;
}

class network {
public:
    // @param nodes_first signals are [nodes, batch, width], in place of [batch, nodes, width]
    network(const gcn_shape& shape, torch::Tensor adjacency, bool nodes_first, std::vector<float> parameters)
        : m_shape(shape), m_nodes_first(nodes_first), m_adjacency(std::move(adjacency)) {
        load(std::move(parameters));
    }

    // Weights of each layer, then its bias, as in `gcn::model`.
    void load(std::vector<float> values) {
        m_parameters.clear();
        std::int64_t at = 0;
        const auto take = [&](std::int64_t in, std::int64_t out) {
            for (const std::int64_t rows : {in, std::int64_t{1}}) {
                const torch::Tensor part = torch::from_blob(values.data() + at, {rows, out}).clone();
                m_parameters.push_back((rows == 1 ? part.flatten() : part).requires_grad_());
                at += rows * out;
            }
        };
        for (int i = 0; i < m_shape.convolutions; ++i) {
            take(i == 0 ? m_shape.features : m_shape.width, m_shape.width);
        }
        take(m_shape.flatten ? m_shape.nodes * m_shape.width : m_shape.width, 1);
    }
    const std::vector<torch::Tensor>& parameters() const { return m_parameters; }

    // [batch] for features in the network's order.
    torch::Tensor forward(const torch::Tensor& x) const {
        torch::Tensor signal = x;
        std::size_t at = 0;
        for (; at + 2 < m_parameters.size(); at += 2) {
            signal = convolve(signal, m_parameters[at], m_parameters[at + 1]);
        }
        const torch::Tensor row = m_shape.flatten
                                      ? (m_nodes_first ? signal.transpose(0, 1) : signal).flatten(1)
                                      : signal.mean(m_nodes_first ? 0 : 1);
        return torch::addmm(m_parameters[at + 1], row, m_parameters[at]).squeeze(1);
    }

private:
    // activation(A X W + b)
    torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& weights,
                           const torch::Tensor& bias) const {
        torch::Tensor product;
        if (m_nodes_first) { // one product for the whole batch
            const std::int64_t batch = x.size(1);
            const torch::Tensor z = x.reshape({m_shape.nodes * batch, x.size(2)}).mm(weights);
            product = m_adjacency.mm(z.view({m_shape.nodes, batch * m_shape.width}))
                          .view({m_shape.nodes, batch, m_shape.width});
        } else {
            product = m_adjacency.matmul(x.matmul(weights));
        }
        product.add_(bias);
        return m_shape.smooth ? torch::silu(product) : product.relu_();
    }

    gcn_shape m_shape;
    bool m_nodes_first;
    torch::Tensor m_adjacency;
    std::vector<torch::Tensor> m_parameters;
};

} // namespace peer

#endif
